/* SPDX-License-Identifier: MIT */
/* Any ring: choosing by kind. The rings do not know of each other, nor of this. */
#include "ring/any_ring.h"

#include <errno.h>

#include "os/os.h"
#include "ring/count_ring.h"
#include "ring/segment_ring.h"
#include "ring/wide_ring.h"

/* ---- making, ending, measuring ------------------------------------------------------- */

/* Positions must fit in 62 bits beside the stamp's two, for a good many laps. */
#define MAX_CAP (UINT64_C(1) << 48)

static uint64_t power_of_two_at_least(uint64_t n)
{
    return n <= 1 ? 1 : UINT64_C(1) << (64 - __builtin_clzll(n - 1));
}

static size_t bytes_per_slot(const rn_ring *ring)
{
    switch (ring->kind) {
    case RN_RING_WORD:
        return sizeof(rn_pair);
    case RN_RING_WIDE:
        return rn_wide_stride(ring->elem_size);
    case RN_RING_SPSC:
        return ring->elem_size;
    default:
        return 0;
    }
}

static rn_simple simple_path(const rn_ring *ring)
{
    uint32_t size = ring->elem_size;
    if (ring->kind == RN_RING_WORD && size == 8)
        return RN_SIMPLE_WORD_8;
    if (ring->kind == RN_RING_SPSC && size == 8)
        return RN_SIMPLE_SPSC_8;
    if (ring->kind == RN_RING_WORD && (size == 4 || size == 2 || size == 1))
        return RN_SIMPLE_WORD;
    return RN_SIMPLE_NOT;
}

static void init_slots(rn_ring *ring)
{
    if (ring->kind == RN_RING_WIDE)
        rn_wide_init(ring);
    for (uint64_t i = 0; ring->kind == RN_RING_WORD && i < ring->cap; i++)
        rn_atomic_init(&ring->slots[i].first, rn_stamp(i, 0));
}

int rn_ring_init(rn_ring *ring, rn_ring_kind kind, size_t elem_size, size_t cap,
                 rn_segment_retire retire)
{
    if (elem_size > UINT32_MAX)
        return -EOVERFLOW;
    ring->kind = (uint8_t)kind;
    ring->elem_size = (uint32_t)elem_size;
    ring->simple = (uint8_t)simple_path(ring);
    ring->cap = cap;
    if (kind == RN_RING_UNBOUNDED) {
        ring->retire = retire;
        return rn_segment_init(ring);
    }
    ring->stride = bytes_per_slot(ring);
    if (kind == RN_RING_COUNT || kind == RN_RING_NONE)
        return cap > UINT64_MAX >> 2 ? -EOVERFLOW : 0;
    /* An SPSC ring masks plain counters, so its storage is a whole power of two. */
    ring->lap = cap <= MAX_CAP ? power_of_two_at_least(cap) : 0;
    size_t slots = kind == RN_RING_SPSC ? ring->lap : cap;
    size_t bytes;
    if (!ring->lap || __builtin_mul_overflow(slots, ring->stride, &bytes) || bytes > PTRDIFF_MAX)
        return -EOVERFLOW;
    ring->mask = ring->lap - 1;
    ring->cells = rn__alloc(bytes, RN_LINE);
    if (!ring->cells)
        return -ENOMEM;
    ring->light_fence = kind == RN_RING_SPSC && rn__membarrier_available();
    init_slots(ring);
    return 0;
}

void rn_ring_destroy(rn_ring *ring)
{
    if (ring->kind == RN_RING_UNBOUNDED)
        rn_segment_destroy(ring);
    else if (ring->kind != RN_RING_COUNT && ring->kind != RN_RING_NONE)
        rn__free(ring->cells);
}

size_t rn_ring_len(rn_ring *ring)
{
    switch (ring->kind) {
    case RN_RING_WORD:
        return rn_word_len(ring);
    case RN_RING_WIDE:
        return rn_wide_len(ring);
    case RN_RING_SPSC:
        return rn_spsc_len(ring);
    case RN_RING_COUNT:
        return rn_count_len(ring);
    case RN_RING_UNBOUNDED:
        return rn_segment_len(ring);
    default:
        return 0;
    }
}

/* ---- the four verbs -------------------------------------------------------------------- */

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
