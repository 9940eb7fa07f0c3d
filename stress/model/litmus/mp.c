/* SPDX-License-Identifier: MIT */
/* Message passing: x is written, then y says so. Who sees y, does it see x? */
#include "litmus.h"

#define MP(name, claim, order_store, order_load, ...)                                             \
    THREAD(name##_w, STORE(x, 1, RLX); STORE(y, 1, order_store);)                                 \
    THREAD(name##_r, r[0] = LOAD(y, order_load); r[1] = LOAD(x, RLX);)                            \
    MC_SCENARIO(name, claim, .setup = name_all, .threads = { name##_w, name##_r }, .check = out2, \
                .expect_set = SET(__VA_ARGS__))

MP(litmus_mp_rel_acq, "release and acquire pass the message", REL, ACQ, "0 0", "0 1", "1 1");
MP(litmus_mp_sc, "so does seq_cst", SC, SC, "0 0", "0 1", "1 1");
MP(litmus_mp_relaxed, "relaxed does not", RLX, RLX, "0 0", "0 1", "1 0", "1 1");
MP(litmus_mp_rel_rlx, "nor does a release alone", REL, RLX, "0 0", "0 1", "1 0", "1 1");
MP(litmus_mp_rlx_acq, "nor does an acquire alone", RLX, ACQ, "0 0", "0 1", "1 0", "1 1");

THREAD(fences_w, STORE(x, 1, RLX); FENCE(REL); STORE(y, 1, RLX);)
THREAD(fences_r, r[0] = LOAD(y, RLX); FENCE(ACQ); r[1] = LOAD(x, RLX);)
MC_SCENARIO(litmus_mp_fences, "release and acquire fences pass it", .setup = name_all,
            .threads = { fences_w, fences_r }, .check = out2,
            .expect_set = SET("0 0", "0 1", "1 1"));

THREAD(one_fence_r, r[0] = LOAD(y, RLX); r[1] = LOAD(x, RLX);)
MC_SCENARIO(litmus_mp_one_fence, "a release fence alone does not", .setup = name_all,
            .threads = { fences_w, one_fence_r }, .check = out2,
            .expect_set = SET("0 0", "0 1", "1 0", "1 1"));

THREAD(late_fence_w, STORE(x, 1, RLX); STORE(y, 1, RLX); FENCE(REL);)
MC_SCENARIO(litmus_mp_late_fence, "nor does one that comes after the store", .setup = name_all,
            .threads = { late_fence_w, fences_r }, .check = out2,
            .expect_set = SET("0 0", "0 1", "1 0", "1 1"));

/* A relaxed RMW may read a value that a message already passed has overtaken. */
THREAD(stale_w, STORE(x, 2, RLX); STORE(y, 1, RLX);)
THREAD(stale_r, r[0] = LOAD(y, RLX); r[1] = ADD(x, 10, RLX);)
MC_SCENARIO(litmus_mp_stale_rmw, "a RMW need not read the latest store that was executed",
            .setup = name_all, .threads = { stale_w, stale_r }, .check = out2,
            .expect_set = SET("0 0", "0 2", "1 0", "1 2"));
