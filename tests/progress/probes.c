/* SPDX-License-Identifier: MIT */
/*
 * The probes: what other threads do to the channel while the victim is frozen. Each
 * has a thread of its own, and they take turns; one that does not come back stays
 * where it is until the victim is released, and the next one starts.
 */
#include "chan/channel.h"
#include "tracee.h"

enum { PAIRS = 200, SELECTS = 20, LENS = 50 };

/* What DESIGN.md claims must come back, however slow the machine is. Of the others it
 * is only noted whether they were back before the victim was released. */
#define CLAIMED_NS (5000 * MILLISECOND)
#define PRETENDED_NS (500 * MILLISECOND)
#define OBSERVED_NS (2 * MILLISECOND)
#define GRACE_NS (8 * MILLISECOND)
#define LONG_GRACE_NS (50 * MILLISECOND)
#define PARK_NS (1 * MILLISECOND)

static void probe_try(world *w)
{
    for (int i = 0; i < PAIRS; i++) {
        element e = new_element(w);
        if (w->may_send && rn_try_send(w->task.chan, &e) == 0)
            note_sent(w, &e);
        if (w->may_recv && rn_try_recv(w->task.chan, &e) == 0)
            note_got(w, &e);
    }
}

static void probe_select(world *w)
{
    for (int i = 0; i < SELECTS; i++) {
        element in, out = new_element(w), nothing;
        rn_case any[] = { RN_RECV(w->may_recv ? w->task.chan : RN_NEVER, &in),
                          RN_SEND(w->may_send ? w->task.chan : RN_NEVER, &out) };
        int r = rn_try_select(any, 2);
        if (r == 0 && any[0].err == 0)
            note_got(w, &in);
        if (r == 1 && any[1].err == 0)
            note_sent(w, &out);
        rn_case none[] = { RN_RECV(w->may_recv ? w->task.chan : RN_NEVER, &in),
                           RN_RECV(w->task.side, &nothing) };
        if (rn_try_select(none, 2) == 0 && none[0].err == 0)
            note_got(w, &in);
    }
}

static void probe_len(world *w)
{
    for (int i = 0; i < LENS; i++)
        if (rn_len(w->task.chan) > rn_cap(w->task.chan))
            fail(w, "len is larger than cap");
}

static void probe_close(world *w)
{
    if (w->may_send)
        rn_close(w->task.chan);
}

static void probe_park(world *w)
{
    element e = new_element(w);
    if (w->may_recv && rn_recv_until(w->task.chan, &e, rn_in(PARK_NS)) == 0)
        note_got(w, &e);
    e = new_element(w);
    if (w->may_send && rn_send_until(w->task.chan, &e, rn_in(PARK_NS)) == 0)
        note_sent(w, &e);
}

void do_probe(worker *p)
{
    static void (*const probes[PROBES])(world *) = {
        [PROBE_TRY] = probe_try,     [PROBE_SELECT] = probe_select, [PROBE_LEN] = probe_len,
        [PROBE_CLOSE] = probe_close, [PROBE_PARK] = probe_park,
    };
    probes[p->index](p->world);
}

/* ---- running them ------------------------------------------------------------------------ */

static unsigned claims_now(const world *w)
{
    const kind *k = w->scenario->kind;
    if (w->options->claim_all)
        return ~BIT(PROBE_PARK);
    if (k->but_for_malloc && !in_program(w->board->pc))
        return 0;
    bool parked = rn_load_seq_cst(&w->task.chan->ring.watch) & RN_WATCH_BOTH;
    return k->claims | (parked ? 0 : k->claims_alone);
}

static void complain(world *w, probe p)
{
    const board *b = w->board;
    bool ours = in_program(b->pc);
    fail(w, "%s is stuck while the victim stands at step %llu, %s 0x%llx", probe_names[p],
         (unsigned long long)b->at, ours ? "the program's" : "outside of the program,",
         (unsigned long long)(b->pc - (ours ? (uintptr_t)&__executable_start : 0)));
}

static bool run_one(world *w, probe p)
{
    bool claimed = claims_now(w) & BIT(p);
    sem_post(&w->probes[p].go);
    int64_t bound = !claimed ? OBSERVED_NS : w->options->claim_all ? PRETENDED_NS : CLAIMED_NS;
    bool back = sem_take_within(&w->probes[p].done, bound);
    if (!back && claimed)
        complain(w, p);
    return back;
}

/*
 * Every other time close comes last, since after it there is nothing to wait for; and
 * every other time it comes first, so that no probe before it is stuck with the lock,
 * and without those that park: who takes the lock after the victim looks at the waiters,
 * and would make up for a mark that the victim overlooked.
 */
static const probe orders[2][PROBES] = {
    { PROBE_TRY, PROBE_SELECT, PROBE_LEN, PROBE_PARK, PROBE_CLOSE },
    { PROBE_CLOSE, PROBE_LEN, PROBE_SELECT, PROBE_TRY, PROBES },
};

unsigned run_probes(world *w, int order)
{
    unsigned stuck = 0;
    for (int i = 0; i < PROBES && orders[order][i] != PROBES; i++) {
        /* An SPSC end has one owner: no two probes at once. */
        if (stuck && is_spsc(w))
            break;
        if (!run_one(w, orders[order][i]))
            stuck |= BIT(orders[order][i]);
    }
    /* Who wants a lock that the victim holds is no surprise; else it may be the machine. */
    bool as_expected = stuck == BIT(PROBE_PARK) && rn_load_relaxed(&w->task.chan->lock.state);
    return reap_probes(w, stuck, as_expected ? GRACE_NS : LONG_GRACE_NS);
}

unsigned reap_probes(world *w, unsigned stuck, int64_t within_ns)
{
    rn_time until = rn_in(within_ns);
    for (int p = 0; p < PROBES; p++)
        if ((stuck & BIT(p)) && sem_take_within(&w->probes[p].done, until - rn_now()))
            stuck &= ~BIT(p);
    return stuck;
}
