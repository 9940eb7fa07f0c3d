/* SPDX-License-Identifier: MIT */
/*
 * Spinning: the rule of spin.h.
 *
 * Credit: an agent whose pauses paid has MAX_CREDIT; each spin that paid only when
 * it yielded (the other side was waiting for this very CPU) or not at all takes some
 * away; without credit it yields at once, but for one spin in MAX_CREDIT.
 *
 * Dropped: counting the agents that are active and never pausing while there are more
 * of them than CPUs. With four producers, one consumer and capacity 1 on two CPUs it
 * made everybody yield to everybody, 4,000 ns a message, where a pair that happens to
 * be running and pauses for each other needs 350; the credit finds out by itself.
 */
#include "wait/spin.h"

enum {
    PAUSE_ROUNDS = 7, /* 1 + 2 + ... + 64 pauses: some 5 us */
    YIELD_ROUNDS = 6,
    MAX_CREDIT = 16,
    LOSS = 4,
};

unsigned rn_spin_first(rn_agent *a)
{
    unsigned cpus = rn__cpu_count();
    if (cpus == 0)
        return PAUSE_ROUNDS + YIELD_ROUNDS;
    if (cpus == 1 || (a->spin_credit == 0 && rn__agent_random(a, MAX_CREDIT) != 0))
        return PAUSE_ROUNDS;
    return 0;
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
