/* SPDX-License-Identifier: MIT */
/*
 * Logical threads: coroutines on one OS thread; and one execution of a scenario.
 *
 * A thread runs on until it is about to take a step (an atomic operation, a futex
 * or parker operation, a yield). There it says what the step is and somebody is
 * chosen; so whenever a choice is made, every thread's next step is known. What
 * lies between two steps touches no atomic and is judged by race detection alone.
 *
 * Thread 0 runs setup and check, alone. Each other thread's view starts as thread
 * 0's after setup; check sees all that they saw.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine.h"

void mc_context_switch(void **save, void *load);
void mc_context_start(void);

mc_world mc;
mc_thread mc_threads[MC_THREADS];
void (*mc_warm_up)(void);
static void *main_sp;
static struct {
    void *address;
    size_t size;
} tls[2];
static int n_tls;

void mc_register_tls(void *address, size_t size)
{
    tls[n_tls].address = address;
    tls[n_tls++].size = size;
    mc_shadow_ignore(address, size);
}

void mc_sched_init(void)
{
    mc_shadow_init();
    mc_shadow_ignore(&errno, sizeof errno);
}

static void become(int tid)
{
    for (int i = 0; i < n_tls; i++) {
        memcpy(&mc_me()->tls[i], tls[i].address, tls[i].size);
        memcpy(tls[i].address, &mc_threads[tid].tls[i], tls[i].size);
    }
    mc.self = tid;
}

static void switch_to(int tid)
{
    void **save = &mc_me()->sp;
    become(tid);
    mc_context_switch(save, mc_threads[tid].sp);
}

/* ---- who is next ------------------------------------------------------------------- */

/* A thread that yielded goes on when something it has read was written since. */
static bool may_go_on(int tid)
{
    mc_thread *t = &mc_threads[tid];
    if (t->saw_stale)
        return true;
    bool any = false;
    for (int i = 1; i < mc.n_locs; i++) {
        mc_loc *l = &mc_locs[i];
        if (l->seen_at[tid] <= t->last_yield)
            continue;
        any = true;
        if (l->seen_writes[tid] != l->writes)
            return true;
    }
    return !any;
}

bool mc_enabled(int tid)
{
    mc_thread *t = &mc_threads[tid];
    return t->state == MC_READY && (t->op.kind != MC_OP_YIELD || may_go_on(tid));
}

static void report_stuck(void)
{
    char where[700];
    size_t n = 0;
    bool spins = false;
    where[0] = '\0';
    for (int t = 1; t < mc.n_threads; t++) {
        mc_thread *th = &mc_threads[t];
        if (th->state == MC_FINISHED)
            continue;
        bool asleep = th->state == MC_ASLEEP;
        spins |= !asleep;
        n += (size_t)snprintf(where + n, sizeof where - n, "; thread %d %s%s", t,
                              asleep ? "sleeps on " : "spins",
                              asleep ? mc_describe(mc_locs[th->asleep_on].address) : "");
        if (n >= sizeof where)
            break;
    }
    mc_fail("%s: nobody can go on%s", spins ? "livelock" : "deadlock", where);
}

/* Nobody can run. With deadlines somebody will; DPOR tried that when the thread went to
 * sleep, others do it now. */
static int nobody_enabled(void)
{
    int first = 0;
    for (int t = 1; t < mc.n_threads; t++) {
        mc_thread *th = &mc_threads[t];
        if (th->state == MC_ASLEEP && th->has_deadline &&
            (!first || th->deadline_ns < mc_threads[first].deadline_ns))
            first = t;
    }
    if (!first)
        report_stuck();
    if (mc.mode == MC_DPOR || (mc.mode == MC_PLAIN && mc.preemptions < 0))
        mc_end(MC_REDUNDANT);
    mc_threads[first].timed_out = true;
    mc_threads[first].state = MC_READY;
    return first;
}

static int next_thread(void)
{
    if (mc.n_to_run)
        return mc.to_run[--mc.n_to_run];
    unsigned enabled = 0, alive = 0;
    for (int t = 1; t < mc.n_threads; t++) {
        alive |= (unsigned)(mc_threads[t].state != MC_FINISHED) << t;
        enabled |= (unsigned)mc_enabled(t) << t;
    }
    if (!alive)
        return 0;
    if (!enabled)
        return nobody_enabled();
    return mc_pick_thread(enabled);
}

static void dispatch(void)
{
    int next = next_thread();
    if (next != mc.self)
        switch_to(next);
}

void mc_step(const mc_op *op)
{
    mc_me()->op = *op;
    dispatch();
    mc.running = mc.self;
    if (++mc.n_events >= MC_EVENTS)
        mc_fail("livelock: more than %d steps in one execution", MC_EVENTS);
}

void mc_step_done(bool wrote)
{
    mc_thread *me = mc_me();
    mc_depend_done(&me->op, wrote);
    mc_explore_step_done(&me->op, wrote);
    if (wrote) /* what it published does not cover what comes now */
        me->cur[mc.self]++;
}

void mc_sleep(mc_loc_id on)
{
    mc_me()->state = MC_ASLEEP;
    mc_me()->asleep_on = on;
    dispatch();
}

void mc_wake(int tid)
{
    mc_thread *t = &mc_threads[tid];
    t->state = MC_READY;
    t->clock = mc_clock_join(t->clock, mc_me()->clock);
    mc.to_run[mc.n_to_run++] = (uint8_t)tid;
}

void mc_yield(void)
{
    if (!mc.concurrent)
        return;
    mc_thread *me = mc_me();
    for (int i = 1; i < mc.n_locs; i++)
        if (mc_locs[i].seen_at[mc.self] > me->last_yield &&
            me->cur[MC_VIEW_BASE + i] < mc_locs[i].seen_newest[mc.self])
            me->cur[MC_VIEW_BASE + i] = mc_locs[i].seen_newest[mc.self];
    mc_op op = { .kind = MC_OP_YIELD, .pc = MC_PC };
    mc_step(&op);
    MC_TRACE(op.pc, "goes round");
    me->history = me->history_kept;
    me->saw_stale = false;
    me->last_yield = (int16_t)mc.n_events;
    mc_step_done(false);
}

unsigned mc_choose(unsigned n)
{
    return mc_pick(n, n < 32 ? (UINT32_C(1) << n) - 1 : UINT32_MAX);
}

int mc_self(void)
{
    return mc.self;
}

void mc_at_exit(void (*fn)(void *), void *arg)
{
    mc_me()->at_exit = fn;
    mc_me()->at_exit_arg = arg;
}

/* ---- one execution --------------------------------------------------------------------- */

_Noreturn void mc_end(enum mc_status status)
{
    mc.status = status;
    mc.in_execution = false;
    void *nowhere;
    mc_context_switch(&nowhere, main_sp);
    __builtin_unreachable();
}

_Noreturn void mc_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(mc.failure, sizeof mc.failure, format, args);
    va_end(args);
    MC_TRACE(__builtin_return_address(0), "FAILS: %s", mc.failure);
    mc_end(MC_FAILED);
}

void mc_outcome(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(mc.outcome, sizeof mc.outcome, format, args);
    va_end(args);
}

/* `tid` runs fn here, alone, after all that thread 0 did; thread 0 goes on after it. */
static void run_as(int tid, void (*fn)(void *), void *arg)
{
    mc_thread *zero = &mc_threads[0], *t = &mc_threads[tid];
    mc_view_join(t->cur, zero->cur, mc_view_n());
    become(tid);
    fn(arg);
    become(0);
    t->cur[tid]++;
    mc_view_join(zero->cur, t->cur, mc_view_n());
    zero->cur[0]++;
}

static void warm_up(void *arg)
{
    (void)arg;
    mc_warm_up();
}

static void worker_main(void)
{
    mc.scenario->threads[mc.self - 1]();
    mc_me()->state = MC_FINISHED;
    mc_me()->frame = mc_stacks + (size_t)(mc.self + 1) * MC_STACK;
    MC_TRACE(NULL, "is done");
    dispatch();
    __builtin_unreachable();
}

static void run_threads(void)
{
    mc_thread *zero = &mc_threads[0];
    for (int t = 1; t < mc.n_threads; t++) {
        mc_view_join(mc_threads[t].cur, zero->cur, mc_view_n());
        mc_threads[t].cur[t]++;
    }
    zero->cur[0]++;
    for (int t = mc.n_threads - 1; t >= 1; t--)
        mc.to_run[mc.n_to_run++] = (uint8_t)t;
    mc.concurrent = true;
    dispatch();
    mc.concurrent = false;
    mc.graph = mc_graph();
    for (int t = 1; t < mc.n_threads; t++)
        mc_view_join(zero->cur, mc_threads[t].cur, mc_view_n());
    zero->cur[0]++;
}

static void zero_main(void)
{
    const mc_scenario *s = mc.scenario;
    if (s->setup)
        s->setup();
    if (mc_warm_up && !s->cold)
        for (int t = 1; t < mc.n_threads; t++)
            run_as(t, warm_up, NULL);
    run_threads();
    if (s->check)
        s->check();
    for (int t = mc.n_threads - 1; t >= 0; t--)
        if (mc_threads[t].at_exit) {
            if (t)
                run_as(t, mc_threads[t].at_exit, mc_threads[t].at_exit_arg);
            else
                mc_threads[t].at_exit(mc_threads[t].at_exit_arg);
        }
    mc_heap_check_leaks();
    mc_end(MC_COMPLETE);
}

static void reset_thread(int tid)
{
    mc_thread *t = &mc_threads[tid];
    void **sp = (void **)(void *)(mc_stacks + (size_t)(tid + 1) * MC_STACK - 128);
    *--sp = (void *)mc_context_start;
    *--sp = NULL; /* rbp */
    *--sp = tid ? (void *)worker_main : (void *)zero_main;
    for (int i = 0; i < 4; i++)
        *--sp = NULL;
    t->sp = sp;
    t->frame = mc_stacks + (size_t)(tid + 1) * MC_STACK - 256;
    t->state = MC_READY;
    t->op = (mc_op){ .kind = MC_OP_LOAD };
    t->clock = (mc_clock){ 0 };
    t->last_event = 0;
    t->last_yield = 0;
    t->n_stores = 0;
    t->history = t->history_kept = 0;
    t->saw_stale = t->has_acq = t->has_rel = t->timed_out = t->has_deadline = false;
    t->now_ns = 1000000;
    t->spurious_left = mc.scenario->spurious;
    t->alloc_failures_left = mc.scenario->alloc_failures;
    t->tls[0] = t->tls[1] = 0;
    t->at_exit = NULL;
}

void mc_execute(void)
{
    mc.n_threads = 1;
    while (mc.n_threads < MC_THREADS && mc.scenario->threads[mc.n_threads - 1])
        mc.n_threads++;
    mc.n_events = mc.n_to_run = 0;
    mc.running = 0;
    mc.concurrent = false;
    mc.outcome[0] = '\0';
    mc_shadow_start();
    mc_memory_start();
    mc_depend_start();
    mc_explore_start();
    mc_names_start();
    for (int t = 0; t < mc.n_threads; t++)
        reset_thread(t);
    mc.self = 0;
    for (int i = 0; i < n_tls; i++)
        memset(tls[i].address, 0, tls[i].size);
    mc.in_execution = true;
    mc_context_switch(&main_sp, mc_threads[0].sp);
    mc.concurrent = false;
    mc_shadow_end();
    mc.executions++;
    mc.redundant += mc.status == MC_REDUNDANT;
    mc.steps += (uint64_t)mc.n_events;
}
