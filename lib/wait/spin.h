/* SPDX-License-Identifier: MIT */
/*
 * Spinning before sleeping: whether it pays, and for how long.
 *
 * It pays while the other side runs on another CPU right now. So: not at all with
 * one CPU, not while more agents are active than there are CPUs, and, for each
 * agent, less after spins that came to nothing.
 */
#ifndef RN_WAIT_SPIN_H
#define RN_WAIT_SPIN_H

#include "task/agent.h"

/* How many rounds this agent should spin before it sleeps; perhaps 0. */
unsigned rn_spin_budget(rn_agent *a);
/* One round: pauses, later ones yield. */
void rn_spin_round(unsigned i);
/* What became of it. */
void rn_spin_report(rn_agent *a, bool paid);

#endif
