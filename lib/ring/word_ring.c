/* SPDX-License-Identifier: MIT */
/*
 * Word ring, the rest: finding the true ends, close, poll, length.
 * Algorithm, invariants and ordering: word_ring.h.
 */
#include "ring/word_ring.h"

/* Single steps from a stale hint before it is worth a search. */
enum { LINEAR_STEPS = 4 };

static rn_atomic_u64 *hint_of(rn_ring *ring, rn_dir dir)
{
    return dir == RN_DIR_SEND ? &ring->tail : &ring->head;
}

static rn_pair *slot_of(const rn_ring *ring, uint64_t p)
{
    return &ring->slots[p & ring->mask];
}

/* Has position p been pushed (for senders), popped (for receivers)? */
static bool passed(uint64_t stamp, uint64_t p, rn_dir dir)
{
    return dir == RN_DIR_SEND ? rn_stamp_pushed(stamp, p) : rn_stamp_popped(stamp, p);
}

/*
 * The end of the ring as seen from position p whose `stamp` proves it passed.
 *
 * The stamp's own position q bounds the end: FULL q proves that q was pushed, FREE
 * q that q - lap was popped (hence pushed); and nobody can be a whole lap ahead of
 * a position that has not been passed. Within that lap "passed" is true up to some
 * position and false after it, so bisect, and return the one after the last that a
 * slot *proved* passed. It may be stale again by then; the caller looks again.
 */
static RN_NOINLINE uint64_t search(rn_ring *ring, uint64_t stamp, rn_dir dir)
{
    uint64_t q = rn_stamp_position(stamp);
    bool proves_q = dir == RN_DIR_SEND && (stamp & RN_STAMP_FULL);
    uint64_t low = rn_ordinal_of(ring, proves_q ? q : q - ring->lap);
    uint64_t high = low + ring->cap;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        uint64_t p = rn_position_of(ring, middle);
        stamp = rn_load_seq_cst(&slot_of(ring, p)->first); /* [WR2] */
        if (passed(stamp, p, dir))
            low = middle;
        else
            high = middle;
    }
    uint64_t end = rn_position_of(ring, low + 1);
    rn__hint_forward(hint_of(ring, dir), end);
    return end;
}

/*
 * Walks from the hint to the first position whose slot does not prove it passed.
 * Returns it, and the stamp that its slot carries.
 */
static uint64_t find_end(rn_ring *ring, rn_dir dir, uint64_t *stamp)
{
    uint64_t p = rn_load_acquire(hint_of(ring, dir)); /* [WR1] */
    for (int steps = 0;; steps++) {
        *stamp = rn_load_seq_cst(&slot_of(ring, p)->first); /* [WR2] */
        if (RN_LIKELY(!passed(*stamp, p, dir)))
            return p;
        uint64_t hint = rn_load_acquire(hint_of(ring, dir)); /* [WR1] */
        if (hint > p)
            p = hint;
        else if (steps % LINEAR_STEPS != LINEAR_STEPS - 1)
            p = rn_next_position(ring, p);
        else
            p = search(ring, *stamp, dir);
    }
}

/* What the stamp in the tail's (head's) slot t says about a push (pop) there. */
static rn_ring_result verdict(const rn_ring *ring, uint64_t stamp, uint64_t p, rn_dir dir)
{
    if (dir == RN_DIR_SEND) {
        RN_ASSERT((stamp & ~RN_STAMP_CLOSED) == rn_stamp(p, 0) ||
                  (stamp & ~RN_STAMP_CLOSED) == rn_stamp(p - ring->lap, RN_STAMP_FULL));
        if (stamp & RN_STAMP_CLOSED)
            return RN_RING_CLOSED;
        return stamp & RN_STAMP_FULL ? RN_RING_NOTNOW : RN_RING_OK;
    }
    RN_ASSERT(rn_stamp_position(stamp) == p);
    if (stamp & RN_STAMP_FULL)
        return RN_RING_OK;
    return stamp & RN_STAMP_CLOSED ? RN_RING_CLOSED : RN_RING_NOTNOW;
}

rn_ring_result rn_word_push(rn_ring *ring, uint64_t word)
{
    for (;;) {
        uint64_t stamp;
        uint64_t t = find_end(ring, RN_DIR_SEND, &stamp);
        rn_ring_result r = verdict(ring, stamp, t, RN_DIR_SEND);
        if (r != RN_RING_OK || rn__word_claim_push(ring, slot_of(ring, t), t, stamp, word))
            return r;
    }
}

rn_ring_result rn_word_pop(rn_ring *ring, uint64_t *word)
{
    for (;;) {
        uint64_t stamp;
        uint64_t h = find_end(ring, RN_DIR_RECV, &stamp);
        rn_ring_result r = verdict(ring, stamp, h, RN_DIR_RECV);
        if (r != RN_RING_OK || rn__word_claim_pop(ring, slot_of(ring, h), h, stamp, word))
            return r;
    }
}

rn_ring_result rn_word_close(rn_ring *ring)
{
    for (;;) {
        uint64_t stamp;
        uint64_t t = find_end(ring, RN_DIR_SEND, &stamp);
        if (verdict(ring, stamp, t, RN_DIR_SEND) == RN_RING_CLOSED)
            return RN_RING_CLOSED;
        /* [WR2] free or full alike: a pop in between makes it fail and look again. */
        if (rn_cas_seq_cst(&slot_of(ring, t)->first, &stamp, stamp | RN_STAMP_CLOSED))
            return RN_RING_OK;
    }
}

rn_ring_result rn_word_poll(rn_ring *ring, rn_dir dir, rn_evidence *evidence)
{
    uint64_t stamp;
    uint64_t p = find_end(ring, dir, &stamp);
    *evidence = (rn_evidence){ { &slot_of(ring, p)->first }, { stamp } };
    return verdict(ring, stamp, p, dir);
}

size_t rn_word_len(rn_ring *ring)
{
    for (;;) {
        uint64_t stamp;
        uint64_t h = find_end(ring, RN_DIR_RECV, &stamp);
        uint64_t t = find_end(ring, RN_DIR_SEND, &stamp);
        /* [WR2] Nobody popped at h in between: both ends stood so when we read the tail. */
        stamp = rn_load_seq_cst(&slot_of(ring, h)->first);
        if (!rn_stamp_popped(stamp, h))
            return rn_ordinal_of(ring, t) - rn_ordinal_of(ring, h);
    }
}
