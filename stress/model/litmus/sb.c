/* SPDX-License-Identifier: MIT */
/* Store buffering: each writes its own, then reads the other's. Can both miss it? */
#include "litmus.h"

#define SB(name, claim, order_store, order_load, between, ...)                                    \
    THREAD(name##_0, STORE(x, 1, order_store); between; r[0] = LOAD(y, order_load);)              \
    THREAD(name##_1, STORE(y, 1, order_store); between; r[1] = LOAD(x, order_load);)              \
    MC_SCENARIO(name, claim, .setup = name_all, .threads = { name##_0, name##_1 }, .check = out2, \
                .expect_set = SET(__VA_ARGS__))

SB(litmus_sb_relaxed, "relaxed: both can miss", RLX, RLX, , "0 0", "0 1", "1 0", "1 1");
SB(litmus_sb_acq_rel, "release, acquire: both can miss", REL, ACQ, , "0 0", "0 1", "1 0", "1 1");
SB(litmus_sb_sc, "seq_cst: one must see", SC, SC, , "0 1", "1 0", "1 1");
SB(litmus_sb_sc_fences, "relaxed with seq_cst fences: one must see", RLX, RLX, FENCE(SC), "0 1",
   "1 0", "1 1");
SB(litmus_sb_acq_rel_fences, "acq_rel fences are not enough", RLX, RLX, FENCE(ACQ_REL), "0 0",
   "0 1", "1 0", "1 1");
SB(litmus_sb_sc_store_relaxed_load, "seq_cst stores, relaxed loads: both can miss", SC, RLX, ,
   "0 0", "0 1", "1 0", "1 1");
SB(litmus_sb_relaxed_store_sc_load, "relaxed stores, seq_cst loads: both can miss", RLX, SC, ,
   "0 0", "0 1", "1 0", "1 1");

THREAD(half_0, STORE(x, 1, RLX); FENCE(SC); r[0] = LOAD(y, RLX);)
THREAD(half_1, STORE(y, 1, RLX); r[1] = LOAD(x, RLX);)
MC_SCENARIO(litmus_sb_one_fence, "a fence on one side only: both can miss", .setup = name_all,
            .threads = { half_0, half_1 }, .check = out2,
            .expect_set = SET("0 0", "0 1", "1 0", "1 1"));

THREAD(mixed_1, STORE(y, 1, SC); r[1] = LOAD(x, SC);)
MC_SCENARIO(litmus_sb_fence_and_access, "a fence on one side, seq_cst on the other: one must see",
            .setup = name_all, .threads = { half_0, mixed_1 }, .check = out2,
            .expect_set = SET("0 1", "1 0", "1 1"));

/* The shape of a waiter's flag: the notifier's RMW, then its load of the flag. */
THREAD(waiter, XCHG(x, 1, SC); r[0] = LOAD(y, SC);)
THREAD(notifier_sc, ADD(y, 1, SC); r[1] = LOAD(x, SC);)
THREAD(notifier_rlx, ADD(y, 1, SC); r[1] = LOAD(x, RLX);)
THREAD(notifier_acq, ADD(y, 1, SC); r[1] = LOAD(x, ACQ);)
MC_SCENARIO(litmus_flag_sc, "RMW, then a seq_cst load of the flag: no wake-up is lost",
            .setup = name_all, .threads = { waiter, notifier_sc }, .check = out2,
            .expect_set = SET("0 1", "1 0", "1 1"));
MC_SCENARIO(litmus_flag_relaxed, "RMW, then a relaxed load of the flag: it can be lost",
            .setup = name_all, .threads = { waiter, notifier_rlx }, .check = out2,
            .expect_set = SET("0 0", "0 1", "1 0", "1 1"));
MC_SCENARIO(litmus_flag_acquire, "with an acquire load too", .setup = name_all,
            .threads = { waiter, notifier_acq }, .check = out2,
            .expect_set = SET("0 0", "0 1", "1 0", "1 1"));
