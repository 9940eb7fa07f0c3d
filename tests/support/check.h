/* SPDX-License-Identifier: MIT */
/*
 * Assertions and scale for the tests.
 *
 *   check*    in the test's body only: ends the test (cr_assert)
 *   expect*   on any thread: notes the failure and goes on; rnt_join() and
 *             rnt_team_join() turn it into a failed check
 */
#ifndef RNT_CHECK_H
#define RNT_CHECK_H

#include <criterion/criterion.h>

#if defined(__SANITIZE_THREAD__)
#define RNT_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RNT_TSAN 1
#endif
#endif

#if defined(__SANITIZE_ADDRESS__)
#define RNT_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RNT_ASAN 1
#endif
#endif

/* Seconds for TestSuite(.timeout). Far above what a test takes: only a hang gets there. */
#if defined(RNT_TSAN) || defined(RNT_ASAN)
#define RNT_TIMEOUT 240
#else
#define RNT_TIMEOUT 120
#endif

#define check(cond) cr_assert(cond)

#define check_eq(actual, expected)                                                             \
    do {                                                                                       \
        long long rnt_a = (long long)(actual), rnt_e = (long long)(expected);                  \
        cr_assert(rnt_a == rnt_e, "%s is %lld, expected %s (%lld)", #actual, rnt_a, #expected, \
                  rnt_e);                                                                      \
    } while (0)

#define expect(cond) ((cond) ? (void)0 : rnt_note_failure(__FILE__, __LINE__, "%s", #cond))

#define expect_eq(actual, expected)                                                                \
    do {                                                                                           \
        long long rnt_a = (long long)(actual), rnt_e = (long long)(expected);                      \
        if (rnt_a != rnt_e)                                                                        \
            rnt_note_failure(__FILE__, __LINE__, "%s is %lld, expected %s (%lld)", #actual, rnt_a, \
                             #expected, rnt_e);                                                    \
    } while (0)

#define check_ok(result) check_eq(result, 0)
#define expect_ok(result) expect_eq(result, 0)

/* Notes a failure; any thread. */
void rnt_note_failure(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Fails the test if a failure was noted since the last call. Test body only. */
void rnt_check_noted(void);

/*
 * n, scaled to the build: sanitizers make everything 5 to 50 times slower. The
 * environment's RN_TEST_SCALE (percent) overrides the build's own. At least 1.
 */
unsigned rnt_scaled(unsigned n);

#endif
