/* SPDX-License-Identifier: MIT */
/*
 * What Go's test/chan asks of channels alone: doubleselect, fifo, goroutines,
 * nonblock, sieve1, zerosize. Suites carry the names of Go's files; see
 * README.md. Goroutines are OS threads here, so long chains are shorter.
 */
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>

#include "kinds.h"
#include "runnel.h"
#include "threads.h"

/* ---- doubleselect -------------------------------------------------------------------- */

TestSuite(doubleselect, .timeout = RNT_TIMEOUT);

enum { WAYS = 4 };

struct double_select {
    rn_chan *way[WAYS];
    rn_chan *muxed;
    unsigned n;
};

static void double_select_sender(void *arg)
{
    struct double_select *d = arg;
    for (unsigned i = 0; i < d->n; i++) {
        rn_case c[WAYS];
        for (int w = 0; w < WAYS; w++)
            c[w] = RN_SEND(d->way[w], &i);
        int chosen = rn_select(c, WAYS);
        expect(chosen >= 0 && chosen < WAYS && c[chosen].err == 0);
    }
    for (int w = 0; w < WAYS; w++)
        expect_ok(rn_close(d->way[w]));
}

static void double_select_mux(void *arg, unsigned way)
{
    struct double_select *d = arg;
    unsigned v;
    while (rn_recv(d->way[way], &v) == 0)
        expect_ok(rn_send(d->muxed, &v));
}

Test(doubleselect, a_send_select_fires_exactly_one_case)
{
    struct double_select d = { .muxed = rnt_chan(sizeof(unsigned), 0), .n = rnt_scaled(20000) };
    for (int w = 0; w < WAYS; w++)
        d.way[w] = rnt_chan(sizeof(unsigned), 0);
    unsigned char *seen = calloc(d.n, 1);
    check(seen != NULL);
    rnt_thread *sender = rnt_start(double_select_sender, &d);
    rnt_team *mux = rnt_team_start(WAYS, double_select_mux, &d);
    for (unsigned i = 0; i < d.n; i++) {
        unsigned v = UINT32_MAX;
        check_ok(rn_recv(d.muxed, &v));
        check(v < d.n);
        check(!seen[v]++);
    }
    rnt_join(sender);
    rnt_team_join(mux);
    check_eq(rn_try_recv(d.muxed, NULL), -EAGAIN);
    for (int w = 0; w < WAYS; w++)
        rn_chan_unref(d.way[w]);
    rn_chan_unref(d.muxed);
    free(seen);
}

/* ---- fifo ---------------------------------------------------------------------------- */

TestSuite(fifo, .timeout = RNT_TIMEOUT);

enum { FIFO_N = 10 };

Test(fifo, AsynchFifo)
{
    rn_chan *ch = rnt_chan(sizeof(int), FIFO_N);
    for (int i = 0; i < FIFO_N; i++)
        check_ok(rn_send(ch, &i));
    for (int i = 0; i < FIFO_N; i++) {
        int v = -1;
        check_ok(rn_recv(ch, &v));
        check_eq(v, i);
    }
    rn_chan_unref(ch);
}

struct fifo_link {
    rn_chan *data, *in, *out;
    int value;
};

/* Waits for its turn, takes its element off the common channel, passes the turn on. */
static void fifo_chain(void *arg)
{
    struct fifo_link *l = arg;
    int token, v = -1;
    expect_ok(rn_recv(l->in, &token));
    expect_ok(rn_recv(l->data, &v));
    expect_eq(v, l->value);
    expect_ok(rn_send(l->out, &token));
}

Test(fifo, SynchFifo)
{
    rn_chan *data = rnt_chan(sizeof(int), 0), *turn[FIFO_N + 1];
    struct fifo_link link[FIFO_N];
    rnt_thread *t[FIFO_N];
    for (int i = 0; i <= FIFO_N; i++)
        turn[i] = rnt_chan(sizeof(int), 0);
    for (int i = 0; i < FIFO_N; i++) {
        link[i] = (struct fifo_link){ data, turn[i], turn[i + 1], i };
        t[i] = rnt_start(fifo_chain, &link[i]);
    }
    int token = 0;
    check_ok(rn_send(turn[0], &token));
    for (int i = 0; i < FIFO_N; i++)
        check_ok(rn_send(data, &i));
    check_ok(rn_recv(turn[FIFO_N], &token));
    for (int i = 0; i < FIFO_N; i++)
        rnt_join(t[i]);
    for (int i = 0; i <= FIFO_N; i++)
        rn_chan_unref(turn[i]);
    rn_chan_unref(data);
}

/* ---- goroutines ---------------------------------------------------------------------- */

TestSuite(goroutines, .timeout = RNT_TIMEOUT);

enum { CHAIN_MAX = 400 };

static void pass_left(void *arg, unsigned i)
{
    rn_chan **link = arg;
    int token = -1;
    expect_ok(rn_recv(link[i + 1], &token));
    expect_ok(rn_send(link[i], &token));
}

Test(goroutines, a_long_chain_passes_one_token_left)
{
    static rn_chan *link[CHAIN_MAX + 1];
    unsigned n = rnt_scaled(CHAIN_MAX);
    n = n > CHAIN_MAX ? CHAIN_MAX : n;
    for (unsigned i = 0; i <= n; i++)
        link[i] = rnt_chan(sizeof(int), 0);
    rnt_team *chain = rnt_team_start(n, pass_left, link);
    int token = 42;
    check_ok(rn_send(link[n], &token));
    token = 0;
    check_ok(rn_recv(link[0], &token));
    check_eq(token, 42);
    rnt_team_join(chain);
    for (unsigned i = 0; i <= n; i++)
        rn_chan_unref(link[i]);
}

/* ---- nonblock: int32, int64, bool, string, at capacity 0 and 1 ----------------------- */

TestSuite(nonblock, .timeout = RNT_TIMEOUT);

struct string_like {
    const char *text;
    size_t length;
};

static const size_t nonblock_sizes[] = { sizeof(int32_t), sizeof(int64_t), sizeof(bool),
                                         sizeof(struct string_like) };
enum { NONBLOCK_SIZES = 4, VALUE = 77 };

struct peer {
    rn_chan *ch;
    size_t size;
};

static void blocking_receiver(void *arg)
{
    struct peer *p = arg;
    unsigned char v[RNT_ELEM_MAX];
    expect_ok(rn_recv(p->ch, v));
    expect(rnt_holds(v, p->size, VALUE));
}

static void blocking_sender(void *arg)
{
    struct peer *p = arg;
    unsigned char v[RNT_ELEM_MAX];
    rnt_fill(v, p->size, VALUE);
    expect_ok(rn_send(p->ch, v));
}

/* The two doors to "or else the default": a try call and a select of one case. */
static int try_send_by(bool select, rn_chan *ch, const void *v)
{
    if (!select)
        return rn_try_send(ch, v);
    rn_case c = RN_SEND(ch, v);
    int chosen = rn_try_select(&c, 1);
    return chosen == 0 ? c.err : chosen;
}

static int try_recv_by(bool select, rn_chan *ch, void *v)
{
    if (!select)
        return rn_try_recv(ch, v);
    rn_case c = RN_RECV(ch, v);
    int chosen = rn_try_select(&c, 1);
    return chosen == 0 ? c.err : chosen;
}

static void nonblock_at_capacity_0(size_t size, bool select)
{
    struct peer p = { rnt_chan(size, 0), size };
    unsigned char v[RNT_ELEM_MAX];
    rnt_fill(v, size, VALUE);
    check_eq(try_recv_by(select, p.ch, v), -EAGAIN);
    check_eq(try_send_by(select, p.ch, v), -EAGAIN);
    int result;
    rnt_thread *t = rnt_start(blocking_receiver, &p);
    while ((result = try_send_by(select, p.ch, v)) == -EAGAIN)
        sched_yield();
    check_ok(result);
    rnt_join(t);
    t = rnt_start(blocking_sender, &p);
    memset(v, 0, sizeof v);
    while ((result = try_recv_by(select, p.ch, v)) == -EAGAIN)
        sched_yield();
    check_ok(result);
    check(rnt_holds(v, size, VALUE));
    rnt_join(t);
    rn_chan_unref(p.ch);
}

static void nonblock_at_capacity_1(size_t size, bool select)
{
    rn_chan *ch = rnt_chan(size, 1);
    unsigned char v[RNT_ELEM_MAX];
    rnt_fill(v, size, VALUE);
    check_eq(try_recv_by(select, ch, v), -EAGAIN);
    check_ok(try_send_by(select, ch, v));
    check_eq(try_send_by(select, ch, v), -EAGAIN);
    memset(v, 0, sizeof v);
    check_ok(try_recv_by(select, ch, v));
    check(rnt_holds(v, size, VALUE));
    check_eq(try_recv_by(select, ch, v), -EAGAIN);
    rn_chan_unref(ch);
}

Test(nonblock, not_ready_takes_the_default_and_ready_does_not_at_capacity_0)
{
    for (int i = 0; i < NONBLOCK_SIZES; i++) {
        nonblock_at_capacity_0(nonblock_sizes[i], false);
        nonblock_at_capacity_0(nonblock_sizes[i], true);
    }
}

Test(nonblock, not_ready_takes_the_default_and_ready_does_not_at_capacity_1)
{
    for (int i = 0; i < NONBLOCK_SIZES; i++) {
        nonblock_at_capacity_1(nonblock_sizes[i], false);
        nonblock_at_capacity_1(nonblock_sizes[i], true);
    }
}

/* ---- sieve1 -------------------------------------------------------------------------- */

TestSuite(sieve1, .timeout = RNT_TIMEOUT);

enum { SIEVE_BOUND = 200, SIEVE_PRIMES = 46 };

struct sieve_filter {
    rn_chan *in, *out;
    int prime;
};

static void generate(void *arg)
{
    rn_chan *out = arg;
    for (int i = 2; i < SIEVE_BOUND; i++)
        expect_ok(rn_send(out, &i));
    expect_ok(rn_close(out));
}

static void filter(void *arg)
{
    struct sieve_filter *f = arg;
    int v;
    while (rn_recv(f->in, &v) == 0)
        if (v % f->prime != 0)
            expect_ok(rn_send(f->out, &v));
    expect_ok(rn_close(f->out));
}

static bool is_prime(int n)
{
    for (int d = 2; d * d <= n; d++)
        if (n % d == 0)
            return false;
    return n >= 2;
}

Test(sieve1, a_chain_of_filters_yields_the_primes)
{
    static struct sieve_filter filters[SIEVE_PRIMES];
    rnt_thread *threads[SIEVE_PRIMES];
    rn_chan *first = rnt_chan(sizeof(int), 0), *end = first;
    rnt_thread *generator = rnt_start(generate, first);
    int n = 0, prime, last = 1;
    while (rn_recv(end, &prime) == 0) {
        check(n < SIEVE_PRIMES);
        check(prime > last && is_prime(prime));
        last = prime;
        filters[n] = (struct sieve_filter){ end, rnt_chan(sizeof(int), 0), prime };
        threads[n] = rnt_start(filter, &filters[n]);
        end = filters[n++].out;
    }
    check_eq(n, SIEVE_PRIMES);
    rnt_join(generator);
    for (int i = 0; i < n; i++) {
        rnt_join(threads[i]);
        rn_chan_unref(filters[i].out);
    }
    rn_chan_unref(first);
}

/* ---- zerosize ------------------------------------------------------------------------ */

TestSuite(zerosize, .timeout = RNT_TIMEOUT);

static void send_nothing(void *arg)
{
    expect_ok(rn_send(arg, ""));
}

Test(zerosize, elements_of_no_size_pass_at_capacity_0_and_1)
{
    for (size_t cap = 0; cap <= 1; cap++) {
        rn_chan *ch = rnt_chan(0, cap);
        unsigned char guard = 0xA5;
        rnt_thread *t = rnt_start(send_nothing, ch);
        check_ok(rn_recv(ch, &guard));
        rnt_join(t);
        check_eq(guard, 0xA5);
        check_eq(rn_len(ch), 0);
        check_eq(rn_try_recv(ch, &guard), -EAGAIN);
        rn_chan_unref(ch);
    }
}
