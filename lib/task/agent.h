/* SPDX-License-Identifier: MIT */
/*
 * Agents: everybody who calls in has a record. (Today: every thread. Workers of
 * the task pool will be the other kind.)
 *
 * A record holds what others may touch while its owner sleeps or has left: its
 * parker, and the counter that says whether the owner is inside an operation.
 * Records are never unmapped, only recycled; so a wake-up may touch one at any time.
 *
 * The counter is odd inside an operation and even outside; even while asleep. Who
 * wants to free what an operation may still be looking at (reclaim.c) looks at the
 * counters: even, or another value than before, means that operation is over.
 *
 * State, two cache lines:
 *
 *   | inside rng spin | written by the owner alone; read by who reclaims
 *   | parker used next | written by who wakes it
 *
 * Ordering
 *   [AG1] inside: stored by release on leaving, loaded by acquire by who reclaims:
 *         what the operation touched is touched before it is freed.
 *   [AG2] entering is a relaxed store. An operation whose effect was seen is seen
 *         to be inside as well, since its effect is a release that comes after it.
 *         For what can be reached without any effect (a segment through a hint),
 *         who reclaims runs membarrier between unlinking and looking, and a
 *         compiler barrier is enough here; without membarrier, a full fence.
 *   [AG3] registry: a record is published by release, found by acquire.
 *   [AG4] used: given back by release, taken by acquire: the plain fields.
 */
#ifndef RN_TASK_AGENT_H
#define RN_TASK_AGENT_H

#include "base/atomic.h"
#include "base/cacheline.h"
#include "base/check.h"
#include "os/os.h"

typedef struct rn_agent {
    RN_LINE_ALIGNED rn_atomic_u64 inside;
    uint64_t rng;
    uint32_t spin_credit; /* wait/spin.c */
    bool full_fence;      /* no membarrier on this kernel */

    RN_LINE_ALIGNED rn_parker parker;
    rn_atomic_u32 used;
    struct rn_agent *next; /* the registry; set once */

    uint64_t seen_inside; /* reclaim.c, under its lock */
} rn_agent;

extern _Thread_local rn_agent *rn__agent_tls;

/* The first call of a thread. NULL: errno is ENOMEM, or ENOTRECOVERABLE after fork. */
rn_agent *rn__agent_register(void);

/* Is this process the child of one that had runnel running? */
bool rn__agent_is_forked(void);

/* All records there ever were, by `next`. */
rn_agent *rn__agent_first(void);

/* The caller's record, or NULL and errno (see rn__agent_register). */
static RN_INLINE rn_agent *rn__agent_self(void)
{
    rn_agent *a = rn__agent_tls;
    return RN_LIKELY(a != NULL) ? a : rn__agent_register();
}

/* Operations do not nest. */
static RN_INLINE void rn__agent_enter(rn_agent *a)
{
    uint64_t n = rn_load_relaxed(&a->inside);
    RN_ASSERT((n & 1) == 0);
    rn_store_relaxed(&a->inside, n + 1); /* [AG2] */
    if (RN_UNLIKELY(a->full_fence))
        rn_fence_seq_cst();
    else
        rn_compiler_barrier();
}

static RN_INLINE void rn__agent_leave(rn_agent *a)
{
    uint64_t n = rn_load_relaxed(&a->inside);
    RN_ASSERT((n & 1) == 1);
    rn_store_release(&a->inside, n + 1); /* [AG1] */
}

/* xorshift64: for choices that only have to be even, not secret. */
static inline uint32_t rn__agent_random(rn_agent *a, uint32_t below)
{
    uint64_t x = a->rng;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    a->rng = x;
    return (uint32_t)((x >> 32) * below >> 32);
}

#endif
