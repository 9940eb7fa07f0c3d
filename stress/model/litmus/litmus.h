/* SPDX-License-Identifier: MIT */
/*
 * Litmus tests of the checker itself: for each program the outcomes that C11 allows
 * (promise-free), all of them and no others. Results of loads go to r[], and
 * are printed in order.
 */
#ifndef LITMUS_H
#define LITMUS_H

#include "base/atomic.h"
#include "mc.h"

#define SET(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* In plain memory of its own for each thread: no race, no step. */
static uint64_t r[8];
static rn_atomic_u64 x, y, z;

#define RLX __ATOMIC_RELAXED
#define ACQ __ATOMIC_ACQUIRE
#define REL __ATOMIC_RELEASE
#define ACQ_REL __ATOMIC_ACQ_REL
#define SC __ATOMIC_SEQ_CST
#define LOAD(a, order) __atomic_load_n(&(a).raw, order)
#define STORE(a, v, order) __atomic_store_n(&(a).raw, v, order)
#define ADD(a, v, order) __atomic_fetch_add(&(a).raw, v, order)
#define XCHG(a, v, order) __atomic_exchange_n(&(a).raw, v, order)
#define FENCE(order) __atomic_thread_fence(order)

static inline void name_all(void)
{
    mc_name(&x, "x");
    mc_name(&y, "y");
    mc_name(&z, "z");
    mc_name(r, "r");
}

static inline void out1(void)
{
    mc_outcome("%d", (int)r[0]);
}

static inline void out2(void)
{
    mc_outcome("%d %d", (int)r[0], (int)r[1]);
}

static inline void out3(void)
{
    mc_outcome("%d %d %d", (int)r[0], (int)r[1], (int)r[2]);
}

static inline void out4(void)
{
    mc_outcome("%d %d %d %d", (int)r[0], (int)r[1], (int)r[2], (int)r[3]);
}

/* Final values: what remains in modification order's last place. */
static inline void out_final(void)
{
    mc_outcome("x=%d y=%d", (int)LOAD(x, RLX), (int)LOAD(y, RLX));
}

/* void NAME(void) { body } on one line. */
#define THREAD(name, ...)  \
    static void name(void) \
    {                      \
        __VA_ARGS__        \
    }

#endif
