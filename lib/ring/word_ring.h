/* SPDX-License-Identifier: MIT */
/*
 * Word ring: a lock-free bounded MPMC queue of elements of at most 8 bytes.
 *
 * A slot is {stamp, word}, 16 bytes. An operation claims the slot itself:
 *
 *   push at t   one 16-byte compare-and-swap  {FREE t, -} -> {FULL t, word}
 *   pop at h    read the word, then swap the stamp  FULL h -> FREE h + lap
 *               (stamps never repeat: the swap proves the word)
 *
 * so nothing is ever claimed but not yet published, and a thread that is frozen
 * at any step delays nobody. `tail` and `head` are hints: they are stored after
 * the fact, may lag any distance and even move back; the slot decides:
 *
 *   at the true tail, FULL of the lap before  = full
 *   at the true head, FREE of this lap        = empty
 *
 * A hint proved stale by its slot is never replaced by what the slot's stamp
 * says at face value (that made holes); "pushed" and "popped" are monotone in the
 * position, so word_ring.c re-reads the hint, takes a few single steps and then
 * searches the one lap in which the end must lie.
 *
 * Close sets CLOSED by one swap on the tail's slot, free or full. That slot alone
 * says "closed" to producers and "closed and drained" to consumers.
 *
 * Ordering
 *   [WR1] hints: stored by release after success, loaded by acquire, so that
 *         whoever starts at a position sees the stamps of the positions before it
 *         (without it a slot could seem two laps old). By argument: the model
 *         checker's seq_cst loads never return what a seq_cst store overwrote,
 *         which hides it.
 *   [WR2] stamps: swapped and loaded seq_cst. The load that says full or empty
 *         is the re-check of parking: the waiter sets a flag and then reads this;
 *         the other side swaps this and then reads the flag ([WT1]).
 *   [WR3] word: relaxed. In push it is only compared by the swap; in pop it was
 *         published by the swap that made the stamp we read before, and the swap
 *         that follows fails if it was replaced.
 *
 * Cost of a push, a pop: one locked instruction each.
 *
 * Source: our own. Stamps as in D. Vyukov's bounded MPMC queue; claiming slots
 * by double-word swap as in LCRQ (Morrison, Afek 2013) and crossbeam's early
 * designs; measured against a two-phase ring in RESULTS.md.
 */
#ifndef RN_RING_WORD_RING_H
#define RN_RING_WORD_RING_H

#include "ring/ring.h"

rn_ring_result rn_word_close(rn_ring *ring);
/* What would a push (pop) say? OK: it would succeed. */
rn_ring_result rn_word_poll(rn_ring *ring, rn_dir dir, rn_evidence *evidence);
size_t rn_word_len(rn_ring *ring);

/* Stores the hint if that looks like moving it forward. Load, then store: it can
 * still move back, which costs the next reader a search and nothing else. */
static RN_INLINE void rn__hint_forward(rn_atomic_u64 *hint, uint64_t p)
{
    if (rn_load_relaxed(hint) < p)
        rn_store_release(hint, p); /* [WR1] */
}

/* One attempt to claim t's slot, which carries `stamp` = FREE t. */
static RN_INLINE bool rn__word_claim_push(rn_ring *ring, rn_pair *slot, uint64_t t, uint64_t stamp,
                                          uint64_t word)
{
    uint64_t old = rn_load_relaxed(&slot->second); /* [WR3] */
    /* [WR2] */
    if (!rn_dwcas_seq_cst(slot, stamp, old, stamp | RN_STAMP_FULL, word))
        return false;
    rn__hint_forward(&ring->tail, rn_next_position(ring, t));
    return true;
}

/* One attempt to claim h's slot, which carries `stamp` = FULL h, perhaps CLOSED. */
static RN_INLINE bool rn__word_claim_pop(rn_ring *ring, rn_pair *slot, uint64_t h, uint64_t stamp,
                                         uint64_t *word)
{
    uint64_t found = rn_load_relaxed(&slot->second); /* [WR3] */
    uint64_t freed = rn_stamp(h + ring->lap, stamp & RN_STAMP_CLOSED);
    if (!rn_cas_seq_cst(&slot->first, &stamp, freed)) /* [WR2] */
        return false;
    *word = found;
    rn__hint_forward(&ring->head, rn_next_position(ring, h));
    return true;
}

/* One attempt at the hint. False: it was not that simple; nothing has happened. */
static RN_INLINE bool rn_word_push_at_hint(rn_ring *ring, uint64_t word)
{
    uint64_t t = rn_load_acquire(&ring->tail); /* [WR1] */
    rn_pair *slot = &ring->slots[t & ring->mask];
    uint64_t stamp = rn_load_seq_cst(&slot->first); /* [WR2] */
    return RN_LIKELY(stamp == rn_stamp(t, 0)) && rn__word_claim_push(ring, slot, t, stamp, word);
}

static RN_INLINE bool rn_word_pop_at_hint(rn_ring *ring, uint64_t *word)
{
    uint64_t h = rn_load_acquire(&ring->head); /* [WR1] */
    rn_pair *slot = &ring->slots[h & ring->mask];
    uint64_t stamp = rn_load_seq_cst(&slot->first); /* [WR2] */
    return RN_LIKELY((stamp & ~RN_STAMP_CLOSED) == rn_stamp(h, RN_STAMP_FULL)) &&
           rn__word_claim_pop(ring, slot, h, stamp, word);
}

/* Contention, stale hints, full, empty, closed. */
rn_ring_result rn_word_push(rn_ring *ring, uint64_t word);
rn_ring_result rn_word_pop(rn_ring *ring, uint64_t *word);

#endif
