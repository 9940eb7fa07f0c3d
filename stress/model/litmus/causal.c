/* SPDX-License-Identifier: MIT */
/* Happens-before through a third thread; release sequences. */
#include "litmus.h"

THREAD(w_x, STORE(x, 1, RLX);)
THREAD(x_to_y_rel, r[0] = LOAD(x, RLX); if (r[0]) STORE(y, 1, REL);)
THREAD(y_then_x_acq, r[1] = LOAD(y, ACQ); r[2] = LOAD(x, RLX);)
MC_SCENARIO(litmus_wrc, "write-to-read causality with release and acquire", .setup = name_all,
            .threads = { w_x, x_to_y_rel, y_then_x_acq }, .check = out3,
            .expect_set = SET("0 0 0", "0 0 1", "1 0 0", "1 0 1", "1 1 1"));

THREAD(x_to_y_rlx, r[0] = LOAD(x, RLX); if (r[0]) STORE(y, 1, RLX);)
THREAD(y_then_x_rlx, r[1] = LOAD(y, RLX); r[2] = LOAD(x, RLX);)
MC_SCENARIO(litmus_wrc_relaxed, "and without", .setup = name_all,
            .threads = { w_x, x_to_y_rlx, y_then_x_rlx }, .check = out3,
            .expect_set = SET("0 0 0", "0 0 1", "1 0 0", "1 0 1", "1 1 0", "1 1 1"));

THREAD(isa_0, STORE(x, 1, RLX); STORE(y, 1, REL);)
THREAD(isa_1, r[0] = LOAD(y, ACQ); STORE(z, 1, REL);)
THREAD(isa_2, r[1] = LOAD(z, ACQ); r[2] = LOAD(x, RLX);)
MC_SCENARIO(litmus_isa2, "release and acquire chain over two flags", .setup = name_all,
            .threads = { isa_0, isa_1, isa_2 }, .check = out3,
            .expect_set = SET("0 0 0", "0 0 1", "0 1 0", "0 1 1", "1 0 0", "1 0 1", "1 1 1"));

THREAD(isa_1_rlx, r[0] = LOAD(y, RLX); STORE(z, 1, REL);)
MC_SCENARIO(litmus_isa2_broken, "but not if a link is relaxed", .setup = name_all,
            .threads = { isa_0, isa_1_rlx, isa_2 }, .check = out3,
            .expect_set = SET("0 0 0", "0 0 1", "0 1 0", "0 1 1", "1 0 0", "1 0 1", "1 1 0",
                              "1 1 1"));

/* Release sequences: x, then y := 1 by release; somebody changes y; who reads that? */
static void out_seq(void)
{
    mc_outcome("y=%d x=%d", (int)r[0], (int)r[1]);
}
THREAD(seq_head, STORE(x, 1, RLX); STORE(y, 1, REL);)
THREAD(seq_read, r[0] = LOAD(y, ACQ); r[1] = LOAD(x, RLX);)
THREAD(seq_rmw, uint64_t one = 1; __atomic_compare_exchange_n(&y.raw, &one, 2, false, RLX, RLX);)
MC_SCENARIO(litmus_sequence_rmw, "another thread's RMW continues a release sequence",
            .setup = name_all, .threads = { seq_head, seq_rmw, seq_read }, .check = out_seq,
            .expect_set = SET("y=0 x=0", "y=0 x=1", "y=1 x=1", "y=2 x=1"));

THREAD(seq_own, STORE(x, 1, RLX); STORE(y, 1, REL); STORE(y, 2, RLX);)
MC_SCENARIO(litmus_sequence_own_cpp20, "C++20: the same thread's relaxed store does not",
            .setup = name_all, .threads = { seq_own, seq_read }, .check = out_seq,
            .expect_set = SET("y=0 x=0", "y=0 x=1", "y=1 x=1", "y=2 x=0", "y=2 x=1"));
MC_SCENARIO(litmus_sequence_own_c11, "C11: it does", .setup = name_all,
            .threads = { seq_own, seq_read }, .check = out_seq, .c11_release_sequence = true,
            .expect_set = SET("y=0 x=0", "y=0 x=1", "y=1 x=1", "y=2 x=1"));

static void seq_other(void)
{
    if (LOAD(y, RLX) == 1)
        STORE(y, 2, RLX);
}
MC_SCENARIO(litmus_sequence_broken_cpp20, "another thread's plain store ends it", .setup = name_all,
            .threads = { seq_head, seq_other, seq_read }, .check = out_seq,
            .expect_set = SET("y=0 x=0", "y=0 x=1", "y=1 x=1", "y=2 x=0", "y=2 x=1"));
MC_SCENARIO(litmus_sequence_broken_c11, "in C11 as well", .setup = name_all,
            .threads = { seq_head, seq_other, seq_read }, .check = out_seq,
            .c11_release_sequence = true,
            .expect_set = SET("y=0 x=0", "y=0 x=1", "y=1 x=1", "y=2 x=0", "y=2 x=1"));

/* membarrier: the light side has only a compiler barrier. */
void rn__membarrier(void);
THREAD(light, STORE(x, 1, RLX); __atomic_signal_fence(SC); r[0] = LOAD(y, RLX);)
THREAD(light_too, STORE(y, 1, RLX); __atomic_signal_fence(SC); r[1] = LOAD(x, RLX);)
THREAD(heavy, STORE(y, 1, RLX); rn__membarrier(); r[1] = LOAD(x, RLX);)
MC_SCENARIO(litmus_membarrier, "membarrier against a compiler barrier: one must see",
            .setup = name_all, .threads = { light, heavy }, .check = out2,
            .expect_set = SET("0 1", "1 0", "1 1"));
MC_SCENARIO(litmus_compiler_barriers, "compiler barriers on both sides order nothing",
            .setup = name_all, .threads = { light, light_too }, .check = out2,
            .expect_set = SET("0 0", "0 1", "1 0", "1 1"));
