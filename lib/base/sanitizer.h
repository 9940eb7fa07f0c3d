/* SPDX-License-Identifier: MIT */
/*
 * What the sanitizers cannot know by themselves.
 *
 * ThreadSanitizer: happens-before edges that are hidden in assembly (Concurrency Kit's,
 * or our 16-byte compare-and-swap). Each use stands at the boundary, next to the call.
 * AddressSanitizer: memory that is ours, but not to be touched.
 */
#ifndef RN_BASE_SANITIZER_H
#define RN_BASE_SANITIZER_H

#include <stddef.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif

/* The model build compiles with TSan's flag too, but runs those instructions itself. */
#if (defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)) && !defined(RN_MODEL)
#define RN_TSAN
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
#define RN_TSAN_ACQUIRE(addr) __tsan_acquire((void *)(addr))
#define RN_TSAN_RELEASE(addr) __tsan_release((void *)(addr))
#else
#define RN_TSAN_ACQUIRE(addr) ((void)(addr))
#define RN_TSAN_RELEASE(addr) ((void)(addr))
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
void __asan_poison_memory_region(void const volatile *addr, size_t size);
void __asan_unpoison_memory_region(void const volatile *addr, size_t size);
#define RN_ASAN_POISON(addr, size) __asan_poison_memory_region((addr), (size))
#define RN_ASAN_UNPOISON(addr, size) __asan_unpoison_memory_region((addr), (size))
#else
#define RN_ASAN_POISON(addr, size) ((void)(addr), (void)(size))
#define RN_ASAN_UNPOISON(addr, size) ((void)(addr), (void)(size))
#endif

#endif
