/* SPDX-License-Identifier: MIT */
/*
 * The room lib/ring, every kind of ring by its four verbs: full, empty, order
 * over laps, close on any slot, polls and their evidence, stale hints, positions
 * far beyond 32 bits.
 */
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kinds.h"
#include "os/os.h"
#include "ring/any_ring.h"
#include "ring/segment_ring.h"
#include "threads.h"

TestSuite(rings, .timeout = RNT_TIMEOUT);

static const struct {
    rn_ring_kind kind;
    uint32_t size;
} variants[] = {
    { RN_RING_WORD, 8 },      { RN_RING_WORD, 1 },      { RN_RING_WORD, 7 },
    { RN_RING_WIDE, 8 },      { RN_RING_WIDE, 24 },     { RN_RING_WIDE, 9 },
    { RN_RING_SPSC, 8 },      { RN_RING_SPSC, 4 },      { RN_RING_SPSC, 40 },
    { RN_RING_COUNT, 0 },     { RN_RING_UNBOUNDED, 8 }, { RN_RING_UNBOUNDED, 24 },
    { RN_RING_UNBOUNDED, 0 },
};
enum { VARIANTS = sizeof variants / sizeof variants[0] };

static const size_t caps[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 64, 100 };
enum { CAPS = sizeof caps / sizeof caps[0] };

static void retire(struct rn_segment *s)
{
    rn_segment_free(s); /* one thread: nobody looks at it */
}

static rn_ring *ring_of(rn_ring_kind kind, size_t size, size_t cap)
{
    rn_ring *r = rn__alloc(sizeof *r, RN_LINE);
    check(r != NULL);
    check_ok(rn_ring_init(r, kind, size, kind == RN_RING_UNBOUNDED ? SIZE_MAX : cap, retire));
    return r;
}

static void drop(rn_ring *r)
{
    rn_ring_destroy(r);
    rn__free(r);
}

/* The body for each variant and capacity; r is the ring, cap its capacity (for an
 * unbounded one: as many as the test may push). */
#define FOR_EACH_RING(r, n)                                                               \
    for (int v_ = 0; v_ < VARIANTS; v_++)                                                 \
        for (int c_ = 0; c_ < CAPS; c_++)                                                 \
            for (rn_ring *r = ring_of(variants[v_].kind, variants[v_].size, caps[c_]); r; \
                 drop(r), r = NULL)                                                       \
                for (size_t n = caps[c_], once_ = 1; once_; once_ = 0)

static rn_ring_result push(rn_ring *r, unsigned value)
{
    unsigned char e[64];
    rnt_fill(e, r->elem_size, value);
    return rn_ring_push(r, e);
}

/* OK only if the value is the expected one. */
static rn_ring_result pop(rn_ring *r, unsigned expected)
{
    unsigned char e[64] = { 0 };
    rn_ring_result result = rn_ring_pop(r, e);
    if (result == RN_RING_OK)
        cr_assert(rnt_holds(e, r->elem_size, expected), "kind %u size %u: not value %u", r->kind,
                  r->elem_size, expected);
    return result;
}

static rn_ring_result poll(rn_ring *r, rn_dir dir)
{
    rn_evidence e = { { NULL }, { 0 } };
    return rn_ring_poll(r, dir, &e);
}

static void push_many(rn_ring *r, unsigned first, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check_eq(push(r, first + (unsigned)i), RN_RING_OK);
}

static void pop_many(rn_ring *r, unsigned first, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check_eq(pop(r, first + (unsigned)i), RN_RING_OK);
}

static bool bounded(const rn_ring *r)
{
    return r->kind != RN_RING_UNBOUNDED;
}

Test(rings, pop_from_an_empty_ring_fails)
{
    FOR_EACH_RING(r, n)
    {
        check_eq(pop(r, 0), RN_RING_NOTNOW);
        check_eq(poll(r, RN_DIR_RECV), RN_RING_NOTNOW);
        check_eq(poll(r, RN_DIR_SEND), RN_RING_OK);
        check_eq(rn_ring_len(r), 0);
        push_many(r, 0, n);
        pop_many(r, 0, n);
        check_eq(pop(r, 0), RN_RING_NOTNOW);
    }
}

Test(rings, push_to_a_full_ring_fails)
{
    FOR_EACH_RING(r, n)
    {
        if (!bounded(r))
            continue;
        push_many(r, 0, n);
        check_eq(push(r, 99), RN_RING_NOTNOW);
        check_eq(poll(r, RN_DIR_SEND), RN_RING_NOTNOW);
        check_eq(poll(r, RN_DIR_RECV), RN_RING_OK);
        check_eq(rn_ring_len(r), n);
        check_eq(pop(r, 0), RN_RING_OK);
        check_eq(push(r, (unsigned)n), RN_RING_OK);
        check_eq(push(r, 99), RN_RING_NOTNOW);
        pop_many(r, 1, n);
    }
}

Test(rings, order_is_kept_over_many_laps_at_every_level)
{
    FOR_EACH_RING(r, n)
    {
        unsigned pushed = 0, popped = 0;
        for (size_t level = 0; level < n; level += n / 5 + 1) {
            push_many(r, pushed, level + 1);
            pushed += (unsigned)level + 1;
            for (size_t i = 0; i < 3 * n && level + 1 < n; i++) {
                check_eq(push(r, pushed++), RN_RING_OK);
                check_eq(rn_ring_len(r), level + 2);
                check_eq(pop(r, popped++), RN_RING_OK);
            }
            pop_many(r, popped, level + 1);
            popped += (unsigned)level + 1;
            check_eq(rn_ring_len(r), 0);
        }
    }
}

Test(rings, an_unbounded_ring_keeps_order_over_its_segments)
{
    static const size_t sizes[] = { 8, 24, 0 };
    for (int k = 0; k < 3; k++) {
        rn_ring *r = ring_of(RN_RING_UNBOUNDED, sizes[k], 0);
        unsigned pushed = 0, popped = 0;
        for (unsigned round = 1; round <= 8; round++) {
            push_many(r, pushed, round * 100);
            pushed += round * 100;
            check_eq(rn_ring_len(r), pushed - popped);
            pop_many(r, popped, round * 90);
            popped += round * 90;
        }
        pop_many(r, popped, pushed - popped);
        check_eq(pop(r, 0), RN_RING_NOTNOW);
        push_many(r, 0, 700); /* left in it when it ends: nothing may leak */
        drop(r);
    }
}

/* ---- close --------------------------------------------------------------------------- */

static void close_with(rn_ring *r, unsigned first, size_t held)
{
    push_many(r, first, held);
    check_eq(rn_ring_close(r), RN_RING_OK);
    check_eq(rn_ring_close(r), RN_RING_CLOSED);
    check_eq(push(r, 99), RN_RING_CLOSED);
    check_eq(poll(r, RN_DIR_SEND), RN_RING_CLOSED);
    check_eq(rn_ring_len(r), held);
    for (size_t i = 0; i < held; i++) {
        check_eq(poll(r, RN_DIR_RECV), RN_RING_OK);
        check_eq(pop(r, first + (unsigned)i), RN_RING_OK);
        check_eq(push(r, 99), RN_RING_CLOSED);
        check_eq(rn_ring_close(r), RN_RING_CLOSED);
    }
    for (int i = 0; i < 3; i++) {
        check_eq(poll(r, RN_DIR_RECV), RN_RING_CLOSED);
        check_eq(pop(r, 0), RN_RING_CLOSED);
    }
    check_eq(rn_ring_len(r), 0);
}

Test(rings, close_on_a_full_ring_drains_then_says_closed)
{
    FOR_EACH_RING(r, n)
    close_with(r, 0, n);
}

Test(rings, close_on_an_empty_ring_says_closed_at_once)
{
    FOR_EACH_RING(r, n)
    {
        (void)n;
        close_with(r, 0, 0);
    }
}

/* The tail at each slot of the lap, with each number of elements before it. */
Test(rings, close_works_on_every_slot_at_every_level)
{
    for (int v = 0; v < VARIANTS; v++)
        for (size_t cap = 1; cap <= 5; cap++)
            for (size_t offset = 0; offset <= 2 * cap; offset++)
                for (size_t held = 0; held <= cap; held++) {
                    rn_ring *r = ring_of(variants[v].kind, variants[v].size, cap);
                    for (size_t i = 0; i < offset; i++) {
                        push_many(r, (unsigned)i, 1);
                        pop_many(r, (unsigned)i, 1);
                    }
                    close_with(r, (unsigned)offset, held);
                    drop(r);
                }
}

Test(rings, close_works_between_segments)
{
    for (size_t held = 250; held <= 260; held++) {
        rn_ring *r = ring_of(RN_RING_UNBOUNDED, 8, 0);
        close_with(r, 0, held);
        drop(r);
    }
}

/* ---- evidence ------------------------------------------------------------------------ */

Test(rings, evidence_of_empty_stands_until_something_is_pushed)
{
    FOR_EACH_RING(r, n)
    {
        rn_evidence e = { { NULL }, { 0 } };
        (void)n;
        check_eq(rn_ring_poll(r, RN_DIR_RECV, &e), RN_RING_NOTNOW);
        check(rn_evidence_stands(&e));
        check(rn_evidence_stands(&e));
        push_many(r, 0, 1);
        check(!rn_evidence_stands(&e));
        pop_many(r, 0, 1);
        /* Empty again, but not the same emptiness. */
        check(!rn_evidence_stands(&e));
    }
}

Test(rings, evidence_of_full_stands_until_something_is_popped)
{
    FOR_EACH_RING(r, n)
    {
        rn_evidence e = { { NULL }, { 0 } };
        if (!bounded(r))
            continue;
        push_many(r, 0, n);
        check_eq(rn_ring_poll(r, RN_DIR_SEND, &e), RN_RING_NOTNOW);
        check(rn_evidence_stands(&e));
        pop_many(r, 0, 1);
        check(!rn_evidence_stands(&e));
        push_many(r, (unsigned)n, 1);
        check(!rn_evidence_stands(&e));
    }
}

Test(rings, evidence_of_empty_falls_with_close)
{
    FOR_EACH_RING(r, n)
    {
        rn_evidence e = { { NULL }, { 0 } };
        (void)n;
        check_eq(rn_ring_poll(r, RN_DIR_RECV, &e), RN_RING_NOTNOW);
        check_eq(rn_ring_close(r), RN_RING_OK);
        check(!rn_evidence_stands(&e));
    }
}

/* ---- the word ring's hints ----------------------------------------------------------- */

/* A hint may lie back any distance; the slots decide. */
static void age_hints(rn_ring *r, rnt_random *random)
{
    rn_atomic_u64 *hints[] = { &r->tail, &r->head };
    for (int i = 0; i < 2; i++) {
        uint64_t now = rn_load_relaxed(hints[i]);
        uint64_t back = rnt_below(random, 4) == 0 ? now : rnt_below(random, 20);
        uint64_t ordinal = rn_ordinal_of(r, now);
        if (rnt_below(random, 2))
            rn_store_relaxed(hints[i],
                             rn_position_of(r, ordinal - (back < ordinal ? back : ordinal)));
    }
}

Test(rings, stale_hints_change_nothing)
{
    for (int c = 0; c < CAPS; c++) {
        rn_ring *r = ring_of(RN_RING_WORD, 8, caps[c]);
        rnt_random random = rnt_seed((unsigned)c);
        unsigned pushed = 0, popped = 0;
        for (int i = 0; i < 5000; i++) {
            bool full = pushed - popped == caps[c], empty = pushed == popped;
            age_hints(r, &random);
            check_eq(rn_ring_len(r), pushed - popped);
            age_hints(r, &random);
            if (rnt_below(&random, 2)) {
                check_eq(push(r, pushed), full ? RN_RING_NOTNOW : RN_RING_OK);
                pushed += !full;
            } else {
                check_eq(pop(r, popped), empty ? RN_RING_NOTNOW : RN_RING_OK);
                popped += !empty;
            }
        }
        age_hints(r, &random);
        pop_many(r, popped, pushed - popped);
        close_with(r, pushed, caps[c]);
        drop(r);
    }
}

/* ---- positions far out --------------------------------------------------------------- */

/* As after `laps` laps of use, which no test has the time for. The wide ring's stamp
 * is the first word of each cell; a counter and an SPSC ring have but their ends. */
static void start_at_lap(rn_ring *r, uint64_t laps)
{
    uint64_t base = r->kind == RN_RING_COUNT ? laps : laps * r->lap;
    for (uint64_t i = 0; i < r->cap; i++) {
        if (r->kind == RN_RING_WORD)
            rn_atomic_init(&r->slots[i].first, rn_stamp(base + i, 0));
        else if (r->kind == RN_RING_WIDE)
            rn_atomic_init((rn_atomic_u64 *)(void *)(r->cells + i * r->stride),
                           rn_stamp(base + i, 0));
    }
    if (r->kind == RN_RING_COUNT) {
        rn_atomic_init(&r->count.first, base << 1);
        rn_atomic_init(&r->count.second, base);
        return;
    }
    rn_atomic_init(&r->tail, r->kind == RN_RING_WORD ? base : base << 1);
    rn_atomic_init(&r->head, base);
    if (r->kind == RN_RING_SPSC) {
        r->head_seen = base;
        r->tail_seen = base << 1;
    }
}

static void five_laps(rn_ring *r, size_t cap)
{
    for (unsigned i = 0; i < 5 * cap; i++) {
        push_many(r, i, cap);
        check_eq(push(r, 99), RN_RING_NOTNOW);
        check_eq(rn_ring_len(r), cap);
        pop_many(r, i, cap);
        check_eq(pop(r, 99), RN_RING_NOTNOW);
    }
    close_with(r, 0, cap);
}

Test(rings, positions_beyond_32_bits_and_near_the_end_work)
{
    for (int v = 0; v < VARIANTS; v++)
        for (size_t cap = 1; cap <= 9 && variants[v].kind != RN_RING_UNBOUNDED; cap++)
            for (int bits = 30; bits <= 60; bits++) {
                rn_ring *r = ring_of(variants[v].kind, variants[v].size, cap);
                uint64_t lap = r->kind == RN_RING_COUNT ? 1 : r->lap;
                start_at_lap(r, ((UINT64_C(1) << bits) - 2 * cap) / lap);
                five_laps(r, cap);
                drop(r);
            }
}

/* ---- threads, without any waiting but turns ------------------------------------------ */

enum { PRODUCERS = 2, CONSUMERS = 2 };

struct traffic {
    rn_ring *r;
    unsigned n;
    uint64_t sum[CONSUMERS];
    unsigned count[CONSUMERS];
};

static void produce(struct traffic *t, unsigned me)
{
    for (uint64_t i = 1; i <= t->n; i++) {
        uint64_t e[3] = { me, i, ~i };
        uint64_t word = (uint64_t)me << 32 | i;
        while (rn_ring_push(t->r, t->r->elem_size > 8 ? (void *)e : &word) != RN_RING_OK)
            sched_yield();
    }
}

static void consume(struct traffic *t, unsigned me)
{
    uint64_t last[PRODUCERS] = { 0 };
    for (;;) {
        uint64_t e[3] = { 0 };
        rn_ring_result result = rn_ring_pop(t->r, e);
        if (result == RN_RING_CLOSED)
            return;
        if (result != RN_RING_OK) {
            sched_yield();
            continue;
        }
        bool wide = t->r->elem_size > 8;
        uint64_t from = wide ? e[0] : e[0] >> 32, i = wide ? e[1] : e[0] & UINT32_MAX;
        expect(t->r->elem_size == 0 || (from < PRODUCERS && i > last[from % PRODUCERS]));
        expect(!wide || e[2] == ~i);
        last[from % PRODUCERS] = i;
        t->sum[me] += i;
        t->count[me]++;
    }
}

static void produce_member(void *arg, unsigned index)
{
    produce(arg, index);
}

static void consume_member(void *arg, unsigned index)
{
    consume(arg, index);
}

static void traffic_over(rn_ring_kind kind, uint32_t size, size_t cap, unsigned producers,
                         unsigned consumers)
{
    struct traffic t = { .r = ring_of(kind, size, cap), .n = rnt_scaled(3000) };
    rnt_team *consuming = rnt_team_start(consumers, consume_member, &t);
    rnt_run(producers, produce_member, &t);
    check_eq(rn_ring_close(t.r), RN_RING_OK);
    rnt_team_join(consuming);
    check_eq(t.count[0] + t.count[1], producers * t.n);
    if (size)
        check_eq(t.sum[0] + t.sum[1], (uint64_t)producers * t.n * (t.n + 1) / 2);
    drop(t.r);
}

Test(rings, producers_and_consumers_lose_double_and_reorder_nothing)
{
    static const size_t some[] = { 1, 2, 3, 64 };
    for (int c = 0; c < 4; c++) {
        traffic_over(RN_RING_WORD, 8, some[c], PRODUCERS, CONSUMERS);
        traffic_over(RN_RING_WIDE, 8, some[c], PRODUCERS, CONSUMERS);
        traffic_over(RN_RING_WIDE, 24, some[c], PRODUCERS, CONSUMERS);
        traffic_over(RN_RING_COUNT, 0, some[c], PRODUCERS, CONSUMERS);
        traffic_over(RN_RING_SPSC, 8, some[c], 1, 1);
        traffic_over(RN_RING_SPSC, 24, some[c], 1, 1);
    }
}

/* ---- sizes --------------------------------------------------------------------------- */

Test(rings, what_cannot_be_addressed_is_refused)
{
    rn_ring *r = rn__alloc(sizeof *r, RN_LINE);
    check(rn_ring_init(r, RN_RING_WORD, 8, SIZE_MAX / 8, retire) < 0);
    memset(r, 0, sizeof *r);
    check(rn_ring_init(r, RN_RING_WIDE, 1000, SIZE_MAX / 8, retire) < 0);
    memset(r, 0, sizeof *r);
    check(rn_ring_init(r, RN_RING_SPSC, 8, SIZE_MAX / 2, retire) < 0);
    rn__free(r);
}
