/* SPDX-License-Identifier: MIT */
/* Deadlines against deliveries: an element is handed over or stays, never both or neither. */
#include "chan.h"

#include "runnel/time.h"

SETUP(cap0, 4, 0, 0)
SETUP(cap1, 4, 1, 0)
SETUP(wide1, 24, 1, 0)
SETUP(spsc1, 8, 1, RN_CHAN_SPSC)
SETUP(none1, 0, 1, 0)
SETUP(unbounded, 8, RN_UNBOUNDED, 0)

static int receive_until(int i)
{
    element e = { 0, 0, 0 };
    rn_time deadline = rn_in(1000);
    int r = rn_recv_until(ch, &e, deadline);
    mc_check(r == 0 || r == -ETIMEDOUT || r == -EPIPE, "recv_until: %d", r);
    mc_check(r != -ETIMEDOUT || rn_now() >= deadline, "timed out too early");
    got[i] = e.v;
    return r;
}

static int send_until(uint64_t v)
{
    element e = element_of(v);
    rn_time deadline = rn_in(1000);
    int r = rn_send_until(ch, &e, deadline);
    mc_check(r == 0 || r == -ETIMEDOUT || r == -EPIPE, "send_until: %d", r);
    mc_check(r != -ETIMEDOUT || rn_now() >= deadline, "timed out too early");
    return r;
}

THREAD(receives_until, err[0] = receive_until(0);)
THREAD(receives_until_too, err[3] = receive_until(3);)
THREAD(sends, err[1] = send_to(ch, 7);)
THREAD(tries_send, err[1] = try_put(ch, 7);)
THREAD(sends_until, err[1] = send_until(7);)
THREAD(receives, err[0] = receive_from(ch, &got[0]);)
THREAD(tries_receive, err[0] = try_take(ch, &got[0]);)
THREAD(closes, err[2] = rn_close(ch);)

static void handed_over_or_left(void)
{
    uint64_t left[4];
    int n = drain(ch, left), in = (err[1] == 0), out = (err[0] == 0);
    mc_check(in == out + n, "sent %d, received %d, left %d", in, out, n);
    mc_check(!out || elem_size == 0 || got[0] == 7, "received %lu", (unsigned long)got[0]);
    mc_check(n == 0 || elem_size == 0 || left[0] == 7, "left %lu", (unsigned long)left[0]);
    drop_all();
}
#define UNTIL(name, setup_, ...)                                                             \
    MC_SCENARIO(name, "a deadline against a delivery: handed over or left", .setup = setup_, \
                .threads = { __VA_ARGS__ }, .check = handed_over_or_left)
UNTIL(until_recv_cap1, cap1, receives_until, sends);
UNTIL(until_recv_wide, wide1, receives_until, sends);
UNTIL(until_recv_spsc, spsc1, receives_until, sends);
UNTIL(until_recv_none, none1, receives_until, sends);
UNTIL(until_recv_unbounded, unbounded, receives_until, sends);
UNTIL(until_recv_try_cap0, cap0, receives_until, tries_send);
UNTIL(until_send_try_cap0, cap0, sends_until, tries_receive);
UNTIL(until_both_cap0, cap0, receives_until, sends_until);
UNTIL(until_both_cap1, cap1, receives_until, sends_until);
UNTIL(until_two_receivers_cap1, cap1, receives_until, sends, closes);

static void cap1_full(void)
{
    cap1();
    put(ch, 5);
}
static void wide1_full(void)
{
    wide1();
    put(ch, 5);
}
static void first_is_out(void)
{
    uint64_t left[4];
    int n = drain(ch, left);
    mc_check(err[0] == 0 && got[0] == 5, "received %lu", (unsigned long)got[0]);
    mc_check(n == (err[1] == 0), "send %d, left %d", err[1], n);
    drop_all();
}
MC_SCENARIO(until_send_full_cap1, "a sender's deadline against room", .setup = cap1_full,
            .threads = { receives, sends_until }, .check = first_is_out, .spurious = 1);
MC_SCENARIO(until_send_full_wide, "a sender's deadline against room", .setup = wide1_full,
            .threads = { receives, sends_until }, .check = first_is_out);

static void closed_or_timed_out(void)
{
    mc_check(err[0] == -EPIPE || err[0] == -ETIMEDOUT, "recv_until: %d", err[0]);
    drop_all();
}
MC_SCENARIO(until_recv_close_cap1, "a deadline against close", .setup = cap1,
            .threads = { receives_until, closes }, .check = closed_or_timed_out);
MC_SCENARIO(until_recv_close_cap0, "a deadline against close", .setup = cap0,
            .threads = { receives_until, closes }, .check = closed_or_timed_out);

/* One of two waiting receivers withdraws while the element comes: the other gets it. */
static void somebody_or_left(void)
{
    uint64_t left[4];
    int n = drain(ch, left);
    mc_check((err[0] == 0) + (err[3] == 0) + n == 1, "receivers %d %d, left %d", err[0], err[3], n);
    drop_all();
}
static void receives_at_last(void)
{
    err[0] = receive_until(0);
}
MC_SCENARIO(until_two_receivers_one_element, "two deadlines, one element", .setup = cap1,
            .threads = { receives_at_last, receives_until_too, tries_send },
            .check = somebody_or_left);
