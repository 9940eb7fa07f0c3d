/* SPDX-License-Identifier: MIT */
/* The kinds of channels, the operations, and what DESIGN.md section 6 claims of them. */
#include <errno.h>

#include "freeze.h"

#define LOCK_FREE (BIT(PROBE_TRY) | BIT(PROBE_SELECT) | BIT(PROBE_LEN) | BIT(PROBE_CLOSE))

/* The slots of one segment of an unbounded channel: the operation starts at its end. */
#define SEGMENT 256

const kind kinds[] = {
    { .name = "word, cap 1", .elem_size = 8, .cap = 1, .claims = LOCK_FREE },
    { .name = "word, cap 3", .elem_size = 8, .cap = 3, .claims = LOCK_FREE },
    { .name = "word, cap 64", .elem_size = 8, .cap = 64, .claims = LOCK_FREE },
    { .name = "count, cap 3", .elem_size = 0, .cap = 3, .claims = LOCK_FREE },
    { .name = "SPSC, cap 4",
      .elem_size = 8,
      .cap = 4,
      .options = RN_CHAN_SPSC,
      .claims = LOCK_FREE },
    { .name = "unbounded",
      .elem_size = 8,
      .cap = RN_UNBOUNDED,
      .claims = LOCK_FREE,
      .but_for_malloc = true },
    { .name = "unbounded, next segment",
      .elem_size = 8,
      .cap = RN_UNBOUNDED,
      .claims = LOCK_FREE,
      .before = SEGMENT,
      .but_for_malloc = true },
    { .name = "unbounded, 24 bytes",
      .elem_size = 24,
      .cap = RN_UNBOUNDED,
      .claims = LOCK_FREE,
      .but_for_malloc = true },
    { .name = "FAST, cap 4",
      .elem_size = 8,
      .cap = 4,
      .options = RN_CHAN_FAST,
      .claims = BIT(PROBE_LEN),
      .claims_alone = BIT(PROBE_CLOSE) },
    { .name = "24 bytes, cap 4",
      .elem_size = 24,
      .cap = 4,
      .claims = BIT(PROBE_LEN),
      .claims_alone = BIT(PROBE_CLOSE) },
    { .name = "cap 0", .elem_size = 8, .cap = 0, .claims = BIT(PROBE_LEN) },
};
const size_t n_kinds = sizeof kinds / sizeof *kinds;

const char *const probe_names[PROBES] = { "try", "try_select", "len", "close", "until" };
const char *const waiters_names[WAITER_KINDS] = { "nobody", "receivers", "senders" };

/* ---- the operations ------------------------------------------------------------------ */

static int run_try_send(task *t)
{
    return rn_try_send(t->chan, &t->elem);
}

static int run_try_recv(task *t)
{
    return rn_try_recv(t->chan, &t->elem);
}

static int run_send(task *t)
{
    return rn_send(t->chan, &t->elem);
}

static int run_recv(task *t)
{
    return rn_recv(t->chan, &t->elem);
}

static int run_send_until(task *t)
{
    return rn_send_until(t->chan, &t->elem, t->deadline_ns);
}

static int run_recv_until(task *t)
{
    return rn_recv_until(t->chan, &t->elem, t->deadline_ns);
}

static int run_send_n(task *t)
{
    return rn_send_n(t->chan, &t->elem, 1) == 1 ? 0 : -EPIPE;
}

static int run_recv_n(task *t)
{
    return rn_recv_n(t->chan, &t->elem, 1) == 1 ? 0 : -EPIPE;
}

static int run_close(task *t)
{
    rn_close(t->chan);
    return -EPIPE;
}

static int run_len(task *t)
{
    return rn_len(t->chan) ? -EAGAIN : -EAGAIN - 1;
}

static int run_select(task *t, rn_time deadline_ns)
{
    element nothing;
    rn_case c[] = { t->parked == RECEIVERS && deadline_ns == 0 ? RN_SEND(t->chan, &t->elem)
                                                               : RN_RECV(t->chan, &t->elem),
                    RN_RECV(t->side, &nothing) };
    int r = deadline_ns ? rn_select_until(c, 2, deadline_ns) : rn_try_select(c, 2);
    return r == 0 ? c[0].err : -EAGAIN;
}

static int run_try_select(task *t)
{
    return run_select(t, 0);
}

static int run_select_until(task *t)
{
    return run_select(t, t->deadline_ns);
}

/* The fill for each sort of waiters: nobody, receivers, senders. */
const operation operations[] = {
    { "try_send", run_try_send, SENDER, false, { ROOM, EMPTY, FULL } },
    { "try_send, full", run_try_send, SENDER, false, { FULL, SKIP, SKIP } },
    { "try_recv", run_try_recv, RECEIVER, false, { SOME, EMPTY, FULL } },
    { "try_recv, empty", run_try_recv, RECEIVER, false, { EMPTY, SKIP, SKIP } },
    { "send", run_send, SENDER, false, { ROOM, EMPTY, SKIP } },
    { "recv", run_recv, RECEIVER, false, { SOME, SKIP, FULL } },
    { "send_n", run_send_n, SENDER, false, { ROOM, EMPTY, SKIP } },
    { "recv_n", run_recv_n, RECEIVER, false, { SOME, SKIP, FULL } },
    { "send_until, waits", run_send_until, SENDER, true, { FULL, SKIP, FULL } },
    { "recv_until, waits", run_recv_until, RECEIVER, true, { EMPTY, EMPTY, SKIP } },
    { "close", run_close, SENDER, false, { SOME, EMPTY, FULL } },
    { "len", run_len, EITHER, false, { SOME, EMPTY, FULL } },
    { "try_select", run_try_select, RECEIVER, false, { EMPTY, EMPTY, FULL } },
    { "select_until, waits", run_select_until, RECEIVER, true, { EMPTY, EMPTY, SKIP } },
};
const size_t n_operations = sizeof operations / sizeof *operations;

role role_of(const scenario *s)
{
    if (s->op->run == run_try_select)
        return s->parked == RECEIVERS ? SENDER : RECEIVER;
    return s->op->role;
}

bool scenario_makes_sense(const scenario *s)
{
    fill wanted = s->op->fill[s->parked];
    if (wanted == SKIP)
        return false;
    if (s->kind->cap == RN_UNBOUNDED && wanted == FULL)
        return false;
    bool waits_for_ever = s->op->run == run_send || s->op->run == run_recv ||
                          s->op->run == run_send_n || s->op->run == run_recv_n;
    if (s->kind->cap == 0 && s->parked == NOBODY && waits_for_ever)
        return false;
    if (!(s->kind->options & RN_CHAN_SPSC))
        return true;
    /* The one who waits has that end for itself. */
    return !(s->parked == RECEIVERS && role_of(s) == RECEIVER) &&
           !(s->parked == SENDERS && role_of(s) == SENDER);
}
