/* SPDX-License-Identifier: MIT */
/*
 * Matching: moves elements between the ring and those who wait, under the lock,
 * by whoever has made progress possible. Invariants: channel.h.
 *
 * To a fixpoint: a pass that moved anything is followed by another over both
 * lists. (One pass over receivers and one over senders strands an element: a
 * sender's element pushed by the pass is there for a receiver it has left behind.)
 *
 * A waiter on this channel alone is popped for, then unlisted: nobody else can
 * choose it. A select must be claimed before anything is moved for it (popping first
 * would leave an element in hand when the claim fails); and if a fast operation has
 * taken the element between our poll and our pop, it is told RETRY: a claim is never
 * taken back, since another channel's matcher has passed the waiter by because of it.
 *
 * Ordering: [LK3], at its function below; otherwise that of the lock and the rings.
 */
#include "chan/channel.h"

void rn_chan_enlist(rn_chan *c, rn_node *n, bool at_front)
{
    rn_link *list = &c->waiting[n->dir];
    if (at_front)
        rn_list_push_front(list, &n->link);
    else
        rn_list_push_back(list, &n->link);
    n->listed = true;
    uint32_t watch = rn_load_relaxed(&c->ring.watch); /* written under the lock alone */
    if (!(watch & RN_WATCH_PARKED(n->dir)))
        rn_store_seq_cst(&c->ring.watch, watch | RN_WATCH_PARKED(n->dir)); /* [WT1] */
}

void rn_chan_unlist(rn_chan *c, rn_node *n)
{
    if (!n->listed)
        return;
    rn_list_remove(&n->link);
    n->listed = false;
    if (!rn_list_empty(&c->waiting[n->dir]))
        return;
    /* Relaxed: who still reads it set looks into an empty list, no more. */
    uint32_t watch = rn_load_relaxed(&c->ring.watch);
    rn_store_relaxed(&c->ring.watch, watch & ~RN_WATCH_PARKED(n->dir));
}

static void deliver(rn_chan *c, rn_node *n, int result, rn_wakes *wakes)
{
    rn_chan_unlist(c, n);
    rn_wakes_add(wakes, n->waiter, result);
}

/* The first waiter of a list. True: it has left the list; the next one's turn. */
static bool match_single(rn_chan *c, rn_node *n, rn_wakes *wakes)
{
    rn_ring_result r = rn_ring_move(&c->ring, n->dir, n->elem);
    if (r == RN_RING_NOTNOW)
        return false;
    deliver(c, n, rn_errno_of(r), wakes);
    return true;
}

static bool match_select(rn_chan *c, rn_node *n, rn_wakes *wakes)
{
    rn_evidence unused;
    if (rn_ring_poll(&c->ring, n->dir, &unused) == RN_RING_NOTNOW)
        return false;
    if (!rn_waiter_claim(n)) {
        rn_chan_unlist(c, n);
        return true;
    }
    rn_ring_result r = rn_ring_move(&c->ring, n->dir, n->elem);
    deliver(c, n, r == RN_RING_NOTNOW ? RN_RETRY : rn_errno_of(r), wakes);
    return true;
}

static bool match_list(rn_chan *c, rn_dir dir, rn_wakes *wakes)
{
    bool moved = false;
    rn_link *list = &c->waiting[dir];
    while (!rn_list_empty(list)) {
        rn_node *n = RN_CONTAINER_OF(list->next, rn_node, link);
        if (!(n->waiter->is_select ? match_select(c, n, wakes) : match_single(c, n, wakes)))
            break;
        moved = true;
    }
    return moved;
}

static void match(rn_chan *c, rn_wakes *wakes)
{
    bool moved = !rn_chan_is_rendezvous(c);
    while (moved) {
        moved = match_list(c, RN_DIR_RECV, wakes);
        moved |= match_list(c, RN_DIR_SEND, wakes);
    }
}

/*
 * [LK3] An SPSC ring is changed by a plain store, which [LK2] does not order. Who
 * delegates has this fence between that store and its look at the lock, the holder
 * between clearing the mark and looking at the ring again. (Without the holder's the
 * model checker lost a wake-up that x86 would have forgiven.)
 */
static void fence_for_delegation(const rn_chan *c)
{
    if (c->ring.kind == RN_RING_SPSC)
        rn_fence_seq_cst();
}

void rn_chan_unlock(rn_chan *c, rn_wakes *wakes)
{
    for (;;) {
        match(c, wakes);
        if (rn_lock_release(&c->lock))
            return;
        fence_for_delegation(c); /* [LK3] */
    }
}

RN_NOINLINE void rn_chan_help(rn_chan *c, const rn_agent *self)
{
    fence_for_delegation(c); /* [LK3] */
    if (!rn_lock_acquire_or_delegate(&c->lock))
        return;
    rn_wakes wakes = { NULL, NULL };
    rn_chan_unlock(c, &wakes);
    rn_wakes_run(&wakes, self);
}
