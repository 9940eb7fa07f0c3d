/* SPDX-License-Identifier: MIT */
/*
 * Delegation lock: guards the waiter lists of one channel.
 *
 * Whoever only wants the waiters looked at (an operation that has just made
 * progress possible) never waits for it: if it is held, it leaves a mark, and the
 * holder looks again before it lets go. So an operation that does not park is not
 * delayed by a holder that is suspended. Whoever must have the lock sleeps on it.
 *
 * State: one word of three bits.
 *   HELD      somebody has it
 *   PENDING   look at the lists again before letting go
 *   SLEEPERS  somebody sleeps on the word: wake one when letting go
 *
 * Ordering
 *   [LK1] taken and released by seq_cst swaps: the lists, and what stands under it.
 *   [LK2] PENDING: who delegates has changed the ring (seq_cst) before it loads or
 *         swaps this word; the holder clears the mark (seq_cst) before it looks at
 *         the ring again. If the mark was set already, a load is enough: it comes
 *         before the holder's clearing, hence so does the change before its look.
 */
#ifndef RN_WAIT_LOCK_H
#define RN_WAIT_LOCK_H

#include "base/atomic.h"

typedef struct rn_lock {
    rn_atomic_u32 state;
} rn_lock;

void rn_lock_acquire(rn_lock *lock);

/* True: it is ours. False: somebody has it and will look again before letting go. */
bool rn_lock_acquire_or_delegate(rn_lock *lock);

/* True: released. False: still ours, somebody delegated; look again, then release. */
bool rn_lock_release(rn_lock *lock);

#endif
