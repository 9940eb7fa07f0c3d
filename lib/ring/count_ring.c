/* SPDX-License-Identifier: MIT */
/*
 * Count ring: a queue of elements that have no bytes. Lock-free.
 *
 * State: one pair {pushes << 1 | CLOSED, pops} that only a 16-byte swap changes.
 * Two counters and not one difference, so that no state ever repeats: an equal
 * value proves that nothing happened in between.
 *
 * Invariant: pops <= pushes <= pops + cap.
 *
 * Ordering
 *   [CT1] swapped and loaded seq_cst, which parking needs ([WT1]). Reading the
 *         halves one after the other is enough to say full: pushes was p, then
 *         pops is p - cap, and by the invariant pushes cannot have moved; to say
 *         empty, the other way round.
 */
#include "ring/count_ring.h"

#define CLOSED_BIT UINT64_C(1)

rn_ring_result rn_count_push(rn_ring *ring)
{
    for (;;) {
        uint64_t pushes = rn_load_seq_cst(&ring->count.first); /* [CT1] */
        uint64_t pops = rn_load_seq_cst(&ring->count.second);
        if (pushes & CLOSED_BIT)
            return RN_RING_CLOSED;
        if ((pushes >> 1) - pops == ring->cap)
            return RN_RING_NOTNOW;
        if (rn_dwcas_seq_cst(&ring->count, pushes, pops, pushes + 2, pops)) /* [CT1] */
            return RN_RING_OK;
    }
}

rn_ring_result rn_count_pop(rn_ring *ring)
{
    for (;;) {
        uint64_t pops = rn_load_seq_cst(&ring->count.second); /* [CT1] */
        uint64_t pushes = rn_load_seq_cst(&ring->count.first);
        if (pushes >> 1 == pops)
            return pushes & CLOSED_BIT ? RN_RING_CLOSED : RN_RING_NOTNOW;
        if (rn_dwcas_seq_cst(&ring->count, pushes, pops, pushes, pops + 1)) /* [CT1] */
            return RN_RING_OK;
    }
}

rn_ring_result rn_count_close(rn_ring *ring)
{
    for (;;) {
        uint64_t pushes = rn_load_seq_cst(&ring->count.first); /* [CT1] */
        uint64_t pops = rn_load_seq_cst(&ring->count.second);
        if (pushes & CLOSED_BIT)
            return RN_RING_CLOSED;
        if (rn_dwcas_seq_cst(&ring->count, pushes, pops, pushes | CLOSED_BIT, pops))
            return RN_RING_OK;
    }
}

rn_ring_result rn_count_poll(rn_ring *ring, rn_dir dir, rn_evidence *evidence)
{
    if (dir == RN_DIR_SEND) {
        uint64_t pushes = rn_load_seq_cst(&ring->count.first); /* [CT1] */
        uint64_t pops = rn_load_seq_cst(&ring->count.second);
        *evidence = (rn_evidence){ { &ring->count.first, &ring->count.second }, { pushes, pops } };
        if (pushes & CLOSED_BIT)
            return RN_RING_CLOSED;
        /* A stale pushes may lie below pops: then it was not full either. */
        return (pushes >> 1) - pops == ring->cap ? RN_RING_NOTNOW : RN_RING_OK;
    }
    uint64_t pops = rn_load_seq_cst(&ring->count.second); /* [CT1] */
    uint64_t pushes = rn_load_seq_cst(&ring->count.first);
    *evidence = (rn_evidence){ { &ring->count.first }, { pushes } };
    if (pushes >> 1 != pops)
        return RN_RING_OK;
    return pushes & CLOSED_BIT ? RN_RING_CLOSED : RN_RING_NOTNOW;
}

size_t rn_count_len(rn_ring *ring)
{
    for (;;) {
        uint64_t pops = rn_load_seq_cst(&ring->count.second); /* [CT1] */
        uint64_t pushes = rn_load_seq_cst(&ring->count.first);
        if (rn_load_seq_cst(&ring->count.second) == pops)
            return (pushes >> 1) - pops;
    }
}
