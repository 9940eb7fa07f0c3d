/* SPDX-License-Identifier: MIT */
/* Delegation lock. Protocol and ordering: lock.h. The sleeping part is U. Drepper's
 * third futex mutex ("Futexes are tricky"), with the mark kept through. */
#include "wait/lock.h"

#include "base/check.h"
#include "os/os.h"

enum { HELD = 1, PENDING = 2, SLEEPERS = 4 };

/* Before sleeping: the holder is usually done within a microsecond. */
enum { SPIN_ROUNDS = 4, SPIN_PAUSES = 16 };

static bool try_acquire(rn_lock *lock)
{
    uint32_t open = 0;
    return rn_load_relaxed(&lock->state) == 0 &&      /* the swap re-checks it */
           rn_cas_seq_cst(&lock->state, &open, HELD); /* [LK1] */
}

static RN_NOINLINE void acquire_slow(rn_lock *lock)
{
    for (int i = 0; i < SPIN_ROUNDS && rn__cpu_count() > 1; i++) {
        rn__cpu_pause(SPIN_PAUSES);
        if (try_acquire(lock))
            return;
    }
    uint32_t slept = 0; /* if we slept, others may still: keep the bit for them */
    uint32_t s = rn_load_relaxed(&lock->state);
    for (;;) {
        if (!(s & HELD)) {
            if (rn_cas_weak_seq_cst(&lock->state, &s, s | HELD | slept)) /* [LK1] */
                return;
            continue;
        }
        if (!(s & SLEEPERS) && !rn_cas_weak_seq_cst(&lock->state, &s, s | SLEEPERS))
            continue;
        rn__futex_wait(&lock->state, s | SLEEPERS);
        slept = SLEEPERS;
        s = rn_load_relaxed(&lock->state);
    }
}

void rn_lock_acquire(rn_lock *lock)
{
    if (RN_UNLIKELY(!try_acquire(lock)))
        acquire_slow(lock);
}

bool rn_lock_acquire_or_delegate(rn_lock *lock)
{
    uint32_t s = rn_load_seq_cst(&lock->state); /* [LK2] */
    for (;;) {
        if (!(s & HELD)) {
            if (rn_cas_weak_seq_cst(&lock->state, &s, s | HELD)) /* [LK1] */
                return true;
        } else if (s & PENDING) {
            return false;
        } else if (rn_cas_weak_seq_cst(&lock->state, &s, s | PENDING)) { /* [LK2] */
            return false;
        }
    }
}

bool rn_lock_release(rn_lock *lock)
{
    uint32_t s = rn_load_relaxed(&lock->state); /* the swap re-checks it */
    RN_ASSERT(s & HELD);
    do {
        if (s & PENDING) {
            rn_fetch_and_seq_cst(&lock->state, ~(uint32_t)PENDING); /* [LK2] */
            return false;
        }
    } while (!rn_cas_weak_seq_cst(&lock->state, &s, 0)); /* [LK1] */
    if (s & SLEEPERS)
        rn__futex_wake_one(&lock->state);
    return true;
}
