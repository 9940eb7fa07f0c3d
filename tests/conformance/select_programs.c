/* SPDX-License-Identifier: MIT */
/*
 * What Go's test/chan asks of select: the files select.go to select7.go. Suites
 * carry the names of Go's files; see README.md.
 *
 * "Always blocks" is shown by a deadline that passes, and once by a thread that
 * is seen asleep; a program cannot wait for ever to see that nothing happens.
 */
#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <stdint.h>

#include "kinds.h"
#include "runnel.h"
#include "threads.h"

#define SOON rn_in(20 * RN_MILLISECOND)

/* ---- select -------------------------------------------------------------------------- */

TestSuite(select, .timeout = RNT_TIMEOUT);

struct two_ways {
    rn_chan *a, *b;
};

/* Sends one value each way, in whatever order select likes: a used way becomes RN_NEVER. */
static void send_each_way_once(void *arg)
{
    struct two_ways *w = arg;
    rn_chan *a = w->a, *b = w->b;
    unsigned value = 1, shifts = 0;
    while (a != RN_NEVER || b != RN_NEVER) {
        rn_case c[] = { RN_SEND(a, &value), RN_SEND(b, &value) };
        int chosen = rn_select(c, 2);
        expect(chosen == 0 || chosen == 1);
        *(chosen == 0 ? &a : &b) = RN_NEVER;
        value <<= 1;
        shifts++;
    }
    expect_eq(shifts, 2);
}

Test(select, cases_are_switched_off_one_by_one)
{
    for (unsigned i = 0; i < rnt_scaled(500); i++) {
        struct two_ways w = { rnt_chan(sizeof(unsigned), 0), rnt_chan(sizeof(unsigned), 0) };
        rnt_thread *t = rnt_start(send_each_way_once, &w);
        unsigned x = 0, y = 0;
        check_ok(rn_recv(i & 1 ? w.a : w.b, &x));
        check_ok(rn_recv(i & 1 ? w.b : w.a, &y));
        check_eq(x + y, 3);
        rnt_join(t);
        rn_chan_unref(w.a);
        rn_chan_unref(w.b);
    }
}

/* ---- select2 ------------------------------------------------------------------------- */

TestSuite(select2, .timeout = RNT_TIMEOUT);

struct select2 {
    rn_chan *data, *dummy;
    unsigned n;
};

static void select2_sender(void *arg)
{
    struct select2 *s = arg;
    for (unsigned i = 0; i < s->n; i++)
        expect_ok(rn_send(s->data, &i));
}

static void select2_receiver(void *arg)
{
    struct select2 *s = arg;
    unsigned v;
    for (unsigned i = 0; i < s->n; i++) {
        rn_case c[] = { RN_RECV(s->data, &v), RN_RECV(s->dummy, NULL) };
        expect_eq(rn_select(c, 2), 0);
        expect_eq(v, i);
    }
}

static void select2_round(struct select2 *s)
{
    rnt_thread *a = rnt_start(select2_sender, s), *b = rnt_start(select2_receiver, s);
    rnt_join(a);
    rnt_join(b);
}

/* (Sanitizers replace malloc and mallinfo2 says 0; there, LeakSanitizer looks.) */
Test(select2, many_selects_against_an_idle_channel_do_not_grow_the_heap)
{
    struct select2 s = { rnt_chan(sizeof(unsigned), 0), rnt_chan(sizeof(unsigned), 0), 1000 };
    select2_round(&s);
    size_t before = mallinfo2().uordblks;
    s.n = rnt_scaled(50000);
    select2_round(&s);
    size_t after = mallinfo2().uordblks;
    check(after < before + 110000);
    rn_chan_unref(s.data);
    rn_chan_unref(s.dummy);
}

/* ---- select3: what always blocks and what never does --------------------------------- */

TestSuite(select3, .timeout = RNT_TIMEOUT);

static int select_until_soon(rn_case a)
{
    return rn_select_until(&a, 1, SOON);
}

Test(select3, a_nil_channel_outside_select_is_an_error)
{
    int v = 7;
    check_eq(rn_send(RN_NEVER, &v), -EINVAL);
    check_eq(rn_recv(RN_NEVER, &v), -EINVAL);
    check_eq(rn_send(NULL, &v), -EINVAL);
    check_eq(rn_recv(NULL, &v), -EINVAL);
}

Test(select3, a_nil_channel_in_select_is_never_chosen)
{
    int v = 7;
    rn_case c[] = { RN_SEND(RN_NEVER, &v), RN_RECV(RN_NEVER, &v) };
    check_eq(rn_try_select(&c[0], 1), -EAGAIN);
    check_eq(rn_try_select(&c[1], 1), -EAGAIN);
    check_eq(rn_try_select(c, 2), -EAGAIN);
    check_eq(select_until_soon(c[0]), -ETIMEDOUT);
    check_eq(select_until_soon(c[1]), -ETIMEDOUT);
    check_eq(rn_select_until(c, 2, SOON), -ETIMEDOUT);
}

Test(select3, an_empty_select_blocks_and_with_a_default_it_does_not)
{
    check_eq(rn_select_until(NULL, 0, SOON), -ETIMEDOUT);
    check_eq(rn_try_select(NULL, 0), -EAGAIN);
}

static void select_for_ever(void *arg)
{
    rn_case c = RN_RECV(RN_NEVER, NULL);
    (void)!rn_select(&c, arg ? 1 : 0);
}

Test(select3, a_select_that_nothing_can_end_goes_to_sleep)
{
    rnt_thread *empty = rnt_start(select_for_ever, NULL);
    rnt_thread *only_nil = rnt_start(select_for_ever, "");
    rnt_wait_parked(empty);
    rnt_wait_parked(only_nil);
    rnt_abandon(empty);
    rnt_abandon(only_nil);
}

Test(select3, a_send_into_free_space_never_blocks)
{
    rn_chan *ch = rnt_chan(sizeof(int), 1);
    int v = 7;
    check_ok(rn_send(ch, &v));
    check_eq(rn_send_until(ch, &v, SOON), -ETIMEDOUT);
    rn_chan_unref(ch);
}

Test(select3, a_closed_channel_never_blocks_and_gives_zero)
{
    rn_chan *ch = rnt_chan(sizeof(int), 0);
    check_ok(rn_close(ch));
    for (int i = 0; i < 10; i++) {
        int v = 7;
        check_eq(rn_recv(ch, &v), -EPIPE);
        check_eq(v, 0);
        v = 7;
        rn_case c = RN_RECV(ch, &v);
        check_eq(rn_select(&c, 1), 0);
        check_eq(c.err, -EPIPE);
        check_eq(v, 0);
    }
    rn_chan_unref(ch);
}

/* In Go this panics. */
Test(select3, a_send_on_a_closed_channel_fails_with_and_without_select)
{
    rn_chan *ch = rnt_chan(sizeof(int), 0);
    int v = 7;
    check_ok(rn_close(ch));
    check_eq(rn_send(ch, &v), -EPIPE);
    rn_case c = RN_SEND(ch, &v);
    check_eq(rn_select(&c, 1), 0);
    check_eq(c.err, -EPIPE);
    rn_chan_unref(ch);
}

Test(select3, a_channel_that_is_not_ready_blocks_with_and_without_select)
{
    rn_chan *ch = rnt_chan(sizeof(int), 0);
    int v = 7;
    check_eq(rn_recv_until(ch, &v, SOON), -ETIMEDOUT);
    check_eq(rn_send_until(ch, &v, SOON), -ETIMEDOUT);
    check_eq(select_until_soon(RN_RECV(ch, &v)), -ETIMEDOUT);
    check_eq(select_until_soon(RN_SEND(ch, &v)), -ETIMEDOUT);
    rn_chan_unref(ch);
}

Test(select3, a_ready_case_is_taken_before_the_default)
{
    rn_chan *ch = rnt_chan(sizeof(int), 1);
    int v = 7, got = 0;
    rn_case send = RN_SEND(ch, &v), recv = RN_RECV(ch, &got);
    check_eq(rn_try_select(&send, 1), 0);
    check_eq(rn_try_select(&recv, 1), 0);
    check_eq(got, 7);
    rn_chan_unref(ch);
}

Test(select3, a_select_that_sees_itself_blocks)
{
    rn_chan *ch = rnt_chan(sizeof(int), 0);
    int v = 1, got = 0;
    rn_case c[] = { RN_SEND(ch, &v), RN_RECV(ch, &got) };
    check_eq(rn_try_select(c, 2), -EAGAIN);
    check_eq(rn_select_until(c, 2, SOON), -ETIMEDOUT);
    check_eq(got, 0);
    rn_chan_unref(ch);
}

/* ---- select4 ------------------------------------------------------------------------- */

TestSuite(select4, .timeout = RNT_TIMEOUT);

Test(select4, the_place_of_a_receive_that_is_not_chosen_is_not_touched)
{
    rn_chan *idle = rnt_chan(sizeof(int), 0), *ready = rnt_chan(sizeof(int), 1);
    int v = 42, got = 0;
    check_ok(rn_send(ready, &v));
    /* No such address: touching it would crash. */
    rn_case c[] = { RN_RECV(idle, (void *)(uintptr_t)8), RN_RECV(ready, &got) };
    check_eq(rn_select(c, 2), 1);
    check_eq(got, 42);
    check_eq(rn_select_until(c, 2, SOON), -ETIMEDOUT);
    rn_chan_unref(idle);
    rn_chan_unref(ready);
}

/* ---- select5: every form of a single operation --------------------------------------- */

TestSuite(select5, .timeout = RNT_TIMEOUT);

enum form { PLAIN, TRY, UNTIL, SELECT, TRY_SELECT, SELECT_UNTIL, FORMS };
enum { EXTRAS = 4, ALL_EXTRAS = 1 << EXTRAS };

static int run_select(enum form form, rn_case *c, int n)
{
    switch (form) {
    case SELECT:
        return rn_select(c, n);
    case TRY_SELECT:
        return rn_try_select(c, n);
    default:
        return rn_select_until(c, n, RN_FOREVER);
    }
}

/* The real case at `at` among those cases, never ready, that `extras` asks for. */
static int with_extras(enum form form, rn_case real, unsigned extras, int at, rn_chan *dummy)
{
    static int one = 1;
    rn_case pool[EXTRAS] = { RN_SEND(dummy, &one), RN_RECV(dummy, NULL), RN_SEND(RN_NEVER, &one),
                             RN_RECV(RN_NEVER, NULL) };
    rn_case c[EXTRAS + 1];
    int n = 0;
    for (int i = 0; i < EXTRAS; i++)
        if (extras & 1u << i)
            c[n++] = pool[i];
    at = at > n ? n : at;
    for (int i = n++; i > at; i--)
        c[i] = c[i - 1];
    c[at] = real;
    int chosen = run_select(form, c, n);
    return chosen == at ? c[at].err : chosen < 0 ? chosen : -EBADSLT;
}

static int send_by(enum form form, rn_chan *ch, int *v, unsigned extras, int at, rn_chan *dummy)
{
    switch (form) {
    case PLAIN:
        return rn_send(ch, v);
    case TRY:
        return rn_try_send(ch, v);
    case UNTIL:
        return rn_send_until(ch, v, RN_FOREVER);
    default:
        return with_extras(form, RN_SEND(ch, v), extras, at, dummy);
    }
}

static int recv_by(enum form form, rn_chan *ch, int *v, unsigned extras, int at, rn_chan *dummy)
{
    switch (form) {
    case PLAIN:
        return rn_recv(ch, v);
    case TRY:
        return rn_try_recv(ch, v);
    case UNTIL:
        return rn_recv_until(ch, v, RN_FOREVER);
    default:
        return with_extras(form, RN_RECV(ch, v), extras, at, dummy);
    }
}

Test(select5, every_form_of_a_ready_send_and_receive_does_it_once)
{
    rn_chan *ch = rnt_chan(sizeof(int), 1), *dummy = rnt_chan(sizeof(int), 0);
    int n = 0;
    for (int form = 0; form < FORMS; form++)
        for (unsigned extras = 0; extras < ALL_EXTRAS; extras++)
            for (int at = 0; at <= EXTRAS; at++) {
                int got = 0;
                n++;
                check_ok(send_by(form, ch, &n, extras, at, dummy));
                check_eq(rn_len(ch), 1);
                check_ok(recv_by(form, ch, &got, extras, at, dummy));
                check_eq(rn_len(ch), 0);
                check_eq(got, n);
            }
    rn_chan_unref(ch);
    rn_chan_unref(dummy);
}

static unsigned evaluations;

static rn_chan *counted_chan(rn_chan *ch)
{
    evaluations++;
    return ch;
}

static int *counted_place(int *p)
{
    evaluations += 100;
    return p;
}

Test(select5, the_case_macros_evaluate_their_arguments_once)
{
    rn_chan *ch = rnt_chan(sizeof(int), 1);
    int v = 5;
    evaluations = 0;
    rn_case c = RN_SEND(counted_chan(ch), counted_place(&v));
    check_eq(rn_select(&c, 1), 0);
    check_eq(evaluations, 101);
    c = RN_RECV(counted_chan(ch), counted_place(&v));
    check_eq(rn_select(&c, 1), 0);
    check_eq(evaluations, 202);
    rn_chan_unref(ch);
}

/* ---- select6: issue 2075 ------------------------------------------------------------- */

TestSuite(select6, .timeout = RNT_TIMEOUT);

struct select6 {
    rn_chan *c1, *c2, *c3;
};

static void select6_plain(void *arg)
{
    expect_ok(rn_recv(((struct select6 *)arg)->c1, NULL));
}

static void select6_select(void *arg)
{
    struct select6 *s = arg;
    rn_case c[] = { RN_RECV(s->c1, NULL), RN_RECV(s->c2, NULL) };
    expect_eq(rn_select(c, 2), 1);
    expect_ok(rn_send(s->c3, ""));
    expect_ok(rn_recv(s->c1, NULL));
}

/* A waiter before and one behind it: the losing case has to leave c1's middle. */
Test(select6, a_losing_case_leaves_the_middle_of_a_queue)
{
    struct select6 s = { rnt_chan(1, 0), rnt_chan(1, 0), rnt_chan(1, 0) };
    rnt_thread *first = rnt_start(select6_plain, &s);
    rnt_wait_parked(first);
    rnt_thread *middle = rnt_start(select6_select, &s);
    rnt_wait_parked(middle);
    rnt_thread *last = rnt_start(select6_plain, &s);
    rnt_wait_parked(last);
    check_ok(rn_send(s.c2, ""));
    check_ok(rn_recv(s.c3, NULL));
    for (int i = 0; i < 3; i++)
        check_ok(rn_send(s.c1, ""));
    rnt_join(first);
    rnt_join(middle);
    rnt_join(last);
    rn_chan_unref(s.c1);
    rn_chan_unref(s.c2);
    rn_chan_unref(s.c3);
}

/* ---- select7 ------------------------------------------------------------------------- */

TestSuite(select7, .timeout = RNT_TIMEOUT);

struct select7 {
    rn_chan *ch, *idle[2]; /* one that nobody receives from, one that nobody sends to */
    int form;
};

static int select7_do(struct select7 *s, int form, rn_case real)
{
    rn_case c[] = { real, real.is_send ? RN_SEND(s->idle[0], "") : RN_RECV(s->idle[1], NULL) };
    switch (form) {
    case 0:
        return real.is_send ? rn_send(s->ch, real.elem) : rn_recv(s->ch, real.elem);
    case 1:
        return rn_select(c, 1);
    default:
        return rn_select(c, 2);
    }
}

static void select7_receiver(void *arg)
{
    struct select7 *s = arg;
    expect_ok(select7_do(s, s->form, RN_RECV(s->ch, NULL)));
}

Test(select7, sends_meet_receives_in_all_forms_and_the_value_may_be_dropped)
{
    for (int send = 0; send < 3; send++)
        for (int recv = 0; recv < 3; recv++)
            for (int parked = 0; parked < 2; parked++) {
                struct select7 s = { rnt_chan(1, 0), { rnt_chan(1, 0), rnt_chan(1, 0) }, recv };
                rnt_thread *t = rnt_start(select7_receiver, &s);
                if (parked)
                    rnt_wait_parked(t);
                check_ok(select7_do(&s, send, RN_SEND(s.ch, "x")));
                rnt_join(t);
                rn_chan_unref(s.ch);
                rn_chan_unref(s.idle[0]);
                rn_chan_unref(s.idle[1]);
            }
}
