/* SPDX-License-Identifier: MIT */
/*
 * Sends and receives whose deadlines pass just as the other side arrives.
 *
 * An element has moved exactly if the call said 0: a send that timed out is never
 * received, a receive that timed out took nothing and wrote nothing. A timeout is
 * never said before its deadline. (How long after it is the machine's affair: no
 * upper bound is checked.) The same through select_until with one or two cases.
 */
#include <string.h>

#include "harness.h"

enum { SHARE = 400 };

struct round {
    struct stress_shape shape;
    unsigned threads, senders;
    rn_chan *ch, *other; /* other: a channel that nobody else uses, for select's second case */
    struct stress_ledger ledger;
};

static void check(const struct round *r, const char *call, int rc, rn_time deadline)
{
    if (rc == -ETIMEDOUT && rn_now() < deadline)
        stress_defect(STRESS_WRONG, "%s timed out %lld ns early; %s", call,
                      (long long)(deadline - rn_now()), r->shape.text);
    else if (rc != 0 && rc != -ETIMEDOUT)
        stress_defect(STRESS_WRONG, "%s said %d; %s", call, rc, r->shape.text);
}

/* select_until's answer as the answer of its one case that can be ready. */
static int by_select(struct round *r, rn_case wanted, rn_time deadline, unsigned draw)
{
    rn_case c[2] = { wanted, RN_RECV(draw & 1 ? RN_NEVER : r->other, NULL) };
    int n = draw & 2 ? 1 : 2;
    int rc = rn_select_until(c, n, deadline);
    return rc == 0 ? c[0].err : rc > 0 ? -EINVAL : rc;
}

static void sender(struct stress_thread *t, struct round *r)
{
    uint8_t elem[STRESS_MAX_ELEM];
    for (uint32_t i = 0; i < SHARE; i++) {
        uint32_t number = t->id * SHARE + i;
        stress_encode(elem, r->shape.elem_size, number);
        rn_time deadline = stress_deadline(&t->rng, 60);
        int rc;
        if (stress_below(&t->rng, 3)) {
            stress_doing(t, "rn_send_until");
            rc = rn_send_until(r->ch, elem, deadline);
        } else {
            stress_doing(t, "rn_select_until of a send");
            rc = by_select(r, RN_SEND(r->ch, elem), deadline, stress_below(&t->rng, 4));
        }
        check(r, "a send", rc, deadline);
        if (rc == 0)
            stress_ledger_sent(&r->ledger, number);
        stress_dawdle(&t->rng);
    }
}

static void receiver(struct stress_thread *t, struct round *r)
{
    uint8_t elem[STRESS_MAX_ELEM], untouched[STRESS_MAX_ELEM];
    uint32_t number;
    memset(untouched, 0xa5, sizeof untouched);
    for (uint32_t i = 0; i < SHARE; i++) {
        memcpy(elem, untouched, r->shape.elem_size);
        rn_time deadline = stress_deadline(&t->rng, 60);
        int rc;
        if (stress_below(&t->rng, 3)) {
            stress_doing(t, "rn_recv_until");
            rc = rn_recv_until(r->ch, elem, deadline);
        } else {
            stress_doing(t, "rn_select_until of a receive");
            rc = by_select(r, RN_RECV(r->ch, elem), deadline, stress_below(&t->rng, 4));
        }
        check(r, "a receive", rc, deadline);
        if (rc == 0 && stress_decode(elem, r->shape.elem_size, &number))
            stress_ledger_received(&r->ledger, number);
        if (rc == -ETIMEDOUT && memcmp(elem, untouched, r->shape.elem_size))
            stress_defect(STRESS_CORRUPTED, "a receive that timed out wrote its buffer; %s",
                          r->shape.text);
        stress_dawdle(&t->rng);
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

static void drain(struct round *r)
{
    uint8_t elem[STRESS_MAX_ELEM];
    uint32_t number;
    int rc;
    while ((rc = rn_try_recv(r->ch, elem)) == 0)
        if (stress_decode(elem, r->shape.elem_size, &number))
            stress_ledger_received(&r->ledger, number);
    if (rc != -EAGAIN)
        stress_defect(STRESS_WRONG, "the drain ended with %d; %s", rc, r->shape.text);
}

int main(int argc, char **argv)
{
    stress_begin(argc, argv, "deadline_storm");
    while (stress_goes_on()) {
        struct round r = { .shape = stress_draw_shape(&stress_rng, STRESS_MAY_BE_SPSC) };
        r.threads = 2 + stress_below(&stress_rng, stress_opt.threads - 1);
        if (r.shape.options & RN_CHAN_SPSC)
            r.threads = 2;
        r.senders = 1 + stress_below(&stress_rng, r.threads - 1);
        r.ch = stress_chan(&r.shape);
        struct stress_shape quiet = { .cap = stress_below(&stress_rng, 2), .elem_size = 8 };
        r.other = stress_chan(&quiet);
        stress_ledger_init(&r.ledger, r.senders * SHARE);
        stress_run(r.threads, body, &r);
        drain(&r);
        stress_ledger_balance(&r.ledger, r.shape.text);
        rn_chan_unref(r.ch);
        rn_chan_unref(r.other);
    }
    return stress_end();
}
