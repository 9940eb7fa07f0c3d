/* SPDX-License-Identifier: MIT */
/* Waiters: claim, sleep, wake. Protocol, invariants and ordering: waiter.h. */
#include "wait/waiter.h"

#include "wait/spin.h"

void rn_waiter_prepare(rn_waiter *w, rn_agent *agent, bool is_select)
{
    w->agent = agent;
    w->is_select = is_select;
    w->result = 0;
    w->next_woken = NULL;
    /* Relaxed: the channel's lock publishes them. */
    rn_store_relaxed(&w->claim, RN_CLAIM_NONE);
    rn_store_relaxed(&w->done, 0);
}

bool rn_waiter_claim(rn_node *n)
{
    uint32_t none = RN_CLAIM_NONE;
    return rn_cas_seq_cst(&n->waiter->claim, &none, n->index + 1); /* [WT2] */
}

bool rn_waiter_withdraw(rn_waiter *w)
{
    uint32_t none = RN_CLAIM_NONE;
    return rn_cas_seq_cst(&w->claim, &none, RN_CLAIM_WITHDRAWN); /* [WT2] */
}

static bool is_done(rn_waiter *w)
{
    return rn_load_acquire(&w->done); /* [WT3] */
}

/* The other side is often about to come: a futex wait costs 30 us to be woken from. */
static bool spin(rn_waiter *w)
{
    for (unsigned i = rn_spin_first(w->agent); rn_spin_round(w->agent, i); i++) {
        if (is_done(w)) {
            rn_spin_paid(w->agent, i);
            return true;
        }
    }
    return false;
}

bool rn_waiter_sleep(rn_waiter *w, rn_time deadline_ns)
{
    if (is_done(w) || spin(w))
        return true;
    for (;;) {
        uint32_t ticket = rn__parker_ticket(&w->agent->parker);
        if (is_done(w))
            return true;
        if (rn__parker_wait(&w->agent->parker, ticket, deadline_ns) != 0)
            return is_done(w);
    }
}

void rn_wakes_add(rn_wakes *wakes, rn_waiter *w, int result)
{
    w->result = result;
    w->next_woken = NULL;
    if (wakes->last)
        wakes->last->next_woken = w;
    else
        wakes->first = w;
    wakes->last = w;
}

void rn_wakes_run(rn_wakes *wakes, const rn_agent *self)
{
    rn_waiter *w = wakes->first;
    while (w) {
        /* Read before done is visible: after that, *w may be gone. */
        rn_waiter *next = w->next_woken;
        rn_agent *agent = w->agent;
        rn_store_release(&w->done, 1); /* [WT3] */
        if (agent != self)
            rn__parker_signal(&agent->parker);
        w = next;
    }
    *wakes = (rn_wakes){ NULL, NULL };
}
