/* SPDX-License-Identifier: MIT */
/* The last reference goes while somebody is still on the way out of an operation. */
#include "chan.h"

#include "runnel/time.h"

SETUP(cap0, 8, 0, 0)
SETUP(cap1, 8, 1, 0)
SETUP(wide1, 24, 1, 0)
SETUP(spsc1, 8, 1, RN_CHAN_SPSC)
SETUP(none1, 0, 1, 0)
SETUP(unbounded, 8, RN_UNBOUNDED, 0)

THREAD(sends, put(ch, 1);)
THREAD(receives_and_frees, (void)take(ch); rn_chan_unref(ch);)
THREAD(closes, mc_check(rn_close(ch) == 0, "close");)
static void hears_of_close_and_frees(void)
{
    uint64_t v;
    mc_check(receive_from(ch, &v) == -EPIPE, "not closed");
    rn_chan_unref(ch);
}
#define FREES(name, setup_, ...)                                                          \
    MC_SCENARIO(name, "receive the last element, unref: safe while the sender is inside", \
                .setup = setup_, .threads = { sends, receives_and_frees }, __VA_ARGS__)
FREES(unref_inside_send_cap1, cap1, .spurious = 1);
FREES(unref_inside_send_cap0, cap0, .spurious = 1);
FREES(unref_inside_send_wide, wide1, .spurious = 0);
FREES(unref_inside_send_spsc, spsc1, .spurious = 0);
FREES(unref_inside_send_none, none1, .spurious = 0);
FREES(unref_inside_send_unbounded, unbounded, .spurious = 0);
FREES(unref_inside_send_fences, cap1, .no_membarrier = true);
FREES(unref_inside_send_unbounded_fences, unbounded, .no_membarrier = true);

#define CLOSED(name, setup_)                                                               \
    MC_SCENARIO(name, "hear of close, unref: safe while close is inside", .setup = setup_, \
                .threads = { closes, hears_of_close_and_frees })
CLOSED(unref_inside_close_cap1, cap1);
CLOSED(unref_inside_close_cap0, cap0);
CLOSED(unref_inside_close_wide, wide1);
CLOSED(unref_inside_close_none, none1);
CLOSED(unref_inside_close_unbounded, unbounded);

/* The sender frees: it has a reference of its own, and a second channel to hear from. */
static void two_channels(void)
{
    ch = make(8, 1, 0);
    ch2 = make(8, 1, 0);
}
THREAD(answers, (void)take(ch); put(ch2, 2);)
THREAD(asks_and_frees, put(ch, 1); (void)take(ch2); rn_chan_unref(ch); rn_chan_unref(ch2);)
MC_SCENARIO(unref_after_answer, "ask, hear the answer, unref both", .setup = two_channels,
            .threads = { answers, asks_and_frees });

/* Each drops its own reference. */
static void two_refs(void)
{
    cap1();
    rn_chan_ref(ch);
}
THREAD(sends_and_unrefs, put(ch, 1); rn_chan_unref(ch);)
THREAD(receives_and_unrefs, (void)take(ch); rn_chan_unref(ch);)
THREAD(unrefs, rn_chan_unref(ch);)
MC_SCENARIO(unref_each_its_own, "two references, dropped by two threads", .setup = two_refs,
            .threads = { sends_and_unrefs, receives_and_unrefs });
MC_SCENARIO(unref_unref, "two references, dropped at once", .setup = two_refs,
            .threads = { unrefs, unrefs });

/* A waiter with a deadline looks at the channel again after the peer may have freed it. */
static void receives_until_and_unrefs(void)
{
    element e = { 0, 0, 0 };
    int r = rn_recv_until(ch, &e, rn_in(1000));
    mc_check(r == 0 || r == -ETIMEDOUT, "recv_until: %d", r);
    rn_chan_unref(ch);
}
static void tries_send_and_unrefs(void)
{
    (void)try_put(ch, 1);
    rn_chan_unref(ch);
}
static void two_refs_cap0(void)
{
    cap0();
    rn_chan_ref(ch);
}
MC_SCENARIO(unref_after_deadline, "a deadline, a delivery, and two references", .setup = two_refs,
            .threads = { receives_until_and_unrefs, tries_send_and_unrefs });
MC_SCENARIO(unref_after_deadline_cap0, "the same, hand to hand", .setup = two_refs_cap0,
            .threads = { receives_until_and_unrefs, tries_send_and_unrefs });

/* The same without a reference of its own: served while it times out, and the peer, who
 * knows it was served, frees. */
static void receives_until(void)
{
    element e = { 0, 0, 0 };
    int r = rn_recv_until(ch, &e, rn_in(1000));
    mc_check(r == 0 || r == -ETIMEDOUT, "recv_until: %d", r);
}
static void frees_if_taken(void)
{
    err[1] = try_put(ch, 1);
    if (err[1] == 0)
        rn_chan_unref(ch);
}
static void frees_if_not_taken(void)
{
    if (err[1] != 0)
        rn_chan_unref(ch);
}
MC_SCENARIO(unref_inside_recv_until_cap0, "hand over, unref: safe while the receiver times out",
            .setup = cap0, .threads = { receives_until, frees_if_taken },
            .check = frees_if_not_taken);

static void cap1_full(void)
{
    cap1();
    put(ch, 1);
}
static void sends_until(void)
{
    element e = element_of(2);
    int r = rn_send_until(ch, &e, rn_in(1000));
    mc_check(r == 0 || r == -ETIMEDOUT, "send_until: %d", r);
}
static void takes_and_frees_if_two(void)
{
    uint64_t v;
    (void)take(ch);
    err[1] = try_take(ch, &v);
    if (err[1] == 0)
        rn_chan_unref(ch);
}
MC_SCENARIO(unref_inside_send_until_cap1, "take both, unref: safe while the sender times out",
            .setup = cap1_full, .threads = { sends_until, takes_and_frees_if_two },
            .check = frees_if_not_taken);

/* Memory runs out: the send says so, and nothing is lost or leaked. */
static void sends_two(void)
{
    for (uint64_t i = 1; i <= 2; i++) {
        element e = element_of(i);
        err[i] = rn_send(ch, &e);
        mc_check(err[i] == 0 || err[i] == -ENOMEM, "send: %d", err[i]);
    }
    rn_close(ch);
}
static void receives_all(void)
{
    uint64_t v;
    while (receive_from(ch, &v) == 0)
        got[0]++;
}
static void all_arrived(void)
{
    mc_check(got[0] == (uint64_t)((err[1] == 0) + (err[2] == 0)), "sends %d %d, received %lu",
             err[1], err[2], (unsigned long)got[0]);
    drop_all();
}
SETUP(unbounded_wide, 24, RN_UNBOUNDED, 0)
MC_SCENARIO(no_memory_unbounded, "no memory for a cell: said, and nothing is lost",
            .setup = unbounded_wide, .threads = { sends_two, receives_all }, .check = all_arrived,
            .alloc_failures = 1);

/* A batch is received: its sender knows that it was taken, and frees. */
static void receives_batch(void)
{
    uint64_t v[2] = { 0, 0 };
    ssize_t n = rn_recv_n(ch, v, 2);
    mc_check(n == 1 && v[0] == 1, "recv_n: %zd", n);
}
THREAD(sends_and_frees, put(ch, 1); rn_chan_unref(ch);)
MC_SCENARIO(unref_inside_recv_n_cap0, "hand over to a batch, unref: safe while it is inside",
            .setup = cap0, .threads = { receives_batch, sends_and_frees });
static void sends_batch(void)
{
    uint64_t v[2] = { 1, 2 };
    mc_check(rn_send_n(ch, v, 2) == 2, "send_n");
}
THREAD(receives_two_and_frees, (void)take(ch); (void)take(ch); rn_chan_unref(ch);)
MC_SCENARIO(unref_inside_send_n_cap1, "receive all of a batch, unref: safe while it is inside",
            .setup = cap1, .threads = { sends_batch, receives_two_and_frees });
MC_SCENARIO(unref_inside_send_n_unbounded, "the same without bound", .setup = unbounded,
            .threads = { sends_batch, receives_two_and_frees });

/* Two last references, of two channels, while a third thread is inside. */
THREAD(frees_first, rn_chan_unref(ch);)
THREAD(frees_second, rn_chan_unref(ch2);)
MC_SCENARIO(unref_two_channels, "two channels are freed at once", .setup = two_channels,
            .threads = { frees_first, frees_second });
static rn_chan *ch3;
static void three_channels(void)
{
    two_channels();
    ch3 = make(8, 1, 0);
}
THREAD(is_inside, (void)try_put(ch3, 1); rn_chan_unref(ch3);)
MC_SCENARIO(unref_three_channels, "and while somebody is inside a third", .setup = three_channels,
            .threads = { frees_first, frees_second, is_inside });
