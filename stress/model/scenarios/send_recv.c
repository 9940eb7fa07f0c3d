/* SPDX-License-Identifier: MIT */
/* One sends, one receives: every kind of channel, with parking on both sides. */
#include "chan.h"

#define N_GOT 4

THREAD(send1, put(ch, 1);)
THREAD(send2, put(ch, 1); put(ch, 2);)
THREAD(send3, for (uint64_t i = 1; i <= 3; i++) put(ch, i);)
THREAD(recv1, got[0] = take(ch);)
THREAD(recv2, for (int i = 0; i < 2; i++) got[i] = take(ch);)
THREAD(recv3, for (int i = 0; i < 3; i++) got[i] = take(ch);)

static void in_order(void)
{
    for (uint64_t i = 0; i < 3 && got[i]; i++)
        mc_check(got[i] == i + 1, "element %lu is %lu", (unsigned long)i, (unsigned long)got[i]);
    mc_check(rn_len(ch) == 0, "%zu are left", rn_len(ch));
    drop_all();
}

SETUP(cap0, 4, 0, 0)
SETUP(cap1, 4, 1, 0)
SETUP(cap2, 4, 2, 0)
SETUP(cap3, 4, 3, 0)
SETUP(wide0, 24, 0, 0)
SETUP(wide1, 24, 1, 0)
SETUP(wide2, 24, 2, 0)
SETUP(fast1, 8, 1, RN_CHAN_FAST)
SETUP(fast2, 8, 2, RN_CHAN_FAST)
SETUP(spsc1, 8, 1, RN_CHAN_SPSC)
SETUP(spsc2, 24, 2, RN_CHAN_SPSC)
SETUP(none1, 0, 1, 0)
SETUP(none2, 0, 2, 0)
SETUP(unbounded, 8, RN_UNBOUNDED, 0)
SETUP(unbounded_wide, 24, RN_UNBOUNDED, 0)

#define ONE(name, claim, setup_, n, ...)                                                          \
    MC_SCENARIO(name, claim, .setup = setup_, .threads = { send##n, recv##n }, .check = in_order, \
                __VA_ARGS__)

ONE(send1_recv1_cap0, "one element is handed over", cap0, 1, .spurious = 1);
ONE(send1_recv1_cap1, "one element arrives", cap1, 1, .spurious = 1);
ONE(send1_recv1_wide, "one wide element arrives", wide1, 1, .spurious = 1);
ONE(send1_recv1_wide_cap0, "one wide element is handed over", wide0, 1);
ONE(send1_recv1_fast, "one element arrives by RN_CHAN_FAST", fast1, 1, .spurious = 1);
ONE(send1_recv1_spsc, "one element arrives by RN_CHAN_SPSC", spsc1, 1, .spurious = 1);
ONE(send1_recv1_spsc_fences, "without membarrier too", spsc1, 1, .no_membarrier = true);
ONE(send1_recv1_none, "an element of no bytes arrives", none1, 1, .spurious = 1);
ONE(send1_recv1_unbounded, "one element arrives, unbounded", unbounded, 1, .spurious = 1);
ONE(send1_recv1_unbounded_fences, "without membarrier too", unbounded, 1, .no_membarrier = true);
ONE(send1_recv1_unbounded_wide, "a wide one as well", unbounded_wide, 1, .spurious = 1);
ONE(send2_recv2_cap0, "two are handed over in order", cap0, 2, .spurious = 0);
ONE(send2_recv2_cap1, "the second waits for room", cap1, 2, .spurious = 0);
ONE(send2_recv2_wide, "the second wide one waits for room", wide1, 2, .spurious = 0);
ONE(send2_recv2_fast, "the second waits for room, RN_CHAN_FAST", fast1, 2, .spurious = 0);
/* Sampled, not exhausted; and not large, since it alone kills the mutant of [LK3]. */
ONE(send2_recv2_spsc, "the second waits for room, RN_CHAN_SPSC", spsc1, 2);
ONE(send2_recv2_none, "the second waits for room, no bytes", none1, 2, .spurious = 0);
ONE(send2_recv2_unbounded, "two in order, unbounded", unbounded, 2, .spurious = 0);
ONE(send3_recv3_cap1, "three through one slot", cap1, 3, .large = true);
ONE(send3_recv3_cap2, "three through two slots", cap2, 3, .large = true);
ONE(send3_recv3_cap3, "three through three slots", cap3, 3, .large = true);
ONE(send3_recv3_wide, "three wide ones through two cells", wide2, 3, .large = true);
ONE(send3_recv3_fast, "three through two slots, RN_CHAN_FAST", fast2, 3, .large = true);
ONE(send3_recv3_spsc, "three through two slots, RN_CHAN_SPSC", spsc2, 3, .large = true);
ONE(send3_recv3_none, "three of no bytes, two at a time", none2, 3, .large = true);

/* The ring is full: the sender may park, and later the receiver. */
#define FULL(kind)                                                                       \
    static void kind##_full(void)                                                        \
    {                                                                                    \
        kind();                                                                          \
        put(ch, 1);                                                                      \
    }                                                                                    \
    MC_SCENARIO(turn_##kind, "a full ring, one more in, both out", .setup = kind##_full, \
                .threads = { send_second, recv2 }, .check = in_order)
THREAD(send_second, put(ch, 2);)
FULL(cap1);
FULL(wide1);
FULL(fast1);
FULL(spsc1);
FULL(none1);
FULL(unbounded);

ONE(send1_recv1_cold, "threads register at their first call", cap1, 1, .cold = true);

/* Two senders, one receiver. */
THREAD(other, put(ch, 2);)
static void both(void)
{
    mc_check(elem_size == 0 || got[0] + got[1] == 3, "received %lu and %lu", (unsigned long)got[0],
             (unsigned long)got[1]);
    mc_check(rn_len(ch) == 0, "%zu are left", rn_len(ch));
    drop_all();
}
#define TWO(name, setup_)                                                        \
    MC_SCENARIO(name, "two senders, one receiver: both arrive", .setup = setup_, \
                .threads = { send1, other, recv2 }, .check = both)
TWO(two_senders_cap0, cap0);
TWO(two_senders_cap1, cap1);
TWO(two_senders_cap2, cap2);
TWO(two_senders_wide, wide1);
TWO(two_senders_fast, fast1);
TWO(two_senders_none, none1);
TWO(two_senders_unbounded, unbounded);

/* Batches. */
static void send_batch(void)
{
    uint64_t v[2] = { 1, 2 };
    mc_check(rn_send_n(ch, v, 2) == 2, "send_n");
}
static void recv_batches(void)
{
    for (int n = 0; n < 2;) {
        ssize_t m = rn_recv_n(ch, &got[n], (size_t)(2 - n));
        mc_check(m >= 1, "recv_n: %zd", m);
        n += (int)m;
    }
}
SETUP(eight1, 8, 1, 0)
SETUP(eight0, 8, 0, 0)
SETUP(eight2, 8, 2, 0)
MC_SCENARIO(batch_cap0, "a batch is handed over one by one", .setup = eight0,
            .threads = { send_batch, recv_batches }, .check = in_order);
MC_SCENARIO(batch_cap1, "a batch waits for room", .setup = eight1,
            .threads = { send_batch, recv_batches }, .check = in_order);
MC_SCENARIO(batch_cap2, "a batch fits", .setup = eight2, .threads = { send_batch, recv_batches },
            .check = in_order);
MC_SCENARIO(batch_spsc, "a batch through RN_CHAN_SPSC", .setup = spsc1,
            .threads = { send_batch, recv_batches }, .check = in_order, .large = true);
MC_SCENARIO(batch_unbounded, "a batch without bound", .setup = unbounded,
            .threads = { send_batch, recv_batches }, .check = in_order);
