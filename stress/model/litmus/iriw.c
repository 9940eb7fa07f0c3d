/* SPDX-License-Identifier: MIT */
/* Independent reads of independent writes: can two readers see them in different order? */
#include "litmus.h"

#define ALL_BUT_SPLIT                                                                       \
    "0 0 0 0", "0 0 0 1", "0 0 1 0", "0 0 1 1", "0 1 0 0", "0 1 0 1", "0 1 1 0", "0 1 1 1", \
        "1 0 0 0", "1 0 0 1", "1 0 1 1", "1 1 0 0", "1 1 0 1", "1 1 1 0", "1 1 1 1"

#define IRIW(name, claim, order_store, order_load, between, ...)                       \
    THREAD(name##_x, STORE(x, 1, order_store);)                                        \
    THREAD(name##_y, STORE(y, 1, order_store);)                                        \
    THREAD(name##_0, r[0] = LOAD(x, order_load); between; r[1] = LOAD(y, order_load);) \
    THREAD(name##_1, r[2] = LOAD(y, order_load); between; r[3] = LOAD(x, order_load);) \
    MC_SCENARIO(name, claim, .setup = name_all,                                        \
                .threads = { name##_x, name##_y, name##_0, name##_1 }, .check = out4,  \
                .expect_set = SET(__VA_ARGS__))

IRIW(litmus_iriw_acquire, "release, acquire: yes", REL, ACQ, , ALL_BUT_SPLIT, "1 0 1 0");
IRIW(litmus_iriw_relaxed, "relaxed: yes", RLX, RLX, , ALL_BUT_SPLIT, "1 0 1 0");
IRIW(litmus_iriw_sc, "seq_cst: no", SC, SC, , ALL_BUT_SPLIT);
IRIW(litmus_iriw_sc_fences, "relaxed with seq_cst fences: no", RLX, RLX, FENCE(SC), ALL_BUT_SPLIT);
IRIW(litmus_iriw_acq_fences, "relaxed with acquire fences: yes", RLX, RLX, FENCE(ACQ),
     ALL_BUT_SPLIT, "1 0 1 0");
