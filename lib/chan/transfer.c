/* SPDX-License-Identifier: MIT */
/*
 * Transfer: send and receive, in all their forms. What moves the element is
 * rn_chan_attempt (channel.h); here is what surrounds it, and the waiting.
 */
#include <string.h>

#include "chan/channel.h"
#include "wait/spin.h"

/* As a deadline inside this file: do not wait at all, say -EAGAIN. */
#define RN_AT_ONCE INT64_MIN

/* ---- without waiting ------------------------------------------------------------------ */

/* What the ring said, as a result of the channel. */
static int finish(rn_chan *c, rn_dir dir, void *elem, rn_ring_result r, rn_agent *self)
{
    if (r == RN_RING_OK) {
        if (rn_chan_has_waiters_for(c, dir)) /* [WT1] */
            rn_chan_help(c, self);
        return 0;
    }
    if (r == RN_RING_ABSENT)
        return rn_rendezvous_try(c, dir, elem, self);
    return rn_errno_of(r);
}

int rn_chan_attempt(rn_chan *c, rn_dir dir, void *elem, rn_agent *self)
{
    return finish(c, dir, elem, rn_ring_move(&c->ring, dir, elem), self);
}

/* ---- waiting ------------------------------------------------------------------------- */

static int attempt_inside(rn_chan *c, rn_dir dir, void *elem, rn_agent *self)
{
    rn__agent_enter(self);
    int r = rn_chan_attempt(c, dir, elem, self);
    rn__agent_leave(self);
    return r;
}

/*
 * The shortest pause between two looks at a ring, as a round of rn_spin_round. Each
 * look takes the line from the other side, so looking at once after every element
 * keeps the two in step, a transfer an element; a short pause lets a few gather, if
 * there is room for a few. Measured at 1p1c, capacity 1024: round 0 gives 18 ns a
 * message (SPSC 19), 2 gives 16 (15), 4 gives 15 (11).
 */
static unsigned first_round(const rn_chan *c, rn_agent *self)
{
    enum { ROOM_FOR_A_FEW = 8 };
    unsigned shortest = c->ring.kind == RN_RING_SPSC ? 4 : 2;
    unsigned first = rn_spin_first(self);
    return first < shortest && c->ring.cap >= ROOM_FOR_A_FEW ? shortest : first;
}

/* Tries again for as long as that is likely to be cheaper than sleeping. */
static int spin(rn_chan *c, rn_dir dir, void *elem, rn_agent *self)
{
    for (unsigned i = first_round(c, self); rn_spin_round(self, i); i++) {
        int r = attempt_inside(c, dir, elem, self);
        if (r != -EAGAIN) {
            rn_spin_paid(self, i);
            return r;
        }
    }
    return -EAGAIN;
}

/* Takes the node off its list again. False: too late, it was chosen. */
static bool withdraw(rn_chan *c, rn_node *n, rn_agent *self)
{
    rn_wakes wakes = { NULL, NULL };
    rn__agent_enter(self);
    rn_lock_acquire(&c->lock);
    bool in_time = n->listed;
    rn_chan_unlist(c, n);
    rn_chan_unlock(c, &wakes);
    rn_wakes_run(&wakes, self);
    rn__agent_leave(self);
    return in_time;
}

/* Under the lock: 0 or -EPIPE if there is no need to wait, -EAGAIN when enlisted. */
static int enlist_or_finish(rn_chan *c, rn_node *n, rn_wakes *wakes)
{
    if (rn_chan_is_rendezvous(c)) {
        if (rn_chan_is_closed_locked(c))
            return -EPIPE;
        if (rn_rendezvous_pair(c, n->dir, n->elem, NULL, wakes))
            return 0;
    }
    rn_chan_enlist(c, n, false);
    rn_ring_heavy_fence(&c->ring); /* [SP3] */
    return -EAGAIN;
}

static int enlist_and_sleep(rn_chan *c, rn_dir dir, void *elem, rn_time deadline_ns, rn_agent *self)
{
    rn_waiter waiter;
    rn_node node = { .waiter = &waiter, .elem = elem, .dir = dir };
    rn_wakes wakes = { NULL, NULL };
    rn_waiter_prepare(&waiter, self, false);
    rn__agent_enter(self);
    rn_lock_acquire(&c->lock);
    int r = enlist_or_finish(c, &node, &wakes);
    rn_chan_unlock(c, &wakes); /* looks at the ring again, for us too */
    rn_wakes_run(&wakes, self);
    rn__agent_leave(self);
    if (r != -EAGAIN)
        return r;

    if (!rn_waiter_sleep(&waiter, deadline_ns)) {
        if (withdraw(c, &node, self))
            return -ETIMEDOUT;
        rn_waiter_sleep(&waiter, RN_FOREVER);
    }
    return waiter.result;
}

int rn_chan_block(rn_chan *c, rn_dir dir, void *elem, rn_time deadline_ns, rn_agent *self)
{
    if (deadline_ns != RN_FOREVER && rn__clock_ns() >= deadline_ns)
        return -ETIMEDOUT;
    int r = rn_chan_is_rendezvous(c) ? -EAGAIN : spin(c, dir, elem, self);
    if (r != -EAGAIN)
        return r;
    if (deadline_ns == RN_FOREVER)
        return enlist_and_sleep(c, dir, elem, deadline_ns, self);
    /* Who times out comes back for its node, and may find that it was chosen in the
     * meantime; then the peer may already have given up the last reference. (Who has
     * no deadline never touches the channel again once it sleeps.) */
    rn_chan_ref(c);
    r = enlist_and_sleep(c, dir, elem, deadline_ns, self);
    rn_chan_unref(c);
    return r;
}

/* ---- the calls ------------------------------------------------------------------------ */

/* What follows a simple success if somebody waits for it. */
static RN_NOINLINE int help_and_leave(rn_chan *c, rn_agent *self)
{
    rn_chan_help(c, self);
    rn__agent_leave(self);
    return 0;
}

/* Everything but the simple case. The agent is inside. */
static RN_NOINLINE int transfer_slow(rn_chan *c, rn_dir dir, void *elem, rn_time deadline_ns,
                                     rn_agent *self)
{
    uint32_t size = c->ring.elem_size; /* who closes may free, once we are outside */
    rn_ring_result moved =
        dir == RN_DIR_SEND ? rn_ring_push(&c->ring, elem) : rn_ring_pop(&c->ring, elem);
    int r = finish(c, dir, elem, moved, self);
    rn__agent_leave(self);
    if (r == 0)
        return 0;
    if (r == -EAGAIN && deadline_ns != RN_AT_ONCE)
        r = rn_chan_block(c, dir, elem, deadline_ns, self);
    if (r == -EPIPE && dir == RN_DIR_RECV && elem)
        memset(elem, 0, size);
    return r;
}

static RN_COLD int transfer_first(rn_chan *c, rn_dir dir, void *elem, rn_time deadline_ns)
{
    rn_agent *self = rn__agent_register();
    if (!self)
        return -errno;
    rn__agent_enter(self);
    return transfer_slow(c, dir, elem, deadline_ns, self);
}

/* The hot path. No call but in tail position, so that it saves no registers. */
static RN_INLINE int transfer(rn_chan *c, rn_dir dir, void *elem, rn_time deadline_ns)
{
    rn_agent *self = rn__agent_tls;
    if (RN_UNLIKELY(!self))
        return transfer_first(c, dir, elem, deadline_ns);
    rn__agent_enter(self);
    if (RN_LIKELY(dir == RN_DIR_SEND ? rn_ring_push_simple(&c->ring, elem)
                                     : rn_ring_pop_simple(&c->ring, elem))) {
        if (rn_chan_has_waiters_for(c, dir)) /* [WT1] */
            return help_and_leave(c, self);
        rn__agent_leave(self);
        return 0;
    }
    return transfer_slow(c, dir, elem, deadline_ns, self);
}

static RN_INLINE int send(rn_chan *c, const void *elem, rn_time deadline_ns)
{
    if (RN_UNLIKELY(!rn_chan_is_valid(c) || (!elem && c->ring.elem_size)))
        return -EINVAL;
    return transfer(c, RN_DIR_SEND, (void *)(uintptr_t)elem, deadline_ns);
}

static RN_INLINE int receive(rn_chan *c, void *elem, rn_time deadline_ns)
{
    if (RN_UNLIKELY(!rn_chan_is_valid(c)))
        return -EINVAL;
    return transfer(c, RN_DIR_RECV, elem, deadline_ns);
}

/* A caller's INT64_MIN is a past deadline like any other. */
static rn_time as_deadline(rn_time t)
{
    return t < 0 ? 0 : t;
}

int rn_send(rn_chan *ch, const void *elem)
{
    return send(ch, elem, RN_FOREVER);
}

int rn_try_send(rn_chan *ch, const void *elem)
{
    return send(ch, elem, RN_AT_ONCE);
}

int rn_send_until(rn_chan *ch, const void *elem, rn_time deadline_ns)
{
    return send(ch, elem, as_deadline(deadline_ns));
}

int rn_recv(rn_chan *ch, void *elem)
{
    return receive(ch, elem, RN_FOREVER);
}

int rn_try_recv(rn_chan *ch, void *elem)
{
    return receive(ch, elem, RN_AT_ONCE);
}

int rn_recv_until(rn_chan *ch, void *elem, rn_time deadline_ns)
{
    return receive(ch, elem, as_deadline(deadline_ns));
}
