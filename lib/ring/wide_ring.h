/* SPDX-License-Identifier: MIT */
/* Wide ring: bounded MPMC, any element size, two phases. See wide_ring.c. */
#ifndef RN_RING_WIDE_RING_H
#define RN_RING_WIDE_RING_H

#include "ring/ring.h"

size_t rn_wide_stride(size_t elem_size);
void rn_wide_init(rn_ring *ring);
rn_ring_result rn_wide_push(rn_ring *ring, const void *elem);
rn_ring_result rn_wide_pop(rn_ring *ring, void *elem);
rn_ring_result rn_wide_close(rn_ring *ring);
rn_ring_result rn_wide_poll(rn_ring *ring, rn_dir dir, rn_evidence *evidence);
size_t rn_wide_len(rn_ring *ring);

#endif
