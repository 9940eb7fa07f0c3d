/* SPDX-License-Identifier: MIT */
/*
 * Select: one of several operations. See runnel/select.h for what it promises.
 *
 * Fast: attempt the cases in random order; the first that works is it. Uniform,
 * since the order is, and any order's first ready case is as likely as another's.
 *
 * Default (try_select). Having found nothing one by one proves nothing: a token may
 * have moved from the case we had not looked at yet to the one we had. So collect
 * the word by which each ring says "not ready", then read them all again: if all are
 * equal they all held at one instant between, since these words never repeat. The
 * locks of channels of capacity 0, whose state is a list, are held throughout.
 *
 * Waiting. All locks are taken (by address, each once) and held from enlisting
 * through the second look, so that no two selects can choose each other while both
 * are still choosing. Under its locks a select never claims itself: it simply acts.
 * Once they are released anybody may choose it, once, by its claim. Then it takes its
 * nodes off the other lists before it returns.
 *
 * While it waits a select holds a reference to its channels: whoever was chosen
 * through one of them may be the last user of another.
 */
#include "runnel/select.h"

#include "chan/channel.h"
#include "os/os.h"

/* As a deadline inside this file: do not wait. */
#define RN_AT_ONCE INT64_MIN

/* Up to here on the stack, beyond it on the heap. */
enum { SMALL = 8 };

typedef struct selection {
    rn_case *cases;
    rn_agent *self;
    uint32_t n;       /* cases that are not RN_NEVER */
    uint32_t n_locks; /* different channels among them */
    uint32_t *order;  /* their indices in `cases`, shuffled */
    rn_chan **locks;  /* the channels by address, each once */
    rn_node *nodes;   /* parallel to order's original places: nodes[k] is cases[at[k]] */
    rn_evidence *evidence;
} selection;

/* What one case, or the whole select, came to. */
enum { NOT_READY = -1 };

static rn_dir dir_of(const rn_case *k)
{
    return k->is_send ? RN_DIR_SEND : RN_DIR_RECV;
}

static void shuffle(selection *s)
{
    for (uint32_t i = s->n; i > 1; i--) {
        uint32_t j = rn__agent_random(s->self, i);
        uint32_t swap = s->order[i - 1];
        s->order[i - 1] = s->order[j];
        s->order[j] = swap;
    }
}

/* The case was performed, or is closed, or failed for want of memory. */
static int finish(selection *s, uint32_t index, int result)
{
    if (result == -ENOMEM)
        return -ENOMEM;
    rn_case *k = &s->cases[index];
    k->err = result;
    if (result == -EPIPE && !k->is_send && k->elem)
        __builtin_memset(k->elem, 0, k->ch->ring.elem_size);
    return (int)index;
}

/* ---- without waiting ------------------------------------------------------------------- */

static int attempt_each(selection *s)
{
    shuffle(s);
    for (uint32_t i = 0; i < s->n; i++) {
        rn_case *k = &s->cases[s->order[i]];
        int r = rn_chan_attempt(k->ch, dir_of(k), k->elem, s->self);
        if (r != -EAGAIN)
            return finish(s, s->order[i], r);
    }
    return NOT_READY;
}

/* Distinct channels in the order of their addresses; cap 0 only, if so asked. */
static void collect_locks(selection *s, bool rendezvous_only)
{
    s->n_locks = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        rn_chan *c = s->cases[s->order[i]].ch;
        if (rendezvous_only && !rn_chan_is_rendezvous(c))
            continue;
        uint32_t at = s->n_locks;
        while (at > 0 && (uintptr_t)s->locks[at - 1] > (uintptr_t)c)
            at--;
        if (at > 0 && s->locks[at - 1] == c)
            continue;
        for (uint32_t j = s->n_locks++; j > at; j--)
            s->locks[j] = s->locks[j - 1];
        s->locks[at] = c;
    }
}

static void lock_all(selection *s)
{
    for (uint32_t i = 0; i < s->n_locks; i++)
        rn_lock_acquire(&s->locks[i]->lock);
}

static void unlock_all(selection *s, rn_wakes *wakes)
{
    for (uint32_t i = s->n_locks; i > 0; i--)
        rn_chan_unlock(s->locks[i - 1], wakes);
}

/* A case of capacity 0, under its lock. */
static int rendezvous_locked(rn_case *k, const rn_waiter *waiter, rn_wakes *wakes)
{
    if (rn_chan_is_closed_locked(k->ch))
        return -EPIPE;
    return rn_rendezvous_pair(k->ch, dir_of(k), k->elem, waiter, wakes) ? 0 : -EAGAIN;
}

/*
 * Under the locks of the rendezvous channels: the index of a case that was performed,
 * NOT_READY if at one instant none was ready, or -EAGAIN: something moved, try again.
 */
static int decide_default(selection *s, rn_wakes *wakes)
{
    for (uint32_t i = 0; i < s->n; i++) {
        rn_case *k = &s->cases[s->order[i]];
        s->evidence[i] = (rn_evidence){ { NULL }, { 0 } };
        if (rn_chan_is_rendezvous(k->ch)) {
            int r = rendezvous_locked(k, NULL, wakes);
            if (r != -EAGAIN)
                return finish(s, s->order[i], r);
        } else if (rn_ring_poll(&k->ch->ring, dir_of(k), &s->evidence[i]) != RN_RING_NOTNOW) {
            return -EAGAIN;
        }
    }
    for (uint32_t i = 0; i < s->n; i++)
        if (!rn_evidence_stands(&s->evidence[i]))
            return -EAGAIN;
    return NOT_READY;
}

static int try_all(selection *s)
{
    for (;;) {
        int chosen = attempt_each(s);
        if (chosen != NOT_READY)
            return chosen;
        /* One case alone has just said "not ready" of one instant. */
        if (s->n <= 1)
            return NOT_READY;
        rn_wakes wakes = { NULL, NULL };
        collect_locks(s, true);
        lock_all(s);
        chosen = decide_default(s, &wakes);
        unlock_all(s, &wakes);
        rn_wakes_run(&wakes, s->self);
        if (chosen != -EAGAIN)
            return chosen;
    }
}

/* ---- waiting ---------------------------------------------------------------------------- */

static void enlist_all(selection *s, rn_waiter *waiter, bool at_front)
{
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t index = s->order[i];
        rn_case *k = &s->cases[index];
        s->nodes[i] =
            (rn_node){ .waiter = waiter, .elem = k->elem, .index = index, .dir = dir_of(k) };
        rn_chan_enlist(k->ch, &s->nodes[i], at_front);
    }
    for (uint32_t i = 0; i < s->n_locks; i++)
        rn_ring_heavy_fence(&s->locks[i]->ring); /* [SP3] */
}

/* nodes[i] was enlisted for the channel that order[i] named then; order is kept. */
static void unlist_all(selection *s)
{
    for (uint32_t i = 0; i < s->n; i++)
        rn_chan_unlist(s->cases[s->nodes[i].index].ch, &s->nodes[i]);
}

/* The second look, with all locks held and all nodes enlisted. */
static int act_locked(selection *s, const rn_waiter *waiter, rn_wakes *wakes)
{
    for (uint32_t i = 0; i < s->n; i++) {
        rn_case *k = &s->cases[s->order[i]];
        int r;
        if (rn_chan_is_rendezvous(k->ch))
            r = rendezvous_locked(k, waiter, wakes);
        else if (k->is_send)
            r = rn_errno_of(rn_ring_push(&k->ch->ring, k->elem));
        else
            r = rn_errno_of(rn_ring_pop(&k->ch->ring, k->elem));
        if (r != -EAGAIN)
            return finish(s, s->order[i], r);
    }
    return NOT_READY;
}

/* Enlists everywhere, or performs a case. */
static int enlist_or_act(selection *s, rn_waiter *waiter, bool at_front)
{
    rn_wakes wakes = { NULL, NULL };
    rn__agent_enter(s->self);
    lock_all(s);
    shuffle(s);
    enlist_all(s, waiter, at_front);
    int chosen = act_locked(s, waiter, &wakes);
    if (chosen != NOT_READY)
        unlist_all(s);
    unlock_all(s, &wakes);
    rn_wakes_run(&wakes, s->self);
    rn__agent_leave(s->self);
    return chosen;
}

/* After the wait: off the lists of the channels that did not choose us. Wakes are run
 * channel by channel: nobody chosen on one waits for the lock of the next. */
static void leave_lists(selection *s)
{
    rn__agent_enter(s->self);
    for (uint32_t i = 0; i < s->n; i++) {
        rn_chan *c = s->cases[s->nodes[i].index].ch;
        rn_wakes wakes = { NULL, NULL };
        rn_lock_acquire(&c->lock);
        rn_chan_unlist(c, &s->nodes[i]);
        rn_chan_unlock(c, &wakes);
        rn_wakes_run(&wakes, s->self);
    }
    rn__agent_leave(s->self);
}

static int wait_once(selection *s, rn_time deadline_ns, bool at_front)
{
    rn_waiter waiter;
    rn_waiter_prepare(&waiter, s->self, true);
    int chosen = enlist_or_act(s, &waiter, at_front);
    if (chosen != NOT_READY)
        return chosen;
    bool withdrawn = false;
    if (!rn_waiter_sleep(&waiter, deadline_ns)) {
        withdrawn = rn_waiter_withdraw(&waiter);
        if (!withdrawn)
            rn_waiter_sleep(&waiter, RN_FOREVER);
    }
    leave_lists(s);
    if (withdrawn)
        return -ETIMEDOUT;
    if (waiter.result == RN_RETRY)
        return -EAGAIN;
    return finish(s, rn_load_relaxed(&waiter.claim) - 1, waiter.result); /* ours since done */
}

static int wait_for_one(selection *s, rn_time deadline_ns)
{
    collect_locks(s, false);
    for (uint32_t i = 0; i < s->n_locks; i++)
        rn_chan_ref(s->locks[i]);
    int chosen = wait_once(s, deadline_ns, false);
    while (chosen == -EAGAIN)
        chosen = wait_once(s, deadline_ns, true);
    for (uint32_t i = 0; i < s->n_locks; i++)
        rn_chan_unref(s->locks[i]);
    return chosen;
}

/* ---- the calls --------------------------------------------------------------------------- */

static bool is_valid(const rn_case *cases, int n)
{
    if (n < 0 || n > RN_SELECT_MAX || (n > 0 && !cases))
        return false;
    for (int i = 0; i < n; i++) {
        const rn_case *k = &cases[i];
        if (!k->ch || (k->ch != RN_NEVER && k->is_send && !k->elem && k->ch->ring.elem_size))
            return false;
    }
    return true;
}

static int run(selection *s, int n, rn_time deadline_ns)
{
    for (int i = 0; i < n; i++)
        if (s->cases[i].ch != RN_NEVER)
            s->order[s->n++] = (uint32_t)i;
    rn__agent_enter(s->self);
    int chosen = deadline_ns == RN_AT_ONCE ? try_all(s) : attempt_each(s);
    rn__agent_leave(s->self);
    if (chosen != NOT_READY)
        return chosen;
    if (deadline_ns == RN_AT_ONCE)
        return -EAGAIN;
    if (deadline_ns != RN_FOREVER && rn__clock_ns() >= deadline_ns)
        return -ETIMEDOUT;
    return wait_for_one(s, deadline_ns);
}

/* All the working arrays of n cases in one block. */
typedef struct workspace {
    rn_node nodes[SMALL];
    rn_evidence evidence[SMALL];
    rn_chan *locks[SMALL];
    uint32_t order[SMALL];
} workspace;

static int run_small(rn_case *cases, int n, rn_time deadline_ns, rn_agent *self)
{
    workspace w;
    selection s = { .cases = cases,
                    .self = self,
                    .order = w.order,
                    .locks = w.locks,
                    .nodes = w.nodes,
                    .evidence = w.evidence };
    return run(&s, n, deadline_ns);
}

static int run_large(rn_case *cases, int n, rn_time deadline_ns, rn_agent *self)
{
    size_t count = (size_t)n;
    size_t each = sizeof(rn_node) + sizeof(rn_evidence) + sizeof(rn_chan *) + sizeof(uint32_t);
    char *block = rn__alloc(count * each, RN_LINE);
    if (!block)
        return -ENOMEM;
    selection s = { .cases = cases, .self = self };
    s.nodes = (rn_node *)(void *)block;
    s.evidence = (rn_evidence *)(void *)(s.nodes + count);
    s.locks = (rn_chan **)(void *)(s.evidence + count);
    s.order = (uint32_t *)(void *)(s.locks + count);
    int chosen = run(&s, n, deadline_ns);
    rn__free(block);
    return chosen;
}

static int select_cases(rn_case *cases, int n, rn_time deadline_ns)
{
    if (!is_valid(cases, n))
        return -EINVAL;
    rn_agent *self = rn__agent_self();
    if (!self)
        return -errno;
    return n <= SMALL ? run_small(cases, n, deadline_ns, self)
                      : run_large(cases, n, deadline_ns, self);
}

int rn_select(rn_case *cases, int n)
{
    return select_cases(cases, n, RN_FOREVER);
}

int rn_try_select(rn_case *cases, int n)
{
    return select_cases(cases, n, RN_AT_ONCE);
}

int rn_select_until(rn_case *cases, int n, rn_time deadline_ns)
{
    return select_cases(cases, n, deadline_ns < 0 ? 0 : deadline_ns);
}
