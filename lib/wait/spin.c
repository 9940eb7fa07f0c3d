/* SPDX-License-Identifier: MIT */
/*
 * Spinning: the rule of spin.h.
 *
 * An agent is active if it was inside an operation, or has come and gone, since
 * the last count. (Threads that exist but wait elsewhere, a main thread in
 * pthread_join say, must not count.) Whoever is about to spin and finds the count
 * older than a millisecond makes a new one: a walk over the agents' records.
 *
 * Credit: an agent whose pauses paid has MAX_CREDIT; each spin that paid only when
 * it yielded (the other side was waiting for this very CPU) or not at all takes some
 * away; without credit it yields at once, but for one spin in MAX_CREDIT.
 *
 * Ordering
 *   The count is a guess about the near future: relaxed.
 *   [SN1] turn: taken by acquire, given back by release: one counts at a time, and
 *         seen_active is handed on.
 */
#include "wait/spin.h"

enum {
    COUNT_EVERY_NS = 1000 * 1000,
    PAUSE_ROUNDS = 7, /* 1 + 2 + ... + 64 pauses: some 5 us */
    YIELD_ROUNDS = 6,
    MAX_CREDIT = 16,
    LOSS = 4,
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
    uint32_t open = 0;
    if (now >= rn_load_relaxed(&next_count_ns) && rn_cas_acquire(&turn, &open, 1)) { /* [SN1] */
        rn_store_relaxed(&active, count_active());
        rn_store_relaxed(&next_count_ns, now + COUNT_EVERY_NS);
        rn_store_release(&turn, 0); /* [SN1] */
    }
    return rn_load_relaxed(&active);
}

unsigned rn_spin_first(rn_agent *a)
{
    unsigned cpus = rn__cpu_count();
    if (cpus == 0)
        return PAUSE_ROUNDS + YIELD_ROUNDS;
    if (a->spin_credit == 0 && rn__agent_random(a, MAX_CREDIT) != 0)
        return PAUSE_ROUNDS;
    return cpus > 1 && active_agents() <= cpus ? 0 : PAUSE_ROUNDS;
}

bool rn_spin_round(rn_agent *a, unsigned i)
{
    if (i < PAUSE_ROUNDS) {
        rn__cpu_pause(1u << i);
    } else if (i < PAUSE_ROUNDS + YIELD_ROUNDS) {
        if (i == PAUSE_ROUNDS)
            a->spin_credit = a->spin_credit > LOSS ? a->spin_credit - LOSS : 0;
        rn__cpu_yield();
    } else {
        return false;
    }
    return true;
}

void rn_spin_paid(rn_agent *a, unsigned i)
{
    if (i < PAUSE_ROUNDS)
        a->spin_credit = MAX_CREDIT;
}
