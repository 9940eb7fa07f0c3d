/* SPDX-License-Identifier: MIT */
/*
 * C11 atomics on views.
 *
 * Each atomic location has its messages in modification order (a list; timestamps
 * give the order, with gaps to insert into). Each thread has a view: per location
 * the oldest message it may still read. A load picks any message from there on; a
 * store is put anywhere after there; a read-modify-write picks a message that no
 * other one took, and is put right behind it. A message carries the view that its
 * writer published; an acquiring reader joins it.
 *
 *   cur   what the thread may not go behind
 *   acq   what it read by relaxed loads: joined by an acquire fence
 *   rel   cur at its last release fence: what its relaxed stores publish
 *   S     one for all: per location the last seq_cst write. A seq_cst access goes
 *         not behind S, there. A seq_cst fence exchanges all of it.
 *
 * Executions are promise-free: a load never returns what is stored later in the
 * order of execution (no load buffering). S is the order of execution.
 *
 * The views' first entries are the vector clock of C11's happens-before. S has
 * none: seq_cst order alone is not happens-before.
 */
#include <stdio.h>
#include <string.h>

#include "engine.h"

mc_loc mc_locs[MC_LOCATIONS];
mc_msg mc_msgs[MC_MESSAGES];

#define VIEW_POOL (4 * 1024 * 1024)
static int32_t view_pool[VIEW_POOL];

enum { RELAXED, CONSUME, ACQUIRE, RELEASE, ACQ_REL, SEQ_CST };

static bool acquires(int order)
{
    return order != RELAXED && order != RELEASE;
}

static bool releases(int order)
{
    return order >= RELEASE;
}

void mc_view_join(int32_t *restrict into, const int32_t *restrict from, int n)
{
    for (int i = 0; i < n; i++)
        into[i] = from[i] > into[i] ? from[i] : into[i];
}

static int32_t *new_view(const int32_t *from, int n)
{
    if (mc.views_used + (uint32_t)n > VIEW_POOL)
        mc_fail("checker: out of views (execution too long)");
    int32_t *v = view_pool + mc.views_used;
    mc.views_used += (uint32_t)n;
    memcpy(v, from, (size_t)n * sizeof *v);
    return v;
}

void mc_memory_start(void)
{
    size_t used = (size_t)(MC_VIEW_BASE + mc.n_locs_before) * sizeof(int32_t);
    for (int t = 0; t < mc.n_threads; t++) {
        memset(mc_threads[t].cur, 0, used);
        memset(mc_threads[t].acq, 0, used);
    }
    memset(mc.sc, 0, used);
    mc.n_locs = 1;
    mc.n_msgs = 1;
    mc.views_used = 0;
}

/* ---- locations --------------------------------------------------------------------- */

static uint64_t read_memory(uintptr_t address, unsigned size)
{
    uint64_t v = 0;
    memcpy(&v, (const void *)address, size);
    return v;
}

/* tid 0: what was there before. */
static mc_msg_id new_message(mc_loc *l, uint64_t value, mc_msg_id after, int tid)
{
    if (mc.n_msgs == MC_MESSAGES)
        mc_fail("checker: out of messages (execution too long)");
    mc_msg_id id = mc.n_msgs++;
    mc_msg *m = &mc_msgs[id];
    mc_msg_id newer = after ? mc_msgs[after].newer : 0;
    *m = (mc_msg){ .value = value, .older = after, .newer = newer, .tid = (uint8_t)tid };
    int32_t ts = after ? mc_msgs[after].ts : 0;
    if (newer) {
        m->ts = ts + (mc_msgs[newer].ts - ts) / 2;
        if (m->ts == ts)
            mc_fail("checker: no room left in a modification order");
        mc_msgs[newer].older = id;
    } else {
        m->ts = ts + MC_TS_STEP;
        l->newest = id;
    }
    if (after)
        mc_msgs[after].newer = id;
    return id;
}

static mc_loc_id new_location(uintptr_t address, unsigned size, mc_loc_id *slot)
{
    if (mc.n_locs == MC_LOCATIONS)
        mc_fail("checker: too many atomic locations");
    mc_loc_id id = (mc_loc_id)mc.n_locs++;
    if (mc.n_locs > mc.n_locs_before)
        mc.n_locs_before = mc.n_locs;
    mc_loc *l = &mc_locs[id];
    memset(l, 0, sizeof *l);
    l->address = address;
    l->size = (uint8_t)size;
    for (int t = 0; t < mc.n_threads; t++)
        mc_threads[t].cur[MC_VIEW_BASE + id] = mc_threads[t].acq[MC_VIEW_BASE + id] =
            mc_threads[t].rel[MC_VIEW_BASE + id] = 0;
    mc.sc[MC_VIEW_BASE + id] = 0;
    if (size)
        l->lw_msg = new_message(l, read_memory(address, size), 0, 0);
    mc_shadow_log(address, size);
    *slot = id;
    if (size == 8)
        *mc_loc_slot(address + 4) = id;
    return id;
}

mc_loc_id mc_location(uintptr_t address, unsigned size)
{
    mc_loc_id *slot = mc_loc_slot(address);
    mc_loc_id id = *slot;
    if (MC_LIKELY(id && mc_locs[id].address == address && mc_locs[id].size == size))
        return id;
    if (id && !mc_locs[id].reset)
        mc_fail("%s is accessed as %u bytes and as %u", mc_describe(address),
                (unsigned)mc_locs[id].size, size);
    return new_location(address, size, slot);
}

/* What is written plainly is ordered with all else, or reported: history ends here. */
void mc_location_written_plainly(mc_loc_id id)
{
    mc_locs[id].reset = true;
}

static void settle(mc_loc *l)
{
    if (MC_LIKELY(!l->reset))
        return;
    l->reset = false;
    int32_t ts = mc_msgs[l->newest].ts;
    l->newest = 0;
    mc_msg_id m = new_message(l, read_memory(l->address, l->size), 0, 0);
    mc_msgs[m].ts = ts + MC_TS_STEP;
    l->lw_msg = m;
    l->writes++;
}

static mc_loc *open_location(mc_loc_id id, bool is_write)
{
    mc_loc *l = &mc_locs[id];
    mc_atomic_access(l, is_write);
    settle(l);
    return l;
}

uint64_t mc_newest(mc_loc_id id)
{
    settle(&mc_locs[id]);
    return mc_msgs[mc_locs[id].newest].value;
}

void mc_see_newest(mc_loc_id id)
{
    mc_me()->cur[MC_VIEW_BASE + id] = mc_msgs[mc_locs[id].newest].ts;
}

/* ---- choosing a message --------------------------------------------------------------- */

typedef struct {
    mc_msg_id m[32];
    unsigned n;
    uint32_t allowed;
} menu;

static void offer(menu *c, mc_msg_id m, bool allowed)
{
    if (c->n == 32)
        return;
    c->m[c->n] = m;
    c->allowed |= (uint32_t)allowed << c->n;
    c->n++;
}

/*
 * DPOR tries both orders of two steps that race. So if the last write to this
 * location is not ordered before our step, what we could read behind its back is
 * found when our step comes first; here we need only look at that write itself.
 */
static bool bound_by_last_write(const mc_loc *l, const mc_op *op)
{
    return mc.concurrent && !mc_want_all() && l->lw &&
           !mc_is_before(mc_preceding(op), l->lw_tid, l->lw);
}

/* Stores become visible in finite time: a loop that retries gets to see them. */
static bool has_patience(const mc_loc *l, mc_msg_id m)
{
    return m == l->newest || m == l->lw_msg || mc_msgs[m].outdated_reads[mc.self] < MC_PATIENCE;
}

/* The menu is empty of what DPOR needs: the step has to wait for another write. */
static _Noreturn void not_now(const mc_op *op)
{
    mc_depend_done(op, true);
    mc_backtrack_others();
    mc_end(MC_REDUNDANT);
}

static mc_msg_id choose(const menu *c, const mc_op *op)
{
    if (MC_UNLIKELY(!c->allowed))
        not_now(op);
    if (MC_LIKELY(c->n == 1))
        return c->m[0];
    return c->m[mc_pick(c->n, c->allowed)];
}

static int32_t lower_bound(mc_loc_id id, int order)
{
    int32_t b = mc_me()->cur[MC_VIEW_BASE + id];
    if (order == SEQ_CST && mc.sc[MC_VIEW_BASE + id] > b)
        b = mc.sc[MC_VIEW_BASE + id];
    return b;
}

/* ---- what a read and a write do to the views -------------------------------------------- */

static void see(mc_loc *l, mc_loc_id id, mc_msg_id m, int order)
{
    mc_thread *me = mc_me();
    const mc_msg *msg = &mc_msgs[m];
    me->cur[MC_VIEW_BASE + id] = msg->ts;
    mc_note(l->address + ((uint64_t)msg->tid << 48 | (uint64_t)msg->serial << 52));
    if (msg->view) {
        if (acquires(order)) {
            mc_view_join(me->cur, msg->view, msg->view_n);
        } else {
            mc_view_join(me->acq, msg->view, msg->view_n);
            me->has_acq = true;
        }
    }
    if (mc.concurrent) {
        l->seen_at[mc.self] = (int16_t)mc.n_events;
        l->seen_writes[mc.self] = l->writes;
        l->seen_newest[mc.self] = mc_msgs[l->newest].ts;
        if (m != l->newest) {
            me->saw_stale = true;
            mc_msgs[m].outdated_reads[mc.self]++;
        }
    }
}

static void join_view(mc_msg *m, const int32_t *view, int n)
{
    if (!view)
        return;
    if (!m->view || m->view_n < n) {
        int32_t *old = m->view;
        int old_n = m->view_n;
        m->view = new_view(view, n);
        m->view_n = (uint16_t)n;
        if (old)
            mc_view_join(m->view, old, old_n);
        return;
    }
    if (m->view == m->own)
        m->view = new_view(m->view, m->view_n);
    mc_view_join(m->view, view, n);
}

/* C11 (not C++20): a release sequence goes on with later stores of the same thread. */
static void continue_own_sequence(mc_msg *m)
{
    for (mc_msg_id i = m->older; i; i = mc_msgs[i].older) {
        if (mc_msgs[i].tid == m->tid)
            join_view(m, mc_msgs[i].own, mc_msgs[i].own_n);
        else if (!mc_msgs[i].is_rmw)
            return;
    }
}

/* cur already has the message's timestamp. */
static void publish(mc_msg *m, mc_loc_id id, int order)
{
    mc_thread *me = mc_me();
    if (releases(order)) {
        m->view = new_view(me->cur, mc_view_n());
        m->view_n = (uint16_t)mc_view_n();
    } else if (me->has_rel) {
        m->view = new_view(me->rel, mc_view_n());
        m->view_n = (uint16_t)mc_view_n();
        m->view[MC_VIEW_BASE + id] = m->ts;
    }
    m->own = m->view;
    m->own_n = m->view_n;
    if (m->is_rmw)
        join_view(m, mc_msgs[m->older].view, mc_msgs[m->older].view_n);
    if (mc.scenario->c11_release_sequence)
        continue_own_sequence(m);
}

static void write_message(mc_loc *l, mc_loc_id id, uint64_t value, mc_msg_id after, bool is_rmw,
                          int order)
{
    mc_msg_id m = new_message(l, value, after, mc.self);
    mc_msg *msg = &mc_msgs[m];
    msg->serial = ++mc_me()->n_stores;
    mc_me()->history_kept = mc_me()->history;
    if (is_rmw) {
        msg->is_rmw = true;
        mc_msgs[after].was_taken = true;
    }
    mc_me()->cur[MC_VIEW_BASE + id] = msg->ts;
    if (order == SEQ_CST)
        mc.sc[MC_VIEW_BASE + id] = msg->ts;
    publish(msg, id, order);
    l->lw_msg = m;
    l->writes++;
    if (l->seen_at[mc.self])
        l->seen_writes[mc.self] = l->writes;
    if (l->newest == m)
        memcpy((void *)l->address, &value, l->size);
}

/* ---- operations -------------------------------------------------------------------------- */

static void begin(const mc_op *op)
{
    if (mc.concurrent)
        mc_step(op);
}

static void end(bool wrote)
{
    if (mc.concurrent)
        mc_step_done(wrote);
    else
        mc_me()->cur[mc.self]++;
}

uint64_t mc_atomic_load(uintptr_t address, unsigned size, int order, const void *pc)
{
    mc_loc_id id = mc_location(address, size);
    mc_op op = { .kind = MC_OP_LOAD, .is_sc = order == SEQ_CST, .loc = { id }, .pc = pc };
    begin(&op);
    mc_loc *l = open_location(id, false);
    int32_t bound = lower_bound(id, order);
    mc_msg_id m = l->newest;
    if (mc_msgs[m].older && mc_msgs[mc_msgs[m].older].ts >= bound) {
        bool bound_by = bound_by_last_write(l, &op);
        menu c = { .n = 0 };
        for (; m && mc_msgs[m].ts >= bound; m = mc_msgs[m].older)
            if (has_patience(l, m))
                offer(&c, m, !bound_by || m == l->lw_msg);
        m = choose(&c, &op);
    }
    uint64_t value = mc_msgs[m].value;
    MC_TRACE(pc, "load %s  %s = %#lx%s", mc_order_name(order), mc_describe(address),
             (unsigned long)value, m == l->newest ? "" : "  (not the newest)");
    see(l, id, m, order);
    end(false);
    return value;
}

void mc_atomic_store(uintptr_t address, unsigned size, uint64_t value, int order, const void *pc)
{
    mc_loc_id id = mc_location(address, size);
    mc_op op = {
        .kind = MC_OP_STORE, .is_write = true, .is_sc = order == SEQ_CST, .loc = { id }, .pc = pc
    };
    begin(&op);
    mc_loc *l = open_location(id, true);
    int32_t bound = lower_bound(id, order);
    mc_msg_id after = l->newest;
    if (mc_msgs[after].ts > bound) {
        int32_t last = bound_by_last_write(l, &op) ? mc_msgs[l->lw_msg].ts : 0;
        menu c = { .n = 0 };
        for (mc_msg_id m = after; m && mc_msgs[m].ts >= bound; m = mc_msgs[m].older)
            if (!mc_msgs[m].was_taken)
                offer(&c, m, mc_msgs[m].ts >= last);
        after = choose(&c, &op);
    }
    MC_TRACE(pc, "store %s  %s := %#lx%s", mc_order_name(order), mc_describe(address),
             (unsigned long)value, after == l->newest ? "" : "  (behind a newer one)");
    write_message(l, id, value, after, false, order);
    end(true);
}

static uint64_t compute(enum mc_rmw what, uint64_t old, uint64_t operand)
{
    switch (what) {
    case MC_ADD:
        return old + operand;
    case MC_SUB:
        return old - operand;
    case MC_AND:
        return old & operand;
    case MC_OR:
        return old | operand;
    case MC_XOR:
        return old ^ operand;
    case MC_NAND:
        return ~(old & operand);
    default:
        return operand;
    }
}

static mc_msg_id choose_rmw(mc_loc *l, mc_loc_id id, const mc_op *op, bool is_cas,
                            uint64_t expected, int order, int failure_order)
{
    int32_t bound = lower_bound(id, order), failure_bound = lower_bound(id, failure_order);
    int32_t low = is_cas && failure_bound < bound ? failure_bound : bound;
    mc_msg_id m = l->newest;
    if (!mc_msgs[m].older || mc_msgs[mc_msgs[m].older].ts < low)
        return m;
    bool bound_by = bound_by_last_write(l, op);
    menu c = { .n = 0 };
    for (; m && mc_msgs[m].ts >= low; m = mc_msgs[m].older) {
        bool fails = is_cas && mc_msgs[m].value != expected;
        if (fails ? mc_msgs[m].ts >= failure_bound && has_patience(l, m)
                  : mc_msgs[m].ts >= bound && !mc_msgs[m].was_taken)
            offer(&c, m, !bound_by || m == l->lw_msg);
    }
    return choose(&c, op);
}

uint64_t mc_atomic_rmw(uintptr_t address, unsigned size, enum mc_rmw what, uint64_t operand,
                       uint64_t expected, int order, int failure_order, const void *pc)
{
    mc_loc_id id = mc_location(address, size);
    mc_op op = {
        .kind = MC_OP_RMW, .is_write = true, .is_sc = order == SEQ_CST, .loc = { id }, .pc = pc
    };
    begin(&op);
    mc_loc *l = open_location(id, true);
    mc_msg_id m = choose_rmw(l, id, &op, what == MC_CAS, expected, order, failure_order);
    uint64_t old = mc_msgs[m].value;
    if (what == MC_CAS && old != expected) {
        MC_TRACE(pc, "cas %s  %s: expected %#lx, found %#lx", mc_order_name(failure_order),
                 mc_describe(address), (unsigned long)expected, (unsigned long)old);
        see(l, id, m, failure_order);
        end(false);
        return old;
    }
    uint64_t value = compute(what, old, operand);
    if (size < 8)
        value &= (UINT64_C(1) << (8 * size)) - 1;
    MC_TRACE(pc, "rmw %s  %s: %#lx -> %#lx", mc_order_name(order), mc_describe(address),
             (unsigned long)old, (unsigned long)value);
    see(l, id, m, order);
    write_message(l, id, value, m, true, order);
    end(true);
    return old;
}

/* Sixteen bytes: one step on two locations, which reads the newest of both. */
void mc_atomic_dwcas(uintptr_t address, uint64_t expected[2], const uint64_t desired[2],
                     const void *pc)
{
    mc_loc_id id[2] = { mc_location(address, 8), mc_location(address + 8, 8) };
    mc_op op = {
        .kind = MC_OP_DWCAS, .is_write = true, .is_sc = true, .loc = { id[0], id[1] }, .pc = pc
    };
    begin(&op);
    mc_loc *l[2];
    uint64_t old[2];
    mc_msg_id m[2];
    for (int i = 0; i < 2; i++) {
        l[i] = open_location(id[i], true);
        m[i] = l[i]->newest;
        old[i] = mc_msgs[m[i]].value;
        see(l[i], id[i], m[i], SEQ_CST);
    }
    bool won = old[0] == expected[0] && old[1] == expected[1];
    MC_TRACE(pc, "dwcas seq_cst  %s: {%#lx, %#lx} -> {%#lx, %#lx}%s", mc_describe(address),
             (unsigned long)old[0], (unsigned long)old[1], (unsigned long)desired[0],
             (unsigned long)desired[1], won ? "" : " failed");
    /* Twice, so that the first half's message carries the second's timestamp as well. */
    if (won) {
        write_message(l[1], id[1], desired[1], m[1], true, SEQ_CST);
        write_message(l[0], id[0], desired[0], m[0], true, SEQ_CST);
        join_view(&mc_msgs[l[1]->newest], mc_msgs[l[0]->newest].view, mc_msgs[l[0]->newest].view_n);
    }
    expected[0] = old[0];
    expected[1] = old[1];
    end(won);
}

/* ---- fences -------------------------------------------------------------------------------- */

static void fence_of(mc_thread *t, bool acquire, bool release, bool sc)
{
    int n = mc_view_n();
    if (acquire && t->has_acq)
        mc_view_join(t->cur, t->acq, n);
    if (sc) {
        mc_view_join(t->cur + MC_VIEW_BASE, mc.sc + MC_VIEW_BASE, n - MC_VIEW_BASE);
        memcpy(mc.sc + MC_VIEW_BASE, t->cur + MC_VIEW_BASE,
               (size_t)(n - MC_VIEW_BASE) * sizeof(int32_t));
    }
    if (release) {
        memcpy(t->rel, t->cur, (size_t)n * sizeof(int32_t));
        t->has_rel = true;
    }
}

void mc_fence(int order, const void *pc)
{
    if (order != SEQ_CST) {
        fence_of(mc_me(), acquires(order), releases(order), false);
        mc_me()->cur[mc.self]++;
        return;
    }
    mc_op op = { .kind = MC_OP_FENCE, .is_sc = true, .is_write = true, .pc = pc };
    begin(&op);
    MC_TRACE(pc, "fence seq_cst");
    fence_of(mc_me(), true, true, true);
    end(true);
}

/* A seq_cst fence of every thread, between two of the caller's. */
void mc_barrier(const void *pc)
{
    mc_op op = { .kind = MC_OP_BARRIER, .is_sc = true, .is_write = true, .pc = pc };
    begin(&op);
    MC_TRACE(pc, "membarrier");
    fence_of(mc_me(), true, true, true);
    for (int t = 1; t < mc.n_threads; t++)
        if (t != mc.self) {
            fence_of(&mc_threads[t], true, true, true);
            mc_threads[t].cur[t]++;
        }
    fence_of(mc_me(), true, true, true);
    end(true);
}

uint64_t mc_graph(void)
{
    uint64_t sum = 0;
    for (int t = 1; t < mc.n_threads; t++)
        sum = (sum + mc_threads[t].history) * UINT64_C(0xbf58476d1ce4e5b9);
    for (int i = 1; i < mc.n_locs; i++) {
        uint64_t order = mc_locs[i].address;
        for (mc_msg_id m = mc_locs[i].newest; m; m = mc_msgs[m].older)
            order =
                (order ^ (mc_msgs[m].tid + 16u * mc_msgs[m].serial)) * UINT64_C(0x94d049bb133111eb);
        sum += order ^ order >> 31;
    }
    return sum | 1;
}
