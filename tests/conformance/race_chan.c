/* SPDX-License-Identifier: MIT */
/*
 * Go's src/runtime/race/testdata/chan_test.go: what happens before what. Each
 * case passes a plain variable between threads with nothing but a channel to
 * order the accesses; ThreadSanitizer is the judge, other builds look at the value.
 *
 * The rules: a send before the receive that gets its element; the k-th receive
 * on capacity C before the (k+C)-th send returns (at capacity 0, the receive
 * before its send returns); close before the receive that says closed.
 *
 * Left out, see README.md: the cases in which Go's detector must report a race.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "kinds.h"
#include "runnel.h"
#include "threads.h"

TestSuite(race_chan, .timeout = RNT_TIMEOUT);

/* What most cases share: a variable, two channels. */
struct shared {
    rn_chan *ch, *done;
    int v;
    int data[16];
};

static struct shared shared_with(size_t cap)
{
    return (struct shared){ .ch = rnt_chan(sizeof(int), cap), .done = rnt_chan(sizeof(int), 0) };
}

static void drop(struct shared *s)
{
    rn_chan_unref(s->ch);
    rn_chan_unref(s->done);
}

#define REPEAT for (unsigned rep_ = 0; rep_ < rnt_scaled(500); rep_++)

/* ---- send and receive ---------------------------------------------------------------- */

static void write_then_send(void *arg)
{
    struct shared *s = arg;
    int x = 0;
    s->v = 1;
    expect_ok(rn_send(s->ch, &x));
}

static void write_then_receive(void *arg)
{
    struct shared *s = arg;
    s->v = 1;
    expect_ok(rn_recv(s->ch, NULL));
}

static void write_before(size_t cap, void (*first)(void *), bool we_receive)
{
    REPEAT
    {
        struct shared s = shared_with(cap);
        int x = 0;
        rnt_thread *t = rnt_start(first, &s);
        check_ok(we_receive ? rn_recv(s.ch, NULL) : rn_send(s.ch, &x));
        check_eq(s.v, 1);
        s.v = 2;
        rnt_join(t);
        drop(&s);
    }
}

Test(race_chan, TestNoRaceChanSync)
{
    write_before(0, write_then_send, true);
}

Test(race_chan, TestNoRaceChanSyncRev)
{
    write_before(0, write_then_receive, false);
}

Test(race_chan, TestNoRaceChanAsync)
{
    write_before(10, write_then_send, true);
}

static void write_then_send_any(void *arg)
{
    struct shared *s = arg;
    static const unsigned char zero[RNT_ELEM_MAX];
    s->v = 1;
    expect_ok(rn_send(s->ch, zero));
}

Test(race_chan, TestNoRaceChanAsync_over_every_kind_of_channel)
{
    for (unsigned k = 0; k < rnt_kind_count; k++)
        for (unsigned i = 0; i < rnt_scaled(100); i++) {
            struct shared s = { .ch = rnt_chan_of(&rnt_kinds[k]) };
            rnt_thread *t = rnt_start(write_then_send_any, &s);
            check_ok(rn_recv(s.ch, NULL));
            check_eq(s.v, 1);
            s.v = 2;
            rnt_join(t);
            rn_chan_unref(s.ch);
        }
}

/* The k-th receive before the (k+C)-th send returns. */
static void kth_receive_before_later_send(size_t cap, unsigned options)
{
    REPEAT
    {
        struct shared s = { .ch = rn_chan_new_with(sizeof(int), cap, options) };
        int x = 0;
        check(s.ch != NULL);
        for (size_t i = 0; i < cap; i++)
            check_ok(rn_send(s.ch, &x));
        rnt_thread *t = rnt_start(write_then_receive, &s);
        check_ok(rn_send(s.ch, &x));
        check_eq(s.v, 1);
        s.v = 2;
        rnt_join(t);
        rn_chan_unref(s.ch);
    }
}

Test(race_chan, a_receive_happens_before_the_send_that_needs_its_room)
{
    for (size_t cap = 1; cap <= 3; cap++) {
        kth_receive_before_later_send(cap, 0);
        kth_receive_before_later_send(cap, RN_CHAN_FAST);
        kth_receive_before_later_send(cap, RN_CHAN_SPSC);
    }
}

/* Both rules in a stream that mostly does not wait, so that the ring itself and not the
 * waking has to make the order; over every kind. */
enum { STREAM = 400 };

struct stream {
    const rnt_kind *kind;
    rn_chan *ch;
    unsigned n;
    int sent[STREAM], received[STREAM];
};

static void stream_receiver(void *arg)
{
    struct stream *s = arg;
    for (unsigned i = 0; i < s->n; i++) {
        s->received[i] = 1;
        expect_ok(rn_recv(s->ch, NULL));
        expect_eq(s->sent[i], 1);
    }
}

static void stream_over(const rnt_kind *kind)
{
    static struct stream s;
    static const unsigned char zero[RNT_ELEM_MAX];
    s = (struct stream){ .kind = kind, .ch = rnt_chan_of(kind), .n = STREAM };
    rnt_thread *t = rnt_start(stream_receiver, &s);
    for (unsigned i = 0; i < s.n; i++) {
        s.sent[i] = 1;
        check_ok(rn_send(s.ch, zero));
        if (kind->cap != RN_UNBOUNDED && i >= kind->cap)
            check_eq(s.received[i - kind->cap], 1);
    }
    rnt_join(t);
    rn_chan_unref(s.ch);
}

Test(race_chan, a_stream_orders_what_surrounds_it_both_ways)
{
    for (unsigned k = 0; k < rnt_kind_count; k++)
        for (unsigned i = 0; i < rnt_scaled(20); i++)
            stream_over(&rnt_kinds[k]);
}

/* ---- close --------------------------------------------------------------------------- */

static void write_then_close(void *arg)
{
    struct shared *s = arg;
    s->v = 1;
    expect_ok(rn_close(s->ch));
}

enum how { RECEIVE, SELECT_RECEIVE, RANGE };

static void closed_by(enum how how, rn_chan *ch)
{
    rn_case c = RN_RECV(ch, NULL);
    switch (how) {
    case RECEIVE:
        check_eq(rn_recv(ch, NULL), -EPIPE);
        break;
    case SELECT_RECEIVE:
        check_eq(rn_select(&c, 1), 0);
        check_eq(c.err, -EPIPE);
        break;
    case RANGE:
        while (rn_recv(ch, NULL) == 0)
            check(!"nothing was sent");
        break;
    }
}

static void write_before_close(size_t cap, enum how how)
{
    REPEAT
    {
        struct shared s = shared_with(cap);
        rnt_thread *t = rnt_start(write_then_close, &s);
        closed_by(how, s.ch);
        check_eq(s.v, 1);
        s.v = 2;
        rnt_join(t);
        drop(&s);
    }
}

Test(race_chan, TestNoRaceChanAsyncCloseRecv)
{
    write_before_close(10, RECEIVE);
}

Test(race_chan, TestNoRaceChanAsyncCloseRecv2)
{
    write_before_close(10, SELECT_RECEIVE);
}

Test(race_chan, TestNoRaceChanAsyncCloseRecv3)
{
    write_before_close(10, RANGE);
}

Test(race_chan, TestNoRaceChanSyncCloseRecv)
{
    write_before_close(0, RECEIVE);
}

Test(race_chan, TestNoRaceChanSyncCloseRecv2)
{
    write_before_close(0, SELECT_RECEIVE);
}

Test(race_chan, TestNoRaceChanSyncCloseRecv3)
{
    write_before_close(0, RANGE);
}

Test(race_chan, TestNoRaceCloseHappensBeforeRead_over_every_kind)
{
    for (unsigned k = 0; k < rnt_kind_count; k++)
        for (unsigned i = 0; i < rnt_scaled(100); i++) {
            struct shared s = { .ch = rnt_chan_of(&rnt_kinds[k]) };
            rnt_thread *t = rnt_start(write_then_close, &s);
            int result;
            while ((result = rn_try_recv(s.ch, NULL)) == -EAGAIN)
                sched_yield();
            check_eq(result, -EPIPE);
            check_eq(s.v, 1);
            rnt_join(t);
            rn_chan_unref(s.ch);
        }
}

/* Defined here, unlike in Go: the loser of close against close, send or select gets
 * -EPIPE. (TestRaceChanCloseClose, -SendClose, -SendSelectClose, -CloseSend.) */
static void close_or_send(void *arg, unsigned index)
{
    struct shared *s = arg;
    int x = 5, result;
    rn_case c[] = { RN_SEND(s->ch, &x), RN_RECV(s->done, NULL) };
    switch (index) {
    case 0:
        result = rn_send(s->ch, &x);
        break;
    case 1:
        result = rn_select(c, 2) == 0 ? c[0].err : -EBADMSG;
        break;
    default:
        result = rn_close(s->ch);
        break;
    }
    expect(result == 0 || result == -EPIPE);
    s->data[index] = result;
}

Test(race_chan, TestRaceChanCloseClose_and_sends_have_one_outcome_each)
{
    REPEAT
    {
        struct shared s = shared_with(10);
        rnt_run(4, close_or_send, &s);
        check_eq((s.data[2] == 0) + (s.data[3] == 0), 1);
        int sent = (s.data[0] == 0) + (s.data[1] == 0);
        for (int i = 0, v = 0; i < sent; i++) {
            check_ok(rn_recv(s.ch, &v));
            check_eq(v, 5);
        }
        check_eq(rn_recv(s.ch, NULL), -EPIPE);
        drop(&s);
    }
}

/* ---- len and cap do not race (and order nothing) ------------------------------------- */

static void look_or_close(void *arg, unsigned index)
{
    struct shared *s = arg;
    if (index == 0)
        expect_ok(rn_close(s->ch));
    else
        expect(index == 1 ? rn_len(s->ch) == 0 : rn_cap(s->ch) == 10);
}

Test(race_chan, TestNoRaceChanCloseLen_and_Cap)
{
    REPEAT
    {
        struct shared s = shared_with(10);
        rnt_run(3, look_or_close, &s);
        drop(&s);
    }
}

/* ---- pointers and values ------------------------------------------------------------- */

struct message {
    int x;
};

static void send_message(void *arg)
{
    struct message *m = malloc(sizeof *m);
    m->x = 1;
    expect_ok(rn_send(arg, &m));
}

static void message_through(size_t cap)
{
    REPEAT
    {
        rn_chan *ch = rnt_chan(sizeof(struct message *), cap);
        struct message *m = NULL;
        rnt_thread *t = rnt_start(send_message, ch);
        check_ok(rn_recv(ch, &m));
        check_eq(m->x, 1);
        m->x = 2;
        free(m);
        rnt_join(t);
        rn_chan_unref(ch);
    }
}

Test(race_chan, TestNoRaceChanPtr)
{
    message_through(0);
    message_through(1);
}

static void send_v(void *arg)
{
    struct shared *s = arg;
    int x = 0;
    expect_ok(rn_send(s->ch, &s->v));
    expect_ok(rn_send(s->done, &x));
}

/* The sender's read of v, inside the send, before the receiver's write to it. */
Test(race_chan, TestNoRaceChanReadWriteAsync)
{
    REPEAT
    {
        struct shared s = shared_with(10);
        s.v = 3;
        rnt_thread *t = rnt_start(send_v, &s);
        check_ok(rn_recv(s.ch, &s.v));
        check_eq(s.v, 3);
        check_ok(rn_recv(s.done, NULL));
        rnt_join(t);
        drop(&s);
    }
}

static void select_send_v(void *arg)
{
    struct shared *s = arg;
    int x = 0;
    rn_case c[] = { RN_SEND(s->ch, &s->v), RN_RECV(RN_NEVER, NULL) };
    expect_eq(rn_select(c, 2), 0);
    expect_ok(rn_send(s->done, &x));
}

Test(race_chan, TestNoRaceSelectReadWriteAsync)
{
    REPEAT
    {
        struct shared s = shared_with(0);
        s.v = 3;
        rnt_thread *t = rnt_start(select_send_v, &s);
        rn_case c[] = { RN_RECV(s.ch, &s.v), RN_RECV(RN_NEVER, NULL) };
        check_eq(rn_select(c, 2), 0);
        check_eq(s.v, 3);
        check_ok(rn_recv(s.done, NULL));
        rnt_join(t);
        drop(&s);
    }
}

static void do_task(void *arg)
{
    struct shared *s = arg;
    int x = 0, task;
    expect_ok(rn_recv(s->ch, &task));
    s->v = task;
    expect_ok(rn_send(s->done, &x));
}

Test(race_chan, TestNoRaceProducerConsumerUnbuffered)
{
    REPEAT
    {
        struct shared s = shared_with(0);
        int task = 1;
        rnt_thread *t = rnt_start(do_task, &s);
        check_ok(rn_send(s.ch, &task));
        check_ok(rn_recv(s.done, NULL));
        check_eq(s.v, 1);
        rnt_join(t);
        drop(&s);
    }
}

static void send_message_to_full(void *arg)
{
    struct message *m = malloc(sizeof *m);
    m->x = 42;
    expect_ok(rn_send(arg, &m));
}

static void blocked_send(bool by_select)
{
    for (unsigned i = 0; i < rnt_scaled(50); i++) {
        rn_chan *ch = rnt_chan(sizeof(struct message *), 1), *idle = rnt_chan(1, 0);
        struct message *m = NULL;
        check_ok(rn_send(ch, &m));
        rnt_thread *t = rnt_start(send_message_to_full, ch);
        rnt_wait_parked(t);
        check_ok(rn_recv(ch, &m));
        rn_case c[] = { RN_RECV(ch, &m), RN_RECV(idle, NULL) };
        check_ok(by_select ? rn_select(c, 2) : rn_recv(ch, &m));
        check_eq(m->x, 42);
        free(m);
        rnt_join(t);
        rn_chan_unref(ch);
        rn_chan_unref(idle);
    }
}

Test(race_chan, TestNoRaceBlockedSendSync)
{
    blocked_send(false);
}

Test(race_chan, TestNoRaceBlockedSelectSendSync)
{
    blocked_send(true);
}

/* ---- a channel as a mutex, and as a wait group --------------------------------------- */

struct by_mutex {
    rn_chan *mutex, *never;
    bool by_select;
    unsigned rounds, counter;
};

static void lock_by(struct by_mutex *m)
{
    rn_case c[] = { RN_SEND(m->mutex, ""), RN_RECV(m->never, NULL) };
    expect_ok(m->by_select ? rn_select(c, 2) : rn_send(m->mutex, ""));
}

static void unlock_by(struct by_mutex *m)
{
    rn_case c[] = { RN_RECV(m->mutex, NULL), RN_RECV(m->never, NULL) };
    expect_ok(m->by_select ? rn_select(c, 2) : rn_recv(m->mutex, NULL));
}

static void count_under_mutex(void *arg, unsigned index)
{
    struct by_mutex *m = arg;
    (void)index;
    for (unsigned i = 0; i < m->rounds; i++) {
        lock_by(m);
        m->counter++;
        unlock_by(m);
    }
}

static void as_mutex(bool by_select)
{
    static const rnt_kind kinds[] = { { "counter", 0, 1, 0 },
                                      { "word", 1, 1, 0 },
                                      { "fast word", 1, 1, RN_CHAN_FAST } };
    for (int k = 0; k < 3; k++) {
        struct by_mutex m = { rnt_chan_of(&kinds[k]), rnt_chan(1, 0), by_select, rnt_scaled(5000),
                              0 };
        rnt_run(3, count_under_mutex, &m);
        check_eq(m.counter, 3 * m.rounds);
        rn_chan_unref(m.mutex);
        rn_chan_unref(m.never);
    }
}

Test(race_chan, TestNoRaceChanMutex)
{
    as_mutex(false);
}

Test(race_chan, TestNoRaceSelectMutex)
{
    as_mutex(true);
}

enum { GROUP = 10 };

static void fill_in_then_receive(void *arg, unsigned index)
{
    struct shared *s = arg;
    s->data[index] = 42;
    expect_ok(rn_recv(s->ch, NULL));
}

Test(race_chan, TestNoRaceChanWaitGroup)
{
    for (unsigned i = 0; i < rnt_scaled(100); i++) {
        struct shared s = shared_with(GROUP);
        int x = 0;
        for (int k = 0; k < GROUP; k++)
            check_ok(rn_send(s.ch, &x));
        rnt_team *t = rnt_team_start(GROUP, fill_in_then_receive, &s);
        /* Full again: all ten have received. */
        for (int k = 0; k < GROUP; k++)
            check_ok(rn_send(s.ch, &x));
        for (int k = 0; k < GROUP; k++)
            check_eq(s.data[k], 42);
        rnt_team_join(t);
        drop(&s);
    }
}

static void add_then_receive(void *arg, unsigned index)
{
    struct shared *s = arg;
    s->data[index]++;
    expect_ok(rn_recv(s->ch, NULL));
}

Test(race_chan, TestNoRaceElemSize0)
{
    for (unsigned i = 0; i < rnt_scaled(200); i++) {
        struct shared s = { .ch = rnt_chan(0, 2) };
        check_ok(rn_send(s.ch, ""));
        check_ok(rn_send(s.ch, ""));
        rnt_team *t = rnt_team_start(2, add_then_receive, &s);
        check_ok(rn_send(s.ch, ""));
        check_ok(rn_send(s.ch, ""));
        s.data[0]++;
        s.data[1]++;
        check_eq(s.data[0] + s.data[1], 4);
        rnt_team_join(t);
        rn_chan_unref(s.ch);
    }
}
