/* SPDX-License-Identifier: MIT */
/*
 * Many senders, many receivers, one channel: each element sent arrives exactly
 * once, and each receiver sees each sender's elements in the order they were sent.
 *
 * A round: some threads send a fixed share each by every door there is (send, try,
 * until, batch, select); the last sender closes; the others receive until closed
 * and drained. After the close nothing more comes in, so a try_recv that says
 * "empty" from then on is false. Channels of element size < 4 only count.
 */
#include "harness.h"

enum { BATCH = 16 };

struct round {
    struct stress_shape shape;
    rn_chan *ch;
    uint32_t senders, share; /* elements a sender */
    bool counting;           /* the elements carry no number */
    struct stress_ledger ledger;
    atomic_uint unfinished; /* senders */
    atomic_bool closed;
    _Atomic(uint64_t) received;
};

static void unexpected(const struct round *r, const char *call, long rc)
{
    stress_defect(STRESS_WRONG, "%s said %ld; %s", call, rc, r->shape.text);
}

/* One element by a random door that may refuse; true when it is in. */
static bool send_once(struct stress_thread *t, struct round *r, const void *elem)
{
    int rc;
    switch (stress_below(&t->rng, 4)) {
    case 0:
        stress_doing(t, "rn_try_send");
        rc = rn_try_send(r->ch, elem);
        break;
    case 1:
        stress_doing(t, "rn_send_until");
        rc = rn_send_until(r->ch, elem, stress_deadline(&t->rng, 200));
        break;
    case 2: {
        stress_doing(t, "rn_select of one send");
        rn_case c = RN_SEND(r->ch, elem);
        rc = rn_select(&c, 1) == 0 ? c.err : -EINVAL;
        break;
    }
    default:
        stress_doing(t, "rn_send");
        rc = rn_send(r->ch, elem);
    }
    if (rc != 0 && rc != -EAGAIN && rc != -ETIMEDOUT)
        unexpected(r, "a send", rc);
    return rc == 0;
}

static void mark_sent(struct round *r, uint32_t first, uint32_t n)
{
    for (uint32_t i = 0; i < n && !r->counting; i++)
        stress_ledger_sent(&r->ledger, first + i);
}

static void sender(struct stress_thread *t, struct round *r)
{
    uint8_t elems[BATCH * STRESS_MAX_ELEM];
    size_t size = r->shape.elem_size;
    uint32_t next = t->id * r->share, end = next + r->share;
    while (next < end) {
        uint32_t n = stress_below(&t->rng, 8) ? 1 : 1 + stress_below(&t->rng, BATCH);
        if (n > end - next)
            n = end - next;
        for (uint32_t i = 0; i < n; i++)
            stress_encode(elems + i * size, size, next + i);
        if (n > 1) {
            stress_doing(t, "rn_send_n");
            ssize_t rc = rn_send_n(r->ch, elems, n);
            if (rc != (ssize_t)n)
                unexpected(r, "rn_send_n", (long)rc);
        } else {
            while (!send_once(t, r, elems))
                stress_dawdle(&t->rng);
        }
        mark_sent(r, next, n);
        next += n;
    }
    if (atomic_fetch_sub(&r->unfinished, 1) == 1) {
        int rc = rn_close(r->ch);
        if (rc != 0)
            unexpected(r, "rn_close", rc);
        atomic_store(&r->closed, true);
    }
}

/* Some elements by a random door: how many, 0 if it refused, -EPIPE at the end. */
static ssize_t receive_some(struct stress_thread *t, struct round *r, void *elems)
{
    switch (stress_below(&t->rng, 5)) {
    case 0: {
        stress_doing(t, "rn_try_recv");
        bool closed = atomic_load(&r->closed);
        int rc = rn_try_recv(r->ch, elems);
        if (rc == -EAGAIN && closed)
            stress_defect(STRESS_FALSE_EMPTY, "after the close; %s", r->shape.text);
        return rc == 0 ? 1 : rc == -EAGAIN ? 0 : rc;
    }
    case 1: {
        stress_doing(t, "rn_recv_until");
        int rc = rn_recv_until(r->ch, elems, stress_deadline(&t->rng, 200));
        return rc == 0 ? 1 : rc == -ETIMEDOUT ? 0 : rc;
    }
    case 2: {
        stress_doing(t, "rn_select of one receive");
        rn_case c = RN_RECV(r->ch, elems);
        int rc = rn_select(&c, 1);
        return rc != 0 ? -EINVAL : c.err ? c.err : 1;
    }
    case 3:
        stress_doing(t, "rn_recv_n");
        return rn_recv_n(r->ch, elems, 1 + stress_below(&t->rng, BATCH));
    default: {
        stress_doing(t, "rn_recv");
        int rc = rn_recv(r->ch, elems);
        return rc == 0 ? 1 : rc;
    }
    }
}

static void account(struct round *r, const uint8_t *elems, ssize_t n, uint32_t *next_of)
{
    for (ssize_t i = 0; i < n; i++) {
        uint32_t number;
        if (!stress_decode(elems + (size_t)i * r->shape.elem_size, r->shape.elem_size, &number))
            continue;
        stress_ledger_received(&r->ledger, number);
        uint32_t sender_id = number / r->share;
        if (sender_id >= r->senders)
            continue;
        if (number < next_of[sender_id])
            stress_defect(STRESS_REORDERED, "%u came after %u; %s", number, next_of[sender_id] - 1,
                          r->shape.text);
        next_of[sender_id] = number + 1;
    }
}

static void receiver(struct stress_thread *t, struct round *r)
{
    uint8_t elems[BATCH * STRESS_MAX_ELEM];
    uint32_t next_of[256] = { 0 };
    for (;;) {
        ssize_t n = receive_some(t, r, elems);
        if (n == -EPIPE)
            break;
        if (n < 0) {
            unexpected(r, "a receive", (long)n);
            break;
        }
        atomic_fetch_add(&r->received, (uint64_t)n);
        if (!r->counting)
            account(r, elems, n, next_of);
    }
    int rc = rn_try_recv(r->ch, elems);
    if (rc != -EPIPE)
        unexpected(r, "try_recv after closed and drained", rc);
}

static void body(struct stress_thread *t)
{
    struct round *r = t->round;
    if (t->id < r->senders)
        sender(t, r);
    else
        receiver(t, r);
}

static void balance(struct round *r)
{
    uint64_t sent = (uint64_t)r->senders * r->share;
    if (!r->counting)
        stress_ledger_balance(&r->ledger, r->shape.text);
    else if (r->received != sent)
        stress_defect(r->received < sent ? STRESS_LOST : STRESS_DUPLICATED,
                      "%llu sent, %llu received; %s", (unsigned long long)sent,
                      (unsigned long long)r->received, r->shape.text);
}

int main(int argc, char **argv)
{
    stress_begin(argc, argv, "mpmc");
    while (stress_goes_on()) {
        struct round r = { .shape = stress_draw_shape(&stress_rng,
                                                      STRESS_ANY_SIZE | STRESS_MAY_BE_SPSC) };
        unsigned n = 2 + stress_below(&stress_rng, stress_opt.threads - 1);
        r.senders = 1 + stress_below(&stress_rng, n - 1);
        if (r.shape.options & RN_CHAN_SPSC) {
            n = 2;
            r.senders = 1;
        }
        r.share = 1 + stress_below(&stress_rng, 20000) / r.senders;
        r.counting = r.shape.elem_size < 4;
        r.unfinished = r.senders;
        r.ch = stress_chan(&r.shape);
        if (!r.counting)
            stress_ledger_init(&r.ledger, r.senders * r.share);
        stress_run(n, body, &r);
        balance(&r);
        rn_chan_unref(r.ch);
    }
    return stress_end();
}
