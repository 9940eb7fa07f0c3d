/* SPDX-License-Identifier: MIT */
/*
 * Happens-before edges that ThreadSanitizer cannot see by itself, because the
 * instruction that makes them is hidden in assembly (Concurrency Kit's, or our
 * 16-byte compare-and-swap). Each use stands at the boundary, next to the call.
 */
#ifndef RN_BASE_TSAN_H
#define RN_BASE_TSAN_H

#if defined(__SANITIZE_THREAD__)
#define RN_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RN_TSAN 1
#endif
#endif

/* The model build compiles with the same flag, but runs those instructions itself. */
#if defined(RN_TSAN) && defined(RN_MODEL)
#undef RN_TSAN
#endif

#ifdef RN_TSAN
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
#define RN_TSAN_ACQUIRE(addr) __tsan_acquire((void *)(addr))
#define RN_TSAN_RELEASE(addr) __tsan_release((void *)(addr))
#else
#define RN_TSAN_ACQUIRE(addr) ((void)(addr))
#define RN_TSAN_RELEASE(addr) ((void)(addr))
#endif

#endif
