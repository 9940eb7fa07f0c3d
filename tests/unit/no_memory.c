/* SPDX-License-Identifier: MIT */
/*
 * Out of memory: in each scenario the i-th allocation fails, for every i there is,
 * once and from then on. Each time: a clear error, nothing lost, nothing leaked,
 * the channel usable. The link wraps rn__alloc and rn__free, through which the
 * library gets all its memory.
 */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "os/os.h"
#include "runnel.h"
#include "threads.h"

TestSuite(no_memory, .timeout = RNT_TIMEOUT);

/* ---- the wrapped allocator ----------------------------------------------------------- */

void *__real_rn__alloc(size_t size, size_t align);
void __real_rn__free(void *p);
void *__wrap_rn__alloc(size_t size, size_t align);
void __wrap_rn__free(void *p);

enum { NEVER = INT_MAX };
static int countdown = NEVER; /* allocations before the one that fails */
static bool for_ever;
static int failed;      /* how many have failed */
static long live, made; /* allocations not freed, allocations ever */

void *__wrap_rn__alloc(size_t size, size_t align)
{
    if (__atomic_load_n(&countdown, __ATOMIC_SEQ_CST) != NEVER) {
        int before = __atomic_fetch_sub(&countdown, 1, __ATOMIC_SEQ_CST);
        if (before == 0 || (before < 0 && for_ever)) {
            __atomic_fetch_add(&failed, 1, __ATOMIC_SEQ_CST);
            errno = ENOMEM;
            return NULL;
        }
    }
    void *p = __real_rn__alloc(size, align);
    __atomic_fetch_add(&live, p != NULL, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&made, p != NULL, __ATOMIC_SEQ_CST);
    return p;
}

void __wrap_rn__free(void *p)
{
    __atomic_fetch_sub(&live, p != NULL, __ATOMIC_SEQ_CST);
    __real_rn__free(p);
}

static void fail_at(int i, bool forever)
{
    for_ever = forever;
    __atomic_store_n(&failed, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&countdown, i, __ATOMIC_SEQ_CST);
}

static int stop_failing(void)
{
    __atomic_store_n(&countdown, NEVER, __ATOMIC_SEQ_CST);
    return __atomic_load_n(&failed, __ATOMIC_SEQ_CST);
}

/* ---- the loop over all allocations --------------------------------------------------- */

/* Runs with failures on; returns how many calls said that there is no memory. */
typedef int (*scenario)(void);

/* Slack: freed channels and segments are kept back for a while, some dozens of them. */
enum { ROUNDS = 150, SLACK = 100, TRIED = 4 };

static void each_allocation_may_fail(scenario run)
{
    for (int forever = 0; forever < 2; forever++)
        for (int i = 0;; i++) {
            fail_at(i, forever);
            int errors = run();
            int hits = stop_failing();
            cr_assert((errors > 0) == (hits > 0), "allocation %d: %d failed, %d errors seen", i,
                      hits, errors);
            if (hits == 0) {
                check(i > 0); /* the scenario allocates something */
                break;
            }
        }
}

/* What is leaked each time shows after many times; what is merely kept back does not. */
static void nothing_is_leaked(scenario run)
{
    if (rnt_scaled(100) < 100)
        return; /* too slow there; valgrind looks for itself */
    for (int i = 0; i < TRIED; i++) {
        for (int r = 0; r < ROUNDS; r++)
            run();
        long before = __atomic_load_n(&live, __ATOMIC_SEQ_CST);
        for (int r = 0; r < ROUNDS; r++) {
            fail_at(i, r & 1);
            run();
            stop_failing();
        }
        long after = __atomic_load_n(&live, __ATOMIC_SEQ_CST);
        cr_assert(after <= before + SLACK,
                  "failing allocation %d leaks: %ld live before, %ld after", i, before, after);
    }
}

static void survive(scenario run)
{
    each_allocation_may_fail(run);
    nothing_is_leaked(run);
}

/* ---- making channels ----------------------------------------------------------------- */

static int make_one(size_t size, size_t cap, unsigned options)
{
    errno = 0;
    rn_chan *ch = rn_chan_new_with(size, cap, options);
    int error = errno;
    if (!ch) {
        check_eq(error, ENOMEM);
        return 1;
    }
    rn_chan_unref(ch);
    return 0;
}

static int make_channels(void)
{
    return make_one(8, 0, 0) + make_one(8, 16, 0) + make_one(8, 16, RN_CHAN_FAST) +
           make_one(8, 16, RN_CHAN_SPSC) + make_one(100, 16, 0) + make_one(0, 16, 0) +
           make_one(8, RN_UNBOUNDED, 0) + make_one(100, RN_UNBOUNDED, 0);
}

Test(no_memory, no_channel_is_null_and_enomem)
{
    survive(make_channels);
}

/* ---- unbounded channels -------------------------------------------------------------- */

enum { MANY = 600 }; /* more than two segments */

enum door { SEND, TRY, UNTIL, BATCH, SELECT, DOORS };

static int send_by(enum door door, rn_chan *ch, const void *v)
{
    rn_case c = RN_SEND(ch, v);
    switch (door) {
    case SEND:
        return rn_send(ch, v);
    case TRY:
        return rn_try_send(ch, v);
    case UNTIL:
        return rn_send_until(ch, v, RN_FOREVER);
    case BATCH: {
        ssize_t n = rn_send_n(ch, v, 1);
        return n == 1 ? 0 : (int)n;
    }
    default: {
        int r = rn_select(&c, 1);
        return r == 0 ? c.err : r;
    }
    }
}

/* Sends MANY values; those that were accepted come out, in order, and no others. */
static int fill_and_drain(enum door door, size_t size)
{
    uint64_t v[5] = { 0 }, accepted[MANY];
    int errors = 0, n = 0;
    rn_chan *ch = rn_chan_new(size, RN_UNBOUNDED);
    if (!ch)
        return 1;
    for (uint64_t i = 0; i < MANY; i++) {
        v[0] = i;
        int r = send_by(door, ch, v);
        check(r == 0 || r == -ENOMEM);
        if (r == 0)
            accepted[n++] = i;
        else
            errors++;
    }
    check_eq(rn_len(ch), n);
    check_ok(rn_close(ch)); /* needs no memory */
    for (int i = 0; i < n; i++) {
        check_ok(rn_recv(ch, v)); /* nor does this */
        check_eq(v[0], accepted[i]);
    }
    check_eq(rn_recv(ch, v), -EPIPE);
    rn_chan_unref(ch);
    return errors;
}

static enum door current_door;

static int words_through(void)
{
    return fill_and_drain(current_door, 8);
}

static int cells_through(void)
{
    return fill_and_drain(current_door, 40);
}

Test(no_memory, an_unbounded_channel_of_words_refuses_and_loses_nothing)
{
    for (current_door = 0; current_door < DOORS; current_door++)
        each_allocation_may_fail(words_through);
    current_door = SEND;
    nothing_is_leaked(words_through);
}

Test(no_memory, an_unbounded_channel_of_cells_refuses_and_loses_nothing)
{
    for (current_door = 0; current_door < DOORS; current_door++)
        for (int i = 0; i < 20; i++)
            for (int forever = 0; forever < 2; forever++) {
                fail_at(i * i * 2, forever); /* a sample: there is one for each element */
                int errors = cells_through();
                int hits = stop_failing();
                check_eq(errors > 0, hits > 0);
            }
    current_door = SEND;
    nothing_is_leaked(cells_through);
}

/* A batch cut short says how far it came. */
static int batch_through(void)
{
    static uint64_t in[MANY], out[MANY];
    rn_chan *ch = rn_chan_new(8, RN_UNBOUNDED);
    if (!ch)
        return 1;
    for (int i = 0; i < MANY; i++)
        in[i] = (uint64_t)i;
    ssize_t sent = rn_send_n(ch, in, MANY);
    check(sent == -ENOMEM || (sent > 0 && sent <= MANY));
    if (sent > 0) {
        check_eq(rn_recv_n(ch, out, MANY), sent);
        check(memcmp(in, out, (size_t)sent * 8) == 0);
    }
    rn_chan_unref(ch);
    return sent != MANY;
}

Test(no_memory, a_batch_says_how_far_it_came)
{
    survive(batch_through);
}

/* Once memory is back the same channel goes on. */
Test(no_memory, a_channel_that_was_refused_memory_goes_on_when_there_is_some)
{
    rn_chan *ch = rn_chan_new(40, RN_UNBOUNDED);
    uint64_t v[5] = { 0 };
    check(ch != NULL);
    for (int i = 0; i < MANY; i++) {
        fail_at(0, true);
        check_eq(rn_send(ch, v), -ENOMEM);
        check_eq(stop_failing(), 1);
        check_ok(rn_send(ch, v));
    }
    check_eq(rn_len(ch), MANY);
    rn_chan_unref(ch);
}

enum { SEGMENT_TRIES = 300 };

/* A wide element needs a cell, and now and then a segment: where the cell can be had and
 * the segment cannot, the cell must be given back. */
Test(no_memory, a_cell_without_a_segment_is_given_back)
{
    rn_chan *ch = rn_chan_new(40, RN_UNBOUNDED);
    uint64_t v[5] = { 0 };
    unsigned refused = 0;
    check(ch != NULL);
    for (int i = 0; i < SEGMENT_TRIES; i++) {
        long before = __atomic_load_n(&live, __ATOMIC_SEQ_CST);
        fail_at(1, true);
        int r = rn_send(ch, v);
        int hits = stop_failing();
        long after = __atomic_load_n(&live, __ATOMIC_SEQ_CST);
        check_eq(r, hits ? -ENOMEM : 0);
        check_eq(after - before, r == 0); /* one cell, or nothing */
        refused += r != 0;
    }
    check(refused > 0);
    check_eq(rn_len(ch), SEGMENT_TRIES - refused);
    rn_chan_unref(ch);
}

/* ---- a select of many cases ---------------------------------------------------------- */

enum { CASES = 20 };
static rn_chan *bounded;

static int large_select(void)
{
    rn_case c[CASES];
    for (int i = 0; i < CASES; i++)
        c[i] = RN_RECV(i == 7 ? bounded : RN_NEVER, NULL);
    int waited = rn_select_until(c, CASES, 0);
    check(waited == -ETIMEDOUT || waited == -ENOMEM);
    int tried = rn_try_select(c, CASES);
    check(tried == -EAGAIN || tried == -ENOMEM);
    check_ok(rn_send(bounded, "12345678"));
    int chosen = rn_select(c, CASES);
    check(chosen == 7 || chosen == -ENOMEM);
    if (chosen != 7)
        check_ok(rn_recv(bounded, NULL)); /* it is still there */
    check_eq(rn_len(bounded), 0);
    return (waited == -ENOMEM) + (tried == -ENOMEM) + (chosen == -ENOMEM);
}

Test(no_memory, a_select_of_many_cases_refuses_and_takes_nothing)
{
    bounded = rn_chan_new(8, 1);
    check(bounded != NULL);
    survive(large_select);
    rn_chan_unref(bounded);
}

/* ---- a thread's first call ----------------------------------------------------------- */

enum { NEWCOMERS = 8 };

/* One after the other makes its first call, and stays: nobody can have its record. */
struct newcomers {
    rn_chan *ch;
    unsigned turn; /* whose first call it is; NEWCOMERS: all may go */
    unsigned refused;
};

static void await_turn(struct newcomers *n, unsigned turn)
{
    while (__atomic_load_n(&n->turn, __ATOMIC_ACQUIRE) < turn)
        rn__cpu_yield();
}

static void call_first(void *arg, unsigned index)
{
    struct newcomers *n = arg;
    await_turn(n, index);
    fail_at(0, true);
    int first = rn_try_send(n->ch, "12345678");
    int hits = stop_failing();
    expect_eq(first, hits ? -ENOMEM : 0);
    n->refused += hits > 0;
    if (first != 0)
        expect_ok(rn_try_send(n->ch, "12345678"));
    expect_ok(rn_try_recv(n->ch, NULL));
    __atomic_store_n(&n->turn, index + 1, __ATOMIC_RELEASE);
    await_turn(n, NEWCOMERS);
}

Test(no_memory, a_threads_first_call_says_so_and_the_next_one_works)
{
    struct newcomers n = { .ch = rn_chan_new(8, 1) };
    check(n.ch != NULL);
    rnt_run(NEWCOMERS, call_first, &n);
    check(n.refused > 0); /* no test before this one had so many threads at once */
    rn_chan_unref(n.ch);
}
