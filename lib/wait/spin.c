/* SPDX-License-Identifier: MIT */
/*
 * Spinning: the rule of spin.h.
 *
 * An agent is active if it was inside an operation, or has come and gone, since
 * the last count. (Threads that exist but wait elsewhere, a main thread in
 * pthread_join say, must not count.) Whoever is about to spin and finds the count
 * older than a millisecond makes a new one: a walk over the agents' records.
 *
 * Ordering: none needed. The count is a guess about the near future; everything is
 * relaxed. `turn` only keeps two from counting at once (and orders seen_active).
 */
#include "wait/spin.h"

enum {
    COUNT_EVERY_NS = 1000 * 1000,
    PAUSE_ROUNDS = 24, /* growing to 32 pauses: some 10 us in all */
    YIELD_ROUNDS = 4,
    MAX_CREDIT = 16,
};

static rn_atomic_u32 active = { 1 };
static rn_atomic_u32 turn;
static RN_ATOMIC(int64_t) next_count_ns;

static unsigned count_active(void)
{
    unsigned n = 0;
    for (rn_agent *a = rn__agent_first(); a; a = a->next) {
        uint64_t inside = rn_load_relaxed(&a->inside);
        if ((inside & 1) || inside != a->seen_active)
            n++;
        a->seen_active = inside;
    }
    return n;
}

static unsigned active_agents(void)
{
    rn_time now = rn__clock_ns();
    uint32_t free_turn = 0;
    if (now >= rn_load_relaxed(&next_count_ns) && rn_cas_acquire(&turn, &free_turn, 1)) { /* [SN1] */
        rn_store_relaxed(&active, count_active());
        rn_store_relaxed(&next_count_ns, now + COUNT_EVERY_NS);
        rn_store_release(&turn, 0); /* [SN1] seen_active, to the next who counts */
    }
    return rn_load_relaxed(&active);
}

unsigned rn_spin_budget(rn_agent *a)
{
    unsigned cpus = rn__cpu_count();
    if (cpus == 1)
        return 0;
    if (active_agents() > cpus)
        return 0;
    /* One spin in MAX_CREDIT is tried even when none paid lately. */
    if (a->spin_credit == 0 && rn__agent_random(a, MAX_CREDIT) != 0)
        return 0;
    return PAUSE_ROUNDS + YIELD_ROUNDS;
}

void rn_spin_round(unsigned i)
{
    if (i < PAUSE_ROUNDS)
        rn__cpu_pause(i < 5 ? 1u << i : 32);
    else
        rn__cpu_yield();
}

void rn_spin_report(rn_agent *a, bool paid)
{
    if (paid)
        a->spin_credit = MAX_CREDIT;
    else if (a->spin_credit)
        a->spin_credit--;
}
