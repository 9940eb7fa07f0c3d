/* SPDX-License-Identifier: MIT */
/* Any ring: the four verbs in full. */
#include "ring/any_ring.h"

#include "os/os.h"
#include "ring/count_ring.h"
#include "ring/segment_ring.h"
#include "ring/wide_ring.h"

rn_ring_result rn_ring_push(rn_ring *ring, const void *elem)
{
    switch (ring->kind) {
    case RN_RING_WORD:
        return rn_word_push(ring, rn_word_load(elem, ring->elem_size));
    case RN_RING_SPSC:
        return rn_spsc_push(ring, elem, ring->elem_size);
    case RN_RING_WIDE:
        return rn_wide_push(ring, elem);
    case RN_RING_COUNT:
        return rn_count_push(ring);
    case RN_RING_UNBOUNDED:
        return rn_segment_push(ring, elem);
    default:
        return RN_RING_ABSENT;
    }
}

static rn_ring_result pop_word(rn_ring *ring, void *elem)
{
    uint64_t word;
    rn_ring_result r = rn_word_pop(ring, &word);
    if (r == RN_RING_OK)
        rn_word_store(elem, word, ring->elem_size);
    return r;
}

rn_ring_result rn_ring_pop(rn_ring *ring, void *elem)
{
    switch (ring->kind) {
    case RN_RING_WORD:
        return pop_word(ring, elem);
    case RN_RING_SPSC:
        return rn_spsc_pop(ring, elem, ring->elem_size);
    case RN_RING_WIDE:
        return rn_wide_pop(ring, elem);
    case RN_RING_COUNT:
        return rn_count_pop(ring);
    case RN_RING_UNBOUNDED:
        return rn_segment_pop(ring, elem);
    default:
        return RN_RING_ABSENT;
    }
}

rn_ring_result rn_ring_close(rn_ring *ring)
{
    switch (ring->kind) {
    case RN_RING_WORD:
        return rn_word_close(ring);
    case RN_RING_WIDE:
        return rn_wide_close(ring);
    case RN_RING_SPSC:
        return rn_spsc_close(ring);
    case RN_RING_COUNT:
        return rn_count_close(ring);
    default:
        return rn_segment_close(ring);
    }
}

rn_ring_result rn_ring_poll(rn_ring *ring, rn_dir dir, rn_evidence *evidence)
{
    switch (ring->kind) {
    case RN_RING_WORD:
        return rn_word_poll(ring, dir, evidence);
    case RN_RING_WIDE:
        return rn_wide_poll(ring, dir, evidence);
    case RN_RING_SPSC:
        return rn_spsc_poll(ring, dir, evidence);
    case RN_RING_COUNT:
        return rn_count_poll(ring, dir, evidence);
    default:
        return rn_segment_poll(ring, dir, evidence);
    }
}

void rn_ring_heavy_fence(const rn_ring *ring)
{
    if (ring->kind != RN_RING_SPSC)
        return;
    if (ring->light_fence)
        rn__membarrier(); /* [SP3] */
    else
        rn_fence_seq_cst();
}
