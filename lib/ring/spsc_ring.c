/* SPDX-License-Identifier: MIT */
/* SPSC ring, the rest: close, poll, length. Algorithm and ordering: spsc_ring.h. */
#include "ring/spsc_ring.h"

rn_ring_result rn_spsc_close(rn_ring *ring)
{
    uint64_t tail = rn_load_relaxed(&ring->tail); /* close is the producer's: our own */
    if (tail & RN_SPSC_CLOSED)
        return RN_RING_CLOSED;
    rn_store_release(&ring->tail, tail | RN_SPSC_CLOSED); /* [SP1] */
    rn__spsc_fence(ring);
    return RN_RING_OK;
}

rn_ring_result rn_spsc_poll(rn_ring *ring, rn_dir dir, rn_evidence *evidence)
{
    /* seq_cst and not acquire: these are the values that try_select proves its
     * "nothing was ready" by. Neither end writes the other's word. */
    uint64_t head = rn_load_seq_cst(&ring->head);
    uint64_t tail = rn_load_seq_cst(&ring->tail);
    if (dir == RN_DIR_SEND) {
        if (tail & RN_SPSC_CLOSED)
            return RN_RING_CLOSED;
        *evidence = (rn_evidence){ { &ring->head }, { head } };
        return (tail >> 1) - head < ring->cap ? RN_RING_OK : RN_RING_NOTNOW;
    }
    *evidence = (rn_evidence){ { &ring->tail }, { tail } };
    if (tail >> 1 != head)
        return RN_RING_OK;
    return tail & RN_SPSC_CLOSED ? RN_RING_CLOSED : RN_RING_NOTNOW;
}

size_t rn_spsc_len(rn_ring *ring)
{
    for (;;) {
        uint64_t head = rn_load_seq_cst(&ring->head);
        uint64_t tail = rn_load_seq_cst(&ring->tail) >> 1;
        if (rn_load_seq_cst(&ring->head) == head)
            return tail - head;
    }
}
