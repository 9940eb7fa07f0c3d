/* SPDX-License-Identifier: MIT */
/* Segment ring: an unbounded MPMC queue. See segment_ring.c. */
#ifndef RN_RING_SEGMENT_RING_H
#define RN_RING_SEGMENT_RING_H

#include "ring/ring.h"

int rn_segment_init(rn_ring *ring);
void rn_segment_destroy(rn_ring *ring);
rn_ring_result rn_segment_push(rn_ring *ring, const void *elem);
rn_ring_result rn_segment_pop(rn_ring *ring, void *elem);
rn_ring_result rn_segment_close(rn_ring *ring);
rn_ring_result rn_segment_poll(rn_ring *ring, rn_dir dir, rn_evidence *evidence);
size_t rn_segment_len(rn_ring *ring);

/* For whoever retires segments: room for its own link, the size, and the end. */
#define RN_SEGMENT_LINK_SIZE 32
void *rn_segment_link(struct rn_segment *segment);
struct rn_segment *rn_segment_of_link(void *link);
size_t rn_segment_size(void);
void rn_segment_free(struct rn_segment *segment);

#endif
