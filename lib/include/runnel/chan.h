/* SPDX-License-Identifier: MIT */
/*
 * Channels: typed queues through which threads hand each other elements.
 *
 * A channel carries elements of one size, copied in by send and out by
 * receive, in first-in first-out order. Any number of threads may send to and
 * receive from it at the same time (unless it was made RN_CHAN_SPSC).
 *
 *   capacity 0             rendezvous: a send returns when a receiver has the element
 *   capacity n             a ring of exactly n elements
 *   RN_UNBOUNDED           a send never waits; memory is the limit
 *
 * Errors. Functions return 0 or a count on success and a negative errno:
 *   -EPIPE            closed (for receivers: closed and drained)
 *   -EAGAIN           try_*: it would have to wait
 *   -ETIMEDOUT        *_until: the deadline passed
 *   -EINVAL           NULL channel, RN_NEVER, or NULL element to send (of a size
 *                     that is not 0)
 *   -ENOMEM           no memory (an unbounded channel's next segment, or the
 *                     record that a thread gets at its first call)
 *   -ENOTRECOVERABLE  this process is the child of a fork(); see DESIGN.md. Calls
 *                     without a code do nothing then: unref returns, len says 0
 *
 * Progress. "Lock-free" is said only of what goes on while another thread is frozen
 * at any of its instructions (tests/progress tries them all): try_*, close and len on
 * channels of capacity >= 1 with elements of at most 8 bytes and without RN_CHAN_FAST
 * (an unbounded one but for malloc), and SPSC. Elsewhere a thread that is suspended in the middle of an operation can
 * delay those who need the same slot, or, at capacity 0, the same channel. DESIGN.md
 * has the table.
 *
 * Deadlines are those of the sleep: after it a waiter takes the channel's lock once
 * more, and may be chosen until it has it (then the call succeeds, late).
 *
 * Not from signal handlers: one that interrupts a call on the same thread must not
 * make another. A wait is not a cancellation point and is not ended by a signal.
 *
 * errno is not preserved.
 */
#ifndef RUNNEL_CHAN_H
#define RUNNEL_CHAN_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "runnel/api.h"
#include "runnel/time.h"

RN_BEGIN_DECLS

typedef struct rn_chan rn_chan;

/* As a capacity: no bound. */
#define RN_UNBOUNDED SIZE_MAX

/* In a select case: this case is never ready (Go's nil channel). Elsewhere: -EINVAL. */
#define RN_NEVER ((rn_chan *)UINTPTR_MAX)

/* Options for rn_chan_new_with. */
enum {
    /* One thread sends and closes, one thread receives, at a time. No locked
     * instruction on the way. Needs 1 <= cap < RN_UNBOUNDED. */
    RN_CHAN_SPSC = 1,
    /* Claim, then publish in two steps, for elements of at most 8 bytes too: the other
     * bounded ring, no longer lock-free; RESULTS.md has both side by side. Says nothing
     * where there is no choice (capacity 0, unbounded, size 0, larger elements). */
    RN_CHAN_FAST = 2,
};

/*
 * Effect:   makes a channel for elements of `elem_size` bytes (0 is allowed: it
 *           then only counts) with room for exactly `cap` of them.
 * Blocking: never.
 * Returns:  the channel with one reference, or NULL with errno ENOMEM, or
 *           EOVERFLOW if cap elements cannot be addressed or one has 4 GiB or more,
 *           or ENOTRECOVERABLE.
 * Callers:  any thread.
 * Progress: that of malloc.
 */
RN_API rn_chan *rn_chan_new(size_t elem_size, size_t cap) RN_MUST_CHECK;

/* As rn_chan_new, with RN_CHAN_* options or-ed together; NULL with errno EINVAL
 * for options that do not go together. */
RN_API rn_chan *rn_chan_new_with(size_t elem_size, size_t cap, unsigned options) RN_MUST_CHECK;

/*
 * Effect:   takes, or gives back, one reference. The last one frees the channel
 *           with whatever elements are left in it. It may be given back while
 *           another thread is still on its way out of an operation whose effect
 *           was seen: receive the last element, unref, is safe.
 * Blocking: never.
 * Returns:  ref: ch. NULL is ignored by both.
 * Misuse:   more unrefs than references panic, as long as the channel's header
 *           has not been reused.
 * Callers:  any thread that holds a reference.
 * Progress: ref wait-free; unref that of free.
 */
RN_API rn_chan *rn_chan_ref(rn_chan *ch);
RN_API void rn_chan_unref(rn_chan *ch);

/*
 * Effect:   copies one element from `elem` into the channel.
 * Blocking: send while the channel is full (capacity 0: until a receiver has
 *           the element), send_until at most until `deadline_ns`; try_send does not
 *           wait for room.
 * Returns:  0; -EPIPE if the channel is closed or gets closed while waiting;
 *           -EAGAIN (try), -ETIMEDOUT (until), -EINVAL, -ENOMEM.
 * Callers:  any thread; SPSC: one at a time, ordered by the caller.
 * Progress: see the top of this file.
 */
RN_API int rn_send(rn_chan *ch, const void *elem) RN_MUST_CHECK;
RN_API int rn_try_send(rn_chan *ch, const void *elem) RN_MUST_CHECK;
RN_API int rn_send_until(rn_chan *ch, const void *elem, rn_time deadline_ns) RN_MUST_CHECK;

/*
 * Effect:   moves the oldest element to `elem`; NULL drops it.
 * Blocking: recv while the channel is empty, recv_until at most until
 *           `deadline_ns`; try_recv does not wait for an element.
 * Returns:  0; -EPIPE if the channel is closed and drained (then *elem is
 *           zeroed); -EAGAIN (try), -ETIMEDOUT (until), -EINVAL, -ENOMEM.
 * Callers:  any thread; SPSC: one at a time, ordered by the caller.
 * Progress: see the top of this file.
 */
RN_API int rn_recv(rn_chan *ch, void *elem) RN_MUST_CHECK;
RN_API int rn_try_recv(rn_chan *ch, void *elem) RN_MUST_CHECK;
RN_API int rn_recv_until(rn_chan *ch, void *elem, rn_time deadline_ns) RN_MUST_CHECK;

/*
 * Effect:   send_n copies `n` elements in, in order; recv_n moves up to `n` out
 *           (and zeroes nothing when it fails).
 *           The elements of one call need not stay together.
 * Blocking: send_n until all are in (or the channel is closed); recv_n until
 *           there is at least one, then it takes what is there.
 * Returns:  the number moved; -EPIPE if that is none because the channel is
 *           closed (and drained); -EINVAL (NULL elements too, unless they have no
 *           bytes), -ENOMEM. n = 0 returns 0.
 * Callers:  as send and recv.
 * Progress: as send and recv, element by element.
 */
RN_API ssize_t rn_send_n(rn_chan *ch, const void *elems, size_t n) RN_MUST_CHECK;
RN_API ssize_t rn_recv_n(rn_chan *ch, void *elems, size_t n) RN_MUST_CHECK;

/*
 * Effect:   closes the channel: sends fail from now on, receives drain what is
 *           there and then fail; everybody who waits is woken accordingly.
 * Blocking: never where it is lock-free; capacity 0: for the channel's short lock;
 *           elsewhere, if anybody is parked, as a try operation may.
 * Returns:  0; -EPIPE if it was closed already; -EINVAL, -ENOMEM.
 * Callers:  any thread; SPSC: the sender.
 * Progress: see the top of this file.
 */
RN_API int rn_close(rn_chan *ch);

/*
 * Effect:   the number of elements in the channel at some instant during the
 *           call; its capacity (RN_UNBOUNDED if it has none).
 * Blocking: never.
 * Returns:  0 for NULL and for RN_NEVER.
 * Callers:  any thread. They order nothing: use them to look, not to decide.
 * Progress: see the top of this file.
 */
RN_API size_t rn_len(const rn_chan *ch);
RN_API size_t rn_cap(const rn_chan *ch);

RN_END_DECLS

#endif
