/* SPDX-License-Identifier: MIT */
/*
 * Waiters: who waits, for what, and how they are woken.
 *
 * A waiter is one blocked operation: on one channel, or a select on several. It
 * lives on its agent's stack, with one node for each channel it waits on.
 *
 * The protocol of parking, for both sides:
 *
 *   waiter (holds the channel's lock)      the other side
 *     enqueue the node                       change the ring   (seq_cst swap)
 *     set the flag      (seq_cst)            load the flag     (seq_cst)
 *     look at the ring  (seq_cst loads)      if set: match under the lock, or
 *     release the lock, sleep                        delegate to its holder
 *
 * One of the two sees the other ([WT1]): that is the whole of not losing a wake-up.
 *
 * Invariants
 *   - A waiter is chosen under the lock of the channel through which it is, once,
 *     and finally. One that waits on a single channel is chosen by being unlisted;
 *     a select's, which others may be choosing elsewhere, by a swap on `claim`.
 *   - Only the chosen leave a list, or those who withdraw (time-out, select's end).
 *   - After `done` is visible the waiter may be gone: whoever wakes it has read
 *     everything before and touches nothing but its agent's record from then on.
 *
 * Ordering
 *   [WT1] flag and ring: store then load against swap then load, all seq_cst.
 *         A relaxed load of the flag is enough on x86 and wrong in C11.
 *   [WT2] claim: swapped seq_cst; 0, the case's index + 1, or WITHDRAWN.
 *   [WT3] done: stored by release when result and element are in place; loaded by
 *         acquire. The signal to the parker comes after it.
 */
#ifndef RN_WAIT_WAITER_H
#define RN_WAIT_WAITER_H

#include "base/list.h"
#include "ring/ring.h"
#include "task/agent.h"

/* Chosen, but the element was gone again: look for yourself, then wait at the front. */
#define RN_RETRY 1

#define RN_CLAIM_NONE 0u
#define RN_CLAIM_WITHDRAWN UINT32_MAX

typedef struct rn_waiter {
    rn_agent *agent;
    rn_atomic_u32 claim; /* [WT2], select only */
    rn_atomic_u32 done;  /* [WT3] */
    int result;          /* 0, -EPIPE, -ENOMEM or RN_RETRY */
    bool is_select;
    struct rn_waiter *next_woken;
} rn_waiter;

typedef struct rn_node {
    rn_link link;
    rn_waiter *waiter;
    void *elem;
    uint32_t index; /* which case of a select */
    rn_dir dir;
    bool listed;
} rn_node;

/* Those to be woken when all locks have been released, in order. */
typedef struct rn_wakes {
    rn_waiter *first;
    rn_waiter *last;
} rn_wakes;

/* Before each wait: nobody else knows the waiter. */
void rn_waiter_prepare(rn_waiter *w, rn_agent *agent, bool is_select);

/* Chooses a listed node's waiter. False: it has been chosen, or has withdrawn. */
bool rn_waiter_claim(rn_node *n);

/* A select gives up. False: too late, it was chosen; `done` will come. */
bool rn_waiter_withdraw(rn_waiter *w);

/* Sleeps until done (true) or until the deadline (false). The agent is outside. */
bool rn_waiter_sleep(rn_waiter *w, rn_time deadline_ns);

/* Notes the result of a chosen waiter, to be woken by rn_wakes_run. */
void rn_wakes_add(rn_wakes *wakes, rn_waiter *w, int result);

/* Wakes them. Holds no lock. */
void rn_wakes_run(rn_wakes *wakes, const rn_agent *self);

#endif
