/* SPDX-License-Identifier: MIT */
/*
 * Parker: an event count on Concurrency Kit's ck_ec (Paul Khuong, 2018).
 *
 * State: 31 bits of counter and one of "somebody sleeps in the kernel", so that a
 * signal without a sleeper is one locked add and no system call.
 *
 * ck_ec's own waiting is a poll with exponential back-off; it would wake a
 * thread that parks for three seconds five times and miss a 50 us deadline by two
 * milliseconds. Its predicate runs before each sleep and may move that sleep's
 * deadline: ours moves it to the caller's, so that one park is one futex wait.
 *
 * CK's atomics are inline assembly, which ThreadSanitizer does not see: a signal
 * is annotated as a release of the word, and ticket and wait as its acquire.
 */
#include <ck_ec.h>
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/sanitizer.h"
#include "os/os.h"

_Static_assert(sizeof(struct ck_ec32) == sizeof(uint32_t), "rn_parker holds a ck_ec32");

static struct timespec to_timespec(rn_time t)
{
    if (t < 0)
        t = 0;
    return (struct timespec){ .tv_sec = t / RN_SECOND, .tv_nsec = t % RN_SECOND };
}

static int ec_gettime(const struct ck_ec_ops *ops, struct timespec *out)
{
    (void)ops;
    return clock_gettime(CLOCK_MONOTONIC, out);
}

/* `data` is the caller's deadline, NULL for none. EINTR and a changed word are
 * both just wake-ups: ck_ec looks at the word again. */
static void ec_wait32(const struct ck_ec_wait_state *state, const uint32_t *word, uint32_t expected,
                      const struct timespec *deadline)
{
    (void)deadline;
    syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, expected,
            (const struct timespec *)state->data, NULL, FUTEX_BITSET_MATCH_ANY);
}

static void ec_wake32(const struct ck_ec_ops *ops, const uint32_t *word)
{
    (void)ops;
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/* ck_ec has a 64-bit form whose members must be there; it is never used. */
static void ec_wait64(const struct ck_ec_wait_state *state, const uint64_t *word, uint64_t expected,
                      const struct timespec *deadline)
{
    ec_wait32(state, (const uint32_t *)(const void *)word, (uint32_t)expected, deadline);
}

static void ec_wake64(const struct ck_ec_ops *ops, const uint64_t *word)
{
    ec_wake32(ops, (const uint32_t *)(const void *)word);
}

static const struct ck_ec_ops ec_ops = {
    .gettime = ec_gettime,
    .wait32 = ec_wait32,
    .wait64 = ec_wait64,
    .wake32 = ec_wake32,
    .wake64 = ec_wake64,
    .busy_loop_iter = 1, /* whoever parks has already spun for as long as it pays */
};

static const struct ck_ec_mode ec_mode = { .ops = &ec_ops, .single_producer = false };

/* Runs before each sleep: let it last to the caller's deadline. */
static int until_deadline(const struct ck_ec_wait_state *state, struct timespec *iteration_deadline)
{
    const struct timespec *deadline = state->data;
    if (deadline)
        *iteration_deadline = *deadline;
    return 0;
}

static struct ck_ec32 *ec_of(rn_parker *p)
{
    return (struct ck_ec32 *)(void *)&p->word;
}

void rn__parker_init(rn_parker *p)
{
    ck_ec32_init(ec_of(p), 0);
}

uint32_t rn__parker_ticket(rn_parker *p)
{
    uint32_t ticket = ck_ec32_value(ec_of(p));
    RN_TSAN_ACQUIRE(&p->word);
    return ticket;
}

int rn__parker_wait(rn_parker *p, uint32_t ticket, rn_time deadline_ns)
{
    struct timespec deadline = to_timespec(deadline_ns);
    struct timespec *until = deadline_ns == RN_FOREVER ? NULL : &deadline;
    int timed_out = ck_ec32_wait_pred(ec_of(p), &ec_mode, ticket, until_deadline, until, until);
    RN_TSAN_ACQUIRE(&p->word);
    return timed_out ? -ETIMEDOUT : 0;
}

void rn__parker_signal(rn_parker *p)
{
    RN_TSAN_RELEASE(&p->word);
    ck_ec32_inc(ec_of(p), &ec_mode);
}
