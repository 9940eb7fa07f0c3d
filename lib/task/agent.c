/* SPDX-License-Identifier: MIT */
/* Agents: registering, recycling, fork. Invariants and ordering: agent.h. */
#include "task/agent.h"

#include <errno.h>

_Thread_local rn_agent *rn__agent_tls;

static RN_ATOMIC(rn_agent *) registry;
static rn_atomic_u32 forked;
static rn_atomic_u32 fork_hooked;
static rn_atomic_u64 seeds;

rn_agent *rn__agent_first(void)
{
    return rn_load_acquire(&registry); /* [AG3] */
}

bool rn__agent_is_forked(void)
{
    return rn_load_relaxed(&forked); /* set before the child's first instruction of its own */
}

/* Runs in the child, on its only thread. The other threads are gone in the middle
 * of whatever they did, perhaps holding locks: nothing here can be trusted. */
static void after_fork(void)
{
    rn_store_relaxed(&forked, 1); /* one thread: nobody to order it for */
    rn__agent_tls = NULL;
}

static rn_agent *recycle(void)
{
    for (rn_agent *a = rn__agent_first(); a; a = a->next) {
        uint32_t unused = 0;
        /* [AG4] takes over the plain fields from the thread that let go of it. */
        if (rn_load_relaxed(&a->used) == 0 && rn_cas_acquire(&a->used, &unused, 1))
            return a;
    }
    return NULL;
}

static rn_agent *make(void)
{
    rn_agent *a = rn__alloc(sizeof *a, RN_LINE);
    if (!a)
        return NULL;
    rn__parker_init(&a->parker);
    rn_atomic_init(&a->used, 1);
    a->full_fence = !rn__membarrier_available();
    /* Odd steps of a fixed size never give 0, and spread well after one shift. */
    a->rng = (rn_fetch_add_relaxed(&seeds, 1) + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
    rn_agent *first = rn_load_relaxed(&registry); /* the swap re-checks it */
    do {
        a->next = first;
    } while (!rn_cas_release(&registry, &first, a)); /* [AG3] */
    return a;
}

static void release(void *arg)
{
    if (rn__agent_is_forked())
        return; /* the child's thread ends: everything here is its parent's */
    rn_agent *a = arg;
    rn__agent_tls = NULL;
    rn_store_release(&a->used, 0); /* [AG4] */
}

/* A hook that was installed twice would only store the same thing twice. */
static bool hook_fork(void)
{
    if (rn_load_relaxed(&fork_hooked))
        return true;
    if (!rn__after_fork_in_child(after_fork))
        return false;
    rn_store_relaxed(&fork_hooked, 1);
    return true;
}

RN_COLD rn_agent *rn__agent_register(void)
{
    if (rn__agent_is_forked()) {
        errno = ENOTRECOVERABLE;
        return NULL;
    }
    rn_agent *a = NULL;
    if (hook_fork() && !(a = recycle()))
        a = make();
    if (a && !rn__thread_at_exit(release, a)) {
        release(a);
        a = NULL;
    }
    if (!a)
        errno = ENOMEM;
    rn__agent_tls = a;
    return a;
}
