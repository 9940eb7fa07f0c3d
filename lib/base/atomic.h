/* SPDX-License-Identifier: MIT */
/*
 * The named atomics: the only way this library touches a shared word.
 *
 * The memory order is in the name of the operation, so that it can be read,
 * grepped and weakened (stress/model) at the place where it matters. The types
 * are structs, so that a plain read or assignment of an atomic does not compile.
 *
 *   relaxed   this access only has to be whole; the comment says why that is enough
 *   acquire   what was written before the release that we read is ours to see
 *   release   publishes everything written before it
 *   acq_rel   both, on a read-modify-write
 *   seq_cst   takes part in the single total order. Needed where two sides each
 *             write one word and then read the other's ("one of us must see it").
 *
 * Ordered accesses are preferred to fences: ThreadSanitizer does not understand
 * fences, and a reader has to look for their partners.
 *
 * Built on the compilers' __atomic builtins. stress/model compiles the same
 * sources with -fsanitize=thread and takes the calls that this inserts.
 */
#ifndef RN_BASE_ATOMIC_H
#define RN_BASE_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#define RN_ATOMIC(T) \
    struct {         \
        T raw;       \
    }

typedef RN_ATOMIC(uint32_t) rn_atomic_u32;
typedef RN_ATOMIC(uint64_t) rn_atomic_u64;

/* Before anybody else can see the object. */
#define rn_atomic_init(a, value) ((void)((a)->raw = (value)))

#define rn_load_relaxed(a) __atomic_load_n(&(a)->raw, __ATOMIC_RELAXED)
#define rn_load_acquire(a) __atomic_load_n(&(a)->raw, __ATOMIC_ACQUIRE)
#define rn_load_seq_cst(a) __atomic_load_n(&(a)->raw, __ATOMIC_SEQ_CST)

#define rn_store_relaxed(a, v) __atomic_store_n(&(a)->raw, (v), __ATOMIC_RELAXED)
#define rn_store_release(a, v) __atomic_store_n(&(a)->raw, (v), __ATOMIC_RELEASE)
#define rn_store_seq_cst(a, v) __atomic_store_n(&(a)->raw, (v), __ATOMIC_SEQ_CST)

#define rn_exchange_acquire(a, v) __atomic_exchange_n(&(a)->raw, (v), __ATOMIC_ACQUIRE)
#define rn_exchange_acq_rel(a, v) __atomic_exchange_n(&(a)->raw, (v), __ATOMIC_ACQ_REL)

#define rn_fetch_add_relaxed(a, v) __atomic_fetch_add(&(a)->raw, (v), __ATOMIC_RELAXED)
#define rn_fetch_sub_acq_rel(a, v) __atomic_fetch_sub(&(a)->raw, (v), __ATOMIC_ACQ_REL)
#define rn_fetch_and_seq_cst(a, v) __atomic_fetch_and(&(a)->raw, (v), __ATOMIC_SEQ_CST)
#define rn_fetch_or_seq_cst(a, v) __atomic_fetch_or(&(a)->raw, (v), __ATOMIC_SEQ_CST)

/* Compare-and-swap: bool; on failure *expected is what was found. A failure
 * orders like the load of the same strength. */
#define rn_cas_acquire(a, expected, v)                                               \
    __atomic_compare_exchange_n(&(a)->raw, (expected), (v), false, __ATOMIC_ACQUIRE, \
                                __ATOMIC_ACQUIRE)
#define rn_cas_release(a, expected, v)                                               \
    __atomic_compare_exchange_n(&(a)->raw, (expected), (v), false, __ATOMIC_RELEASE, \
                                __ATOMIC_RELAXED)
#define rn_cas_seq_cst(a, expected, v)                                               \
    __atomic_compare_exchange_n(&(a)->raw, (expected), (v), false, __ATOMIC_SEQ_CST, \
                                __ATOMIC_SEQ_CST)
/* May fail for no reason: in a loop that looks again anyway. */
#define rn_cas_weak_seq_cst(a, expected, v)                                         \
    __atomic_compare_exchange_n(&(a)->raw, (expected), (v), true, __ATOMIC_SEQ_CST, \
                                __ATOMIC_SEQ_CST)

/* Keeps the compiler, and nothing else, from moving accesses across: the light
 * half of an asymmetric pair whose heavy half is rn__membarrier() (os/os.h). */
#define rn_compiler_barrier() __atomic_signal_fence(__ATOMIC_SEQ_CST)

/* A full fence, for the same place on kernels without membarrier. */
#define rn_fence_seq_cst() __atomic_thread_fence(__ATOMIC_SEQ_CST)

#endif
