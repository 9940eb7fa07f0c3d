/* SPDX-License-Identifier: MIT */
/*
 * Capacity 0: a send that said 0 met exactly one receive, and met it in time.
 *
 * Each send and each receive draws a stamp from a common counter before it starts
 * and after it has ended. For a rendezvous the two intervals overlap: the receive
 * began before the send ended, and the send before the receive ended. A channel
 * that quietly buffers one element passes a multiset check and fails this one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "harness.h"

enum { SHARE = 600 };

struct interval {
    uint64_t begin, end;
};

struct round {
    struct stress_shape shape;
    unsigned senders, threads;
    rn_chan *ch;
    struct stress_ledger ledger;
    struct interval *sends, *receives; /* by element; 0: none. Read after the join */
    atomic_uint unfinished;
    _Atomic(uint64_t) clock;
};

static void unexpected(const char *call, int rc)
{
    stress_defect(STRESS_WRONG, "%s said %d", call, rc);
}

static int send_one(struct stress_thread *t, struct round *r, const void *elem)
{
    switch (stress_below(&t->rng, 4)) {
    case 0:
        stress_doing(t, "rn_try_send");
        return rn_try_send(r->ch, elem);
    case 1:
        stress_doing(t, "rn_send_until");
        return rn_send_until(r->ch, elem, stress_deadline(&t->rng, 100));
    case 2: {
        stress_doing(t, "rn_select of two sends of the same");
        rn_case c[2] = { RN_SEND(r->ch, elem), RN_SEND(r->ch, elem) };
        int rc = rn_select(c, 2);
        return rc < 0 ? rc : c[rc].err;
    }
    default:
        stress_doing(t, "rn_send");
        return rn_send(r->ch, elem);
    }
}

static void sender(struct stress_thread *t, struct round *r)
{
    uint8_t elem[STRESS_MAX_ELEM];
    for (uint32_t i = 0; i < SHARE; i++) {
        uint32_t number = t->id * SHARE + i;
        stress_encode(elem, r->shape.elem_size, number);
        uint64_t begin = atomic_fetch_add(&r->clock, 1);
        int rc = send_one(t, r, elem);
        if (rc == 0) {
            r->sends[number] = (struct interval){ begin, atomic_fetch_add(&r->clock, 1) };
            stress_ledger_sent(&r->ledger, number);
        } else if (rc != -EAGAIN && rc != -ETIMEDOUT) {
            unexpected("a send", rc);
        }
        if (rn_len(r->ch) != 0)
            stress_defect(STRESS_WRONG, "rn_len of capacity 0 is not 0");
    }
    if (atomic_fetch_sub(&r->unfinished, 1) == 1) {
        int rc = rn_close(r->ch);
        if (rc)
            unexpected("rn_close", rc);
    }
}

static int receive_one(struct stress_thread *t, struct round *r, void *elem)
{
    switch (stress_below(&t->rng, 4)) {
    case 0:
        stress_doing(t, "rn_try_recv");
        return rn_try_recv(r->ch, elem);
    case 1:
        stress_doing(t, "rn_recv_until");
        return rn_recv_until(r->ch, elem, stress_deadline(&t->rng, 100));
    case 2: {
        stress_doing(t, "rn_select of a receive");
        rn_case c = RN_RECV(r->ch, elem);
        int rc = rn_select(&c, 1);
        return rc < 0 ? rc : c.err;
    }
    default:
        stress_doing(t, "rn_recv");
        return rn_recv(r->ch, elem);
    }
}

static void receiver(struct stress_thread *t, struct round *r)
{
    uint8_t elem[STRESS_MAX_ELEM];
    uint32_t number;
    for (;;) {
        uint64_t begin = atomic_fetch_add(&r->clock, 1);
        int rc = receive_one(t, r, elem);
        uint64_t end = atomic_fetch_add(&r->clock, 1);
        if (rc == -EPIPE)
            return;
        if (rc == -EAGAIN || rc == -ETIMEDOUT)
            continue;
        if (rc != 0) {
            unexpected("a receive", rc);
            return;
        }
        if (!stress_decode(elem, r->shape.elem_size, &number))
            continue;
        stress_ledger_received(&r->ledger, number);
        if (number < r->ledger.size)
            r->receives[number] = (struct interval){ begin, end };
    }
}

static void body(struct stress_thread *t)
{
    struct round *r = t->round;
    if (t->id < r->senders)
        sender(t, r);
    else
        receiver(t, r);
}

static void check_overlap(const struct round *r)
{
    for (uint32_t i = 0; i < r->ledger.size; i++) {
        const struct interval *s = &r->sends[i], *v = &r->receives[i];
        if (s->end && v->end && (s->end < v->begin || v->end < s->begin))
            stress_defect(STRESS_WRONG,
                          "element %u was sent in [%llu, %llu], received in "
                          "[%llu, %llu]: that is no rendezvous",
                          i, (unsigned long long)s->begin, (unsigned long long)s->end,
                          (unsigned long long)v->begin, (unsigned long long)v->end);
    }
}

static struct interval *intervals(uint32_t n)
{
    struct interval *v = calloc(n, sizeof *v);
    if (!v) {
        fprintf(stderr, "rendezvous_storm: no memory for %u intervals\n", n);
        exit(2);
    }
    return v;
}

int main(int argc, char **argv)
{
    stress_begin(argc, argv, "rendezvous_storm");
    while (stress_goes_on()) {
        struct round r = { .shape = stress_draw_shape(&stress_rng, 0) };
        r.shape.cap = 0;
        r.shape.options = 0;
        stress_describe(&r.shape);
        r.threads = 2 + stress_below(&stress_rng, stress_opt.threads - 1);
        r.senders = 1 + stress_below(&stress_rng, r.threads - 1);
        r.unfinished = r.senders;
        r.clock = 1;
        r.ch = stress_chan(&r.shape);
        r.sends = intervals(r.senders * SHARE);
        r.receives = intervals(r.senders * SHARE);
        stress_ledger_init(&r.ledger, r.senders * SHARE);
        stress_run(r.threads, body, &r);
        check_overlap(&r);
        stress_ledger_balance(&r.ledger, r.shape.text);
        free(r.sends);
        free(r.receives);
        rn_chan_unref(r.ch);
    }
    return stress_end();
}
