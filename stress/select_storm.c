/* SPDX-License-Identifier: MIT */
/*
 * Threads that select at random over channels of capacity 0, 0, 1, 2 and 3.
 *
 * Each select has 1 to 10 cases, sends and receives mixed, the same channel several
 * times, now and then RN_NEVER; with a deadline, without, or not waiting at all;
 * and plain sends and receives run in between. Exactly one case takes effect: the
 * chosen send's element, unique to that case, is received once, the others' never;
 * the chosen receive's buffer is written, the others' are not.
 *
 * A select without a deadline always holds a send and a receive on channel 0, so
 * that two of them can always go on by each other; the last one left is woken by
 * the close of `quit`. A lost wake-up therefore stops the round, and the watchdog
 * reports it.
 */
#include "harness.h"

enum { CHANNELS = 5, MOST_CASES = 10, TURNS = 2000, NUMBERS = TURNS * MOST_CASES };
enum { UNTOUCHED = 0xa5a5a5a5 };

struct round {
    rn_chan *ch[CHANNELS];
    rn_chan *quit;
    unsigned threads;
    unsigned senders_only; /* threads below this only send; 0: everybody does both */
    struct stress_ledger ledger;
    _Atomic(int64_t) turns_left;
};

/* What a thread keeps: its next unique number, and the buffers of its cases. */
struct hand {
    struct stress_thread *t;
    struct round *r;
    uint32_t next, end;
    rn_case cases[MOST_CASES + 3];
    uint64_t elems[MOST_CASES + 3]; /* number in the low half, its complement in the high */
    int n;
};

static uint64_t to_elem(uint32_t number)
{
    return (uint64_t)~number << 32 | number;
}

static void received(struct hand *h, uint64_t elem)
{
    if (elem != to_elem((uint32_t)elem))
        stress_defect(STRESS_CORRUPTED, "received %llx", (unsigned long long)elem);
    else
        stress_ledger_received(&h->r->ledger, (uint32_t)elem);
}

static void add_case(struct hand *h, rn_chan *ch, bool is_send)
{
    uint64_t *elem = &h->elems[h->n];
    if (is_send) {
        *elem = to_elem(h->next++);
        h->cases[h->n++] = RN_SEND(ch, elem);
    } else {
        *elem = UNTOUCHED;
        h->cases[h->n++] = RN_RECV(ch, elem);
    }
}

static void draw_cases(struct hand *h)
{
    uint64_t *rng = &h->t->rng;
    bool may_send = !h->r->senders_only || h->t->id < h->r->senders_only;
    bool may_receive = !h->r->senders_only || !may_send;
    /* few cases mostly; above 8 the library needs memory of its own */
    int n = 1 + (int)stress_below(rng, stress_below(rng, 8) ? 4 : MOST_CASES);
    h->n = 0;
    for (int i = 0; i < n; i++) {
        rn_chan *ch = stress_below(rng, 16) ? h->r->ch[stress_below(rng, CHANNELS)] : RN_NEVER;
        add_case(h, ch, may_send && (!may_receive || stress_below(rng, 2)));
    }
}

/* So that nobody waits for ever: see the top. */
static void add_way_out(struct hand *h)
{
    add_case(h, h->r->ch[0], true);
    add_case(h, h->r->ch[0], false);
    add_case(h, h->r->quit, false);
}

static int wait_for_one(struct hand *h)
{
    switch (stress_below(&h->t->rng, 4)) {
    case 0:
        stress_doing(h->t, "rn_try_select");
        return rn_try_select(h->cases, h->n);
    case 1:
    case 2:
        stress_doing(h->t, "rn_select_until");
        return rn_select_until(h->cases, h->n, stress_deadline(&h->t->rng, 300));
    default:
        add_way_out(h);
        stress_doing(h->t, "rn_select");
        return rn_select(h->cases, h->n);
    }
}

/* The chosen case went through the books, the others left no trace. */
static void check_effects(struct hand *h, int chosen)
{
    for (int i = 0; i < h->n; i++) {
        rn_case *c = &h->cases[i];
        if (i == chosen && c->ch == RN_NEVER)
            stress_defect(STRESS_WRONG, "select chose a case that is never ready");
        else if (i == chosen && c->ch == h->r->quit)
            continue;
        else if (i == chosen && c->err)
            stress_defect(STRESS_WRONG, "case %d of %d: err %d on an open channel", i, h->n,
                          c->err);
        else if (i == chosen && c->is_send)
            stress_ledger_sent(&h->r->ledger, (uint32_t)h->elems[i]);
        else if (i == chosen)
            received(h, h->elems[i]);
        else if (!c->is_send && h->elems[i] != UNTOUCHED)
            stress_defect(STRESS_CORRUPTED, "case %d of %d was not chosen and got %llx", i, h->n,
                          (unsigned long long)h->elems[i]);
    }
}

static void select_once(struct hand *h)
{
    draw_cases(h);
    int rc = wait_for_one(h);
    if (rc >= h->n || (rc < 0 && rc != -EAGAIN && rc != -ETIMEDOUT))
        stress_defect(STRESS_WRONG, "a select of %d cases said %d", h->n, rc);
    check_effects(h, rc);
}

/* The plain doors, so that select meets them too. */
static void plain_once(struct hand *h)
{
    rn_chan *ch = h->r->ch[stress_below(&h->t->rng, CHANNELS)];
    rn_time deadline = stress_deadline(&h->t->rng, 300);
    uint64_t elem;
    if (stress_below(&h->t->rng, 2)) {
        uint32_t number = h->next++;
        elem = to_elem(number);
        stress_doing(h->t, "rn_send_until");
        if (rn_send_until(ch, &elem, deadline) == 0)
            stress_ledger_sent(&h->r->ledger, number);
    } else {
        stress_doing(h->t, "rn_recv_until");
        if (rn_recv_until(ch, &elem, deadline) == 0)
            received(h, elem);
    }
}

static void body(struct stress_thread *t)
{
    struct round *r = t->round;
    struct hand h = { .t = t, .r = r, .next = t->id * NUMBERS, .end = (t->id + 1) * NUMBERS };
    while (h.end - h.next > MOST_CASES + 3) {
        if (atomic_fetch_sub(&r->turns_left, 1) <= 0)
            break;
        if (stress_below(&t->rng, 5))
            select_once(&h);
        else
            plain_once(&h);
    }
    /* Whoever leaves first wakes those who may have nobody to meet any more; the
     * second to leave finds it closed. */
    int rc = rn_close(r->quit);
    if (rc != 0 && rc != -EPIPE)
        stress_defect(STRESS_WRONG, "rn_close said %d", rc);
}

static void one_round(void)
{
    static const size_t caps[CHANNELS] = { 0, 0, 1, 2, 3 };
    struct round r = { .threads = 2 + stress_below(&stress_rng, stress_opt.threads - 1) };
    if (stress_below(&stress_rng, 3) == 0)
        r.senders_only = 1 + stress_below(&stress_rng, r.threads - 1);
    r.turns_left = (int64_t)r.threads * TURNS / 2;
    for (int i = 0; i < CHANNELS; i++) {
        struct stress_shape s = { .cap = caps[i], .elem_size = 8 };
        s.options = caps[i] && stress_below(&stress_rng, 4) == 0 ? RN_CHAN_FAST : 0;
        r.ch[i] = stress_chan(&s);
    }
    struct stress_shape quit = { 0 };
    r.quit = stress_chan(&quit);
    stress_ledger_init(&r.ledger, r.threads * NUMBERS);
    stress_run(r.threads, body, &r);
    struct hand drain = { .r = &r };
    uint64_t elem;
    for (int i = 0; i < CHANNELS; i++) {
        while (rn_try_recv(r.ch[i], &elem) == 0)
            received(&drain, elem);
        rn_chan_unref(r.ch[i]);
    }
    rn_chan_unref(r.quit);
    stress_ledger_balance(&r.ledger, "channels of cap 0, 0, 1, 2, 3");
}

int main(int argc, char **argv)
{
    stress_begin(argc, argv, "select_storm");
    while (stress_goes_on())
        one_round();
    return stress_end();
}
