/* SPDX-License-Identifier: MIT */
/*
 * lib/os/os.h as its contract, and no stronger.
 *
 *   futex     compares with the newest value and sleeps, at once; orders nothing
 *   parker    an event count: the ticket is an acquire load, a signal a release
 *             increment; to wait orders nothing
 *   clock     each thread's own; it moves past a deadline when that was chosen
 *   cpu       none, so that nobody spins a while before sleeping; a pause is a yield
 *   alloc     may fail if the scenario asks for it
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "os/os.h"
#include "runnel/panic.h"
#include "task/agent.h"

/* The location that stands for the sleepers on a word. */
#define QUEUE_OF (UINT64_C(1) << 62)

enum { SLEEP, SPURIOUS, TIME_OUT };

/* Sleeps on `word` while it is `expected`. */
static int wait_on(uintptr_t word, uint32_t expected, rn_time deadline_ns, const char *what,
                   const void *pc)
{
    mc_loc_id loc = mc_location(word, 4);
    if (!mc.concurrent)
        mc_fail("setup or check would sleep in %s", what);
    mc_op op = {
        .kind = MC_OP_WAIT, .loc = { loc }, .queue = mc_location(word | QUEUE_OF, 0), .pc = pc
    };
    mc_step(&op);
    mc_thread *me = mc_me();
    mc_atomic_access(&mc_locs[loc], false);
    bool match = mc_newest(loc) == expected, sleeps = false;
    mc_see_newest(loc); /* coherence: the thread will not read an older one */
    int result = 0;
    if (match) {
        bool finite = deadline_ns != RN_FOREVER;
        int menu[3] = { SLEEP }, n = 1;
        if (finite && deadline_ns <= me->now_ns)
            menu[0] = TIME_OUT;
        else if (finite)
            menu[n++] = TIME_OUT;
        if (me->spurious_left > 0)
            menu[n++] = SPURIOUS;
        int outcome = menu[mc_choose((unsigned)n)];
        sleeps = outcome == SLEEP;
        me->spurious_left -= outcome == SPURIOUS;
        result = outcome == TIME_OUT ? -ETIMEDOUT : 0;
        mc_note(outcome == SPURIOUS);
    }
    MC_TRACE(pc, "%s %s%s", what, mc_describe(word),
             sleeps   ? ": sleeps"
             : !match ? ": has changed"
             : result ? ": times out"
                      : ": spurious");
    mc_step_done(false);
    if (sleeps) {
        me->timed_out = false;
        me->has_deadline = deadline_ns != RN_FOREVER;
        me->deadline_ns = deadline_ns;
        mc_sleep(loc);
        result = me->timed_out ? -ETIMEDOUT : 0;
        MC_TRACE(pc, "wakes%s", result ? " by time-out" : "");
    }
    mc_note((uint64_t)result);
    if (result && deadline_ns > me->now_ns)
        me->now_ns = deadline_ns;
    return result;
}

static unsigned sleepers(mc_loc_id loc)
{
    unsigned set = 0;
    for (int t = 1; t < mc.n_threads; t++)
        if (mc_threads[t].state == MC_ASLEEP && mc_threads[t].asleep_on == loc)
            set |= 1u << t;
    return set;
}

/* ---- parker --------------------------------------------------------------------------- */

void rn__parker_init(rn_parker *p)
{
    mc_plain_access((uintptr_t)&p->word, 4, true);
    p->word = 0;
}

uint32_t rn__parker_ticket(rn_parker *p)
{
    return (uint32_t)mc_atomic_load((uintptr_t)&p->word, 4, __ATOMIC_ACQUIRE, MC_PC);
}

int rn__parker_wait(rn_parker *p, uint32_t ticket, rn_time deadline_ns)
{
    return wait_on((uintptr_t)&p->word, ticket, deadline_ns, "parker wait", MC_PC);
}

void rn__parker_signal(rn_parker *p)
{
    mc_loc_id loc = mc_location((uintptr_t)&p->word, 4);
    mc_atomic_rmw((uintptr_t)&p->word, 4, MC_ADD, 1, 0, __ATOMIC_RELEASE, __ATOMIC_RELAXED, MC_PC);
    unsigned set = sleepers(loc);
    for (int t = 1; t < mc.n_threads; t++)
        if (set >> t & 1)
            mc_wake(t);
}

/* ---- futex ------------------------------------------------------------------------------ */

void rn__futex_wait(rn_atomic_u32 *word, uint32_t expected)
{
    wait_on((uintptr_t)word, expected, RN_FOREVER, "futex wait", MC_PC);
}

void rn__futex_wake_one(rn_atomic_u32 *word)
{
    if (!mc.concurrent)
        return;
    mc_loc_id loc = mc_location((uintptr_t)word, 4);
    mc_op op = { .kind = MC_OP_WAKE,
                 .queue = mc_location((uintptr_t)word | QUEUE_OF, 0),
                 .pc = MC_PC };
    mc_step(&op);
    unsigned set = sleepers(loc);
    unsigned n = (unsigned)__builtin_popcount(set);
    for (unsigned skip = mc_choose(n); skip; skip--)
        set &= set - 1;
    MC_TRACE(op.pc, "futex wake %s: %s", mc_describe((uintptr_t)word), n ? "one" : "nobody");
    mc_step_done(true);
    if (set)
        mc_wake(__builtin_ctz(set));
}

/* ---- clock, cpu, membarrier ----------------------------------------------------------------- */

rn_time rn__clock_ns(void)
{
    return mc_me()->now_ns++;
}

/* None: do not spin before sleeping. A bounded spin adds nothing but executions. */
unsigned rn__cpu_count(void)
{
    return 0;
}

void rn__cpu_pause(unsigned times)
{
    (void)times;
    mc_yield();
}

void rn__cpu_yield(void)
{
    mc_yield();
}

void rn__cpu_backoff(unsigned *round)
{
    (void)round;
    mc_yield();
}

bool rn__membarrier_available(void)
{
    return !mc.scenario->no_membarrier;
}

/* Without membarrier the caller's own fence is what remains; so is it in lib/os. */
void rn__membarrier(void)
{
    if (mc.scenario->no_membarrier)
        mc_fence(__ATOMIC_SEQ_CST, MC_PC);
    else
        mc_barrier(MC_PC);
}

/* ---- memory ------------------------------------------------------------------------------------ */

static bool fails(void)
{
    mc_thread *me = mc_me();
    if (!mc.concurrent || me->alloc_failures_left == 0 || mc_choose(2) == 0)
        return false;
    me->alloc_failures_left--;
    errno = ENOMEM;
    return true;
}

void *rn__alloc(size_t size, size_t align)
{
    return fails() ? NULL : mc_heap_alloc(size, align, true);
}

void rn__free(void *p)
{
    mc_heap_free(p, MC_PC);
}

void *mc_alloc(size_t size)
{
    return mc_heap_alloc(size, 16, true);
}

void mc_free(void *p)
{
    mc_heap_free(p, MC_PC);
}

void *mc_malloc(size_t size);
void *mc_malloc(size_t size)
{
    return fails() ? NULL : mc_heap_alloc(size, 16, false);
}

void *mc_calloc(size_t n, size_t size);
void *mc_calloc(size_t n, size_t size)
{
    return fails() ? NULL : mc_heap_alloc(n * size, 16, true);
}

void *mc_aligned_alloc(size_t align, size_t size);
void *mc_aligned_alloc(size_t align, size_t size)
{
    return fails() ? NULL : mc_heap_alloc(size, align, false);
}

/* ---- thread -------------------------------------------------------------------------------------- */

bool rn__thread_at_exit(void (*fn)(void *), void *arg)
{
    mc_at_exit(fn, arg);
    return true;
}

bool rn__after_fork_in_child(void (*fn)(void))
{
    (void)fn;
    return true;
}

/* ---- what the model knows of the library ------------------------------------------------------------ */

static void register_agent(void)
{
    if (!rn__agent_self())
        mc_fail("no agent record for a thread");
}

static void on_panic(const char *message)
{
    if (mc.in_execution)
        mc_fail("panic: %s", message);
}

__attribute__((constructor)) static void glue(void)
{
    mc_register_tls(&rn__agent_tls, sizeof rn__agent_tls);
    mc_warm_up = register_agent;
    rn_set_panic_hook(on_panic);
}
