/* SPDX-License-Identifier: MIT */
/*
 * Rings: first-in first-out queues that never block and know nobody above them.
 *
 * Five kinds behind one struct and four verbs (push, pop, close, poll):
 *
 *   WORD       elements of 1..8 bytes; lock-free                    word_ring.h
 *   WIDE       larger ones; claim, then publish                     wide_ring.c
 *   SPSC       one producer, one consumer; no locked instruction    spsc_ring.h
 *   COUNT      elements of no bytes                                 count_ring.c
 *   UNBOUNDED  linked segments of word slots                        segment_ring.c
 *
 * Invariants
 *   - Elements leave in the order in which their pushes took effect.
 *   - Positions count pushes (tail) and pops (head); they never repeat.
 *   - Closed is a property of the one place where the next push would take
 *     effect. After close succeeded no push does; a pop says CLOSED only when
 *     everything pushed before has been popped.
 *   - NOTNOW is exact: at some instant during the call the ring was full (empty).
 *
 * Capacity is exact. A lap is the power of two >= cap; a position is
 * lap_number * lap + index with index < cap, so positions skip from the last
 * index of one lap to the first of the next, and index = position & mask.
 *
 * State, three cache lines:
 *
 *   | watch elem_size kind cap lap mask slots stride | read by all, written by none
 *   | tail   (spsc: head_seen; unbounded: segment)   | producers
 *   | head   (spsc: tail_seen; unbounded: segment)   | consumers
 *
 * Full memory orders: every push, pop and close is, or ends in, one seq_cst
 * read-modify-write on a word that poll() loads seq_cst (not so SPSC, see
 * there). This is what parking is built upon (wait/waiter.h).
 */
#ifndef RN_RING_RING_H
#define RN_RING_RING_H

#include <stddef.h>
#include <stdint.h>

#include "base/atomic.h"
#include "base/cacheline.h"
#include "base/check.h"
#include "base/dwcas.h"

typedef enum rn_ring_result {
    RN_RING_OK,
    RN_RING_NOTNOW, /* full, or empty */
    RN_RING_CLOSED, /* closed, for pop: and drained */
    RN_RING_NOMEM,  /* push on UNBOUNDED: no memory for a segment or a cell */
    RN_RING_ABSENT, /* kind NONE: there is no ring to ask */
} rn_ring_result;

typedef enum rn_ring_kind {
    RN_RING_WORD,
    RN_RING_WIDE,
    RN_RING_SPSC,
    RN_RING_COUNT,
    RN_RING_UNBOUNDED,
    RN_RING_NONE, /* a rendezvous channel has no ring */
} rn_ring_kind;

/* Which inlined path an element takes (any_ring.h): kind and size in one comparison. */
typedef enum rn_simple {
    RN_SIMPLE_NOT,
    RN_SIMPLE_WORD_8, /* word ring, 8 bytes */
    RN_SIMPLE_SPSC_8,
    RN_SIMPLE_WORD, /* word ring, 1, 2 or 4 bytes */
} rn_simple;

/* Which end: a receiver pops at the head, a sender pushes at the tail. */
typedef enum rn_dir { RN_DIR_RECV = 0, RN_DIR_SEND = 1 } rn_dir;

/* What a poll decided by: a place and the value found there. While all the places
 * of a verdict keep their values, the verdict NOTNOW stands. `where` NULL: unused. */
typedef struct rn_evidence {
    const rn_atomic_u64 *where[2];
    uint64_t value[2];
} rn_evidence;

static inline bool rn_evidence_stands(const rn_evidence *e)
{
    for (int i = 0; i < 2 && e->where[i]; i++)
        if (rn_load_seq_cst(e->where[i]) != e->value[i])
            return false;
    return true;
}

struct rn_segment;
/* Takes over a segment that no hint leads to any more; frees it when nobody is inside. */
typedef void (*rn_segment_retire)(struct rn_segment *segment);

typedef struct rn_ring {
    RN_LINE_ALIGNED rn_atomic_u32 watch; /* the owner's word, on the line that all read anyway */
    uint32_t elem_size;
    uint8_t kind;     /* rn_ring_kind */
    uint8_t simple;   /* rn_simple */
    bool light_fence; /* spsc: a compiler barrier does, the other side has membarrier */
    uint64_t cap;
    uint64_t lap;
    uint64_t mask;
    union {
        rn_pair *slots;           /* word */
        unsigned char *cells;     /* wide, spsc: stride bytes each */
        rn_segment_retire retire; /* unbounded */
    };
    size_t stride;

    RN_LINE_ALIGNED union {
        struct {
            rn_atomic_u64 tail;
            uint64_t head_seen; /* spsc: the producer's last look at head */
        };
        rn_pair count; /* count: pushes and closed bit, pops */
        RN_ATOMIC(struct rn_segment *) tail_segment;
    };

    RN_LINE_ALIGNED union {
        struct {
            rn_atomic_u64 head;
            uint64_t tail_seen; /* spsc: the consumer's last look at tail */
        };
        RN_ATOMIC(struct rn_segment *) head_segment;
    };
} rn_ring;

/* ---- positions ------------------------------------------------------------------ */

static inline uint64_t rn_next_position(const rn_ring *ring, uint64_t p)
{
    return (p & ring->mask) + 1 == ring->cap ? (p | ring->mask) + 1 : p + 1;
}

/* Position <-> how many there were before it. */
static inline uint64_t rn_ordinal_of(const rn_ring *ring, uint64_t p)
{
    return p / ring->lap * ring->cap + (p & ring->mask);
}

static inline uint64_t rn_position_of(const rn_ring *ring, uint64_t ordinal)
{
    return ordinal / ring->cap * ring->lap + ordinal % ring->cap;
}

/* ---- stamps: position << 2 | CLOSED | FULL ---------------------------------------
 *
 * FREE p   the push of position p may take effect here (p - lap has been popped)
 * FULL p   the element of position p is here
 * CLOSED   no push will take effect here; a pop keeps the bit
 *
 * FULL is a bit and not position + 1, which would be the next lap's FREE at cap 1.
 */
#define RN_STAMP_FULL UINT64_C(1)
#define RN_STAMP_CLOSED UINT64_C(2)

static inline uint64_t rn_stamp(uint64_t position, uint64_t bits)
{
    return position << 2 | bits;
}

static inline uint64_t rn_stamp_position(uint64_t stamp)
{
    return stamp >> 2;
}

/* Does this stamp, found in p's slot, prove that p was pushed (popped)? */
static inline bool rn_stamp_pushed(uint64_t stamp, uint64_t p)
{
    uint64_t at = rn_stamp_position(stamp);
    return at > p || (at == p && (stamp & RN_STAMP_FULL));
}

static inline bool rn_stamp_popped(uint64_t stamp, uint64_t p)
{
    return rn_stamp_position(stamp) > p;
}

/* ---- elements ------------------------------------------------------------------- */

/* The usual sizes without a call. */
static RN_INLINE void rn_copy(void *to, const void *from, uint32_t size)
{
    if (size == 8)
        __builtin_memcpy(to, from, 8);
    else if (size == 16)
        __builtin_memcpy(to, from, 16);
    else if (size == 32)
        __builtin_memcpy(to, from, 32);
    else
        __builtin_memcpy(to, from, size);
}

static RN_INLINE uint64_t rn_word_load(const void *elem, uint32_t size)
{
    uint64_t word = 0;
    if (RN_LIKELY(size == 8))
        __builtin_memcpy(&word, elem, 8);
    else if (size == 4)
        __builtin_memcpy(&word, elem, 4);
    else if (size == 1)
        __builtin_memcpy(&word, elem, 1);
    else if (size == 2)
        __builtin_memcpy(&word, elem, 2);
    else
        __builtin_memcpy(&word, elem, size);
    return word;
}

/* elem NULL drops the element. */
static RN_INLINE void rn_word_store(void *elem, uint64_t word, uint32_t size)
{
    if (RN_UNLIKELY(!elem))
        return;
    if (RN_LIKELY(size == 8))
        __builtin_memcpy(elem, &word, 8);
    else if (size == 4)
        __builtin_memcpy(elem, &word, 4);
    else if (size == 1)
        __builtin_memcpy(elem, &word, 1);
    else if (size == 2)
        __builtin_memcpy(elem, &word, 2);
    else
        __builtin_memcpy(elem, &word, size);
}

#endif
