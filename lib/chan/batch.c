/* SPDX-License-Identifier: MIT */
/*
 * Batches: many claims, one look at the waiters.
 *
 * Elements are claimed one by one, as by single calls; what is saved is entering,
 * leaving and reading the flag. The flag is read after the last claim of a run and
 * before any wait, so that nobody sleeps on what we have brought.
 */
#include "chan/channel.h"

/* Claims between two looks at the waiters: they should not wait for a huge batch. */
enum { RUN = 256 };

/* elems + i elements; NULL stays NULL (elements of no bytes need no memory). */
static RN_INLINE char *at(const rn_chan *c, char *elems, size_t i)
{
    return elems ? elems + i * c->ring.elem_size : NULL;
}

/* Moves up to n elements without waiting, looks at the waiters once. Inside. */
static size_t move_run(rn_chan *c, rn_dir dir, char *elems, size_t n, int *why, rn_agent *self)
{
    size_t moved = 0;
    if (rn_chan_is_rendezvous(c)) {
        while (moved < n && (*why = rn_rendezvous_try(c, dir, at(c, elems, moved), self)) == 0)
            moved++;
        return moved;
    }
    while (moved < n && (*why = rn_errno_of(rn_ring_move(&c->ring, dir, at(c, elems, moved)))) == 0)
        moved++;
    if (moved && rn_chan_has_waiters_for(c, dir)) /* [WT1] */
        rn_chan_help(c, self);
    return moved;
}

/* Returns how many were moved without waiting; *why: 0, or why not all. In one stay
 * inside: once an element has moved, its peer may drop the last reference. */
static size_t move_all(rn_chan *c, rn_dir dir, char *elems, size_t n, int *why, rn_agent *self)
{
    size_t moved = 0;
    *why = 0;
    rn__agent_enter(self);
    while (moved < n && *why == 0) {
        size_t want = n - moved < RUN ? n - moved : RUN;
        moved += move_run(c, dir, at(c, elems, moved), want, why, self);
    }
    rn__agent_leave(self);
    return moved;
}

/* -EINVAL, -errno of registering, or 0 with *self set. */
static int begin(rn_chan *c, const void *elems, size_t n, rn_agent **self)
{
    if (!rn_chan_is_valid(c) || (!elems && n && c->ring.elem_size) || n > PTRDIFF_MAX)
        return -EINVAL;
    *self = rn__agent_self();
    return *self ? 0 : -errno;
}

ssize_t rn_send_n(rn_chan *ch, const void *elems, size_t n)
{
    rn_agent *self;
    int r = begin(ch, elems, n, &self);
    if (r != 0)
        return r;
    char *from = (char *)(uintptr_t)elems;
    size_t sent = 0;
    while (sent < n) {
        sent += move_all(ch, RN_DIR_SEND, at(ch, from, sent), n - sent, &r, self);
        if (r == -EAGAIN) {
            char *next = at(ch, from, sent);
            r = rn_chan_block(ch, RN_DIR_SEND, next, RN_FOREVER, self);
            sent += r == 0;
        }
        if (r != 0)
            break;
    }
    return sent ? (ssize_t)sent : r;
}

ssize_t rn_recv_n(rn_chan *ch, void *elems, size_t n)
{
    rn_agent *self;
    int r = begin(ch, elems, n, &self);
    if (r != 0 || n == 0)
        return r;
    size_t got = move_all(ch, RN_DIR_RECV, elems, n, &r, self);
    if (got || r != -EAGAIN)
        return got ? (ssize_t)got : r;
    /* We come back after the first element, and its sender may know that it was taken
     * and have dropped the last reference. */
    rn_chan_ref(ch);
    r = rn_chan_block(ch, RN_DIR_RECV, elems, RN_FOREVER, self);
    if (r == 0) {
        char *rest = at(ch, elems, 1);
        got = 1 + move_all(ch, RN_DIR_RECV, rest, n - 1, &r, self);
    }
    rn_chan_unref(ch);
    return got ? (ssize_t)got : r;
}
