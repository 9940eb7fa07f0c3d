/* SPDX-License-Identifier: MIT */
/*
 * Double-word compare-and-swap: 16 bytes at once, always seq_cst.
 *
 * Inline on gcc and clang with -mcx16 through __sync (gcc turns the __atomic
 * form into a call of libatomic). ThreadSanitizer's runtime emulates 16-byte
 * atomics under a lock of its own, which does not exclude the 8-byte atomics on
 * the halves; so in that build the instruction is hidden from it and its
 * happens-before edges are declared on the first word, the one that readers load.
 */
#ifndef RN_BASE_DWCAS_H
#define RN_BASE_DWCAS_H

#include "base/atomic.h"
#include "base/sanitizer.h"

/* Two words that are claimed together. Readers load `first` and prove `second` by it. */
typedef struct rn_pair {
    _Alignas(16) rn_atomic_u64 first;
    rn_atomic_u64 second;
} rn_pair;

__extension__ typedef unsigned __int128 rn__u128;

#ifdef RN_TSAN
#define RN__DWCAS_ATTR __attribute__((noinline, disable_sanitizer_instrumentation))
#else
#define RN__DWCAS_ATTR inline __attribute__((always_inline))
#endif

static RN__DWCAS_ATTR bool rn__dwcas_raw(rn_pair *p, rn__u128 expected, rn__u128 desired)
{
    return __sync_bool_compare_and_swap((rn__u128 *)(void *)p, expected, desired);
}

static inline bool rn_dwcas_seq_cst(rn_pair *p, uint64_t first, uint64_t second, uint64_t new_first,
                                    uint64_t new_second)
{
    RN_TSAN_RELEASE(&p->first);
    bool won =
        rn__dwcas_raw(p, (rn__u128)second << 64 | first, (rn__u128)new_second << 64 | new_first);
    RN_TSAN_ACQUIRE(&p->first);
    return won;
}

#endif
