/* SPDX-License-Identifier: MIT */
/* Select: exactly one case, and no wake-up lost on the others. */
#include "chan.h"

#include "runnel/time.h"

static int chosen[8];

#define PAIR(name, size, cap)     \
    static void name(void)        \
    {                             \
        ch = make(size, cap, 0);  \
        ch2 = make(size, cap, 0); \
    }
PAIR(pair0, 8, 0)
PAIR(pair1, 8, 1)
PAIR(pair_wide, 24, 1)

static void check_case(const rn_case *c)
{
    mc_check(c->err == 0 || c->err == -EPIPE, "err %d", c->err);
}

/* select { receive from ch, receive from ch2 } as thread slot i. */
static void select_two(int i)
{
    element a = { 0, 0, 0 }, b = { 0, 0, 0 };
    rn_case c[2] = { RN_RECV(ch, &a), RN_RECV(ch2, &b) };
    chosen[i] = rn_select(c, 2);
    mc_check(chosen[i] == 0 || chosen[i] == 1, "select: %d", chosen[i]);
    check_case(&c[chosen[i]]);
    err[i] = c[chosen[i]].err;
    got[i] = chosen[i] ? b.v : a.v;
    check_element(chosen[i] ? &b : &a);
    mc_check(chosen[i] ? a.v == 0 : b.v == 0, "an element for a case that was not chosen");
}
THREAD(selects, select_two(0);)
THREAD(selects_too, select_two(1);)
THREAD(puts_first, put(ch, 1);)
THREAD(puts_second, put(ch2, 2);)
THREAD(puts_both, put(ch, 1); put(ch2, 2);)
THREAD(closes_second, rn_close(ch2);)

static void one_taken(void)
{
    uint64_t left[4];
    mc_check(err[0] == 0 && got[0] == (uint64_t)chosen[0] + 1, "case %d gave %lu", chosen[0],
             (unsigned long)got[0]);
    int n = drain(ch, left) + drain(ch2, left);
    mc_check(n == 1, "%d are left", n);
    drop_all();
}
MC_SCENARIO(select_two_sends, "two elements come: one is taken, the other stays", .setup = pair1,
            .threads = { selects, puts_both }, .check = one_taken, .spurious = 1);
MC_SCENARIO(select_two_sends_wide, "two wide ones", .setup = pair_wide,
            .threads = { selects, puts_both }, .check = one_taken);
MC_SCENARIO(select_two_senders, "claimed through one channel while the other delivers",
            .setup = pair1, .threads = { selects, puts_first, puts_second }, .check = one_taken);

static void got_one(void)
{
    uint64_t left[4];
    mc_check(err[0] == 0 && got[0] == 1 && chosen[0] == 0, "case %d gave %lu", chosen[0],
             (unsigned long)got[0]);
    mc_check(drain(ch, left) == 0, "it is still there");
    drop_all();
}
MC_SCENARIO(select_one_send, "one element comes", .setup = pair1,
            .threads = { selects, puts_first }, .check = got_one, .spurious = 1);
MC_SCENARIO(select_one_send_cap0, "one is handed over", .setup = pair0,
            .threads = { selects, puts_first }, .check = got_one, .spurious = 1);

static void one_or_closed(void)
{
    uint64_t left[4];
    int n = drain(ch, left);
    mc_check(chosen[0] == 0 ? err[0] == 0 && n == 0 : err[0] == -EPIPE && n == 1,
             "case %d: %d, left %d", chosen[0], err[0], n);
    drop_all();
}
MC_SCENARIO(select_send_and_close, "one channel delivers, the other is closed", .setup = pair1,
            .threads = { selects, puts_first, closes_second }, .check = one_or_closed);

static void one_each(void)
{
    mc_check(got[0] + got[1] == 3, "received %lu and %lu", (unsigned long)got[0],
             (unsigned long)got[1]);
    drop_all();
}
MC_SCENARIO(select_two_selects_two_sends, "two selects, two elements: one each", .setup = pair1,
            .threads = { selects, selects_too, puts_both }, .check = one_each);

/* RETRY: the element that the select was claimed for is taken by a fast operation. */
static void snatches(void)
{
    uint64_t v;
    err[2] = try_take(ch, &v);
}
THREAD(puts_twice, put(ch, 1); put(ch, 1);)
static void twice_out(void)
{
    uint64_t left[4];
    int n = drain(ch, left);
    mc_check(chosen[0] == 0 && n + 1 + (err[2] == 0) == 2, "left %d, snatched %d", n, err[2]);
    drop_all();
}
MC_SCENARIO(select_retry, "an element is snatched from a select that was claimed for it",
            .setup = pair1, .threads = { selects, puts_twice, snatches }, .check = twice_out);

/* Deadlines. */
static void selects_until(void)
{
    element a = { 0, 0, 0 }, b = { 0, 0, 0 };
    rn_case c[2] = { RN_RECV(ch, &a), RN_RECV(ch2, &b) };
    rn_time deadline = rn_in(1000);
    chosen[0] = rn_select_until(c, 2, deadline);
    mc_check(chosen[0] == 0 || chosen[0] == 1 || chosen[0] == -ETIMEDOUT, "%d", chosen[0]);
    mc_check(chosen[0] != -ETIMEDOUT || rn_now() >= deadline, "timed out too early");
    got[0] = a.v;
}
static void taken_or_left(void)
{
    uint64_t left[4];
    int n = drain(ch, left);
    mc_check(chosen[0] == 0 ? got[0] == 1 && n == 0 : n == 1, "case %d, left %d", chosen[0], n);
    drop_all();
}
MC_SCENARIO(select_until_send, "a deadline against a delivery", .setup = pair1,
            .threads = { selects_until, puts_first }, .check = taken_or_left);
MC_SCENARIO(select_until_two_senders, "against two deliveries", .setup = pair1,
            .threads = { selects_until, puts_first, puts_second }, .check = drop_all);
static void tries_put_first(void)
{
    err[2] = try_put(ch, 1);
}
static void handed_or_not(void)
{
    mc_check((chosen[0] == 0) == (err[2] == 0), "case %d, try_send %d", chosen[0], err[2]);
    drop_all();
}
MC_SCENARIO(select_until_try_send_cap0, "a deadline against a hand-over", .setup = pair0,
            .threads = { selects_until, tries_put_first }, .check = handed_or_not);

/* Two selects across: {send x, receive y} and {receive x, send y}. */
static void across(int i, rn_chan *to, rn_chan *from, bool send_first)
{
    element out = element_of(10 + (uint64_t)i), in = { 0, 0, 0 };
    rn_case c[2];
    c[send_first ? 0 : 1] = RN_SEND(to, &out);
    c[send_first ? 1 : 0] = RN_RECV(from, &in);
    int k = rn_select(c, 2);
    mc_check(k == 0 || k == 1, "select: %d", k);
    check_case(&c[k]);
    chosen[i] = c[k].is_send ? 1 : 2;
    got[i] = in.v;
}
THREAD(x_to_y, across(0, ch, ch2, true);)
THREAD(y_to_x, across(1, ch2, ch, false);)
static void met(void)
{
    mc_check(chosen[0] + chosen[1] == 3, "cases %d and %d", chosen[0], chosen[1]);
    mc_check(chosen[0] == 1 ? got[1] == 10 : got[0] == 11, "the element is not the other's");
    drop_all();
}
MC_SCENARIO(select_across_cap0, "two selects across meet in exactly one channel", .setup = pair0,
            .threads = { x_to_y, y_to_x }, .check = met);
static void balanced(void)
{
    uint64_t left[4];
    int sent = (chosen[0] == 1) + (chosen[1] == 1), taken = (chosen[0] == 2) + (chosen[1] == 2);
    mc_check(drain(ch, left) + drain(ch2, left) == sent - taken, "sent %d, taken %d", sent, taken);
    drop_all();
}
MC_SCENARIO(select_across_cap1, "two selects across, capacity 1", .setup = pair1,
            .threads = { x_to_y, y_to_x }, .check = balanced);
static void pair1_both_full(void)
{
    pair1();
    put(ch, 1);
    put(ch2, 2);
}
static void balanced_full(void)
{
    uint64_t left[4];
    int sent = (chosen[0] == 1) + (chosen[1] == 1), taken = (chosen[0] == 2) + (chosen[1] == 2);
    mc_check(drain(ch, left) + drain(ch2, left) == 2 + sent - taken, "sent %d, taken %d", sent,
             taken);
    drop_all();
}
MC_SCENARIO(select_across_full, "two selects across, both full", .setup = pair1_both_full,
            .threads = { x_to_y, y_to_x }, .check = balanced_full);

/* A select against plain operations at capacity 0. */
THREAD(takes_first, got[1] = take(ch); chosen[1] = 2;)
MC_SCENARIO(select_send_taken_cap0, "a select's send is taken", .setup = pair0,
            .threads = { x_to_y, takes_first }, .check = met);
static void same_channel_twice(void)
{
    element out = element_of(5), in = { 0, 0, 0 };
    rn_case c[2] = { RN_SEND(ch, &out), RN_RECV(ch, &in) };
    chosen[0] = rn_select(c, 2);
    mc_check(chosen[0] == 0, "met itself: %d", chosen[0]);
}
THREAD(takes_five, got[1] = take(ch);)
static void five(void)
{
    mc_check(got[1] == 5, "received %lu", (unsigned long)got[1]);
    drop_all();
}
MC_SCENARIO(select_not_itself, "send and receive on one channel: a select never meets itself",
            .setup = pair0, .threads = { same_channel_twice, takes_five }, .check = five);

/* try_select: one of two channels always holds the token. */
static void holds_one(void)
{
    pair1();
    put(ch, 1);
}
static void holds_one_wide(void)
{
    pair_wide();
    put(ch, 1);
}
THREAD(moves_over, put(ch2, 2); (void)take(ch);)
static void tries_select(void)
{
    element a = { 0, 0, 0 }, b = { 0, 0, 0 };
    rn_case c[2] = { RN_RECV(ch, &a), RN_RECV(ch2, &b) };
    chosen[0] = rn_try_select(c, 2);
    mc_check(chosen[0] >= 0, "a default (%d) though one was always ready", chosen[0]);
    mc_check(c[chosen[0]].err == 0, "err %d", c[chosen[0]].err);
    /* Give it back, so that the mover finds it. */
    put(chosen[0] ? ch2 : ch, 1);
}
THREAD(moves_over_and_back, put(ch2, 2); (void)take(ch); put(ch, 3); (void)take(ch2);)
MC_SCENARIO(try_select_no_false_default, "one case is ready at any time: never the default",
            .setup = holds_one, .threads = { tries_select, moves_over }, .check = drop_all);
MC_SCENARIO(try_select_no_false_default_wide, "wide elements too", .setup = holds_one_wide,
            .threads = { tries_select, moves_over }, .check = drop_all);
MC_SCENARIO(try_select_no_false_default_back, "and back again", .setup = holds_one,
            .threads = { tries_select, moves_over_and_back }, .check = drop_all);
