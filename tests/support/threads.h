/* SPDX-License-Identifier: MIT */
/*
 * Threads for tests: start, wait until asleep, join, with what went wrong on
 * them carried back to the test's body. No condition variables: glibc 2.36's can
 * lose a signal.
 */
#ifndef RNT_THREADS_H
#define RNT_THREADS_H

#include <stdbool.h>

#include "check.h"

typedef struct rnt_thread rnt_thread;

/* Starts fn(arg). Test body only (it checks that the thread could be had). */
rnt_thread *rnt_start(void (*fn)(void *), void *arg);

/* Waits for its end, frees it, fails the test if any thread noted a failure. */
void rnt_join(rnt_thread *thread);

/* Leaves it to itself: for what is meant to block for ever. */
void rnt_abandon(rnt_thread *thread);

/* True once fn has returned. */
bool rnt_finished(rnt_thread *thread);

/*
 * Waits until the thread sleeps in the kernel in a futex wait and stays there,
 * as seen in /proc. Never a fixed sleep: the bound of some 60 s only turns a
 * hang into a message. Tests must be right even if it errs (a futex wait on a
 * lock looks the same); then they merely take another path.
 */
void rnt_wait_parked(rnt_thread *thread);

/* n threads that start together, running fn(arg, 0..n-1). */
typedef struct rnt_team rnt_team;
rnt_team *rnt_team_start(unsigned n, void (*fn)(void *arg, unsigned index), void *arg);
void rnt_team_join(rnt_team *team);
void rnt_team_wait_parked(rnt_team *team);

/* Both in one. */
void rnt_run(unsigned n, void (*fn)(void *arg, unsigned index), void *arg);

/*
 * Makes two threads go on at the same instant, as far as two CPUs allow: for
 * races, where the few microseconds of a futex wake would let one side win always.
 * Every call by either side is a round of its own; start with { 0 }.
 */
typedef struct rnt_meeting {
    unsigned arrived;
} rnt_meeting;
void rnt_meet(rnt_meeting *m);

/* A small seeded generator, one per thread: xorshift64*. The seed may be anything. */
typedef struct rnt_random {
    unsigned long long state;
} rnt_random;
rnt_random rnt_seed(unsigned seed);
unsigned rnt_below(rnt_random *r, unsigned bound);

#endif
