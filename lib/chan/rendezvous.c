/* SPDX-License-Identifier: MIT */
/*
 * Rendezvous: channels of capacity 0. No ring; all under the lock. Whoever comes
 * second copies straight between the two elements and wakes the first.
 *
 * Not lock-free: a holder that is suspended delays everybody on this channel.
 */
#include "chan/channel.h"

bool rn_chan_is_closed_locked(rn_chan *c)
{
    return rn_load_relaxed(&c->ring.watch) & RN_WATCH_CLOSED; /* written under the lock */
}

static void hand_over(const rn_chan *c, void *to, const void *from)
{
    if (to && c->ring.elem_size)
        rn_copy(to, from, c->ring.elem_size);
}

bool rn_rendezvous_pair(rn_chan *c, rn_dir dir, void *elem, const rn_waiter *self, rn_wakes *wakes)
{
    rn_link *list = &c->waiting[!dir];
    rn_link *next;
    for (rn_link *l = list->next; l != list; l = next) {
        next = l->next;
        rn_node *peer = RN_CONTAINER_OF(l, rn_node, link);
        if (peer->waiter == self)
            continue; /* a select does not meet itself */
        bool ours = !peer->waiter->is_select || rn_waiter_claim(peer);
        rn_chan_unlist(c, peer);
        if (!ours)
            continue;
        if (dir == RN_DIR_SEND)
            hand_over(c, peer->elem, elem);
        else
            hand_over(c, elem, peer->elem);
        rn_wakes_add(wakes, peer->waiter, 0);
        return true;
    }
    return false;
}

int rn_rendezvous_try(rn_chan *c, rn_dir dir, void *elem, const rn_agent *self)
{
    /* Without the lock first: most tries find nobody. seq_cst, so that "nobody" is
     * true at this instant. */
    uint32_t watch = rn_load_seq_cst(&c->ring.watch);
    if (watch & RN_WATCH_CLOSED)
        return -EPIPE;
    if (!(watch & RN_WATCH_PARKED(!dir)))
        return -EAGAIN;
    rn_wakes wakes = { NULL, NULL };
    int r = -EAGAIN;
    rn_lock_acquire(&c->lock);
    if (rn_chan_is_closed_locked(c))
        r = -EPIPE;
    else if (rn_rendezvous_pair(c, dir, elem, NULL, &wakes))
        r = 0;
    rn_chan_unlock(c, &wakes);
    rn_wakes_run(&wakes, self);
    return r;
}

static void fail_all(rn_chan *c, rn_dir dir, rn_wakes *wakes)
{
    while (!rn_list_empty(&c->waiting[dir])) {
        rn_node *n = RN_CONTAINER_OF(c->waiting[dir].next, rn_node, link);
        bool ours = !n->waiter->is_select || rn_waiter_claim(n);
        rn_chan_unlist(c, n);
        if (ours)
            rn_wakes_add(wakes, n->waiter, -EPIPE);
    }
}

int rn_rendezvous_close(rn_chan *c, const rn_agent *self)
{
    rn_wakes wakes = { NULL, NULL };
    rn_lock_acquire(&c->lock);
    int r = rn_chan_is_closed_locked(c) ? -EPIPE : 0;
    if (r == 0) {
        uint32_t watch = rn_load_relaxed(&c->ring.watch);
        rn_store_seq_cst(&c->ring.watch, watch | RN_WATCH_CLOSED);
        fail_all(c, RN_DIR_RECV, &wakes);
        fail_all(c, RN_DIR_SEND, &wakes);
    }
    rn_chan_unlock(c, &wakes);
    rn_wakes_run(&wakes, self);
    return r;
}
