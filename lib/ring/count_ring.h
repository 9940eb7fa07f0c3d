/* SPDX-License-Identifier: MIT */
/* Count ring: elements without bytes, hence only how many. See count_ring.c. */
#ifndef RN_RING_COUNT_RING_H
#define RN_RING_COUNT_RING_H

#include "ring/ring.h"

rn_ring_result rn_count_push(rn_ring *ring);
rn_ring_result rn_count_pop(rn_ring *ring);
rn_ring_result rn_count_close(rn_ring *ring);
rn_ring_result rn_count_poll(rn_ring *ring, rn_dir dir, rn_evidence *evidence);
size_t rn_count_len(rn_ring *ring);

#endif
