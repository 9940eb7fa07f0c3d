/* SPDX-License-Identifier: MIT */
/* The tracee's state, shared by its threads. */
#ifndef TRACEE_H
#define TRACEE_H

#include <pthread.h>

#include "base/atomic.h"
#include "freeze.h"
#include "task/agent.h"

#define MILLISECOND INT64_C(1000000)

enum { MAX_WAITERS = 2, MAX_IDS = 2048 };

/* A thread that does one thing, whenever asked. */
typedef struct worker {
    pthread_t thread;
    struct world *world;
    void (*work)(struct worker *w);
    sem_t go;
    sem_t done;
    int index;
} worker;

typedef struct world {
    const scenario *scenario;
    const options *options;
    board *board;
    task task;
    int result; /* of the victim's operation */
    bool quit;

    worker victim;
    worker waiters[MAX_WAITERS];
    worker probes[PROBES];
    int n_waiters;
    bool may_send, may_recv; /* what the probes may do: SPSC ends have one owner */
    const rn_agent *victims_record;

    /* Of the elements of this round. */
    rn_atomic_u64 next_id;
    rn_atomic_u64 sent, got;
    rn_atomic_u32 sent_id[MAX_IDS], got_id[MAX_IDS];
    rn_atomic_u32 torn;
} world;

/* The books: every element that a send took must be got, once. */
element new_element(world *w);
void note_sent(world *w, const element *e);
void note_got(world *w, const element *e);

/* Runs the probes in order 0 or 1, one at a time; returns those that did not come back. */
unsigned run_probes(world *w, int order);
/* Those of them that have still not come back, nor do within so long. */
unsigned reap_probes(world *w, unsigned stuck, int64_t within_ns);
void do_probe(worker *w);

void fail(world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool is_spsc(const world *w);

#endif
