/* SPDX-License-Identifier: MIT */
/*
 * Checks and hints.
 *
 *   RN_ASSERT  an invariant of ours. Checked in debug, sanitizer and model
 *              builds (RN_CHECKS), free elsewhere.
 *   panics     misuse by the caller: always checked, see base/panic.h.
 */
#ifndef RN_BASE_CHECK_H
#define RN_BASE_CHECK_H

#include "base/panic.h"

#define RN_LIKELY(x) __builtin_expect(!!(x), 1)
#define RN_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* The hot path: inlined whatever the compiler's estimate says. */
#define RN_INLINE inline __attribute__((always_inline))
#define RN_NOINLINE __attribute__((noinline))
#define RN_COLD __attribute__((cold, noinline))

#define RN_CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#ifdef RN_CHECKS
#define RN_ASSERT(cond)                                                                           \
    do {                                                                                          \
        if (RN_UNLIKELY(!(cond)))                                                                 \
            rn__panic("broken invariant `%s` at %s:%d; this is a bug in runnel", #cond, __FILE__, \
                      __LINE__);                                                                  \
    } while (0)
#else
#define RN_ASSERT(cond) ((void)sizeof(cond))
#endif

#endif
