/* SPDX-License-Identifier: MIT */
/*
 * Any ring: the four verbs, whatever the kind. The word ring and the SPSC ring are
 * inlined, the others called.
 */
#ifndef RN_RING_ANY_RING_H
#define RN_RING_ANY_RING_H

#include "ring/ring.h"
#include "ring/spsc_ring.h"
#include "ring/word_ring.h"

rn_ring_result rn__any_push(rn_ring *ring, const void *elem);
rn_ring_result rn__any_pop(rn_ring *ring, void *elem);

/* Not for RN_RING_NONE. (Push and pop say ABSENT then, out of the hot path.) */
rn_ring_result rn_ring_close(rn_ring *ring);
rn_ring_result rn_ring_poll(rn_ring *ring, rn_dir dir, rn_evidence *evidence);

/* The heavy half of an SPSC ring's asymmetric fence ([SP3]); nothing for the others. */
void rn_ring_heavy_fence(const rn_ring *ring);

static RN_INLINE rn_ring_result rn_ring_push(rn_ring *ring, const void *elem)
{
    if (RN_LIKELY(ring->kind == RN_RING_WORD))
        return rn_word_push(ring, rn_word_load(elem, ring->elem_size));
    if (ring->kind == RN_RING_SPSC)
        return rn_spsc_push(ring, elem);
    return rn__any_push(ring, elem);
}

static RN_INLINE rn_ring_result rn_ring_pop(rn_ring *ring, void *elem)
{
    if (RN_LIKELY(ring->kind == RN_RING_WORD)) {
        uint64_t word;
        rn_ring_result r = rn_word_pop(ring, &word);
        if (RN_LIKELY(r == RN_RING_OK))
            rn_word_store(elem, word, ring->elem_size);
        return r;
    }
    if (ring->kind == RN_RING_SPSC)
        return rn_spsc_pop(ring, elem);
    return rn__any_pop(ring, elem);
}

#endif
