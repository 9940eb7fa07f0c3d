/* SPDX-License-Identifier: MIT */
/*
 * Spinning before sleeping: rounds of pausing, then rounds of yielding the CPU.
 *
 *     unsigned i = rn_spin_first(self);
 *     for (; rn_spin_round(self, i); i++)
 *         if (it has happened)
 *             return rn_spin_paid(self, i);
 *
 * Pausing pays while the other side runs on another CPU right now: not with one CPU,
 * and, for each agent, less after pauses that came to nothing, as they do when more
 * threads run than there are CPUs. Yielding pays while the other side is runnable
 * but waits for our CPU; it costs a system call, a sleep and a wake-up thirty.
 */
#ifndef RN_WAIT_SPIN_H
#define RN_WAIT_SPIN_H

#include "task/agent.h"

/* The round to begin with: the first, or the first yield, or one past the last. */
unsigned rn_spin_first(rn_agent *a);
/* Does round i: pauses or yields. False: enough, sleep. */
bool rn_spin_round(rn_agent *a, unsigned i);
/* It happened in round i. */
void rn_spin_paid(rn_agent *a, unsigned i);

#endif
