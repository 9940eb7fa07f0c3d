/* SPDX-License-Identifier: MIT */
/*
 * What every stress program shares: options, seeded random numbers, threads,
 * progress, the watchdog, the ledger that says what was lost or doubled, and
 * the closing statistics.
 *
 * The programs are clients of the public headers and of nothing else.
 *
 * A program runs rounds until its time is up. Each round draws a shape (capacity,
 * element size, options, number of threads) from the seed, runs its threads to
 * the end, and balances the ledger. The seed repeats the shapes and every
 * thread's choices; the interleaving is the machine's.
 */
#ifndef STRESS_HARNESS_H
#define STRESS_HARNESS_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runnel.h"

/* ---- options: --seconds S --seed N --threads T [--tries N] ---------------------- */
struct stress_options {
    double seconds;
    uint64_t seed;
    unsigned threads; /* at most this many at a time; at least 2 */
    uint64_t tries;   /* 0: by time */
};
extern struct stress_options stress_opt;

/* Parses, prints the seed, starts the watchdog. Ends the process on a bad option. */
void stress_begin(int argc, char **argv, const char *name);
/* Another round? By time, or by the number of operations if --tries was given. */
bool stress_goes_on(void);
/* Prints the statistics; the exit status: 0 if there was no defect. */
int stress_end(void);

/* ---- defects -------------------------------------------------------------------- */
enum stress_defect {
    STRESS_LOST,        /* a send said 0 and nobody received the element */
    STRESS_DUPLICATED,  /* received twice */
    STRESS_PHANTOM,     /* received, though no send of it said 0 */
    STRESS_REORDERED,   /* one receiver saw one sender's elements out of order */
    STRESS_CORRUPTED,   /* bytes that nobody sent, or in a place where none belong */
    STRESS_FALSE_EMPTY, /* try_recv said empty, and it was not */
    STRESS_FALSE_FULL,  /* try_send said full, and there was room */
    STRESS_WRONG,       /* any other result that the headers forbid */
    STRESS_DEFECTS
};

/* Counts one defect; the first few are also described on standard error. */
void stress_defect(enum stress_defect kind, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- threads -------------------------------------------------------------------- */
struct stress_thread {
    unsigned id; /* 0 .. n-1 within the round */
    uint64_t rng;
    void *round; /* what stress_run was given */
    _Atomic(uint64_t) operations;
    _Atomic(const char *) doing; /* for the watchdog: the call this thread is in */
    _Atomic int tid;
};

/* Runs body on n threads and waits for all of them. */
void stress_run(unsigned n, void (*body)(struct stress_thread *), void *round);

/* Before each call into the library: says what it is, and counts it. */
static inline void stress_doing(struct stress_thread *t, const char *what)
{
    /* Relaxed: read by the watchdog alone, for people to look at. */
    uint64_t n = atomic_load_explicit(&t->operations, memory_order_relaxed);
    atomic_store_explicit(&t->operations, n + 1, memory_order_relaxed);
    atomic_store_explicit(&t->doing, what, memory_order_relaxed);
}

/* ---- random numbers: splitmix64 ------------------------------------------------- */
uint64_t stress_random(uint64_t *state);
/* Uniform enough for our purposes in 0 .. n-1. */
static inline unsigned stress_below(uint64_t *state, unsigned n)
{
    return (unsigned)((stress_random(state) >> 32) * n >> 32);
}
/* The rounds' own stream, drawn by the main thread. */
extern uint64_t stress_rng;

/* ---- elements: a number, spread over any number of bytes ------------------------- */
enum { STRESS_MAX_ELEM = 256 };

/* Sizes of 4 bytes and more carry the number; the rest is a pattern made from it,
 * so that a torn or mixed element shows. Smaller ones carry its low bytes. */
void stress_encode(void *elem, size_t size, uint32_t number);
/* False (and a defect) if these bytes are not an element. Size >= 4. */
bool stress_decode(const void *elem, size_t size, uint32_t *number);

/* ---- ledger: who was sent, who was received --------------------------------------- */
struct stress_ledger {
    _Atomic(uint8_t) *marks; /* bit 0: a send of it said 0; bit 1: received */
    uint32_t size;
};

void stress_ledger_init(struct stress_ledger *l, uint32_t size);
void stress_ledger_sent(struct stress_ledger *l, uint32_t number);
/* Counts a doubled or unknown number as a defect. */
void stress_ledger_received(struct stress_ledger *l, uint32_t number);
/* After all threads ended and the channels were drained: counts what was lost and
 * what came from nowhere, and frees the ledger. `shape` describes the round. */
void stress_ledger_balance(struct stress_ledger *l, const char *shape);

/* ---- channels of random shape ----------------------------------------------------- */
struct stress_shape {
    size_t cap;
    size_t elem_size;
    unsigned options;
    char text[96]; /* for messages */
};

enum {
    STRESS_ANY_SIZE = 1, /* element sizes 0 and < 4 too: they only count */
    STRESS_MAY_BE_SPSC = 2,
};

struct stress_shape stress_draw_shape(uint64_t *rng, unsigned what);
/* A channel of this shape; ends the process if there is none to be had. */
rn_chan *stress_chan(const struct stress_shape *shape);
/* Fills in the text after a change by hand. */
void stress_describe(struct stress_shape *shape);

/* A deadline that is mostly near: past, now, or up to `most_us` microseconds ahead. */
rn_time stress_deadline(uint64_t *rng, unsigned most_us);
/* Passes 0 to a few thousand cycles. */
void stress_dawdle(uint64_t *rng);

#endif
