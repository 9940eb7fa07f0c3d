/* SPDX-License-Identifier: MIT */
/*
 * Which steps commute, and so which orders have to be tried.
 *
 * Source-DPOR: when a step races with an earlier one (they do not commute and
 * nothing else orders them), somebody who starts the reversed order is added to
 * the threads to be tried where the earlier step was chosen.
 *
 * Two steps do not commute if both access a location and one writes; if one wakes
 * on the queue that the other sleeps on; if one is a seq_cst fence and the other
 * any seq_cst step; if one is membarrier. A failed compare-and-swap is a read.
 *
 * Source: Abdulla, Aronis, Jonsson, Sagonas, "Optimal dynamic partial order
 * reduction" (POPL 2014); Flanagan, Godefroid (POPL 2005).
 */
#include <string.h>

#include "engine.h"

mc_event mc_events[MC_EVENTS + 1];

static const mc_clock lane[MC_THREADS] = {
    { 1 },
    { 0, 1 },
    { 0, 0, 1 },
    { 0, 0, 0, 1 },
    { 0, 0, 0, 0, 1 },
    { 0, 0, 0, 0, 0, 1 },
    { 0, 0, 0, 0, 0, 0, 1 },
    { 0, 0, 0, 0, 0, 0, 0, 1 },
};

void mc_depend_start(void)
{
    memset(&mc.sc_object, 0, sizeof mc.sc_object);
    mc.barrier = 0;
    mc.barrier_clock = (mc_clock){ 0 };
}

bool mc_is_before(mc_clock clock, int tid, int event)
{
    return event == 0 || clock[tid] >= event;
}

mc_clock mc_preceding(const mc_op *op)
{
    mc_clock c = mc_me()->clock;
    if (op->is_sc)
        c = mc_clock_join(c, mc.sc_object.wclock);
    return mc_clock_join(c, mc.barrier_clock);
}

bool mc_conflict(const mc_op *a, bool a_writes, const mc_op *b, bool b_writes)
{
    if (a->kind == MC_OP_BARRIER || b->kind == MC_OP_BARRIER)
        return true;
    if ((a->kind == MC_OP_FENCE && b->is_sc) || (b->kind == MC_OP_FENCE && a->is_sc))
        return true;
    if (a->queue && a->queue == b->queue && (a->kind == MC_OP_WAKE || b->kind == MC_OP_WAKE))
        return true;
    if (!a_writes && !b_writes)
        return false;
    for (int i = 0; i < 2 && a->loc[i]; i++)
        for (int j = 0; j < 2 && b->loc[j]; j++)
            if (a->loc[i] == b->loc[j])
                return true;
    return false;
}

/* ---- races --------------------------------------------------------------------------- */

typedef struct {
    struct {
        int16_t event;
        uint8_t tid;
    } r[6 * MC_THREADS];
    int n;
} racers;

static void add_racer(racers *rs, mc_clock before, int tid, int event)
{
    if (tid == mc.self || mc_is_before(before, tid, event))
        return;
    rs->r[rs->n].event = (int16_t)event;
    rs->r[rs->n++].tid = (uint8_t)tid;
}

static void racers_on(racers *rs, mc_clock before, const mc_loc *o, bool write)
{
    add_racer(rs, before, o->lw_tid, o->lw);
    if (write)
        for (int q = 1; q < mc.n_threads; q++)
            add_racer(rs, before, q, o->reads[q]);
}

static void access_object(mc_loc *o, bool write, mc_clock clock, int event)
{
    if (write) {
        o->wclock = clock;
        o->rclock = (mc_clock){ 0 };
        memset(o->reads, 0, sizeof o->reads);
        o->lw = (int16_t)event;
        o->lw_tid = (uint8_t)mc.self;
    } else {
        o->rclock = mc_clock_join(o->rclock, clock);
        o->reads[mc.self] = (int16_t)event;
    }
}

/* Who can start "everything since `event` that does not come after it, then our step". */
static unsigned initials(int event, int tid, mc_clock clock)
{
    int16_t first[MC_THREADS] = { 0 };
    unsigned seen = 0, result = 0;
    for (int j = event + 1; j <= mc.n_events; j++) {
        bool ours = j == mc.n_events;
        int t = ours ? mc.self : mc_events[j].tid;
        mc_clock c = ours ? clock : mc_events[j].clock;
        if ((!ours && c[tid] >= event) || (seen >> t & 1))
            continue;
        bool initial = true;
        for (int u = 1; u < mc.n_threads; u++)
            if ((seen >> u & 1) && c[u] >= first[u])
                initial = false;
        seen |= 1u << t;
        first[t] = (int16_t)j;
        result |= (unsigned)initial << t;
    }
    return result;
}

static void reverse_races(const racers *rs, mc_clock clock)
{
    for (int i = 0; i < rs->n; i++) {
        bool immediate = true;
        for (int k = 0; k < rs->n && immediate; k++)
            immediate =
                k == i || !(mc_events[rs->r[k].event].clock[rs->r[i].tid] >= rs->r[i].event &&
                            rs->r[k].event != rs->r[i].event);
        if (immediate)
            mc_backtrack(rs->r[i].event, initials(rs->r[i].event, rs->r[i].tid, clock));
    }
}

static mc_clock collect(racers *rs, mc_clock before, const mc_loc *o, bool write)
{
    racers_on(rs, before, o, write);
    return write ? mc_clock_join(o->wclock, o->rclock) : o->wclock;
}

void mc_depend_done(const mc_op *op, bool wrote)
{
    if (mc.mode != MC_DPOR)
        return;
    mc_thread *me = mc_me();
    int event = mc.n_events;
    mc_clock before = me->clock, clock = before;
    racers rs = { .n = 0 };
    bool fences = op->kind == MC_OP_FENCE || op->kind == MC_OP_BARRIER;

    for (int i = 0; i < 2 && op->loc[i]; i++)
        clock = mc_clock_join(clock, collect(&rs, before, &mc_locs[op->loc[i]], wrote));
    if (op->queue)
        clock =
            mc_clock_join(clock, collect(&rs, before, &mc_locs[op->queue], op->kind == MC_OP_WAKE));
    if (op->is_sc)
        clock = mc_clock_join(clock, collect(&rs, before, &mc.sc_object, fences));
    if (mc.barrier) {
        add_racer(&rs, before, mc.barrier_tid, mc.barrier);
        clock = mc_clock_join(clock, mc.barrier_clock);
    }
    if (op->kind == MC_OP_BARRIER)
        for (int q = 1; q < mc.n_threads; q++) {
            add_racer(&rs, before, q, mc_threads[q].last_event);
            if (q != mc.self && mc_threads[q].last_event)
                clock = mc_clock_join(clock, mc_events[mc_threads[q].last_event].clock);
        }
    clock = mc_clock_join(clock, lane[mc.self] * (int16_t)event);

    if (rs.n && mc_is_new_event(event))
        reverse_races(&rs, clock);

    for (int i = 0; i < 2 && op->loc[i]; i++)
        access_object(&mc_locs[op->loc[i]], wrote, clock, event);
    if (op->queue)
        access_object(&mc_locs[op->queue], op->kind == MC_OP_WAKE, clock, event);
    if (op->is_sc)
        access_object(&mc.sc_object, fences, clock, event);
    if (op->kind == MC_OP_BARRIER) {
        mc.barrier = (int16_t)event;
        mc.barrier_tid = (uint8_t)mc.self;
        mc.barrier_clock = clock;
    }
    me->clock = clock;
    me->last_event = (int16_t)event;
    mc_events[event] =
        (mc_event){ .clock = clock, .node = mc_current_node(), .tid = (uint8_t)mc.self };
}
