/* SPDX-License-Identifier: MIT */
/*
 * Reclamation by looking at the agents' counters (agent.h).
 *
 * Objects wait in two lists. `incoming` takes what is retired; `waiting` is a batch
 * for which every agent's counter was noted. The batch is freed when each counter
 * that was odd has changed; then the incoming ones become the next batch. Nobody
 * ever waits: whoever retires something looks once, and goes on.
 *
 * The common case needs none of it: a channel's last reference is dropped while
 * nobody else is inside anything, and it is freed on the spot.
 *
 * Memory held back is bounded by what is retired while one operation lasts, plus
 * BATCH_BYTES: an agent is outside while it is parked; inside, it sleeps at most for a
 * channel's lock or for a neighbour in the two-phase ring.
 *
 * Ordering
 *   [AG1], [AG2] see agent.h: the counters.
 *   [RC1] turn: taken by acquire, given back by release: the lists and the notes.
 *         Who finds it taken pushes to `incoming` and leaves the looking to later.
 *   [RC2] incoming: pushed by release, taken as a whole by acquire.
 *
 * Source: quiescent-state reclamation (McKenney's RCU; K. Fraser's epochs), with
 * the asymmetric fence of liburcu's memb flavour.
 */
#include "task/reclaim.h"

#ifdef RN_MODEL
enum { BATCH_BYTES = 1 }; /* so that every retired segment is looked at */
#else
enum { BATCH_BYTES = 128 * 1024 };
#endif

static RN_ATOMIC(rn_retired *) incoming;
static rn_atomic_u64 incoming_bytes;
static rn_atomic_u32 turn;
static rn_retired *waiting;     /* under the turn */
static rn_atomic_u32 held_back; /* is there a waiting batch? For rn__reclaim() */

static void push_incoming(rn_retired *r)
{
    size_t size = r->size;                          /* once it is pushed, another may free it */
    rn_retired *first = rn_load_relaxed(&incoming); /* the swap re-checks it */
    do {
        r->next = first;
    } while (!rn_cas_release(&incoming, &first, r)); /* [RC2] */
    rn_fetch_add_relaxed(&incoming_bytes, size);     /* a threshold, not a promise */
}

/* The bytes of a batch leave the count as they came, so that none are forgotten; the
 * count may dip below zero while a retirer is between its two steps. */
static void uncount(const rn_retired *r)
{
    uint64_t bytes = 0;
    for (; r; r = r->next)
        bytes += r->size;
    rn_fetch_add_relaxed(&incoming_bytes, -bytes);
}

static void free_all(rn_retired *r)
{
    while (r) {
        rn_retired *next = r->next;
        r->free_fn(r);
        r = next;
    }
}

/* Has everybody who was inside when the batch was noted left since? */
static bool all_have_left(void)
{
    for (rn_agent *a = rn__agent_first(); a; a = a->next)
        if ((a->seen_inside & 1) && rn_load_acquire(&a->inside) == a->seen_inside)
            return false; /* [AG1] */
    return true;
}

static void note_who_is_inside(void)
{
    rn__membarrier(); /* [AG2] the heavy half */
    for (rn_agent *a = rn__agent_first(); a; a = a->next)
        a->seen_inside = rn_load_acquire(&a->inside); /* [AG1] */
}

/* One look. The caller may be inside itself: then it counts like everybody else. */
static void look(void)
{
    uint32_t free_turn = 0;
    if (rn_load_relaxed(&turn) || !rn_cas_acquire(&turn, &free_turn, 1)) /* [RC1] */
        return;
    rn_retired *done = NULL;
    if (waiting && all_have_left()) {
        done = waiting;
        waiting = NULL;
    }
    if (!waiting && (waiting = rn_exchange_acquire(&incoming, NULL))) { /* [RC2] */
        uncount(waiting);
        note_who_is_inside();
    }
    if (waiting && !done && all_have_left()) {
        done = waiting;
        waiting = NULL;
    }
    rn_store_relaxed(&held_back, waiting != NULL);
    rn_store_release(&turn, 0); /* [RC1] */
    free_all(done);
}

static bool nobody_is_inside(void)
{
    for (rn_agent *a = rn__agent_first(); a; a = a->next)
        if (rn_load_acquire(&a->inside) & 1) /* [AG1] */
            return false;
    return true;
}

void rn__retire_seen(rn_retired *r)
{
    if (nobody_is_inside()) {
        r->free_fn(r);
        rn__reclaim();
        return;
    }
    push_incoming(r);
    look();
}

void rn__retire_unseen(rn_retired *r)
{
    push_incoming(r);
    if ((int64_t)rn_load_relaxed(&incoming_bytes) >= BATCH_BYTES)
        look();
}

void rn__reclaim(void)
{
    /* Relaxed: only whether it is worth a look. */
    if (rn_load_relaxed(&incoming) || rn_load_relaxed(&held_back))
        look();
}
