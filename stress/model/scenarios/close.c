/* SPDX-License-Identifier: MIT */
/* Close against everybody. */
#include "chan.h"

SETUP(cap0, 4, 0, 0)
SETUP(cap1, 4, 1, 0)
SETUP(cap2, 4, 2, 0)
SETUP(wide1, 24, 1, 0)
SETUP(fast1, 8, 1, RN_CHAN_FAST)
SETUP(spsc1, 8, 1, RN_CHAN_SPSC)
SETUP(none1, 0, 1, 0)
SETUP(unbounded, 8, RN_UNBOUNDED, 0)
#define FULL(kind)                \
    static void kind##_full(void) \
    {                             \
        kind();                   \
        put(ch, 1);               \
    }
FULL(cap1)
FULL(wide1)
FULL(fast1)
FULL(spsc1)
FULL(none1)

THREAD(closes, err[0] = rn_close(ch);)
THREAD(closes_too, err[1] = rn_close(ch);)
THREAD(receives, err[2] = receive_from(ch, &got[2]);)
THREAD(receives_too, err[3] = receive_from(ch, &got[3]);)
THREAD(sends, err[4] = send_to(ch, 2);)
THREAD(tries_send, err[4] = try_put(ch, 2);)
THREAD(tries_receive, err[2] = try_take(ch, &got[2]);)
THREAD(sends_then_closes, err[4] = send_to(ch, 2); err[0] = rn_close(ch);)
THREAD(receives_twice, err[2] = receive_from(ch, &got[2]); err[3] = receive_from(ch, &got[3]);)

static void receiver_woken(void)
{
    mc_check(err[0] == 0 && err[2] == -EPIPE && got[2] == 0, "close %d, receive %d", err[0],
             err[2]);
    drop_all();
}
#define KINDS(prefix, claim_, suffix, check_, ...)                              \
    MC_SCENARIO(prefix##_cap1, claim_, .setup = cap1##suffix, .check = check_,  \
                .threads = { __VA_ARGS__ });                                    \
    MC_SCENARIO(prefix##_wide, claim_, .setup = wide1##suffix, .check = check_, \
                .threads = { __VA_ARGS__ });                                    \
    MC_SCENARIO(prefix##_fast, claim_, .setup = fast1##suffix, .check = check_, \
                .threads = { __VA_ARGS__ });                                    \
    MC_SCENARIO(prefix##_none, claim_, .setup = none1##suffix, .check = check_, \
                .threads = { __VA_ARGS__ })

KINDS(close_parked_receiver, "a parked receiver hears of close", , receiver_woken, closes,
      receives);
MC_SCENARIO(close_parked_receiver_cap0, "a parked receiver hears of close", .setup = cap0,
            .check = receiver_woken, .threads = { closes, receives });
MC_SCENARIO(close_parked_receiver_spsc, "a parked receiver hears of close", .setup = spsc1,
            .check = receiver_woken, .threads = { closes, receives });
MC_SCENARIO(close_parked_receiver_unbounded, "a parked receiver hears of close", .setup = unbounded,
            .check = receiver_woken, .threads = { closes, receives });
MC_SCENARIO(close_two_parked_receivers, "two parked receivers hear of close", .setup = cap1,
            .check = receiver_woken, .threads = { closes, receives, receives_too });

static void sender_woken(void)
{
    uint64_t left[4];
    mc_check(err[0] == 0 && err[4] == -EPIPE, "close %d, send %d", err[0], err[4]);
    mc_check(drain(ch, left) == 1, "the element from before close is not there");
    drop_all();
}
KINDS(close_parked_sender, "a parked sender hears of close, what is there stays", _full,
      sender_woken, closes, sends);
static void sender_woken_cap0(void)
{
    mc_check(err[0] == 0 && err[4] == -EPIPE, "close %d, send %d", err[0], err[4]);
    drop_all();
}
MC_SCENARIO(close_parked_sender_cap0, "a parked sender hears of close", .setup = cap0,
            .check = sender_woken_cap0, .threads = { closes, sends });

static void one_wins(void)
{
    mc_check((err[0] == 0) + (err[1] == 0) == 1, "closes: %d %d", err[0], err[1]);
    mc_check(err[0] == -EPIPE || err[1] == -EPIPE, "closes: %d %d", err[0], err[1]);
    drop_all();
}
KINDS(close_close, "of two closes one succeeds", , one_wins, closes, closes_too);
KINDS(close_close_full, "on a full ring too", _full, one_wins, closes, closes_too);
MC_SCENARIO(close_close_cap0, "of two closes one succeeds", .setup = cap0, .check = one_wins,
            .threads = { closes, closes_too });
MC_SCENARIO(close_close_unbounded, "of two closes one succeeds", .setup = unbounded,
            .check = one_wins, .threads = { closes, closes_too });

/* What was sent successfully is there; after "closed and drained" nothing is. */
static void nothing_lost(void)
{
    uint64_t left[8];
    int sent = (err[4] == 0) + (err[5] == 0 && got[5] != 0);
    int n = drain(ch, left);
    mc_check(err[0] == 0, "close: %d", err[0]);
    mc_check(n == sent, "sent %d, %d are left", sent, n);
    mc_check(rn_try_send(ch, &left) == -EPIPE, "a send after close");
    drop_all();
}
KINDS(close_late_sender, "a send and a close: the element is there if the send succeeded", ,
      nothing_lost, closes, sends);
KINDS(close_late_try, "a try_send and a close likewise", , nothing_lost, closes, tries_send);
MC_SCENARIO(close_late_sender_unbounded, "likewise without bound", .setup = unbounded,
            .check = nothing_lost, .threads = { closes, sends });
THREAD(sends_too_marked, got[5] = 1; err[5] = send_to(ch, 3);)
MC_SCENARIO(close_two_late_senders, "two sends and a close, room for both", .setup = cap2,
            .check = nothing_lost, .threads = { closes, sends, sends_too_marked });

/* A full ring: a consumer, a close, and somebody who wants to know whether it is drained. */
static void drained_means_drained(void)
{
    uint64_t left[8];
    int n = drain(ch, left);
    int received = (err[2] == 0) + (err[3] == 0);
    mc_check(err[0] == 0, "close: %d", err[0]);
    mc_check(received + n == 1 + (err[4] == 0), "received %d, left %d, send %d", received, n,
             err[4]);
    if (err[2] == -EPIPE || err[3] == -EPIPE)
        mc_check(n == 0, "said to be drained, %d are left", n);
    drop_all();
}
static void presets(void)
{
    err[3] = err[4] = -EAGAIN;
}
#define FULL_PRESET(kind)           \
    static void kind##_preset(void) \
    {                               \
        kind##_full();              \
        presets();                  \
    }
FULL_PRESET(cap1)
FULL_PRESET(wide1)
FULL_PRESET(fast1)
FULL_PRESET(none1)
FULL_PRESET(spsc1)
KINDS(close_full_consumer, "close on a full ring while it is emptied", _preset,
      drained_means_drained, closes, tries_receive);
KINDS(close_full_two_consumers, "and by two", _preset, drained_means_drained, closes, receives,
      receives_too);
KINDS(close_full_late_producer, "close, a consumer and a late producer", _preset,
      drained_means_drained, closes, receives_twice, tries_send);
MC_SCENARIO(close_spsc_in_order, "the producer sends, then closes: both are seen in order",
            .setup = spsc1_preset, .check = drained_means_drained,
            .threads = { sends_then_closes, receives_twice }, .large = true);

/* A sender between its push and its look at the waiters, a parked receiver, close. */
static void all_accounted(void)
{
    uint64_t left[8];
    int n = drain(ch, left);
    mc_check(n + (err[2] == 0) == (err[4] == 0), "send %d, receive %d, left %d", err[4], err[2], n);
    mc_check(err[2] == 0 || n == 0, "receiver turned away, %d left", n);
    drop_all();
}
KINDS(close_sender_receiver, "send, receive and close at once", , all_accounted, closes, sends,
      receives);
MC_SCENARIO(close_sender_receiver_cap0, "send, receive and close at once", .setup = cap0,
            .check = all_accounted, .threads = { closes, sends, receives });
MC_SCENARIO(close_sender_receiver_unbounded, "send, receive and close at once", .setup = unbounded,
            .check = all_accounted, .threads = { closes, sends, receives });
