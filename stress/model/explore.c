/* SPDX-License-Identifier: MIT */
/*
 * Which execution comes next.
 *
 * Two kinds of choice: who takes the next step, and one of n (which message, a
 * spurious wake-up, a time-out). Executions are not saved; each is run again from
 * the start along the choices of the stack, the last of which has been changed.
 *
 *   DPOR    exhaustive; backtrack points from depend.c, sleep sets
 *   PLAIN   exhaustive without reduction, or up to a number of preemptions
 *   RANDOM  a walk; PCT: random priorities that change a few times
 *   REPLAY  the choices are given; past their end the first one
 *
 * A choice string has a digit for each thread chosen (where there was a choice) and
 * a letter for each one of n.
 */
#include <stdio.h>
#include <string.h>

#include "engine.h"

typedef struct {
    bool is_data;
    /* who */
    uint8_t chosen, enabled, backtrack, done, done_wrote, sleep, sleep_wrote;
    bool wrote; /* the chosen one's step, in some execution */
    /* one of n */
    uint8_t n, pick;
    uint32_t allowed;
    uint16_t event; /* the step it belongs to */
} node;

static node nodes[MC_NODES];
static int n_nodes, depth, current = -1;
static int first_new_event;
static unsigned sleeping, sleeping_wrote; /* at the current state */
static int preempted;
static char choices[MC_NODES + 1];
static int n_choices, n_given;
static char given[MC_NODES + 1];
static uint64_t rng = 1;
static int priority[MC_THREADS], change_at[3], lowest;
static int stickiness;

uint64_t mc_random(void)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return rng * UINT64_C(0x2545f4914f6cdd1d) >> 16;
}

void mc_seed(uint64_t seed)
{
    rng = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
    for (int i = 0; i < 8; i++)
        mc_random();
}

void mc_explore_begin(void)
{
    n_nodes = 0;
    first_new_event = 0;
    memset(nodes, 0, sizeof nodes[0]);
}

static bool is_dfs(void)
{
    return mc.mode == MC_DPOR || mc.mode == MC_PLAIN;
}

bool mc_want_all(void)
{
    return mc.mode != MC_DPOR;
}

void mc_explore_start(void)
{
    static int length = 50;
    depth = n_choices = preempted = 0;
    current = -1;
    sleeping = sleeping_wrote = 0;
    if (mc.mode == MC_REPLAY)
        n_given = 0;
    if (mc.n_events > 0)
        length = mc.n_events;
    stickiness = (int)(mc_random() % 3) * 4;
    if (mc.mode == MC_PCT) {
        for (int t = 0; t < MC_THREADS; t++)
            priority[t] = 1000 + (int)(mc_random() % 1000);
        for (int i = 0; i < 3; i++)
            change_at[i] = 1 + (int)(mc_random() % (unsigned)length);
        lowest = 3;
    }
}

static node *push(void)
{
    if (n_nodes == MC_NODES)
        mc_fail("checker: out of nodes (execution too long)");
    node *n = &nodes[n_nodes++];
    memset(n, 0, sizeof *n);
    return n;
}

static void note(char c)
{
    if (n_choices < MC_NODES)
        choices[n_choices++] = c;
}

/* ---- who ------------------------------------------------------------------------------ */

static int first_of(unsigned set)
{
    return set >> mc.running & 1 ? mc.running : __builtin_ctz(set);
}

static bool keeps_running(unsigned enabled)
{
    return mc.running && (enabled >> mc.running & 1) &&
           mc_threads[mc.running].op.kind != MC_OP_YIELD;
}

static int pick_dfs(unsigned enabled)
{
    current = depth;
    if (depth < n_nodes) {
        node *n = &nodes[depth++];
        if (n->is_data || n->enabled != enabled)
            mc_fail("checker: the scenario is not deterministic");
        if (keeps_running(enabled) && n->chosen != mc.running)
            preempted++;
        return n->chosen;
    }
    unsigned candidates = enabled & ~(mc.mode == MC_DPOR ? sleeping : 0);
    if (!candidates)
        mc_end(MC_REDUNDANT);
    node *n = push();
    depth++;
    n->enabled = (uint8_t)enabled;
    n->chosen = (uint8_t)first_of(candidates);
    n->event = (uint16_t)(mc.n_events + 1);
    if (mc.mode == MC_DPOR) {
        n->sleep = (uint8_t)sleeping;
        n->sleep_wrote = (uint8_t)sleeping_wrote;
        n->backtrack = (uint8_t)(1u << n->chosen);
    } else {
        bool may_preempt = mc.preemptions < 0 || preempted < mc.preemptions;
        n->backtrack =
            (uint8_t)(!keeps_running(enabled) || may_preempt ? enabled : 1u << n->chosen);
    }
    return n->chosen;
}

static int pick_random(unsigned enabled)
{
    if (keeps_running(enabled) && (int)(mc_random() % 10) < stickiness)
        return mc.running;
    unsigned skip = (unsigned)(mc_random() % (unsigned)__builtin_popcount(enabled));
    while (skip--)
        enabled &= enabled - 1;
    return __builtin_ctz(enabled);
}

static int pick_pct(unsigned enabled)
{
    for (int i = 0; i < 3; i++)
        if (change_at[i] == mc.n_events && mc.running)
            priority[mc.running] = lowest--;
    if (mc.running && mc_threads[mc.running].op.kind == MC_OP_YIELD)
        priority[mc.running] = lowest--;
    int best = __builtin_ctz(enabled);
    for (int t = best + 1; t < MC_THREADS; t++)
        if ((enabled >> t & 1) && priority[t] > priority[best])
            best = t;
    return best;
}

static int pick_given(unsigned enabled)
{
    char c = given[n_given];
    if (c >= '1' && c <= '7') {
        n_given++;
        if (enabled >> (c - '0') & 1)
            return c - '0';
    }
    return first_of(enabled);
}

int mc_pick_thread(unsigned enabled)
{
    int tid;
    bool single = (enabled & (enabled - 1)) == 0;
    if (is_dfs())
        tid = pick_dfs(enabled);
    else if (single)
        tid = __builtin_ctz(enabled);
    else if (mc.mode == MC_RANDOM)
        tid = pick_random(enabled);
    else if (mc.mode == MC_PCT)
        tid = pick_pct(enabled);
    else
        tid = pick_given(enabled);
    if (!single)
        note((char)('0' + tid));
    return tid;
}

/* ---- one of n -------------------------------------------------------------------------- */

static unsigned pick_data_dfs(unsigned n, uint32_t allowed)
{
    if (depth < n_nodes) {
        node *d = &nodes[depth++];
        if (!d->is_data || d->n != n)
            mc_fail("checker: the scenario is not deterministic");
        return d->pick;
    }
    node *d = push();
    depth++;
    d->is_data = true;
    d->n = (uint8_t)n;
    d->allowed = mc.mode == MC_DPOR ? allowed : (n < 32 ? (UINT32_C(1) << n) - 1 : UINT32_MAX);
    d->pick = (uint8_t)__builtin_ctz(d->allowed);
    d->event = (uint16_t)mc.n_events;
    return d->pick;
}

unsigned mc_pick(unsigned n, uint32_t allowed)
{
    unsigned pick = 0;
    if (n <= 1)
        return 0;
    if (is_dfs())
        pick = pick_data_dfs(n, allowed);
    else if (mc.mode == MC_REPLAY) {
        if (given[n_given] >= 'a') {
            pick = (unsigned)(given[n_given++] - 'a');
            pick = pick < n ? pick : 0;
        }
    } else if (mc_random() % 4 == 0) {
        pick = (unsigned)(mc_random() % n);
    }
    note((char)('a' + pick));
    return pick;
}

/* ---- DPOR ------------------------------------------------------------------------------- */

uint16_t mc_current_node(void)
{
    return (uint16_t)current;
}

bool mc_is_new_event(int event)
{
    return event >= first_new_event;
}

void mc_explore_step_done(const mc_op *op, bool wrote)
{
    if (mc.mode != MC_DPOR || current < 0)
        return;
    node *n = &nodes[current];
    n->wrote |= wrote;
    unsigned asleep = n->sleep | n->done;
    unsigned asleep_wrote = n->sleep_wrote | n->done_wrote;
    for (int q = 1; q < mc.n_threads; q++)
        if ((asleep >> q & 1) &&
            (q == mc.self || mc_conflict(op, wrote, &mc_threads[q].op, asleep_wrote >> q & 1)))
            asleep &= ~(1u << q);
    sleeping = asleep;
    sleeping_wrote = asleep_wrote & asleep;
}

void mc_backtrack(int event, unsigned initial)
{
    node *n = &nodes[mc_events[event].node];
    if ((n->backtrack | n->sleep) & initial)
        return;
    unsigned candidates = initial & n->enabled;
    if (!candidates)
        n->backtrack |= n->enabled;
    else if (candidates >> mc.self & 1)
        n->backtrack |= (uint8_t)(1u << mc.self);
    else
        n->backtrack |= (uint8_t)(candidates & -candidates);
}

void mc_backtrack_others(void)
{
    nodes[current].backtrack |= nodes[current].enabled;
    nodes[current].wrote = true;
}

/* ---- the next execution --------------------------------------------------------------------- */

static bool next_data(node *d)
{
    uint32_t left = d->pick >= 31 ? 0 : d->allowed & (UINT32_MAX << (d->pick + 1));
    if (!left)
        return false;
    d->pick = (uint8_t)__builtin_ctz(left);
    return true;
}

static bool next_thread(node *n)
{
    n->done |= (uint8_t)(1u << n->chosen);
    if (n->wrote)
        n->done_wrote |= (uint8_t)(1u << n->chosen);
    n->wrote = false;
    unsigned left = n->backtrack & n->enabled & ~n->done & ~n->sleep;
    if (!left)
        return false;
    n->chosen = (uint8_t)__builtin_ctz(left);
    return true;
}

bool mc_explore_next(void)
{
    if (!is_dfs())
        return true;
    while (n_nodes) {
        node *top = &nodes[n_nodes - 1];
        if (top->is_data ? next_data(top) : next_thread(top)) {
            first_new_event = top->event;
            return true;
        }
        n_nodes--;
    }
    return false;
}

/* ---- choice strings ---------------------------------------------------------------------------- */

void mc_choices_to_string(char *out, size_t size)
{
    size_t n = (size_t)n_choices < size - 1 ? (size_t)n_choices : size - 1;
    memcpy(out, choices, n);
    out[n] = '\0';
}

void mc_load_choices(const char *string)
{
    snprintf(given, sizeof given, "%s", string);
}
