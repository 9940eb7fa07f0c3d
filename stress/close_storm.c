/* SPDX-License-Identifier: MIT */
/*
 * Several channels, each with senders, receivers and two closers who race.
 *
 * Exactly one close wins. A send that said 0 is received, or is still in the
 * channel when everybody has gone; one that said closed is nowhere. Who once was
 * told "closed and drained" never gets an element again, and his buffer is zero.
 * Whoever is parked when the close comes wakes up: else the round never ends and
 * the watchdog reports it. Some receivers leave early, so that closes meet full
 * channels and parked senders too.
 */
#include "harness.h"

enum { CHANNELS = 3, SHARE = 500 };

enum role { SENDER, RECEIVER, CLOSER };

struct line {
    struct stress_shape shape;
    rn_chan *ch;
    struct stress_ledger ledger;
    unsigned parties; /* first id of the next line's */
    unsigned senders, receivers;
    atomic_uint won;
};

struct round {
    struct line lines[CHANNELS];
    unsigned n;
};

static void unexpected(const struct line *l, const char *call, int rc)
{
    stress_defect(STRESS_WRONG, "%s said %d; %s", call, rc, l->shape.text);
}

static void close_it(struct stress_thread *t, struct line *l)
{
    stress_doing(t, "rn_close");
    int rc = rn_close(l->ch);
    if (rc == 0)
        atomic_fetch_add(&l->won, 1);
    else if (rc != -EPIPE)
        unexpected(l, "rn_close", rc);
}

static int send_one(struct stress_thread *t, struct line *l, const void *elem)
{
    switch (stress_below(&t->rng, 4)) {
    case 0:
        stress_doing(t, "rn_try_send");
        return rn_try_send(l->ch, elem);
    case 1:
        stress_doing(t, "rn_send_until");
        return rn_send_until(l->ch, elem, stress_deadline(&t->rng, 500));
    case 2: {
        stress_doing(t, "rn_select of a send");
        rn_case c[2] = { RN_SEND(l->ch, elem), RN_RECV(RN_NEVER, NULL) };
        int rc = rn_select(c, 2);
        return rc == 0 ? c[0].err : -EINVAL;
    }
    default:
        stress_doing(t, "rn_send");
        return rn_send(l->ch, elem);
    }
}

static void sender(struct stress_thread *t, struct line *l, uint32_t first)
{
    uint8_t elem[STRESS_MAX_ELEM];
    bool closed = false;
    for (uint32_t number = first; number < first + SHARE; number++) {
        stress_encode(elem, l->shape.elem_size, number);
        int rc = send_one(t, l, elem);
        if (rc == 0) {
            stress_ledger_sent(&l->ledger, number);
            if (closed)
                unexpected(l, "a send after one that was told closed", rc);
        } else if (rc == -EPIPE) {
            closed = true;
            if (stress_below(&t->rng, 4))
                break;
        } else if (rc != -EAGAIN && rc != -ETIMEDOUT) {
            unexpected(l, "a send", rc);
        }
    }
    if (l->shape.options & RN_CHAN_SPSC) /* only the sender may close */
        close_it(t, l);
}

static int receive_one(struct stress_thread *t, struct line *l, void *elem)
{
    switch (stress_below(&t->rng, 4)) {
    case 0:
        stress_doing(t, "rn_try_recv");
        return rn_try_recv(l->ch, elem);
    case 1:
        stress_doing(t, "rn_recv_until");
        return rn_recv_until(l->ch, elem, stress_deadline(&t->rng, 500));
    case 2: {
        stress_doing(t, "rn_select of a receive");
        rn_case c[2] = { RN_RECV(RN_NEVER, NULL), RN_RECV(l->ch, elem) };
        int rc = rn_select(c, 2);
        return rc == 1 ? c[1].err : -EINVAL;
    }
    default:
        stress_doing(t, "rn_recv");
        return rn_recv(l->ch, elem);
    }
}

static void stays_drained(struct stress_thread *t, struct line *l, uint8_t *elem)
{
    for (size_t i = 0; i < l->shape.elem_size; i++) {
        if (elem[i] != 0) {
            stress_defect(STRESS_CORRUPTED, "closed and drained left byte %zu at %u; %s", i,
                          elem[i], l->shape.text);
            break;
        }
    }
    for (int i = 0; i < 3; i++) {
        int rc = receive_one(t, l, elem);
        if (rc != -EPIPE)
            unexpected(l, "a receive after closed and drained", rc);
    }
}

static void receiver(struct stress_thread *t, struct line *l, bool may_leave)
{
    uint8_t elem[STRESS_MAX_ELEM] = { 0 };
    uint32_t number, stay = UINT32_MAX;
    if (may_leave && stress_below(&t->rng, 2))
        stay = stress_below(&t->rng, SHARE);
    for (uint32_t i = 0; i < stay; i++) {
        int rc = receive_one(t, l, elem);
        if (rc == 0) {
            if (stress_decode(elem, l->shape.elem_size, &number))
                stress_ledger_received(&l->ledger, number);
        } else if (rc == -EPIPE) {
            stays_drained(t, l, elem);
            return;
        } else if (rc != -EAGAIN && rc != -ETIMEDOUT) {
            unexpected(l, "a receive", rc);
        }
        stress_dawdle(&t->rng);
    }
}

static void closer(struct stress_thread *t, struct line *l)
{
    /* Mostly in the middle of things, sometimes before they began. */
    for (unsigned i = stress_below(&t->rng, 200); i > 0; i--)
        stress_dawdle(&t->rng);
    if (stress_below(&t->rng, 2)) {
        stress_doing(t, "waiting in rn_recv_until on another channel, before the close");
        rn_chan *clock = rn_chan_new(0, 0);
        int rc =
            clock ? rn_recv_until(clock, NULL, rn_in(stress_below(&t->rng, 2000000))) : -ENOMEM;
        if (rc != -ETIMEDOUT)
            unexpected(l, "recv_until on a channel nobody sends to", rc);
        rn_chan_unref(clock);
    }
    close_it(t, l);
}

static void body(struct stress_thread *t)
{
    struct round *r = t->round;
    struct line *l = r->lines;
    unsigned id = t->id;
    while (id >= l->parties) {
        id -= l->parties;
        l++;
    }
    if (id < l->senders)
        sender(t, l, id * SHARE);
    else if (id < l->senders + l->receivers)
        receiver(t, l, !(l->shape.options & RN_CHAN_SPSC));
    else
        closer(t, l);
}

/* What is still there belongs in the ledger. */
static void drain_and_balance(struct line *l)
{
    uint8_t elem[STRESS_MAX_ELEM];
    uint32_t number;
    int rc;
    while ((rc = rn_try_recv(l->ch, elem)) == 0)
        if (stress_decode(elem, l->shape.elem_size, &number))
            stress_ledger_received(&l->ledger, number);
    if (rc == -EAGAIN)
        stress_defect(STRESS_FALSE_EMPTY, "at the drain of a closed channel; %s", l->shape.text);
    else if (rc != -EPIPE)
        unexpected(l, "the drain of a closed channel", rc);
    if (l->won != 1)
        stress_defect(STRESS_WRONG, "%u closes won; %s", l->won, l->shape.text);
    stress_ledger_balance(&l->ledger, l->shape.text);
    rn_chan_unref(l->ch);
}

static unsigned draw_line(struct line *l, unsigned most)
{
    l->shape = stress_draw_shape(&stress_rng, STRESS_MAY_BE_SPSC);
    l->senders = l->receivers = 1;
    unsigned closers = 0;
    if (!(l->shape.options & RN_CHAN_SPSC)) {
        l->senders += stress_below(&stress_rng, most);
        l->receivers += stress_below(&stress_rng, most);
        closers = 2;
    }
    l->parties = l->senders + l->receivers + closers;
    l->ch = stress_chan(&l->shape);
    stress_ledger_init(&l->ledger, l->senders * SHARE);
    return l->parties;
}

int main(int argc, char **argv)
{
    stress_begin(argc, argv, "close_storm");
    while (stress_goes_on()) {
        struct round r = { .n = 1 + stress_below(&stress_rng, CHANNELS) };
        /* two closers a line come on top; with few threads one line is all there is */
        unsigned most = stress_opt.threads / (2 * r.n), threads = 0;
        for (unsigned i = 0; i < r.n; i++)
            threads += draw_line(&r.lines[i], most ? most : 1);
        stress_run(threads, body, &r);
        for (unsigned i = 0; i < r.n; i++)
            drain_and_balance(&r.lines[i]);
    }
    return stress_end();
}
