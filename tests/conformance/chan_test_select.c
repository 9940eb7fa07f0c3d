/* SPDX-License-Identifier: MIT */
/*
 * Go's src/runtime/chan_test.go, the cases about select: TestNonblockSelectRace
 * and Race2, TestSelfSelect, TestSelectStress, TestSelectFairness,
 * TestPseudoRandomSend, TestSelectDuplicateChannel.
 */
#include <errno.h>
#include <sched.h>

#include "kinds.h"
#include "runnel.h"
#include "threads.h"

TestSuite(chan_test_select, .timeout = RNT_TIMEOUT);

/* ---- the default is taken only if at some instant nothing was ready ------------------ */

struct select_race {
    rnt_meeting meeting;
    rn_chan *c1, *c2;
    unsigned rounds;
};

static void select_race_taker(void *arg)
{
    struct select_race *r = arg;
    for (unsigned i = 0; i < r->rounds; i++) {
        rnt_meet(&r->meeting);
        rn_case c[] = { RN_RECV(r->c1, NULL), RN_RECV(r->c2, NULL) };
        expect(rn_try_select(c, 2) >= 0);
        rnt_meet(&r->meeting);
    }
}

/* c2 becomes ready before c1 may stop being it, so one is ready at every instant. */
Test(chan_test_select, TestNonblockSelectRace)
{
    struct select_race r = { .rounds = rnt_scaled(5000) };
    rnt_thread *t = rnt_start(select_race_taker, &r);
    for (unsigned i = 0; i < r.rounds; i++) {
        r.c1 = rnt_chan(1, 1);
        r.c2 = rnt_chan(1, 1);
        check_ok(rn_send(r.c1, "x"));
        rnt_meet(&r.meeting);
        check_ok(rn_send(r.c2, "x"));
        (void)!rn_try_recv(r.c1, NULL);
        rnt_meet(&r.meeting);
        rn_chan_unref(r.c1);
        rn_chan_unref(r.c2);
    }
    rnt_join(t);
}

Test(chan_test_select, TestNonblockSelectRace2)
{
    struct select_race r = { .rounds = rnt_scaled(5000) };
    rnt_thread *t = rnt_start(select_race_taker, &r);
    for (unsigned i = 0; i < r.rounds; i++) {
        r.c1 = rnt_chan(1, 1);
        r.c2 = rnt_chan(1, 0);
        check_ok(rn_send(r.c1, "x"));
        rnt_meet(&r.meeting);
        check_ok(rn_close(r.c2));
        (void)!rn_try_recv(r.c1, NULL);
        rnt_meet(&r.meeting);
        rn_chan_unref(r.c1);
        rn_chan_unref(r.c2);
    }
    rnt_join(t);
}

/*
 * Go's two cases race once a round. Here readiness moves without end between two
 * channels of two places: an element (a free place) appears in one before it goes
 * from the other, so that there is one at every instant.
 */
struct moving {
    rn_chan *c[2];
    bool room; /* what moves is a free place */
    unsigned stop;
};

static const char filler[] = "as long as the longest element";

static int make_ready(struct moving *m, unsigned at)
{
    return m->room ? rn_recv(m->c[at], NULL) : rn_send(m->c[at], filler);
}

static int make_unready(struct moving *m, unsigned at)
{
    return m->room ? rn_send(m->c[at], filler) : rn_recv(m->c[at], NULL);
}

static void keep_moving(void *arg)
{
    struct moving *m = arg;
    for (unsigned at = 0; !__atomic_load_n(&m->stop, __ATOMIC_ACQUIRE); at ^= 1) {
        expect_ok(make_ready(m, at ^ 1));
        expect_ok(make_unready(m, at));
    }
}

static void default_is_never_taken(size_t size, bool room)
{
    struct moving m = { { rnt_chan(size, 2), rnt_chan(size, 2) }, room, 0 };
    /* What is ready in c[0] alone: one element, or one free place. */
    for (int i = 0; i < (room ? 3 : 1); i++)
        check_ok(rn_send(m.c[i >= 1], filler));
    rnt_thread *t = rnt_start(keep_moving, &m);
    for (unsigned i = 0; i < rnt_scaled(20000); i++) {
        rn_case c[] = { room ? RN_SEND(m.c[0], filler) : RN_RECV(m.c[0], NULL),
                        room ? RN_SEND(m.c[1], filler) : RN_RECV(m.c[1], NULL) };
        int chosen = rn_try_select(c, 2);
        check(chosen >= 0);
        check_ok(make_ready(&m, (unsigned)chosen)); /* give it back */
    }
    __atomic_store_n(&m.stop, 1, __ATOMIC_RELEASE);
    rnt_join(t);
    rn_chan_unref(m.c[0]);
    rn_chan_unref(m.c[1]);
}

Test(chan_test_select, TestNonblockSelectRace_an_element_that_moves_is_always_found)
{
    default_is_never_taken(8, false);
    default_is_never_taken(20, false);
    default_is_never_taken(0, false);
}

Test(chan_test_select, TestNonblockSelectRace_room_that_moves_is_always_found)
{
    default_is_never_taken(8, true);
    default_is_never_taken(20, true);
    default_is_never_taken(0, true);
}

/* ---- TestSelfSelect ------------------------------------------------------------------ */

struct self_select {
    rn_chan *ch;
    size_t cap;
    unsigned rounds;
};

static void self_select(void *arg, unsigned me)
{
    struct self_select *s = arg;
    for (unsigned i = 0; i < s->rounds; i++) {
        unsigned v = me;
        rn_case send = RN_SEND(s->ch, &me), recv = RN_RECV(s->ch, &v);
        bool swap = me != 0 && i % 2;
        rn_case c[] = { swap ? recv : send, swap ? send : recv };
        int chosen = rn_select(c, 2);
        expect(chosen >= 0 && c[chosen].err == 0);
        if (chosen >= 0 && !c[chosen].is_send && s->cap == 0)
            expect(v != me);
    }
}

Test(chan_test_select, TestSelfSelect)
{
    static const size_t caps[] = { 0, 10 };
    for (int k = 0; k < 2; k++) {
        struct self_select s = { rnt_chan(sizeof(unsigned), caps[k]), caps[k], rnt_scaled(5000) };
        rnt_run(2, self_select, &s);
        rn_chan_unref(s.ch);
    }
}

/* ---- TestSelectStress ---------------------------------------------------------------- */

enum { STRESS_CHANS = 4 };

struct select_stress {
    rn_chan *ch[STRESS_CHANS];
    unsigned n;
};

static void plain_end(struct select_stress *s, unsigned k, bool sends)
{
    for (unsigned i = 0, v = 0; i < s->n; i++)
        expect_ok(sends ? rn_send(s->ch[k], &i) : rn_recv(s->ch[k], &v));
}

/* One case a channel, each n times, then RN_NEVER. */
static void select_end(struct select_stress *s, bool sends)
{
    unsigned left[STRESS_CHANS], open = STRESS_CHANS, v = 0;
    rn_case c[STRESS_CHANS];
    for (int k = 0; k < STRESS_CHANS; k++) {
        left[k] = s->n;
        c[k] = sends ? RN_SEND(s->ch[k], &v) : RN_RECV(s->ch[k], &v);
    }
    while (open > 0) {
        int k = rn_select(c, STRESS_CHANS);
        expect(k >= 0 && c[k].err == 0);
        if (--left[k] == 0) {
            c[k].ch = RN_NEVER;
            open--;
        }
    }
}

static void stress_member(void *arg, unsigned index)
{
    struct select_stress *s = arg;
    if (index < 2 * STRESS_CHANS)
        plain_end(s, index / 2, index % 2);
    else
        select_end(s, index % 2);
}

Test(chan_test_select, TestSelectStress)
{
    static const size_t caps[STRESS_CHANS] = { 0, 0, 2, 3 };
    struct select_stress s = { .n = rnt_scaled(10000) };
    for (int k = 0; k < STRESS_CHANS; k++)
        s.ch[k] = rnt_chan(sizeof(unsigned), caps[k]);
    rnt_run(2 * STRESS_CHANS + 2, stress_member, &s);
    for (int k = 0; k < STRESS_CHANS; k++) {
        check_eq(rn_len(s.ch[k]), 0);
        rn_chan_unref(s.ch[k]);
    }
}

/* ---- fairness ------------------------------------------------------------------------ */

/* 10,000 fair coins fall outside 5,000 +- 250 once in 1.7 million runs. */
enum { TRIALS = 10000, SLACK = 250 };

Test(chan_test_select, TestSelectFairness)
{
    rn_chan *ready[2] = { rnt_chan(1, 1), rnt_chan(1, 1) }, *idle = rnt_chan(1, 0);
    unsigned taken[2] = { 0, 0 };
    for (int k = 0; k < 2; k++)
        check_ok(rn_send(ready[k], "x"));
    for (unsigned i = 0; i < TRIALS; i++) {
        rn_case c[] = { RN_RECV(ready[0], NULL), RN_RECV(ready[1], NULL), RN_RECV(idle, NULL) };
        int chosen = rn_select(c, 3);
        check(chosen == 0 || chosen == 1);
        taken[chosen]++;
        check_ok(rn_send(ready[chosen], "x"));
    }
    cr_assert(taken[0] > TRIALS / 2 - SLACK && taken[0] < TRIALS / 2 + SLACK,
              "the first of two ready cases was taken %u times of %u", taken[0], TRIALS);
    rn_chan_unref(ready[0]);
    rn_chan_unref(ready[1]);
    rn_chan_unref(idle);
}

struct random_send {
    rn_chan *ch;
    int got[2];
};

enum { RANDOM_SENDS = 100 };

static void count_values(void *arg)
{
    struct random_send *r = arg;
    for (int i = 0; i < RANDOM_SENDS; i++) {
        int v = -1;
        expect_ok(rn_recv(r->ch, &v));
        r->got[v & 1]++;
    }
}

/* Fewer than a tenth of either is one chance in 10^17. */
Test(chan_test_select, TestPseudoRandomSend)
{
    static const size_t caps[] = { 0, RANDOM_SENDS };
    static const int zero = 0, one = 1;
    for (int k = 0; k < 2; k++) {
        struct random_send r = { rnt_chan(sizeof(int), caps[k]), { 0, 0 } };
        rnt_thread *t = rnt_start(count_values, &r);
        for (int i = 0; i < RANDOM_SENDS; i++) {
            rn_case c[] = { RN_SEND(r.ch, &one), RN_SEND(r.ch, &zero) };
            check(rn_select(c, 2) >= 0);
            sched_yield();
        }
        rnt_join(t);
        check_eq(r.got[0] + r.got[1], RANDOM_SENDS);
        check(r.got[0] > RANDOM_SENDS / 10 && r.got[1] > RANDOM_SENDS / 10);
        rn_chan_unref(r.ch);
    }
}

/* ---- TestSelectDuplicateChannel ------------------------------------------------------ */

struct duplicate {
    rn_chan *c, *d, *e;
};

static void select_c_twice_and_d(void *arg)
{
    struct duplicate *x = arg;
    rn_case c[] = { RN_RECV(x->c, NULL), RN_RECV(x->c, NULL), RN_RECV(x->d, NULL) };
    expect_eq(rn_select(c, 3), 2);
    expect_ok(rn_send(x->e, "9"));
}

static void receive_c(void *arg)
{
    expect_ok(rn_recv(((struct duplicate *)arg)->c, NULL));
}

Test(chan_test_select, TestSelectDuplicateChannel)
{
    struct duplicate x = { rnt_chan(1, 0), rnt_chan(1, 0), rnt_chan(1, 0) };
    rnt_thread *a = rnt_start(select_c_twice_and_d, &x);
    rnt_wait_parked(a);
    rnt_thread *b = rnt_start(receive_c, &x);
    rnt_wait_parked(b);
    /* a leaves c's queue twice, from before b. */
    check_ok(rn_send(x.d, "7"));
    check_ok(rn_recv(x.e, NULL));
    check_ok(rn_send(x.c, "8"));
    rnt_join(a);
    rnt_join(b);
    rn_chan_unref(x.c);
    rn_chan_unref(x.d);
    rn_chan_unref(x.e);
}
