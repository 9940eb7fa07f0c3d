/* SPDX-License-Identifier: MIT */
/*
 * Any ring: making, ending and measuring one, and the four verbs, whatever the kind;
 * and the usual case of push and pop, inlined, without a call in it, for the rings that
 * are meant to be fast.
 */
#ifndef RN_RING_ANY_RING_H
#define RN_RING_ANY_RING_H

#include "ring/ring.h"
#include "ring/spsc_ring.h"
#include "ring/word_ring.h"

/* cap >= 1 (SIZE_MAX for UNBOUNDED). 0, -EOVERFLOW or -ENOMEM. The ring is zeroed memory. */
int rn_ring_init(rn_ring *ring, rn_ring_kind kind, size_t elem_size, size_t cap,
                 rn_segment_retire retire);
/* Nobody uses the ring any more. Elements left in it are dropped. */
void rn_ring_destroy(rn_ring *ring);
/* The number of elements at some instant during the call. */
size_t rn_ring_len(rn_ring *ring);

/* ABSENT if the kind is NONE. */
rn_ring_result rn_ring_push(rn_ring *ring, const void *elem);
rn_ring_result rn_ring_pop(rn_ring *ring, void *elem);

/* Not for RN_RING_NONE. */
rn_ring_result rn_ring_close(rn_ring *ring);
rn_ring_result rn_ring_poll(rn_ring *ring, rn_dir dir, rn_evidence *evidence);

/* The heavy half of an SPSC ring's asymmetric fence ([SP3]); nothing for the others. */
void rn_ring_heavy_fence(const rn_ring *ring);

/* Pushes if that is simple. False: nothing has happened, rn_ring_push knows why. */
static RN_INLINE bool rn_ring_push_simple(rn_ring *ring, const void *elem)
{
    if (RN_LIKELY(ring->simple == RN_SIMPLE_WORD_8))
        return rn_word_push_at_hint(ring, rn_word_load(elem, 8));
    if (ring->simple == RN_SIMPLE_SPSC_8)
        return rn_spsc_push(ring, elem, 8) == RN_RING_OK;
    if (ring->simple == RN_SIMPLE_WORD)
        return rn_word_push_at_hint(ring, rn_word_load(elem, ring->elem_size));
    return false;
}

static RN_INLINE bool rn_ring_pop_simple(rn_ring *ring, void *elem)
{
    uint64_t word;
    if (RN_LIKELY(ring->simple == RN_SIMPLE_WORD_8)) {
        if (!rn_word_pop_at_hint(ring, &word))
            return false;
        rn_word_store(elem, word, 8);
        return true;
    }
    if (ring->simple == RN_SIMPLE_SPSC_8)
        return rn_spsc_pop(ring, elem, 8) == RN_RING_OK;
    if (ring->simple != RN_SIMPLE_WORD || !rn_word_pop_at_hint(ring, &word))
        return false;
    rn_word_store(elem, word, ring->elem_size);
    return true;
}

/* Pushes or pops, the simple way if that will do. */
static RN_INLINE rn_ring_result rn_ring_move(rn_ring *ring, rn_dir dir, void *elem)
{
    if (dir == RN_DIR_SEND)
        return rn_ring_push_simple(ring, elem) ? RN_RING_OK : rn_ring_push(ring, elem);
    return rn_ring_pop_simple(ring, elem) ? RN_RING_OK : rn_ring_pop(ring, elem);
}

#endif
