/* SPDX-License-Identifier: MIT */
/*
 * Lifetime: references; a channel freed while the other side is still on its way
 * out; threads that come and go; and the permanent test that try_recv never says
 * "empty" while an element is there.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>

#include "kinds.h"
#include "runnel.h"
#include "threads.h"

TestSuite(lifetime, .timeout = RNT_TIMEOUT);

Test(lifetime, ref_returns_its_channel_and_keeps_it)
{
    for (unsigned k = 0; k < rnt_kind_count; k++) {
        const rnt_kind *kind = &rnt_kinds[k];
        rn_chan *ch = rnt_chan_of(kind);
        unsigned char v[RNT_ELEM_MAX] = { 0 };
        check(rn_chan_ref(ch) == ch);
        rn_chan_unref(ch);
        if (kind->cap)
            check_ok(rn_send(ch, v));
        check_eq(rn_len(ch), kind->cap != 0);
        rn_chan_unref(ch);
    }
}

static void ref_and_unref(void *arg, unsigned index)
{
    (void)index;
    for (unsigned i = 0; i < rnt_scaled(20000); i++) {
        expect(rn_chan_ref(arg) == arg);
        rn_chan_unref(arg);
    }
}

Test(lifetime, references_are_counted_across_threads)
{
    rn_chan *ch = rnt_chan(8, 1);
    rnt_run(4, ref_and_unref, ch);
    check_ok(rn_send(ch, "12345678"));
    rn_chan_unref(ch);
}

/* ---- receive the last element, unref to zero, while the sender is still inside ------- */

/* One round: the owner of the only reference makes a channel, the other side sends to
 * it (or receives from it) through a bare pointer; once the effect is seen it is freed. */
struct hand_over {
    rnt_meeting meeting;
    const rnt_kind *kind;
    rn_chan *ch;
    unsigned rounds;
    bool guest_receives, by_select;
};

static int one_send(struct hand_over *h, unsigned char *v)
{
    rn_case c[] = { RN_SEND(h->ch, v), RN_RECV(RN_NEVER, NULL) };
    return h->by_select ? rn_select(c, 2) : rn_send(h->ch, v);
}

static int one_recv(struct hand_over *h, unsigned char *v)
{
    rn_case c[] = { RN_RECV(h->ch, v), RN_RECV(RN_NEVER, NULL) };
    return h->by_select ? rn_select(c, 2) : rn_recv(h->ch, v);
}

static void guest(void *arg)
{
    struct hand_over *h = arg;
    unsigned char v[RNT_ELEM_MAX];
    for (unsigned i = 0; i < h->rounds; i++) {
        rnt_fill(v, h->kind->size, i);
        rnt_meet(&h->meeting);
        expect_ok(h->guest_receives ? one_recv(h, v) : one_send(h, v));
    }
}

static void hand_over(const rnt_kind *kind, bool guest_receives, bool by_select)
{
    struct hand_over h = { .kind = kind,
                           .rounds = rnt_scaled(500),
                           .by_select = by_select,
                           .guest_receives = guest_receives };
    unsigned char v[RNT_ELEM_MAX] = { 0 };
    rnt_thread *t = rnt_start(guest, &h);
    for (unsigned i = 0; i < h.rounds; i++) {
        h.ch = rnt_chan_of(kind);
        rnt_meet(&h.meeting);
        if (guest_receives) {
            check_ok(one_send(&h, v));
            while (rn_len(h.ch) > 0) /* cap 0: the send has seen it already */
                sched_yield();
        } else {
            check_ok(one_recv(&h, v));
            check(rnt_holds(v, kind->size, i));
        }
        rn_chan_unref(h.ch);
    }
    rnt_join(t);
}

Test(lifetime, a_channel_is_freed_under_a_sender_on_its_way_out)
{
    for (unsigned k = 0; k < rnt_kind_count; k++)
        hand_over(&rnt_kinds[k], false, false);
}

Test(lifetime, a_channel_is_freed_under_a_receiver_on_its_way_out)
{
    for (unsigned k = 0; k < rnt_kind_count; k++)
        hand_over(&rnt_kinds[k], true, false);
}

Test(lifetime, a_channel_is_freed_under_a_select_on_its_way_out)
{
    for (unsigned k = 0; k < rnt_kind_count; k++) {
        hand_over(&rnt_kinds[k], false, true);
        hand_over(&rnt_kinds[k], true, true);
    }
}

static void close_and_go(void *arg)
{
    struct hand_over *h = arg;
    for (unsigned i = 0; i < h->rounds; i++) {
        rnt_meet(&h->meeting);
        expect_ok(rn_close(h->ch));
    }
}

Test(lifetime, a_channel_is_freed_under_its_closer)
{
    for (unsigned k = 0; k < rnt_kind_count; k++) {
        struct hand_over h = { .kind = &rnt_kinds[k], .rounds = rnt_scaled(500) };
        rnt_thread *t = rnt_start(close_and_go, &h);
        for (unsigned i = 0; i < h.rounds; i++) {
            h.ch = rnt_chan_of(h.kind);
            rnt_meet(&h.meeting);
            check_eq(rn_recv(h.ch, NULL), -EPIPE);
            rn_chan_unref(h.ch);
        }
        rnt_join(t);
    }
}

/* ---- a channel sent through a channel, its reference with it ------------------------- */

static void serve(void *arg)
{
    rn_chan *reply;
    unsigned n = 0;
    while (rn_recv(arg, &reply) == 0) {
        expect_ok(rn_send(reply, &n));
        rn_chan_unref(reply);
        n++;
    }
}

Test(lifetime, whoever_holds_the_last_reference_frees)
{
    rn_chan *requests = rnt_chan(sizeof(rn_chan *), 2);
    rnt_thread *t = rnt_start(serve, requests);
    for (unsigned i = 0; i < rnt_scaled(3000); i++) {
        rn_chan *reply = rn_chan_ref(rnt_chan(sizeof(unsigned), i % 2));
        unsigned v = 0;
        check_ok(rn_send(requests, &reply));
        check_ok(rn_recv(reply, &v));
        check_eq(v, i);
        rn_chan_unref(reply);
    }
    check_ok(rn_close(requests));
    rnt_join(t);
    rn_chan_unref(requests);
}

/* ---- threads that come and go -------------------------------------------------------- */

static void one_call(void *arg)
{
    uint64_t v = 1;
    expect_ok(rn_send(arg, &v));
}

Test(lifetime, threads_that_end_leave_nothing_in_the_way)
{
    rn_chan *ch = rnt_chan(8, 4);
    for (unsigned i = 0; i < rnt_scaled(300); i++) {
        rnt_join(rnt_start(one_call, ch));
        check_ok(rn_recv(ch, NULL));
    }
    rn_chan_unref(ch);
}

static pthread_key_t late_key;

static void call_late(void *arg)
{
    uint64_t v = 2;
    expect_ok(rn_send(arg, &v));
}

static void call_now_and_late(void *arg)
{
    one_call(arg);
    expect_ok(pthread_setspecific(late_key, arg));
}

/* The library's own destructor may have run before, or runs again after. */
Test(lifetime, a_thread_may_call_from_its_destructors)
{
    rn_chan *ch = rnt_chan(8, 4);
    uint64_t v = 0;
    check_ok(rn_send(ch, &v)); /* the library's key comes first, */
    check_ok(rn_recv(ch, &v));
    check_ok(pthread_key_create(&late_key, call_late)); /* ours last */
    for (unsigned i = 0; i < rnt_scaled(50); i++) {
        rnt_join(rnt_start(call_now_and_late, ch));
        check_ok(rn_recv(ch, &v));
        check_ok(rn_recv(ch, &v));
        check_eq(v, 2);
    }
    check_ok(pthread_key_delete(late_key));
    rn_chan_unref(ch);
}

/* ---- N threads, N + 1 tokens --------------------------------------------------------- */

struct tokens {
    rn_chan *ch;
    unsigned tries, empties, fulls;
};

/* Each thread holds at most one token, so the channel is never empty: "empty" is false. */
static void circulate(void *arg, unsigned index)
{
    struct tokens *t = arg;
    unsigned char v[RNT_ELEM_MAX];
    unsigned empties = 0, fulls = 0;
    (void)index;
    for (unsigned i = 0; i < t->tries; i++) {
        int r = rn_try_recv(t->ch, v);
        if (r == 0)
            expect_ok(rn_send(t->ch, v));
        else
            empties += r == -EAGAIN;
    }
    __atomic_fetch_add(&t->empties, empties, __ATOMIC_RELAXED);
    /* And the mirror: there are as many places as threads and tokens. */
    memset(v, 0, sizeof v);
    for (unsigned i = 0; i < t->tries; i++) {
        int r = rn_try_send(t->ch, v);
        if (r == 0)
            expect_ok(rn_recv(t->ch, v));
        else
            fulls += r == -EAGAIN;
    }
    __atomic_fetch_add(&t->fulls, fulls, __ATOMIC_RELAXED);
}

static void never_empty(unsigned threads, size_t size, unsigned options)
{
    /* While tokens go out there are N + 1 of 2N + 1 places taken at most; while they
     * come in, too: so there is always an element, and always room. */
    struct tokens t = { .tries = rnt_scaled(30000) };
    unsigned char v[RNT_ELEM_MAX] = { 0 };
    t.ch = rn_chan_new_with(size, 2 * threads + 2, options);
    check(t.ch != NULL);
    for (unsigned i = 0; i < threads + 1; i++)
        check_ok(rn_send(t.ch, v));
    rnt_run(threads, circulate, &t);
    cr_assert(t.empties == 0, "%u false empties, size %zu, options %u", t.empties, size, options);
    cr_assert(t.fulls == 0, "%u false fulls, size %zu, options %u", t.fulls, size, options);
    check_eq(rn_len(t.ch), threads + 1);
    rn_chan_unref(t.ch);
}

Test(lifetime, with_one_token_more_than_threads_try_recv_never_says_empty)
{
    for (unsigned threads = 2; threads <= 4; threads++) {
        never_empty(threads, 8, 0);
        never_empty(threads, 8, RN_CHAN_FAST);
        never_empty(threads, 24, 0);
        never_empty(threads, 0, 0);
    }
}

static void circulate_unbounded(void *arg, unsigned index)
{
    struct tokens *t = arg;
    unsigned char v[RNT_ELEM_MAX];
    unsigned empties = 0;
    (void)index;
    for (unsigned i = 0; i < t->tries; i++) {
        int r = rn_try_recv(t->ch, v);
        empties += r == -EAGAIN;
        if (r == 0)
            expect_ok(rn_send(t->ch, v));
    }
    __atomic_fetch_add(&t->empties, empties, __ATOMIC_RELAXED);
}

Test(lifetime, an_unbounded_channel_with_a_spare_token_never_says_empty)
{
    static const size_t sizes[] = { 0, 8, 24 };
    for (int k = 0; k < 3; k++) {
        struct tokens t = { .ch = rnt_chan(sizes[k], RN_UNBOUNDED), .tries = rnt_scaled(30000) };
        unsigned char v[RNT_ELEM_MAX] = { 0 };
        for (unsigned i = 0; i < 4; i++)
            check_ok(rn_send(t.ch, v));
        rnt_run(3, circulate_unbounded, &t);
        check_eq(t.empties, 0);
        check_eq(rn_len(t.ch), 4);
        rn_chan_unref(t.ch);
    }
}
