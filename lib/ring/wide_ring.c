/* SPDX-License-Identifier: MIT */
/*
 * Wide ring: a bounded MPMC queue of elements of any size, in two phases.
 *
 *   push at t   swap tail t -> t + 1 (the claim), copy, publish the slot's stamp
 *   pop at h    swap head h -> h + 1 (the claim), copy, free the slot's stamp
 *
 * A thread that is suspended between claim and publication delays those who need
 * that slot, whatever they call: this ring is not lock-free. They pause, then
 * yield, then sleep (rn__cpu_backoff), and never say "full" or "empty" instead.
 *
 * State: tail = position << 1 | CLOSED, head = position; a cell is the stamp (as
 * in ring.h, without CLOSED) followed by the element.
 *
 * Invariant: head <= tail <= head + capacity, in ordinals. Hence "tail was t, then
 * head is t - lap" proves full at both instants, and likewise for empty.
 *
 * Ordering
 *   [WD1] stamp: stored by release after the copy, loaded by acquire before the
 *         next one's copy: hands the cell from producer to consumer and back.
 *   [WD2] tail and head: swapped seq_cst, and loaded seq_cst where they decide
 *         full, empty or closed: the re-check of parking ([WT1] in wait/waiter.h).
 *         (With an acquire load of tail in push the model checker found a sender
 *         that parks on a full ring and misses a close.)
 *
 * Cost of a push, a pop: one locked instruction each, two lines written.
 *
 * Source: D. Vyukov's bounded MPMC queue; the closed bit in tail and the exact
 * capacity as in crossbeam-channel's array flavour.
 */
#include "ring/wide_ring.h"

#include "os/os.h"

#define TAIL_CLOSED UINT64_C(1)

typedef struct cell {
    rn_atomic_u64 stamp;
    unsigned char elem[];
} cell;

static cell *cell_of(const rn_ring *ring, uint64_t p)
{
    return (cell *)(void *)(ring->cells + (p & ring->mask) * ring->stride);
}

size_t rn_wide_stride(size_t elem_size)
{
    return sizeof(cell) + ((elem_size + 7) & ~(size_t)7);
}

void rn_wide_init(rn_ring *ring)
{
    for (uint64_t i = 0; i < ring->cap; i++)
        rn_atomic_init(&cell_of(ring, i)->stamp, rn_stamp(i, 0));
}

/* What became of the place that we looked at. */
typedef enum place { READY, LOOK_AGAIN, NOTNOW, CLOSED } place;

/*
 * Where a push would go: READY (t's cell is free), NOTNOW (full), CLOSED, or
 * LOOK_AGAIN: tail has moved on, or a pop has claimed the cell and not freed it yet.
 */
static place look_for_push(rn_ring *ring, uint64_t *t, unsigned *round)
{
    uint64_t tail = rn_load_seq_cst(&ring->tail); /* [WD2] it has the closed bit */
    if (tail & TAIL_CLOSED)
        return CLOSED;
    *t = tail >> 1;
    if (rn_load_acquire(&cell_of(ring, *t)->stamp) == rn_stamp(*t, 0)) /* [WD1] */
        return READY;
    if (rn_load_seq_cst(&ring->head) == *t - ring->lap) /* [WD2] */
        return NOTNOW;
    /* Relaxed: whether to wait for a neighbour or to go on at once. */
    if (rn_load_relaxed(&ring->tail) == tail)
        rn__cpu_backoff(round);
    return LOOK_AGAIN;
}

static place look_for_pop(rn_ring *ring, uint64_t *h, uint64_t *tail, unsigned *round)
{
    *h = rn_load_acquire(&ring->head); /* [WD2] the swap re-checks it */
    if (rn_load_acquire(&cell_of(ring, *h)->stamp) == rn_stamp(*h, RN_STAMP_FULL)) /* [WD1] */
        return READY;
    *tail = rn_load_seq_cst(&ring->tail); /* [WD2] */
    if (*tail >> 1 == *h)
        return *tail & TAIL_CLOSED ? CLOSED : NOTNOW;
    if (rn_load_relaxed(&ring->head) == *h)
        rn__cpu_backoff(round);
    return LOOK_AGAIN;
}

rn_ring_result rn_wide_push(rn_ring *ring, const void *elem)
{
    unsigned round = 0;
    for (;;) {
        uint64_t t;
        switch (look_for_push(ring, &t, &round)) {
        case NOTNOW:
            return RN_RING_NOTNOW;
        case CLOSED:
            return RN_RING_CLOSED;
        case LOOK_AGAIN:
            continue;
        case READY:
            break;
        }
        uint64_t open = t << 1;
        if (!rn_cas_seq_cst(&ring->tail, &open, rn_next_position(ring, t) << 1)) /* [WD2] */
            continue;
        cell *c = cell_of(ring, t);
        rn_copy(c->elem, elem, ring->elem_size);
        rn_store_release(&c->stamp, rn_stamp(t, RN_STAMP_FULL)); /* [WD1] */
        return RN_RING_OK;
    }
}

rn_ring_result rn_wide_pop(rn_ring *ring, void *elem)
{
    unsigned round = 0;
    for (;;) {
        uint64_t h, tail;
        switch (look_for_pop(ring, &h, &tail, &round)) {
        case NOTNOW:
            return RN_RING_NOTNOW;
        case CLOSED:
            return RN_RING_CLOSED;
        case LOOK_AGAIN:
            continue;
        case READY:
            break;
        }
        uint64_t expected = h;
        if (!rn_cas_seq_cst(&ring->head, &expected, rn_next_position(ring, h))) /* [WD2] */
            continue;
        cell *c = cell_of(ring, h);
        if (elem)
            rn_copy(elem, c->elem, ring->elem_size);
        rn_store_release(&c->stamp, rn_stamp(h + ring->lap, 0)); /* [WD1] */
        return RN_RING_OK;
    }
}

rn_ring_result rn_wide_close(rn_ring *ring)
{
    uint64_t before = rn_fetch_or_seq_cst(&ring->tail, TAIL_CLOSED); /* [WD2] */
    return before & TAIL_CLOSED ? RN_RING_CLOSED : RN_RING_OK;
}

static rn_ring_result poll_push(rn_ring *ring, rn_evidence *evidence)
{
    unsigned round = 0;
    for (;;) {
        uint64_t t;
        switch (look_for_push(ring, &t, &round)) {
        case READY:
            return RN_RING_OK;
        case CLOSED:
            return RN_RING_CLOSED;
        case NOTNOW: /* full while head stays, and open while tail does */
            *evidence = (rn_evidence){ { &ring->head, &ring->tail }, { t - ring->lap, t << 1 } };
            return RN_RING_NOTNOW;
        case LOOK_AGAIN:
            break;
        }
    }
}

rn_ring_result rn_wide_poll(rn_ring *ring, rn_dir dir, rn_evidence *evidence)
{
    if (dir == RN_DIR_SEND)
        return poll_push(ring, evidence);
    unsigned round = 0;
    for (;;) {
        uint64_t h, tail;
        switch (look_for_pop(ring, &h, &tail, &round)) {
        case READY:
            return RN_RING_OK;
        case CLOSED:
            return RN_RING_CLOSED;
        case NOTNOW: /* empty while tail stays: head cannot pass it */
            *evidence = (rn_evidence){ { &ring->tail }, { tail } };
            return RN_RING_NOTNOW;
        case LOOK_AGAIN:
            break;
        }
    }
}

size_t rn_wide_len(rn_ring *ring)
{
    for (;;) {
        uint64_t h = rn_load_seq_cst(&ring->head); /* [WD2] */
        uint64_t t = rn_load_seq_cst(&ring->tail) >> 1;
        if (rn_load_seq_cst(&ring->head) == h)
            return rn_ordinal_of(ring, t) - rn_ordinal_of(ring, h);
    }
}
