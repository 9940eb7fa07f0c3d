/* SPDX-License-Identifier: MIT */
/*
 * Go's test/ken/chan.go and chan1.go: fixed numbers of messages over many
 * channels between plain threads and selects of up to eight cases, with random
 * pauses; each channel's messages arrive complete and in order.
 */
#include <errno.h>
#include <sched.h>

#include "kinds.h"
#include "runnel.h"
#include "threads.h"

TestSuite(ken_chan, .timeout = RNT_TIMEOUT);

enum { SENDS = 76, LANES_MAX = 12, SELECT_MAX = 8 };

/* One channel with its next value on either side: lane * 1000, + 1, + 2 ... */
struct lane {
    rn_chan *ch;
    unsigned next_sent, next_received, first;
};

struct lanes {
    unsigned n;
    struct lane lane[LANES_MAX];
};

static void open_lanes(struct lanes *l, unsigned n, size_t cap)
{
    l->n = n;
    for (unsigned i = 0; i < n; i++) {
        unsigned first = i * 1000;
        l->lane[i] = (struct lane){ rnt_chan(sizeof(unsigned), cap), first, first, first };
    }
}

static void close_lanes(struct lanes *l)
{
    for (unsigned i = 0; i < l->n; i++) {
        struct lane *a = &l->lane[i];
        check_eq(a->next_sent, a->first + SENDS);
        check_eq(a->next_received, a->first + SENDS);
        check_eq(rn_try_recv(a->ch, NULL), -EAGAIN);
        rn_chan_unref(a->ch);
    }
}

static void dawdle(rnt_random *r, unsigned bound)
{
    for (unsigned i = rnt_below(r, bound); i > 0; i--)
        sched_yield();
}

static bool sent_all(struct lane *a)
{
    return ++a->next_sent == a->first + SENDS;
}

static bool received_all(struct lane *a, unsigned v)
{
    expect_eq(v, a->next_received);
    return ++a->next_received == a->first + SENDS;
}

static void send_lane(void *arg)
{
    struct lane *a = arg;
    rnt_random r = rnt_seed(a->first + 1);
    do {
        dawdle(&r, 10);
        expect_ok(rn_send(a->ch, &a->next_sent));
    } while (!sent_all(a));
}

static void recv_lane(void *arg)
{
    struct lane *a = arg;
    rnt_random r = rnt_seed(a->first + 2);
    unsigned v = 0;
    do {
        dawdle(&r, 10);
        expect_ok(rn_recv(a->ch, &v));
    } while (!received_all(a, v));
}

/* A select over lanes to receive from and lanes to send to, each until it is done. */
struct mux {
    struct lane *from[4], *to[4];
};

static unsigned fill_in(struct mux *m, const bool *done, unsigned *values, rn_case *c)
{
    unsigned open = 0;
    for (unsigned i = 0; i < SELECT_MAX; i++) {
        struct lane *a = i < 4 ? m->from[i] : m->to[i - 4];
        bool off = !a || done[i];
        open += !off;
        if (i < 4)
            c[i] = RN_RECV(off ? RN_NEVER : a->ch, &values[i]);
        else
            c[i] = RN_SEND(off ? RN_NEVER : a->ch, off ? &values[i] : &a->next_sent);
    }
    return open;
}

static void mux_lanes(void *arg)
{
    struct mux *m = arg;
    rnt_random r = rnt_seed(7);
    bool done[SELECT_MAX] = { false };
    unsigned values[SELECT_MAX] = { 0 };
    rn_case c[SELECT_MAX];
    while (fill_in(m, done, values, c) > 0) {
        dawdle(&r, 5);
        int i = rn_select(c, SELECT_MAX);
        expect(i >= 0 && c[i].err == 0);
        if (i < 4)
            done[i] = received_all(m->from[i], values[i]);
        else
            done[i] = sent_all(m->to[i - 4]);
    }
}

/* from/to: the first of four lanes, or -1 for none. */
static struct mux mux_of(struct lanes *l, int from, int to)
{
    struct mux m = { { 0 }, { 0 } };
    for (int i = 0; i < 4; i++) {
        m.from[i] = from < 0 ? NULL : &l->lane[from + i];
        m.to[i] = to < 0 ? NULL : &l->lane[to + i];
    }
    return m;
}

struct crew {
    unsigned n;
    rnt_thread *thread[2 * LANES_MAX];
};

static void hire(struct crew *c, void (*fn)(void *), void *arg)
{
    c->thread[c->n++] = rnt_start(fn, arg);
}

static void hire_on_4_lanes(struct crew *c, void (*fn)(void *), struct lanes *l, unsigned first)
{
    for (unsigned i = 0; i < 4; i++)
        hire(c, fn, &l->lane[first + i]);
}

static void finish(struct crew *c, struct lanes *l)
{
    for (unsigned i = 0; i < c->n; i++)
        rnt_join(c->thread[i]);
    close_lanes(l);
}

static const size_t capacities[] = { 0, 1, 10, 100 };
enum { CAPACITIES = 4 };

#define FOR_EACH_CAPACITY for (int k = 0; k < CAPACITIES; k++)

Test(ken_chan, test1_direct_send_to_direct_receive)
{
    FOR_EACH_CAPACITY
    {
        struct lanes l;
        struct crew c = { 0 };
        open_lanes(&l, 4, capacities[k]);
        hire_on_4_lanes(&c, send_lane, &l, 0);
        hire_on_4_lanes(&c, recv_lane, &l, 0);
        finish(&c, &l);
    }
}

Test(ken_chan, test2_direct_send_to_select_receive)
{
    FOR_EACH_CAPACITY
    {
        struct lanes l;
        struct crew c = { 0 };
        open_lanes(&l, 4, capacities[k]);
        struct mux m = mux_of(&l, 0, -1);
        hire_on_4_lanes(&c, send_lane, &l, 0);
        hire(&c, mux_lanes, &m);
        finish(&c, &l);
    }
}

Test(ken_chan, test3_select_send_to_direct_receive)
{
    FOR_EACH_CAPACITY
    {
        struct lanes l;
        struct crew c = { 0 };
        open_lanes(&l, 4, capacities[k]);
        struct mux m = mux_of(&l, -1, 0);
        hire_on_4_lanes(&c, recv_lane, &l, 0);
        hire(&c, mux_lanes, &m);
        finish(&c, &l);
    }
}

Test(ken_chan, test4_select_send_to_select_receive)
{
    FOR_EACH_CAPACITY
    {
        struct lanes l;
        struct crew c = { 0 };
        open_lanes(&l, 4, capacities[k]);
        struct mux out = mux_of(&l, -1, 0), in = mux_of(&l, 0, -1);
        hire(&c, mux_lanes, &out);
        hire(&c, mux_lanes, &in);
        finish(&c, &l);
    }
}

Test(ken_chan, test5_two_selects_that_send_and_receive_across)
{
    FOR_EACH_CAPACITY
    {
        struct lanes l;
        struct crew c = { 0 };
        open_lanes(&l, 8, capacities[k]);
        struct mux a = mux_of(&l, 4, 0), b = mux_of(&l, 0, 4);
        hire(&c, mux_lanes, &a);
        hire(&c, mux_lanes, &b);
        finish(&c, &l);
    }
}

Test(ken_chan, test6_selects_between_plain_senders_and_receivers)
{
    FOR_EACH_CAPACITY
    {
        struct lanes l;
        struct crew c = { 0 };
        open_lanes(&l, 12, capacities[k]);
        struct mux a = mux_of(&l, 4, 0), b = mux_of(&l, 0, 8);
        hire_on_4_lanes(&c, send_lane, &l, 4);
        hire_on_4_lanes(&c, recv_lane, &l, 8);
        hire(&c, mux_lanes, &a);
        hire(&c, mux_lanes, &b);
        finish(&c, &l);
    }
}

/* ---- chan1 --------------------------------------------------------------------------- */

TestSuite(ken_chan1, .timeout = RNT_TIMEOUT);

enum { CHAN1_N = 1000, CHAN1_RECEIVERS = 10, CHAN1_CAP = 2 };

struct chan1 {
    rn_chan *ch;
    int mark[CHAN1_N]; /* 0, 1 sent, 2 received; the channel orders the accesses */
};

static void chan1_receiver(void *arg, unsigned index)
{
    struct chan1 *c = arg;
    int i = -1;
    rn_case only = RN_RECV(c->ch, &i);
    (void)index;
    while (rn_select(&only, 1) == 0 && only.err == 0) {
        expect(i >= 0 && i < CHAN1_N);
        expect_eq(c->mark[i], 1);
        c->mark[i] = 2;
    }
}

Test(ken_chan1, each_message_is_received_once_after_it_was_sent)
{
    static struct chan1 c;
    c = (struct chan1){ .ch = rnt_chan(sizeof(int), CHAN1_CAP) };
    rnt_team *receivers = rnt_team_start(CHAN1_RECEIVERS, chan1_receiver, &c);
    for (int i = 0; i < CHAN1_N; i++) {
        check_eq(c.mark[i], 0);
        c.mark[i] = 1;
        check_ok(rn_send(c.ch, &i));
    }
    check_ok(rn_close(c.ch));
    rnt_team_join(receivers);
    for (int i = 0; i < CHAN1_N; i++)
        check_eq(c.mark[i], 2);
    rn_chan_unref(c.ch);
}
