/* SPDX-License-Identifier: MIT */
/* Batches: rn_send_n and rn_recv_n. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "kinds.h"
#include "runnel.h"
#include "threads.h"

TestSuite(batches, .timeout = RNT_TIMEOUT);

enum { MANY = 3000 };

static void count_up(uint64_t *v, size_t n, uint64_t first)
{
    for (size_t i = 0; i < n; i++)
        v[i] = first + i;
}

Test(batches, none_of_nothing_is_nothing)
{
    for (unsigned k = 0; k < rnt_kind_count; k++) {
        rn_chan *ch = rnt_chan_of(&rnt_kinds[k]);
        unsigned char v[RNT_ELEM_MAX] = { 0 };
        check_eq(rn_send_n(ch, v, 0), 0);
        check_eq(rn_recv_n(ch, v, 0), 0);
        check_eq(rn_send_n(ch, NULL, 0), 0);
        check_eq(rn_recv_n(ch, NULL, 0), 0);
        check_eq(rn_len(ch), 0);
        rn_chan_unref(ch);
    }
}

Test(batches, what_fits_goes_in_and_out_at_once_in_order)
{
    for (unsigned k = 0; k < rnt_kind_count; k++) {
        const rnt_kind *kind = &rnt_kinds[k];
        size_t n = kind->cap > 6 ? 6 : kind->cap;
        static unsigned char in[6 * RNT_ELEM_MAX], out[6 * RNT_ELEM_MAX];
        if (n == 0)
            continue;
        rn_chan *ch = rnt_chan_of(kind);
        for (size_t i = 0; i < n; i++)
            rnt_fill(in + i * kind->size, kind->size, (unsigned)i);
        check_eq(rn_send_n(ch, in, n), n);
        check_eq(rn_len(ch), n);
        memset(out, 0, sizeof out);
        check_eq(rn_recv_n(ch, out, 6), n);
        check(memcmp(in, out, n * kind->size) == 0);
        check(rnt_is_zero(out + n * kind->size, (6 - n) * kind->size));
        rn_chan_unref(ch);
    }
}

Test(batches, a_receive_takes_no_more_than_asked_for)
{
    rn_chan *ch = rnt_chan(8, 8);
    uint64_t in[5], out[5] = { 0 };
    count_up(in, 5, 1);
    check_eq(rn_send_n(ch, in, 5), 5);
    check_eq(rn_recv_n(ch, out, 2), 2);
    check_eq(out[1], 2);
    check_eq(out[2], 0);
    check_eq(rn_len(ch), 3);
    rn_chan_unref(ch);
}

Test(batches, closed_is_said_only_when_nothing_moved)
{
    for (unsigned k = 0; k < rnt_kind_count; k++) {
        const rnt_kind *kind = &rnt_kinds[k];
        static unsigned char v[2 * RNT_ELEM_MAX];
        rn_chan *ch = rnt_chan_of(kind);
        if (kind->cap)
            check_eq(rn_send_n(ch, v, 1), 1);
        check_ok(rn_close(ch));
        check_eq(rn_send_n(ch, v, 2), -EPIPE);
        if (kind->cap)
            check_eq(rn_recv_n(ch, v, 2), 1);
        check_eq(rn_recv_n(ch, v, 2), -EPIPE);
        rn_chan_unref(ch);
    }
}

struct transfer {
    rn_chan *ch;
    uint64_t data[MANY];
    size_t n;
    ssize_t result;
};

static void send_all(void *arg)
{
    struct transfer *t = arg;
    t->result = rn_send_n(t->ch, t->data, t->n);
}

static void receive_some(void *arg)
{
    struct transfer *t = arg;
    t->result = rn_recv_n(t->ch, t->data, t->n);
}

Test(batches, a_send_larger_than_the_channel_waits_for_room)
{
    static const size_t caps[] = { 0, 1, 2, 3, 64, RN_UNBOUNDED };
    static struct transfer t;
    for (int k = 0; k < 6; k++) {
        t = (struct transfer){ .ch = rnt_chan(8, caps[k]), .n = rnt_scaled(MANY) };
        count_up(t.data, t.n, 0);
        rnt_thread *sender = rnt_start(send_all, &t);
        uint64_t got[100], next = 0;
        while (next < t.n) {
            ssize_t n = rn_recv_n(t.ch, got, 100);
            check(n >= 1 && n <= 100);
            for (ssize_t i = 0; i < n; i++)
                check_eq(got[i], next++);
        }
        rnt_join(sender);
        check_eq(t.result, t.n);
        check_eq(rn_len(t.ch), 0);
        rn_chan_unref(t.ch);
    }
}

Test(batches, a_receive_waits_for_one_and_then_takes_what_is_there)
{
    static struct transfer t;
    for (size_t cap = 0; cap <= 3; cap++) {
        t = (struct transfer){ .ch = rnt_chan(8, cap), .n = 10 };
        rnt_thread *receiver = rnt_start(receive_some, &t);
        rnt_wait_parked(receiver);
        uint64_t v = 42;
        check_ok(rn_send(t.ch, &v));
        rnt_join(receiver);
        check_eq(t.result, 1);
        check_eq(t.data[0], 42);
        rn_chan_unref(t.ch);
    }
}

Test(batches, a_send_cut_short_by_close_says_how_many_went_in)
{
    static struct transfer t;
    t = (struct transfer){ .ch = rnt_chan(8, 2), .n = 10 };
    count_up(t.data, t.n, 0);
    rnt_thread *sender = rnt_start(send_all, &t);
    uint64_t v;
    check_ok(rn_recv(t.ch, &v));
    rnt_wait_parked(sender);
    check_eq(rn_len(t.ch), 2);
    check_ok(rn_close(t.ch));
    rnt_join(sender);
    check_eq(t.result, 3);
    check_ok(rn_recv(t.ch, &v));
    check_ok(rn_recv(t.ch, &v));
    check_eq(v, 2);
    check_eq(rn_recv(t.ch, &v), -EPIPE);
    rn_chan_unref(t.ch);
}

Test(batches, a_receive_that_waits_is_ended_by_close)
{
    static struct transfer t;
    for (size_t cap = 0; cap <= 1; cap++) {
        t = (struct transfer){ .ch = rnt_chan(8, cap), .n = 10 };
        rnt_thread *receiver = rnt_start(receive_some, &t);
        rnt_wait_parked(receiver);
        check_ok(rn_close(t.ch));
        rnt_join(receiver);
        check_eq(t.result, -EPIPE);
        rn_chan_unref(t.ch);
    }
}

/* Single calls and batches, from several sides, on one channel. */
struct mixed {
    rn_chan *ch;
    unsigned n;
    uint64_t sum[2];
};

static void mixed_member(void *arg, unsigned index)
{
    struct mixed *m = arg;
    uint64_t v[7], next = 1;
    ssize_t got = 1;
    while (index < 2 && next <= m->n) {
        size_t n = index == 0 ? 1 : m->n - next + 1 < 7 ? m->n - next + 1 : 7;
        count_up(v, n, next);
        if (index == 0)
            expect_ok(rn_send(m->ch, v));
        else
            expect_eq(rn_send_n(m->ch, v, n), n);
        next += n;
    }
    while (index >= 2 && got > 0) {
        got = index == 2 ? (rn_recv(m->ch, v) == 0) : rn_recv_n(m->ch, v, 7);
        for (ssize_t i = 0; i < got; i++)
            m->sum[index - 2] += v[i];
    }
}

static void mixed_senders(void *arg, unsigned index)
{
    mixed_member(arg, index);
}

static void mixed_receivers(void *arg, unsigned index)
{
    mixed_member(arg, index + 2);
}

Test(batches, batches_and_single_calls_share_a_channel)
{
    static const size_t caps[] = { 0, 1, 5, 64, RN_UNBOUNDED };
    for (int k = 0; k < 5; k++) {
        struct mixed m = { .ch = rnt_chan(8, caps[k]), .n = rnt_scaled(3000) };
        rnt_team *receivers = rnt_team_start(2, mixed_receivers, &m);
        rnt_run(2, mixed_senders, &m);
        check_ok(rn_close(m.ch));
        rnt_team_join(receivers);
        check_eq(m.sum[0] + m.sum[1], (uint64_t)m.n * (m.n + 1));
        rn_chan_unref(m.ch);
    }
}
