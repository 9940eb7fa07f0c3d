/* SPDX-License-Identifier: MIT */
/*
 * The contract with the operating system: every system call, every allocation
 * and every CPU-specific pause of the library goes through this header. The
 * model build (stress/model) supplies its own bodies for all of it, and the
 * fault-injection build can make any of it fail.
 *
 * Nothing in here is a cancellation point: a thread must not end inside an operation.
 *
 *   parker      an event count on Concurrency Kit's ck_ec           parker.c
 *   futex       a word to sleep on, for the channel locks           futex.c
 *   clock       CLOCK_MONOTONIC in ns                               clock.c
 *   cpu         how many we may use, pause, yield                   cpu.c
 *   membarrier  a full fence on every running thread                membarrier.c
 *   memory      aligned allocation                                  memory.c
 *   thread      call me when this thread ends / after a fork        thread.c
 */
#ifndef RN_OS_OS_H
#define RN_OS_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/atomic.h"
#include "runnel/time.h"

/* ---- parker: one sleeper, any number of wakers --------------------------------
 *
 *     ticket = rn__parker_ticket(p);         whoever wakes:
 *     if (!condition)                            condition = true;
 *         rn__parker_wait(p, ticket, d);         rn__parker_signal(p);
 *
 * A signal after the ticket was drawn makes the wait return; so no wake-up is
 * lost as long as the condition is read after the ticket. Wake-ups may be
 * spurious. Reading the ticket is an acquire, a signal is a release.
 */
typedef struct rn_parker {
    uint32_t word; /* a struct ck_ec32; touched by parker.c alone */
} rn_parker;

void rn__parker_init(rn_parker *p);
uint32_t rn__parker_ticket(rn_parker *p);
/* Sleeps in one futex wait. 0: woken, perhaps spuriously; -ETIMEDOUT: not before
 * deadline_ns (RN_FOREVER: no deadline). */
int rn__parker_wait(rn_parker *p, uint32_t ticket, rn_time deadline_ns);
void rn__parker_signal(rn_parker *p);

/* ---- futex --------------------------------------------------------------------
 * Sleeps while *word == expected; may return spuriously. Orders nothing. */
void rn__futex_wait(rn_atomic_u32 *word, uint32_t expected);
void rn__futex_wake_one(rn_atomic_u32 *word);

/* ---- clock -------------------------------------------------------------------- */
rn_time rn__clock_ns(void);

/* ---- cpu ---------------------------------------------------------------------- */
/* CPUs in the affinity mask at the first call. 0: waiting without sleeping never pays
 * (the model build says so, where a spin is only more of the same interleavings). */
unsigned rn__cpu_count(void);
/* Tells the CPU that this is a spin loop, `times` times over. */
void rn__cpu_pause(unsigned times);
/* Lets another thread run on this CPU. */
void rn__cpu_yield(void);
/* For the loop that waits for a thread between its claim and its publication:
 * pauses, then yields, then sleeps, by the number of rounds so far. */
void rn__cpu_backoff(unsigned *round);

/* ---- membarrier --------------------------------------------------------------- */
/* Registers the process. False: the kernel has none, use full fences instead. */
bool rn__membarrier_available(void);
/* Acts as a seq_cst fence at some point of every other thread's execution. */
void rn__membarrier(void);

/* ---- memory ------------------------------------------------------------------- */
/* Zeroed; aligned to a power of two; NULL with errno ENOMEM. Freed by rn__free. */
void *rn__alloc(size_t size, size_t align);
void rn__free(void *p);

/* ---- thread ------------------------------------------------------------------- */
/* Calls fn(arg) when the calling thread ends. False: no more such slots. */
bool rn__thread_at_exit(void (*fn)(void *), void *arg);
/* Calls fn() in the child after each fork. Once, at start-up. */
bool rn__after_fork_in_child(void (*fn)(void));

#endif
