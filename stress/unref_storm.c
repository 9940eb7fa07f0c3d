/* SPDX-License-Identifier: MIT */
/*
 * The natural C idiom: receive the last element, give back the last reference,
 * while the sender is still on its way out of rn_send. Also its mirrors: the sender
 * (cap 0), the closer's peer, and the winner of a select give back the last one.
 *
 * Pairs of threads. The first of a pair makes a channel and passes it to the second
 * through a mailbox; each knows how many operations are to come, and the one whose
 * call ends last by the channel's own word, not by any other synchronization, frees
 * it. Memory that is touched after it was freed shows under AddressSanitizer, or as
 * a corrupted element; channels that are never freed show in the leak check.
 */
#include <sched.h>

#include "harness.h"

enum { CHANNELS_A_ROUND = 300, MOST_ELEMENTS = 6 };

/* Who gives back the last reference, after what. */
enum plan {
    RECEIVER_AFTER_LAST,  /* ... received the last element */
    SENDER_AFTER_LAST,    /* cap 0: ... sent the last element, so it was taken */
    RECEIVER_AFTER_CLOSE, /* ... was told "closed and drained" by the sender's close */
    BOTH_COUNT,           /* each has a reference and gives it back when done */
    PLANS
};

struct job {
    rn_chan *ch;
    struct stress_shape shape;
    enum plan plan;
    unsigned elements;
};

struct round {
    unsigned pairs;
    rn_chan *mailbox[128]; /* of struct job, one a pair */
};

static void must(const struct job *j, const char *call, int rc)
{
    if (rc != 0)
        stress_defect(STRESS_WRONG, "%s said %d; %s, plan %d", call, rc, j->shape.text, j->plan);
}

static void send_all(struct stress_thread *t, const struct job *j)
{
    uint8_t elem[STRESS_MAX_ELEM];
    for (unsigned i = 0; i < j->elements; i++) {
        stress_encode(elem, j->shape.elem_size, i);
        int rc;
        if (stress_below(&t->rng, 4) == 0) {
            stress_doing(t, "rn_select of a send");
            rn_case c[2] = { RN_SEND(RN_NEVER, elem), RN_SEND(j->ch, elem) };
            rc = rn_select(c, 2) == 1 ? c[1].err : -EINVAL;
        } else {
            stress_doing(t, "rn_send");
            rc = rn_send(j->ch, elem);
        }
        must(j, "a send", rc);
    }
    /* From here on, plan RECEIVER_AFTER_LAST: j->ch may be gone. */
    if (j->plan == SENDER_AFTER_LAST || j->plan == BOTH_COUNT)
        rn_chan_unref(j->ch);
    if (j->plan == RECEIVER_AFTER_CLOSE) {
        stress_doing(t, "rn_close");
        must(j, "rn_close", rn_close(j->ch));
    }
}

static int receive_one(struct stress_thread *t, const struct job *j, void *elem)
{
    if (stress_below(&t->rng, 4) == 0) {
        stress_doing(t, "rn_select of a receive");
        rn_case c[2] = { RN_RECV(j->ch, elem), RN_RECV(RN_NEVER, NULL) };
        return rn_select(c, 2) == 0 ? c[0].err : -EINVAL;
    }
    if (stress_below(&t->rng, 4)) {
        stress_doing(t, "rn_recv");
        return rn_recv(j->ch, elem);
    }
    /* To see the effect as early as can be, and be gone before the sender is. */
    stress_doing(t, "rn_try_recv, again and again");
    int rc;
    for (unsigned tries = 1; (rc = rn_try_recv(j->ch, elem)) == -EAGAIN; tries++)
        if (tries % 64 == 0)
            sched_yield();
    return rc;
}

/* One element, or, by a batch that would take more than will ever come, some. */
static ssize_t receive_some(struct stress_thread *t, const struct job *j, void *elems)
{
    if (stress_below(&t->rng, 4) == 0) {
        stress_doing(t, "rn_recv_n");
        return rn_recv_n(j->ch, elems, MOST_ELEMENTS + 2);
    }
    int rc = receive_one(t, j, elems);
    return rc == 0 ? 1 : rc;
}

static void check_order(const struct job *j, const uint8_t *elems, ssize_t n, unsigned first)
{
    uint32_t number;
    for (unsigned i = 0; i < n; i++) {
        const uint8_t *elem = elems + i * j->shape.elem_size;
        if (stress_decode(elem, j->shape.elem_size, &number) && number != first + i)
            stress_defect(STRESS_REORDERED, "%u where %u belongs; %s", number, first + i,
                          j->shape.text);
    }
}

static void receive_all(struct stress_thread *t, const struct job *j)
{
    uint8_t elems[(MOST_ELEMENTS + 2) * STRESS_MAX_ELEM];
    for (unsigned got = 0; got < j->elements;) {
        ssize_t n = receive_some(t, j, elems);
        must(j, "a receive", n > 0 ? 0 : (int)n);
        if (n <= 0)
            break;
        check_order(j, elems, n, got);
        got += (unsigned)n;
    }
    if (j->plan == RECEIVER_AFTER_CLOSE) {
        int rc = receive_one(t, j, elems);
        must(j, "the receive after the last", rc == -EPIPE ? 0 : -EINVAL);
    }
    if (j->plan != SENDER_AFTER_LAST)
        rn_chan_unref(j->ch);
}

static struct job draw_job(struct stress_thread *t)
{
    struct job j = { .shape = stress_draw_shape(&t->rng, STRESS_MAY_BE_SPSC) };
    j.plan = stress_below(&t->rng, PLANS);
    if (j.plan == SENDER_AFTER_LAST) {
        j.shape.cap = 0;
        j.shape.options = 0;
        stress_describe(&j.shape);
    }
    j.elements = 1 + stress_below(&t->rng, MOST_ELEMENTS);
    j.ch = stress_chan(&j.shape);
    if (j.plan == BOTH_COUNT)
        rn_chan_ref(j.ch);
    return j;
}

static void body(struct stress_thread *t)
{
    struct round *r = t->round;
    rn_chan *mailbox = r->mailbox[t->id / 2];
    bool first = t->id % 2 == 0;
    struct job j = { 0 };
    for (int i = 0; i < CHANNELS_A_ROUND; i++) {
        if (first) {
            j = draw_job(t);
            must(&j, "a send to the mailbox", rn_send(mailbox, &j));
        } else {
            must(&j, "a receive from the mailbox", rn_recv(mailbox, &j));
        }
        /* who is which turns about, so that each arrives late as often */
        if (first == (i % 2 == 0))
            send_all(t, &j);
        else
            receive_all(t, &j);
    }
}

int main(int argc, char **argv)
{
    stress_begin(argc, argv, "unref_storm");
    struct stress_shape mail = { .cap = 1, .elem_size = sizeof(struct job) };
    stress_describe(&mail);
    while (stress_goes_on()) {
        struct round r = { .pairs = 1 + stress_below(&stress_rng, stress_opt.threads / 2) };
        for (unsigned i = 0; i < r.pairs; i++)
            r.mailbox[i] = stress_chan(&mail);
        stress_run(2 * r.pairs, body, &r);
        for (unsigned i = 0; i < r.pairs; i++)
            rn_chan_unref(r.mailbox[i]);
    }
    return stress_end();
}
