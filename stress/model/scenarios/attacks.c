/* SPDX-License-Identifier: MIT */
/*
 * What attackers of the design found: an operation paused in the middle while
 * others go round. The checker pauses everybody everywhere; here are the casts.
 */
#include "chan.h"

SETUP(cap1, 4, 1, 0)
SETUP(cap2, 4, 2, 0)
SETUP(cap3, 4, 3, 0)
SETUP(wide1, 24, 1, 0)
SETUP(wide2, 24, 2, 0)
SETUP(wide3, 24, 3, 0)
SETUP(fast1, 8, 1, RN_CHAN_FAST)
SETUP(none1, 0, 1, 0)
SETUP(none3, 0, 3, 0)
SETUP(unbounded, 8, RN_UNBOUNDED, 0)

/* ---- capacity 1 holds x, a sender is parked; a popper pauses, a receiver arrives -------- */

#define HOLDING(kind)             \
    static void kind##_full(void) \
    {                             \
        kind();                   \
        put(ch, 1);               \
    }
HOLDING(cap1)
HOLDING(wide1)
HOLDING(fast1)
HOLDING(none1)
THREAD(sends, put(ch, 2);)
THREAD(receives, got[0] = take(ch);)
THREAD(receives_too, got[1] = take(ch);)
static void both_out(void)
{
    mc_check(elem_size == 0 || got[0] + got[1] == 3, "received %lu and %lu", (unsigned long)got[0],
             (unsigned long)got[1]);
    mc_check(rn_len(ch) == 0, "%zu are left", rn_len(ch));
    drop_all();
}
#define STRANDED(name, setup_)                                                           \
    MC_SCENARIO(name, "a full slot, a parked sender, two receivers: nobody is stranded", \
                .setup = setup_, .threads = { sends, receives, receives_too }, .check = both_out)
STRANDED(stranded_sender_cap1, cap1_full);
STRANDED(stranded_sender_wide, wide1_full);
STRANDED(stranded_sender_fast, fast1_full);
STRANDED(stranded_sender_none, none1_full);

/* The mirror: an empty slot, a parked receiver; a pusher pauses, a sender arrives. */
THREAD(sends_one, put(ch, 1);)
static void one_left(void)
{
    uint64_t left[4] = { 0 };
    mc_check(drain(ch, left) == 1, "not one is left");
    mc_check(elem_size == 0 || got[0] + left[0] == 3, "received %lu, left %lu",
             (unsigned long)got[0], (unsigned long)left[0]);
    drop_all();
}
#define MIRROR(name, setup_)                                                               \
    MC_SCENARIO(name, "an empty slot, a parked receiver, two senders: nobody is stranded", \
                .setup = setup_, .threads = { receives, sends_one, sends }, .check = one_left)
MIRROR(stranded_receiver_cap1, cap1);
MIRROR(stranded_receiver_wide, wide1);
MIRROR(stranded_receiver_fast, fast1);
MIRROR(stranded_receiver_none, none1);

/* ---- a stale hint, a lap or more back ------------------------------------------------------ */

static uint64_t laps(void)
{
    return rn_cap(ch) < 2 ? rn_cap(ch) : 2;
}
static void goes_round(void)
{
    for (uint64_t i = 0; i < laps() + 2; i++) {
        uint64_t v;
        if (try_put(ch, 10 + i) == 0)
            mc_check(try_take(ch, &v) == 0, "empty after our own push");
    }
}
static void goes_round_cap1(void)
{
    for (uint64_t i = 0; i < 2; i++) {
        uint64_t v;
        mc_check(try_put(ch, 10 + i) == 0, "full, though it was emptied");
        mc_check(try_take(ch, &v) == 0, "empty after our own push");
        mc_check(elem_size == 0 || v == 10 + i, "took %lu", (unsigned long)v);
    }
}
THREAD(looks_for_one, err[1] = try_take(ch, &got[1]);)
THREAD(puts_one, err[1] = try_put(ch, 99);)
static void put_stays(void)
{
    uint64_t left[8];
    int n = drain(ch, left);
    mc_check(err[1] == 0 ? n == 1 : n == 0, "put %d, left %d", err[1], n);
    drop_all();
}
static void empty_again(void)
{
    uint64_t left[8];
    mc_check(drain(ch, left) == 0, "something is left");
    drop_all();
}
/* The other only ever looks and finds it empty or takes one: then ours is gone. */
static void goes_round_robbed(void)
{
    for (uint64_t i = 0; i < laps() + 1; i++) {
        uint64_t v;
        mc_check(try_put(ch, 10 + i) == 0, "full, though it is empty");
        (void)try_take(ch, &v);
    }
}
#define LAPS(kind)                                                                             \
    MC_SCENARIO(lap_put_##kind, "a push while the ring goes round takes effect or says full",  \
                .setup = kind, .threads = { goes_round, puts_one }, .check = put_stays);       \
    MC_SCENARIO(lap_take_##kind, "a pop while the ring goes round", .setup = kind,             \
                .threads = { goes_round_robbed, looks_for_one }, .check = empty_again);        \
    MC_SCENARIO(lap_len_##kind, "a length while the ring goes round is 0 or 1", .setup = kind, \
                .threads = { goes_round_cap1, measures }, .check = empty_again)
static void measures(void)
{
    mc_check(rn_len(ch) <= 1, "length %zu", rn_len(ch));
}
LAPS(cap1);
LAPS(cap2);
LAPS(cap3);
LAPS(wide1);
LAPS(wide2);
LAPS(wide3);
LAPS(none1);
MC_SCENARIO(lap_put_unbounded, "a push while the segments go round", .setup = unbounded,
            .threads = { goes_round, puts_one }, .check = put_stays, .large = true);
MC_SCENARIO(lap_take_unbounded, "a pop while the segments go round", .setup = unbounded,
            .threads = { goes_round_robbed, looks_for_one }, .check = empty_again);
MC_SCENARIO(lap_len_unbounded, "a length while the segments go round is 0 or 1", .setup = unbounded,
            .threads = { goes_round_cap1, measures }, .check = empty_again);

/* ---- N threads, N + 1 tokens: never empty --------------------------------------------------- */

static void circulates(void)
{
    uint64_t v;
    mc_check(try_take(ch, &v) == 0, "said to be empty with a token in it");
    mc_check(try_put(ch, v) == 0, "said to be full with room in it");
}
static void circulates_twice(void)
{
    circulates();
    circulates();
}
#define TOKENS(kind, n)                     \
    static void kind##_tokens##n(void)      \
    {                                       \
        kind();                             \
        for (uint64_t i = 1; i <= (n); i++) \
            put(ch, i);                     \
    }
TOKENS(cap2, 2)
TOKENS(cap3, 3)
TOKENS(wide3, 3)
TOKENS(none3, 3)
TOKENS(unbounded, 3)
TOKENS(wide2, 2)
#define CIRCULATE(name, setup_, ...)                                                        \
    MC_SCENARIO(name, "more tokens than threads: try_recv never says empty, try_send full", \
                .setup = setup_, .threads = { __VA_ARGS__ }, .check = drop_all)
CIRCULATE(tokens_cap3, cap3_tokens3, circulates_twice, circulates);
CIRCULATE(tokens_wide, wide3_tokens3, circulates_twice, circulates);
CIRCULATE(tokens_none, none3_tokens3, circulates_twice, circulates);
CIRCULATE(tokens_unbounded, unbounded_tokens3, circulates, circulates);
CIRCULATE(tokens_two_threads_cap2, cap2_tokens2, circulates, circulates);
CIRCULATE(tokens_two_threads_wide2, wide2_tokens2, circulates, circulates);
CIRCULATE(tokens_three_threads_cap3, cap3_tokens3, circulates, circulates, circulates);
CIRCULATE(tokens_three_threads_wide, wide3_tokens3, circulates, circulates, circulates);
