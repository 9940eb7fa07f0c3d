/* SPDX-License-Identifier: MIT */
/*
 * Channel: a ring, a lock, two lists of waiters.
 *
 * One mechanism: an operation tries the ring without the lock. If that succeeds
 * and the other side has waiters, it has them matched: moves what the ring and the
 * lists allow, until nothing moves any more (match.c). If it fails and may wait, it
 * enlists under the lock, and the release of that lock matches again: which is also
 * the re-check that parking needs. send, receive, try, until, the batches, close and
 * select are doors to these two steps.
 *
 * A channel of capacity 0 has no ring: everything happens under the lock
 * (rendezvous.c), and the closed bit stands in `watch`.
 *
 * Invariants (when the lock is free and nothing is pending)
 *   - receivers wait only while the ring is empty and open,
 *     senders only while it is full and open; at capacity 0, not both.
 *   - PARKED(dir) is set in watch exactly while waiting[dir] is not empty.
 *
 * State: the ring's three lines (ring/ring.h), the first of them with `watch`; then
 *
 *   | lock waiting[2] | whoever parks or matches
 *   | refs retired    | whoever comes and goes
 *
 * Ordering: [WT1] of wait/waiter.h for watch; [LK1], [LK2] for the lock;
 *   refs is dropped acq_rel, so that whoever drops the last one has seen all uses.
 */
#ifndef RN_CHAN_CHANNEL_H
#define RN_CHAN_CHANNEL_H

#include <errno.h>

#include "ring/any_ring.h"
#include "runnel/chan.h"
#include "task/reclaim.h"
#include "wait/lock.h"
#include "wait/waiter.h"

/* watch */
#define RN_WATCH_PARKED(dir) (1u << (dir))
#define RN_WATCH_BOTH (RN_WATCH_PARKED(RN_DIR_RECV) | RN_WATCH_PARKED(RN_DIR_SEND))
#define RN_WATCH_CLOSED 4u /* capacity 0 only */

struct rn_chan {
    rn_ring ring;

    RN_LINE_ALIGNED rn_lock lock;
    rn_link waiting[2]; /* by rn_dir; of rn_node.link */

    RN_LINE_ALIGNED rn_atomic_u64 refs;
    rn_retired retired;
};

/* NULL and RN_NEVER are no channels. */
static inline bool rn_chan_is_valid(const rn_chan *c)
{
    return RN_LIKELY((uintptr_t)c + 1 > 1);
}

static inline bool rn_chan_is_rendezvous(const rn_chan *c)
{
    return c->ring.kind == RN_RING_NONE;
}

static inline int rn_errno_of(rn_ring_result r)
{
    switch (r) {
    case RN_RING_OK:
        return 0;
    case RN_RING_CLOSED:
        return -EPIPE;
    case RN_RING_NOMEM:
        return -ENOMEM;
    default:
        return -EAGAIN;
    }
}

/* ---- match.c: everything here holds the lock, but help ----------------------------- */

void rn_chan_enlist(rn_chan *c, rn_node *n, bool at_front);
void rn_chan_unlist(rn_chan *c, rn_node *n);
/* Matches to a fixpoint, then releases; again, if somebody delegated meanwhile. */
void rn_chan_unlock(rn_chan *c, rn_wakes *wakes);
/* After the ring changed and watch said that there are waiters. Never waits. */
void rn_chan_help(rn_chan *c, const rn_agent *self);

/* ---- rendezvous.c: capacity 0 ------------------------------------------------------- */

bool rn_chan_is_closed_locked(rn_chan *c);
/* Hands over between the caller and the first willing peer that waits. Holds the lock. */
bool rn_rendezvous_pair(rn_chan *c, rn_dir dir, void *elem, const rn_waiter *self, rn_wakes *wakes);
int rn_rendezvous_try(rn_chan *c, rn_dir dir, void *elem, const rn_agent *self);
int rn_rendezvous_close(rn_chan *c, const rn_agent *self);

/* ---- transfer.c ---------------------------------------------------------------------- */

/* Enlists, sleeps, until the element has moved, the channel is closed or the deadline
 * has passed. The agent is outside. */
int rn_chan_block(rn_chan *c, rn_dir dir, void *elem, rn_time deadline_ns, rn_agent *self);

/* One attempt at an operation, without waiting. The agent is inside. */
int rn_chan_attempt(rn_chan *c, rn_dir dir, void *elem, rn_agent *self);

/* [WT1] After a change of the ring by `dir`: does anybody wait for it? */
static RN_INLINE bool rn_chan_has_waiters_for(const rn_chan *c, rn_dir dir)
{
    return RN_UNLIKELY(rn_load_seq_cst(&c->ring.watch) & RN_WATCH_PARKED(!dir));
}

#endif
