/* SPDX-License-Identifier: MIT */
/*
 * Segment ring: an unbounded MPMC queue of word slots in linked segments.
 *
 * A segment is one lap of a word ring that is used once: its slots go FREE ->
 * FULL -> popped, claimed by the same swaps as in word_ring.h. When all its slots
 * are pushed, the next segment is linked behind it by a swap on `next`. The
 * queue's close mark is CLOSED on the tail's slot, or, if the tail stands exactly
 * between two segments, the mark END in `next`: the one place where the next push
 * would take effect. Neither end needs memory to close.
 *
 * Elements of more than 8 bytes travel in cells of their own, by pointer.
 *
 * Reclamation. A segment that all pops have passed is unlinked: first tail_segment
 * is helped past it, then head_segment is swapped past it, and whoever wins that
 * swap hands it to ring->retire, which frees it when no operation that could have
 * read one of the two pointers before is still inside (task/reclaim.c).
 *
 * Invariants
 *   - head_segment is at or before tail_segment; both only move along `next`.
 *   - A slot's position is segment->base + index; positions never repeat.
 *   - pushed and popped (hints within a segment) never pass the truth.
 *
 * Ordering
 *   [SG1] tail_segment, head_segment, next: swapped seq_cst / acq_rel, loaded by
 *         acquire: whoever follows a pointer sees the segment's initialization.
 *         `next` is loaded seq_cst where "no next" means empty ([WT1]).
 *   [SG2] slots: as [WR2] and [WR3] in word_ring.h.
 *   [SG3] hints: release and acquire, as [WR1].
 *
 * Lock-free but for malloc (a push in 256, every push if elements exceed 8 bytes).
 *
 * Source: our own; linked blocks as in crossbeam-channel's list flavour, whose
 * consumers wait for a producer that is linking a block; here nobody waits.
 */
#include "ring/segment_ring.h"

#include <errno.h>
#include <string.h>

#include "os/os.h"

#ifdef RN_MODEL
enum { SLOTS = 2 }; /* so that short histories cross from segment to segment */
#else
enum { SLOTS = 256 };
#endif

#define END ((struct rn_segment *)1)

struct rn_segment {
    uint64_t base;
    unsigned char link[RN_SEGMENT_LINK_SIZE];            /* for the list of retired ones */
    RN_LINE_ALIGNED rn_atomic_u64 pushed;                /* hint: slots below were pushed */
    RN_LINE_ALIGNED rn_atomic_u64 popped;                /* hint: slots below were popped */
    RN_LINE_ALIGNED RN_ATOMIC(struct rn_segment *) next; /* NULL, END or the next one */
    rn_pair slots[SLOTS];
};

_Static_assert(sizeof(((struct rn_segment *)0)->next) == sizeof(rn_atomic_u64),
               "evidence reads a pointer as a 64-bit word");

static struct rn_segment *segment_new(uint64_t base)
{
    struct rn_segment *s = rn__alloc(sizeof *s, RN_LINE);
    if (!s)
        return NULL;
    s->base = base;
    for (uint64_t i = 0; i < SLOTS; i++)
        rn_atomic_init(&s->slots[i].first, rn_stamp(base + i, 0));
    return s;
}

void *rn_segment_link(struct rn_segment *segment)
{
    return segment->link;
}

struct rn_segment *rn_segment_of_link(void *link)
{
    return RN_CONTAINER_OF(link, struct rn_segment, link);
}

size_t rn_segment_size(void)
{
    return sizeof(struct rn_segment);
}

void rn_segment_free(struct rn_segment *segment)
{
    rn__free(segment);
}

int rn_segment_init(rn_ring *ring)
{
    struct rn_segment *s = segment_new(0);
    if (!s)
        return -ENOMEM;
    rn_atomic_init(&ring->tail_segment, s);
    rn_atomic_init(&ring->head_segment, s);
    return 0;
}

/* ---- finding an end ---------------------------------------------------------------- */

/* Where the next push (pop) takes effect: a slot, or the link after the last slot. */
typedef struct spot {
    struct rn_segment *segment;
    uint64_t index; /* SLOTS: at the link */
    uint64_t stamp; /* of the slot */
    struct rn_segment *next;
} spot;

static bool is_segment(const struct rn_segment *s)
{
    return s && s != END;
}

static bool passed(uint64_t stamp, uint64_t p, rn_dir dir)
{
    return dir == RN_DIR_SEND ? rn_stamp_pushed(stamp, p) : rn_stamp_popped(stamp, p);
}

/* Moves tail_segment from s to its next, if it still is at s. */
static void help_tail_past(rn_ring *ring, struct rn_segment *s, struct rn_segment *next)
{
    rn_cas_seq_cst(&ring->tail_segment, &s, next); /* [SG1] */
}

/* The same for head_segment; whoever does it retires s. */
static void help_head_past(rn_ring *ring, struct rn_segment *s, struct rn_segment *next)
{
    /* After this no hint leads to s: tail_segment first. */
    struct rn_segment *expected = s;
    help_tail_past(ring, s, next);
    if (rn_cas_seq_cst(&ring->head_segment, &expected, next)) /* [SG1] */
        ring->retire(s);
}

static void scan_slots(spot *at, rn_dir dir)
{
    struct rn_segment *s = at->segment;
    rn_atomic_u64 *hint = dir == RN_DIR_SEND ? &s->pushed : &s->popped;
    for (at->index = rn_load_acquire(hint); at->index < SLOTS; at->index++) { /* [SG3] */
        at->stamp = rn_load_seq_cst(&s->slots[at->index].first);              /* [SG2] */
        if (!passed(at->stamp, s->base + at->index, dir))
            return;
    }
}

static spot find_end(rn_ring *ring, rn_dir dir)
{
    for (;;) {
        spot at = { .segment = dir == RN_DIR_SEND ? rn_load_acquire(&ring->tail_segment)
                                                  : rn_load_acquire(&ring->head_segment) };
        scan_slots(&at, dir);
        if (at.index < SLOTS)
            return at;
        at.next = rn_load_seq_cst(&at.segment->next); /* [SG1] */
        if (!is_segment(at.next))
            return at;
        if (dir == RN_DIR_SEND)
            help_tail_past(ring, at.segment, at.next);
        else
            help_head_past(ring, at.segment, at.next);
    }
}

static rn_ring_result verdict(const spot *at, rn_dir dir)
{
    if (at->index == SLOTS) {
        if (at->next == END)
            return RN_RING_CLOSED;
        return dir == RN_DIR_SEND ? RN_RING_OK : RN_RING_NOTNOW;
    }
    if (dir == RN_DIR_SEND)
        return at->stamp & RN_STAMP_CLOSED ? RN_RING_CLOSED : RN_RING_OK;
    if (at->stamp & RN_STAMP_FULL)
        return RN_RING_OK;
    return at->stamp & RN_STAMP_CLOSED ? RN_RING_CLOSED : RN_RING_NOTNOW;
}

/* ---- push -------------------------------------------------------------------------- */

static void hint_at_least(rn_atomic_u64 *hint, uint64_t index)
{
    if (rn_load_relaxed(hint) < index)
        rn_store_release(hint, index); /* [SG3] */
}

/* Links a new segment behind a full one. False: no memory. */
static bool extend(const spot *at)
{
    struct rn_segment *fresh = segment_new(at->segment->base + SLOTS);
    if (!fresh)
        return false;
    struct rn_segment *none = NULL;
    if (!rn_cas_seq_cst(&at->segment->next, &none, fresh)) /* [SG1] */
        rn_segment_free(fresh); /* somebody else extended, or closed, here first */
    return true;
}

static rn_ring_result push_word(rn_ring *ring, uint64_t word)
{
    for (;;) {
        spot at = find_end(ring, RN_DIR_SEND);
        if (verdict(&at, RN_DIR_SEND) == RN_RING_CLOSED)
            return RN_RING_CLOSED;
        if (at.index == SLOTS) {
            if (!extend(&at))
                return RN_RING_NOMEM;
            continue;
        }
        rn_pair *slot = &at.segment->slots[at.index];
        uint64_t old = rn_load_relaxed(&slot->second); /* [SG2] */
        if (rn_dwcas_seq_cst(slot, at.stamp, old, at.stamp | RN_STAMP_FULL, word)) {
            hint_at_least(&at.segment->pushed, at.index + 1);
            return RN_RING_OK;
        }
    }
}

static rn_ring_result pop_word(rn_ring *ring, uint64_t *word)
{
    for (;;) {
        spot at = find_end(ring, RN_DIR_RECV);
        rn_ring_result r = verdict(&at, RN_DIR_RECV);
        if (r != RN_RING_OK)
            return r;
        rn_pair *slot = &at.segment->slots[at.index];
        *word = rn_load_relaxed(&slot->second); /* [SG2] */
        uint64_t gone = rn_stamp(rn_stamp_position(at.stamp) + 1, at.stamp & RN_STAMP_CLOSED);
        if (rn_cas_seq_cst(&slot->first, &at.stamp, gone)) {
            hint_at_least(&at.segment->popped, at.index + 1);
            return RN_RING_OK;
        }
    }
}

/* ---- elements, in the slot or in a cell ---------------------------------------------- */

rn_ring_result rn_segment_push(rn_ring *ring, const void *elem)
{
    if (ring->elem_size <= 8)
        return push_word(ring, ring->elem_size ? rn_word_load(elem, ring->elem_size) : 0);
    void *cell = rn__alloc(ring->elem_size, 16);
    if (!cell)
        return RN_RING_NOMEM;
    memcpy(cell, elem, ring->elem_size);
    rn_ring_result r = push_word(ring, (uintptr_t)cell);
    if (r != RN_RING_OK)
        rn__free(cell);
    return r;
}

rn_ring_result rn_segment_pop(rn_ring *ring, void *elem)
{
    uint64_t word;
    rn_ring_result r = pop_word(ring, &word);
    if (r != RN_RING_OK)
        return r;
    if (ring->elem_size <= 8) {
        if (ring->elem_size)
            rn_word_store(elem, word, ring->elem_size);
        return r;
    }
    void *cell = (void *)(uintptr_t)word;
    if (elem)
        memcpy(elem, cell, ring->elem_size);
    rn__free(cell);
    return r;
}

/* ---- close, poll, length, end --------------------------------------------------------- */

rn_ring_result rn_segment_close(rn_ring *ring)
{
    for (;;) {
        spot at = find_end(ring, RN_DIR_SEND);
        if (verdict(&at, RN_DIR_SEND) == RN_RING_CLOSED)
            return RN_RING_CLOSED;
        if (at.index == SLOTS) {
            struct rn_segment *none = NULL;
            if (rn_cas_seq_cst(&at.segment->next, &none, END)) /* [SG1] */
                return RN_RING_OK;
        } else if (rn_cas_seq_cst(&at.segment->slots[at.index].first, &at.stamp, /* [SG2] */
                                  at.stamp | RN_STAMP_CLOSED)) {
            return RN_RING_OK;
        }
    }
}

rn_ring_result rn_segment_poll(rn_ring *ring, rn_dir dir, rn_evidence *evidence)
{
    spot at = find_end(ring, dir);
    if (at.index == SLOTS)
        *evidence = (rn_evidence){ { (const rn_atomic_u64 *)(const void *)&at.segment->next },
                                   { (uintptr_t)at.next } };
    else
        *evidence = (rn_evidence){ { &at.segment->slots[at.index].first }, { at.stamp } };
    return verdict(&at, dir);
}

size_t rn_segment_len(rn_ring *ring)
{
    for (;;) {
        spot head = find_end(ring, RN_DIR_RECV);
        spot tail = find_end(ring, RN_DIR_SEND);
        /* Nobody popped at head in between: both ends stood so when we read the tail. */
        uint64_t p = head.segment->base + head.index;
        bool stands =
            head.index < SLOTS
                ? !rn_stamp_popped(rn_load_seq_cst(&head.segment->slots[head.index].first), p)
                : rn_load_seq_cst(&head.segment->next) == head.next;
        if (stands)
            return tail.segment->base + tail.index - p;
    }
}

void rn_segment_destroy(rn_ring *ring)
{
    uint64_t word;
    while (ring->elem_size > 8 && pop_word(ring, &word) == RN_RING_OK)
        rn__free((void *)(uintptr_t)word);
    struct rn_segment *s = rn_load_acquire(&ring->head_segment); /* [SG1] */
    while (is_segment(s)) {
        struct rn_segment *next = rn_load_acquire(&s->next);
        rn_segment_free(s);
        s = next;
    }
}
