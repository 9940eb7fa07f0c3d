/* SPDX-License-Identifier: MIT */
/*
 * Go's src/runtime/chan_test.go, the cases about channels: TestChan in its parts,
 * TestNonblockRecvRace, TestChanSendInterface, TestMultiConsumer, and blocking
 * with a deep stack. The cases about select are in chan_test_select.c, those of
 * chanbarrier_test.go at the end of this file.
 */
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kinds.h"
#include "runnel.h"
#include "threads.h"

/* ---- TestChan: for each capacity ----------------------------------------------------- */

TestSuite(TestChan, .timeout = RNT_TIMEOUT);

enum { CAPS = 200 };

#define FOR_EACH_CAP for (size_t cap = 0; cap < (rnt_scaled(100) < 100 ? 20 : CAPS); cap++)

struct one_value {
    rn_chan *ch;
    int value, result;
};

static void receive_one(void *arg)
{
    struct one_value *o = arg;
    o->result = rn_recv(o->ch, &o->value);
}

static void send_one(void *arg)
{
    struct one_value *o = arg;
    o->result = rn_send(o->ch, &o->value);
}

Test(TestChan, receive_from_an_empty_channel_blocks)
{
    FOR_EACH_CAP
    {
        struct one_value o = { rnt_chan(sizeof(int), cap), 0, 1 };
        rnt_thread *t = rnt_start(receive_one, &o);
        rnt_wait_parked(t);
        int v = 7;
        check_ok(rn_send(o.ch, &v));
        rnt_join(t);
        check_ok(o.result);
        check_eq(o.value, 7);
        rn_chan_unref(o.ch);
    }
}

Test(TestChan, non_blocking_receive_from_an_empty_channel_takes_the_default)
{
    FOR_EACH_CAP
    {
        rn_chan *ch = rnt_chan(sizeof(int), cap);
        int v = 7;
        rn_case c = RN_RECV(ch, &v);
        check_eq(rn_try_recv(ch, &v), -EAGAIN);
        check_eq(rn_try_select(&c, 1), -EAGAIN);
        check_eq(v, 7);
        rn_chan_unref(ch);
    }
}

static void fill(rn_chan *ch, size_t cap)
{
    for (int i = 0; i < (int)cap; i++)
        check_ok(rn_send(ch, &i));
}

Test(TestChan, send_to_a_full_channel_blocks)
{
    FOR_EACH_CAP
    {
        struct one_value o = { rnt_chan(sizeof(int), cap), (int)cap, 1 };
        fill(o.ch, cap);
        check_eq(rn_try_send(o.ch, &o.value), -EAGAIN);
        rnt_thread *t = rnt_start(send_one, &o);
        rnt_wait_parked(t);
        for (int i = 0, v = -1; i <= (int)cap; i++) {
            check_ok(rn_recv(o.ch, &v));
            check_eq(v, i);
        }
        rnt_join(t);
        check_ok(o.result);
        rn_chan_unref(o.ch);
    }
}

Test(TestChan, a_closed_channel_drains_then_gives_zero_and_closed)
{
    FOR_EACH_CAP
    {
        rn_chan *ch = rnt_chan(sizeof(int), cap);
        fill(ch, cap);
        check_ok(rn_close(ch));
        for (int i = 0, v = -1; i < (int)cap; i++) {
            check_ok(rn_recv(ch, &v));
            check_eq(v, i);
        }
        int v = 7;
        check_eq(rn_recv(ch, &v), -EPIPE);
        check_eq(v, 0);
        rn_chan_unref(ch);
    }
}

Test(TestChan, close_unblocks_a_receiver)
{
    FOR_EACH_CAP
    {
        struct one_value o = { rnt_chan(sizeof(int), cap), 7, 1 };
        rnt_thread *t = rnt_start(receive_one, &o);
        rnt_wait_parked(t);
        check_ok(rn_close(o.ch));
        rnt_join(t);
        check_eq(o.result, -EPIPE);
        check_eq(o.value, 0);
        rn_chan_unref(o.ch);
    }
}

static void send_hundred(void *arg)
{
    for (int i = 0; i < 100; i++)
        expect_ok(rn_send(arg, &i));
}

static void receive_hundred(void *arg, bool by_select)
{
    for (int i = 0, v = -1; i < 100; i++) {
        rn_case c = RN_RECV(arg, &v);
        check_ok(by_select ? rn_select(&c, 1) : rn_recv(arg, &v));
        check_eq(v, i);
    }
}

Test(TestChan, a_hundred_values_come_in_order)
{
    FOR_EACH_CAP for (int by_select = 0; by_select < 2; by_select++)
    {
        rn_chan *ch = rnt_chan(sizeof(int), cap);
        rnt_thread *t = rnt_start(send_hundred, ch);
        receive_hundred(ch, by_select);
        rnt_join(t);
        rn_chan_unref(ch);
    }
}

enum { PARTIES = 4, EACH = 1000 };

struct crowd {
    rn_chan *ch;
    unsigned each;
    unsigned count[PARTIES][EACH]; /* by receiver and value */
};

static void crowd_member(void *arg, unsigned index)
{
    struct crowd *c = arg;
    if (index < PARTIES) {
        for (unsigned v = 0; v < c->each; v++)
            expect_ok(rn_send(c->ch, &v));
        return;
    }
    unsigned *count = c->count[index - PARTIES];
    for (unsigned i = 0, v = EACH; i < c->each; i++) {
        expect_ok(rn_recv(c->ch, &v));
        expect(v < c->each);
        count[v]++;
    }
}

Test(TestChan, four_senders_and_four_receivers_lose_and_double_nothing)
{
    static const size_t caps[] = { 0, 1, 2, 3, 7, 10, 100, 199 };
    static struct crowd c;
    for (unsigned k = 0; k < sizeof caps / sizeof caps[0]; k++) {
        c = (struct crowd){ .ch = rnt_chan(sizeof(unsigned), caps[k]), .each = rnt_scaled(EACH) };
        rnt_run(2 * PARTIES, crowd_member, &c);
        for (unsigned v = 0; v < c.each; v++)
            check_eq(c.count[0][v] + c.count[1][v] + c.count[2][v] + c.count[3][v], PARTIES);
        check_eq(rn_len(c.ch), 0);
        rn_chan_unref(c.ch);
    }
}

Test(TestChan, len_and_cap)
{
    FOR_EACH_CAP
    {
        rn_chan *ch = rnt_chan(sizeof(int), cap);
        check_eq(rn_len(ch), 0);
        check_eq(rn_cap(ch), cap);
        fill(ch, cap);
        check_eq(rn_len(ch), cap);
        check_eq(rn_cap(ch), cap);
        rn_chan_unref(ch);
    }
}

/* ---- the other cases about channels -------------------------------------------------- */

TestSuite(chan_test, .timeout = RNT_TIMEOUT);

struct recv_race {
    rnt_meeting meeting;
    rn_chan *ch;
    unsigned rounds;
};

static void recv_race_taker(void *arg)
{
    struct recv_race *r = arg;
    for (unsigned i = 0; i < r->rounds; i++) {
        int v = 0;
        rnt_meet(&r->meeting);
        expect_ok(rn_try_recv(r->ch, &v));
        expect_eq(v, 1);
        rnt_meet(&r->meeting);
    }
}

/* The element is there at every instant, so a close beside it must not hide it. */
Test(chan_test, TestNonblockRecvRace)
{
    struct recv_race r = { .rounds = rnt_scaled(5000) };
    rnt_thread *t = rnt_start(recv_race_taker, &r);
    for (unsigned i = 0; i < r.rounds; i++) {
        int v = 1;
        r.ch = rnt_chan(sizeof(int), 1);
        check_ok(rn_send(r.ch, &v));
        rnt_meet(&r.meeting);
        check_ok(rn_close(r.ch));
        rnt_meet(&r.meeting);
        check_eq(rn_recv(r.ch, &v), -EPIPE);
        rn_chan_unref(r.ch);
    }
    rnt_join(t);
}

struct tagged {
    const void *type;
    void *value;
};

static void send_tagged(void *arg)
{
    static int type;
    struct tagged t = { &type, &type };
    expect_ok(rn_send(arg, &t));
    rn_case c[] = { RN_SEND(arg, &t) };
    expect_eq(rn_select(c, 1), 0);
    c[0].err = rn_send(arg, &t);
    expect_ok(c[0].err);
}

/* An interface is two words that belong together. */
Test(chan_test, TestChanSendInterface)
{
    rn_chan *ch = rnt_chan(sizeof(struct tagged), 0);
    rnt_thread *t = rnt_start(send_tagged, ch);
    for (int i = 0; i < 3; i++) {
        struct tagged got = { NULL, NULL };
        check_ok(rn_recv(ch, &got));
        check(got.type != NULL && got.type == got.value);
    }
    rnt_join(t);
    rn_chan_unref(ch);
}

enum { WORKERS = 23 };

struct consumers {
    rn_chan *work, *result;
};

static void consumer(void *arg, unsigned index)
{
    struct consumers *c = arg;
    unsigned v;
    while (rn_recv(c->work, &v) == 0) {
        /* Some stay away for a while, as workers do. */
        if (v % (index + 7) == 0)
            sched_yield();
        expect_ok(rn_send(c->result, &v));
    }
}

struct feeder {
    struct consumers *c;
    unsigned n;
    uint64_t sum;
};

static void feed(void *arg)
{
    static const unsigned primes[] = { 2, 3, 5, 7, 11, 13 };
    struct feeder *f = arg;
    for (unsigned i = 0; i < f->n; i++) {
        unsigned v = primes[i % 6] + i;
        f->sum += v;
        expect_ok(rn_send(f->c->work, &v));
    }
    expect_ok(rn_close(f->c->work));
}

Test(chan_test, TestMultiConsumer)
{
    struct consumers c = { rnt_chan(sizeof(unsigned), WORKERS * 3),
                           rnt_chan(sizeof(unsigned), WORKERS * 3) };
    struct feeder f = { &c, rnt_scaled(100000), 0 };
    rnt_team *workers = rnt_team_start(WORKERS, consumer, &c);
    rnt_thread *feeding = rnt_start(feed, &f);
    uint64_t sum = 0;
    for (unsigned i = 0, v = 0; i < f.n; i++) {
        check_ok(rn_recv(c.result, &v));
        sum += v;
    }
    rnt_join(feeding);
    rnt_team_join(workers);
    check_eq(sum, f.sum);
    check_eq(rn_len(c.result), 0);
    rn_chan_unref(c.work);
    rn_chan_unref(c.result);
}

/* Go moves a stack that shrinks while its owner is blocked. Ours never moves; what is
 * left of the case is that a deep frame's buffer is written by somebody else. */
static int receive_deep(rn_chan *ch, int depth)
{
    volatile char ballast[1024];
    ballast[depth % 1024] = (char)depth;
    if (depth > 0)
        return receive_deep(ch, depth - 1) + (ballast[depth % 1024] != (char)depth);
    int v = 0;
    expect_ok(rn_recv(ch, &v));
    return v;
}

static void deep_receiver(void *arg)
{
    expect_eq(receive_deep(arg, 500), 42);
}

Test(chan_test, TestShrinkStackDuringBlockedSend_a_blocked_receiver_deep_down_gets_it)
{
    for (size_t cap = 0; cap < 2; cap++) {
        rn_chan *ch = rnt_chan(sizeof(int), cap);
        rnt_thread *t = rnt_start(deep_receiver, ch);
        rnt_wait_parked(t);
        int v = 42;
        check_ok(rn_send(ch, &v));
        rnt_join(t);
        rn_chan_unref(ch);
    }
}

/* ---- chanbarrier_test ---------------------------------------------------------------- */

TestSuite(chanbarrier_test, .timeout = RNT_TIMEOUT);

enum { PAIRS = 10, PAYLOAD = 1024 };

struct payload {
    unsigned number;
    unsigned char bytes[PAYLOAD];
};

struct request {
    rn_chan *reply, *done;
    unsigned number;
};

struct barrier {
    bool by_select;
    unsigned rounds;
    rn_chan *requests[PAIRS];
};

static void answer(const struct barrier *b, const struct request *q)
{
    struct payload *p = malloc(sizeof *p);
    p->number = q->number;
    memset(p->bytes, (int)(q->number & 0xFF), PAYLOAD);
    rn_case c[] = { RN_SEND(q->reply, &p), RN_RECV(q->done, NULL) };
    if (b->by_select)
        expect_eq(rn_select(c, 2), 0);
    else
        expect_ok(rn_send(q->reply, &p));
}

static void ask(struct barrier *b, rn_chan *requests)
{
    for (unsigned i = 0; i < b->rounds; i++) {
        struct request q = { rn_chan_new(sizeof(void *), 0), rn_chan_new(1, 0), i };
        struct payload *p = NULL;
        expect(q.reply && q.done);
        expect_ok(rn_send(requests, &q));
        expect_ok(rn_recv(q.reply, &p));
        expect(p->number == i && p->bytes[0] == (i & 0xFF) && p->bytes[PAYLOAD - 1] == (i & 0xFF));
        free(p);
        /* The answering thread may still be on its way out of its send. */
        rn_chan_unref(q.reply);
        rn_chan_unref(q.done);
    }
    expect_ok(rn_close(requests));
}

static void barrier_member(void *arg, unsigned index)
{
    struct barrier *b = arg;
    struct request q;
    rn_chan *requests = b->requests[index / 2];
    if (index % 2)
        ask(b, requests);
    else
        while (rn_recv(requests, &q) == 0)
            answer(b, &q);
}

static void send_barrier(bool by_select)
{
    struct barrier b = { .by_select = by_select, .rounds = rnt_scaled(500) };
    for (int i = 0; i < PAIRS; i++)
        b.requests[i] = rnt_chan(sizeof(struct request), 0);
    rnt_run(2 * PAIRS, barrier_member, &b);
    for (int i = 0; i < PAIRS; i++)
        rn_chan_unref(b.requests[i]);
}

Test(chanbarrier_test, TestChanSendBarrier_a_payload_is_published_with_its_pointer)
{
    send_barrier(false);
}

Test(chanbarrier_test, TestChanSendSelectBarrier_a_payload_is_published_by_select)
{
    send_barrier(true);
}
