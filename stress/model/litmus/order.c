/* SPDX-License-Identifier: MIT */
/* Modification order: 2+2W, coherence, atomicity of read-modify-writes. */
#include "litmus.h"

#define W22(name, claim, order, between, ...)                                      \
    THREAD(name##_0, STORE(x, 1, order); between; STORE(y, 2, order);)             \
    THREAD(name##_1, STORE(y, 1, order); between; STORE(x, 2, order);)             \
    MC_SCENARIO(name, claim, .setup = name_all, .threads = { name##_0, name##_1 }, \
                .check = out_final, .expect_set = SET(__VA_ARGS__))

W22(litmus_2p2w_relaxed, "two threads can each overwrite the other's first store", RLX, , "x=1 y=1",
    "x=1 y=2", "x=2 y=1", "x=2 y=2");
W22(litmus_2p2w_release, "with release too", REL, , "x=1 y=1", "x=1 y=2", "x=2 y=1", "x=2 y=2");
W22(litmus_2p2w_sc, "not with seq_cst", SC, , "x=1 y=2", "x=2 y=1", "x=2 y=2");
W22(litmus_2p2w_sc_fences, "nor with seq_cst fences", RLX, FENCE(SC), "x=1 y=2", "x=2 y=1",
    "x=2 y=2");

THREAD(w1, STORE(x, 1, RLX);)
THREAD(w2, STORE(x, 2, RLX);)
THREAD(w12, STORE(x, 1, RLX); STORE(x, 2, RLX);)
THREAD(rr, r[0] = LOAD(x, RLX); r[1] = LOAD(x, RLX);)
MC_SCENARIO(litmus_corr, "two loads never go back", .setup = name_all, .threads = { w12, rr },
            .check = out2, .expect_set = SET("0 0", "0 1", "0 2", "1 1", "1 2", "2 2"));

THREAD(rr2, r[2] = LOAD(x, RLX); r[3] = LOAD(x, RLX);)
static void opposite(void)
{
    bool one = r[0] == 1 && r[1] == 2, other = r[2] == 2 && r[3] == 1;
    mc_outcome("%s", one && other ? "both orders" : one ? "1 2" : other ? "2 1" : "-");
}
MC_SCENARIO(litmus_corr_agree, "all threads agree on the order of two stores", .setup = name_all,
            .threads = { w1, w2, rr, rr2 }, .check = opposite,
            .expect_set = SET("1 2", "2 1", "-"));

THREAD(wr, STORE(x, 2, RLX); r[0] = LOAD(x, RLX);)
static void out_cowr(void)
{
    mc_outcome("%d x=%d", (int)r[0], (int)LOAD(x, RLX));
}
MC_SCENARIO(litmus_cowr, "a thread never reads behind its own store", .setup = name_all,
            .threads = { w1, wr }, .check = out_cowr, .expect_set = SET("2 x=1", "2 x=2", "1 x=1"));

THREAD(corw_0, r[0] = LOAD(x, RLX); STORE(x, 1, RLX);)
static void out_corw(void)
{
    mc_outcome("%d x=%d", (int)r[0], (int)LOAD(x, RLX));
}
MC_SCENARIO(litmus_corw, "a thread never stores behind what it has read", .setup = name_all,
            .threads = { corw_0, w2 }, .check = out_corw,
            .expect_set = SET("0 x=1", "0 x=2", "2 x=1"));

THREAD(add0, r[0] = ADD(x, 1, RLX);)
THREAD(add1, r[1] = ADD(x, 1, RLX);)
THREAD(add2, r[2] = ADD(x, 1, RLX);)
MC_SCENARIO(litmus_rmw_atomic, "no two RMWs read the same value", .setup = name_all,
            .threads = { add0, add1, add2 }, .check = out3,
            .expect_set = SET("0 1 2", "0 2 1", "1 0 2", "1 2 0", "2 0 1", "2 1 0"));

static void cas0(void)
{
    uint64_t old = 0;
    r[0] = __atomic_compare_exchange_n(&x.raw, &old, 1, false, RLX, RLX);
    r[2] = old;
}
static void cas1(void)
{
    uint64_t old = 0;
    r[1] = __atomic_compare_exchange_n(&x.raw, &old, 2, false, RLX, RLX);
    r[3] = old;
}
MC_SCENARIO(litmus_cas_one_wins, "of two swaps from one value one wins", .setup = name_all,
            .threads = { cas0, cas1 }, .check = out4, .expect_set = SET("1 0 0 1", "0 1 2 0"));

/* A store cannot come between an RMW and what it read. */
THREAD(between, STORE(x, 10, RLX);)
static void out_between(void)
{
    mc_outcome("%d x=%d", (int)r[0], (int)LOAD(x, RLX));
}
MC_SCENARIO(litmus_rmw_unbroken, "a store comes before or after a RMW", .setup = name_all,
            .threads = { add0, between }, .check = out_between,
            .expect_set = SET("0 x=10", "10 x=11", "0 x=10"));
