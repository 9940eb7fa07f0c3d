/* SPDX-License-Identifier: MIT */
/*
 * The unbounded ring across the end of a segment: linking, closing, unlinking, and
 * freeing what was left behind while somebody may still be in it. The model build's
 * segments have two slots.
 */
#include "chan.h"

static void empty(void)
{
    ch = make(8, RN_UNBOUNDED, 0);
    ch2 = make(8, 1, 0);
}
static void one_in(void)
{
    empty();
    put(ch, 1);
}
static void segment_full(void)
{
    one_in();
    put(ch, 2);
}

THREAD(sends_three, for (uint64_t i = 1; i <= 3; i++) put(ch, i);)
THREAD(receives_three, for (int i = 0; i < 3; i++) got[i] = take(ch);)
static void in_order(void)
{
    for (uint64_t i = 0; i < 3; i++)
        mc_check(got[i] == i + 1, "element %lu is %lu", (unsigned long)i, (unsigned long)got[i]);
    drop_all();
}
MC_SCENARIO(segment_send3_recv3, "three elements through two segments", .setup = empty,
            .threads = { sends_three, receives_three }, .check = in_order, .large = true);
static void sends_two_more(void)
{
    put(ch, 2);
    put(ch, 3);
}
MC_SCENARIO(segment_send2_recv3, "the same with one there from the start", .setup = one_in,
            .threads = { sends_two_more, receives_three }, .check = in_order);

THREAD(sends_three_more, put(ch, 3);)
MC_SCENARIO(segment_emptied_while_linked, "a segment is emptied while the next is linked",
            .setup = segment_full, .threads = { sends_three_more, receives_three },
            .check = in_order);

/* Both link the next segment: one wins, neither element is lost. */
THREAD(sends_three_at_end, put(ch, 3);)
THREAD(sends_four_at_end, put(ch, 4);)
static void four_left(void)
{
    uint64_t left[8];
    int n = drain(ch, left);
    mc_check(n == 4 && left[0] == 1 && left[1] == 2 && left[2] + left[3] == 7, "%d are left", n);
    drop_all();
}
MC_SCENARIO(segment_two_link, "two senders link the next segment", .setup = segment_full,
            .threads = { sends_three_at_end, sends_four_at_end }, .check = four_left);

/* Close stands exactly between two segments. */
THREAD(closes, err[0] = rn_close(ch);)
THREAD(sends_late, err[1] = send_to(ch, 3);)
static void sent_or_closed(void)
{
    uint64_t left[8];
    int n = drain(ch, left);
    mc_check(err[0] == 0 && n == 2 + (err[1] == 0), "close %d, send %d, left %d", err[0], err[1],
             n);
    mc_check(rn_close(ch) == -EPIPE, "closed twice");
    drop_all();
}
MC_SCENARIO(segment_close_or_link, "close against the push that links the next segment",
            .setup = segment_full, .threads = { closes, sends_late }, .check = sent_or_closed);
static void receives_all(void)
{
    uint64_t v;
    while (receive_from(ch, &v) == 0)
        got[0]++;
}
static void two_came(void)
{
    mc_check(err[0] == 0 && got[0] == 2, "close %d, received %lu", err[0], (unsigned long)got[0]);
    drop_all();
}
MC_SCENARIO(segment_close_drained, "close at the end of a segment that is being emptied",
            .setup = segment_full, .threads = { closes, receives_all }, .check = two_came);

/* Whoever unrefs something looks at what waits to be freed. One thread goes past the end
 * of a segment and has it freed; the other may have found it before. */
THREAD(sends_four, put(ch, 4);)
static void looks(void)
{
    rn_chan_unref(ch2);
    ch2 = NULL;
}
static void goes_past(void)
{
    put(ch, 3);
    receives_three();
    looks();
}
static void one_left(void)
{
    uint64_t left[8];
    mc_check(drain(ch, left) == 1 && got[2] + left[0] == 7, "received %lu, left %lu",
             (unsigned long)got[2], (unsigned long)left[0]);
    drop_all();
}
#define FREED(name, setup_, check_, fences_large, ...)                                        \
    MC_SCENARIO(segment_freed_under_##name, "a segment is freed while somebody may be in it", \
                .setup = setup_, .threads = { __VA_ARGS__ }, .check = check_);                \
    MC_SCENARIO(segment_freed_under_##name##_fences, "the same without membarrier",           \
                .setup = setup_, .threads = { __VA_ARGS__ }, .check = check_,                 \
                .no_membarrier = true, .large = fences_large)
FREED(sender, segment_full, one_left, false, sends_four, goes_past);

static void four_in(void)
{
    segment_full();
    put(ch, 3);
    put(ch, 4);
}
THREAD(takes_one, got[3] = take(ch);)
THREAD(takes_three_and_looks, receives_three(); looks();)
static void all_four(void)
{
    mc_check(got[0] + got[1] + got[2] + got[3] == 10, "received %lu %lu %lu %lu",
             (unsigned long)got[0], (unsigned long)got[1], (unsigned long)got[2],
             (unsigned long)got[3]);
    drop_all();
}
FREED(receiver, four_in, all_four, true, takes_one, takes_three_and_looks);
THREAD(measures, mc_check(rn_len(ch) <= 4, "length %zu", rn_len(ch));)
static void one_left_of_four(void)
{
    uint64_t left[8];
    mc_check(drain(ch, left) == 1 && left[0] == 4, "not one is left");
    drop_all();
}
FREED(measurer, four_in, one_left_of_four, true, measures, takes_three_and_looks);
