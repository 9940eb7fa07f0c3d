/* SPDX-License-Identifier: MIT */
/*
 * Closing while others are parked, on every kind of channel: senders get -EPIPE
 * and their elements stay out, receivers drain and then get -EPIPE and zero.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "kinds.h"
#include "runnel.h"
#include "threads.h"

TestSuite(closing, .timeout = RNT_TIMEOUT);

struct parked {
    const rnt_kind *kind;
    rn_chan *ch, *idle;
    bool by_select;
    int result[8];
    unsigned char elem[8][RNT_ELEM_MAX];
};

static int of_one_case(rn_case c, rn_chan *idle)
{
    rn_case both[] = { c, RN_RECV(idle, NULL) };
    int chosen = rn_select(both, 2);
    return chosen == 0 ? both[0].err : -EBADSLT;
}

static void parked_sender(void *arg, unsigned index)
{
    struct parked *p = arg;
    rnt_fill(p->elem[index], p->kind->size, 200);
    p->result[index] = p->by_select ? of_one_case(RN_SEND(p->ch, p->elem[index]), p->idle)
                                    : rn_send(p->ch, p->elem[index]);
}

static void parked_receiver(void *arg, unsigned index)
{
    struct parked *p = arg;
    memset(p->elem[index], 0xA5, sizeof p->elem[index]);
    p->result[index] = p->by_select ? of_one_case(RN_RECV(p->ch, p->elem[index]), p->idle)
                                    : rn_recv(p->ch, p->elem[index]);
}

static void fill_with(rn_chan *ch, const rnt_kind *kind, unsigned value)
{
    unsigned char v[RNT_ELEM_MAX];
    for (size_t i = 0; i < kind->cap; i++) {
        rnt_fill(v, kind->size, value);
        check_ok(rn_try_send(ch, v));
    }
}

static void senders_get_epipe(const rnt_kind *kind, bool by_select)
{
    static struct parked p;
    unsigned n = kind->options & RN_CHAN_SPSC ? 1 : 3;
    p = (struct parked){
        .kind = kind, .ch = rnt_chan_of(kind), .idle = rnt_chan(1, 0), .by_select = by_select
    };
    fill_with(p.ch, kind, 1);
    rnt_team *t = rnt_team_start(n, parked_sender, &p);
    rnt_team_wait_parked(t);
    check_ok(rn_close(p.ch));
    rnt_team_join(t);
    for (unsigned i = 0; i < n; i++)
        cr_assert(p.result[i] == -EPIPE, "%s: sender got %d", kind->name, p.result[i]);
    unsigned char v[RNT_ELEM_MAX];
    for (size_t i = 0; i < kind->cap; i++) {
        check_ok(rn_recv(p.ch, v));
        check(rnt_holds(v, kind->size, 1));
    }
    check_eq(rn_recv(p.ch, v), -EPIPE);
    rn_chan_unref(p.ch);
    rn_chan_unref(p.idle);
}

Test(closing, parked_senders_get_epipe_and_their_elements_stay_out)
{
    for (unsigned k = 0; k < rnt_kind_count; k++)
        if (rnt_kinds[k].cap != RN_UNBOUNDED)
            senders_get_epipe(&rnt_kinds[k], false);
}

Test(closing, parked_selects_to_send_see_the_close)
{
    for (unsigned k = 0; k < rnt_kind_count; k++)
        if (rnt_kinds[k].cap != RN_UNBOUNDED)
            senders_get_epipe(&rnt_kinds[k], true);
}

static void receivers_get_epipe(const rnt_kind *kind, bool by_select)
{
    static struct parked p;
    unsigned n = kind->options & RN_CHAN_SPSC ? 1 : 3;
    p = (struct parked){
        .kind = kind, .ch = rnt_chan_of(kind), .idle = rnt_chan(1, 0), .by_select = by_select
    };
    rnt_team *t = rnt_team_start(n, parked_receiver, &p);
    rnt_team_wait_parked(t);
    check_ok(rn_close(p.ch));
    rnt_team_join(t);
    for (unsigned i = 0; i < n; i++) {
        cr_assert(p.result[i] == -EPIPE, "%s: receiver got %d", kind->name, p.result[i]);
        cr_assert(rnt_is_zero(p.elem[i], kind->size), "%s: not zeroed", kind->name);
        check_eq(p.elem[i][kind->size < RNT_ELEM_MAX ? kind->size : 0],
                 kind->size < RNT_ELEM_MAX ? 0xA5 : 0);
    }
    rn_chan_unref(p.ch);
    rn_chan_unref(p.idle);
}

Test(closing, parked_receivers_get_epipe_and_zero)
{
    for (unsigned k = 0; k < rnt_kind_count; k++)
        receivers_get_epipe(&rnt_kinds[k], false);
}

Test(closing, parked_selects_to_receive_see_the_close_and_zero)
{
    for (unsigned k = 0; k < rnt_kind_count; k++)
        receivers_get_epipe(&rnt_kinds[k], true);
}

/* ---- a select parked on several channels, closed one after the other ----------------- */

struct several {
    rn_chan *a, *b;
    int chosen, err, after_chosen, after_err;
};

static void select_twice(void *arg)
{
    struct several *s = arg;
    rn_case c[] = { RN_RECV(s->a, NULL), RN_SEND(s->b, "12345678") };
    s->chosen = rn_select(c, 2);
    s->err = c[s->chosen].err;
    c[s->chosen].ch = RN_NEVER;
    s->after_chosen = rn_select(c, 2);
    s->after_err = c[s->after_chosen].err;
}

Test(closing, a_select_reports_which_channel_was_closed)
{
    for (int first = 0; first < 2; first++) {
        struct several s = { .a = rnt_chan(8, 1), .b = rnt_chan(8, 0) };
        rnt_thread *t = rnt_start(select_twice, &s);
        rnt_wait_parked(t);
        check_ok(rn_close(first == 0 ? s.a : s.b));
        check_ok(rn_close(first == 0 ? s.b : s.a));
        rnt_join(t);
        check_eq(s.chosen + s.after_chosen, 1);
        check_eq(s.err, -EPIPE);
        check_eq(s.after_err, -EPIPE);
        rn_chan_unref(s.a);
        rn_chan_unref(s.b);
    }
}

/* ---- close against senders and receivers in full flight ------------------------------ */

struct storm {
    rn_chan *ch;
    unsigned n;
    unsigned moved[6];
};

static void storm_member(void *arg, unsigned index)
{
    struct storm *s = arg;
    unsigned char v[RNT_ELEM_MAX];
    memset(v, 1, sizeof v);
    if (index == 6) {
        for (unsigned i = 0; i < s->n; i++)
            sched_yield();
        expect_ok(rn_close(s->ch));
        return;
    }
    /* Senders end of themselves some day: unbounded channels would take all memory. */
    while (index >= 3 || s->moved[index] < 1000) {
        int r = index < 3 ? rn_send(s->ch, v) : rn_recv(s->ch, v);
        if (r != 0) {
            expect_eq(r, -EPIPE);
            return;
        }
        s->moved[index]++;
    }
}

Test(closing, what_was_sent_before_the_close_is_received_and_nothing_else)
{
    for (unsigned k = 0; k < rnt_kind_count; k++)
        for (unsigned i = 0; i < rnt_scaled(30); i++) {
            struct storm s = { .ch = rnt_chan_of(&rnt_kinds[k]), .n = i };
            if (rnt_kinds[k].options & RN_CHAN_SPSC) {
                rn_chan_unref(s.ch);
                continue;
            }
            rnt_run(7, storm_member, &s);
            check_eq(s.moved[0] + s.moved[1] + s.moved[2], s.moved[3] + s.moved[4] + s.moved[5]);
            check_eq(rn_len(s.ch), 0);
            rn_chan_unref(s.ch);
        }
}

static void close_once(void *arg, unsigned index)
{
    struct storm *s = arg;
    s->moved[index] = rn_close(s->ch) == 0;
}

Test(closing, one_of_many_closers_wins)
{
    for (unsigned k = 0; k < rnt_kind_count; k++)
        for (unsigned i = 0; i < rnt_scaled(20); i++) {
            struct storm s = { .ch = rnt_chan_of(&rnt_kinds[k]) };
            if (rnt_kinds[k].options & RN_CHAN_SPSC) {
                rn_chan_unref(s.ch);
                continue;
            }
            rnt_run(4, close_once, &s);
            check_eq(s.moved[0] + s.moved[1] + s.moved[2] + s.moved[3], 1);
            rn_chan_unref(s.ch);
        }
}
