/* SPDX-License-Identifier: MIT */
/*
 * Elements: every size times every capacity times every option; what goes in
 * comes out, in order, unchanged, and nothing is written beside it.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kinds.h"
#include "runnel.h"
#include "threads.h"

TestSuite(elements, .timeout = RNT_TIMEOUT);

static const size_t sizes[] = { 0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 24, 32, 256, 4096 };
static const size_t caps[] = { 0, 1, 2, 3, 5, 64, 100, 1024, RN_UNBOUNDED };
static const unsigned options[] = { 0, RN_CHAN_FAST, RN_CHAN_SPSC };
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* A place for an element with guards on both sides. */
typedef struct guarded {
    unsigned char before[16], elem[RNT_ELEM_MAX + 16];
} guarded;

static void arm(guarded *g)
{
    memset(g, 0xA5, sizeof *g);
}

static bool is_intact(const guarded *g, size_t size)
{
    for (size_t i = 0; i < 16; i++)
        if (g->before[i] != 0xA5 || g->elem[size + i] != 0xA5)
            return false;
    return true;
}

static void put(rn_chan *ch, size_t size, unsigned value)
{
    unsigned char v[RNT_ELEM_MAX];
    rnt_fill(v, size, value);
    cr_assert(rn_try_send(ch, v) == 0, "no room for value %u of size %zu", value, size);
}

static void take(rn_chan *ch, size_t size, unsigned value)
{
    guarded g;
    arm(&g);
    cr_assert(rn_try_recv(ch, g.elem) == 0, "value %u of size %zu is not there", value, size);
    cr_assert(rnt_holds(g.elem, size, value), "value %u of size %zu came out wrong", value, size);
    cr_assert(is_intact(&g, size), "receiving size %zu wrote beside the element", size);
}

/* Rounds of filling to `level` and draining it, so that laps begin at every slot. */
static void fill_and_drain(rn_chan *ch, size_t size, size_t level, unsigned *next)
{
    for (size_t i = 0; i < level; i++)
        put(ch, size, *next + (unsigned)i);
    check_eq(rn_len(ch), level);
    for (size_t i = 0; i < level; i++)
        take(ch, size, *next + (unsigned)i);
    check_eq(rn_len(ch), 0);
    *next += (unsigned)level;
}

static void exercise(size_t size, size_t cap, unsigned option)
{
    rn_chan *ch = rn_chan_new_with(size, cap, option);
    if ((option & RN_CHAN_SPSC) && cap == RN_UNBOUNDED) {
        check(!ch);
        return;
    }
    cr_assert(ch, "no channel of size %zu, cap %zu, options %u", size, cap, option);
    check_eq(rn_cap(ch), cap);
    size_t top = cap == RN_UNBOUNDED ? 2500 : cap;
    unsigned next = 0;
    for (size_t level = top; level > 0; level /= 3)
        for (int round = 0; round < 3; round++)
            fill_and_drain(ch, size, level, &next);
    unsigned char v[RNT_ELEM_MAX];
    check_eq(rn_try_recv(ch, v), -EAGAIN);
    rn_chan_unref(ch);
}

Test(elements, every_size_capacity_and_option_keeps_what_it_is_given)
{
    for (size_t s = 0; s < COUNT(sizes); s++)
        for (size_t c = 1; c < COUNT(caps); c++)
            for (size_t o = 0; o < COUNT(options); o++)
                exercise(sizes[s], caps[c], options[o]);
}

Test(elements, a_channel_freed_full_is_freed_whole)
{
    for (size_t s = 0; s < COUNT(sizes); s++)
        for (size_t c = 1; c < COUNT(caps); c++) {
            rn_chan *ch = rnt_chan(sizes[s], caps[c]);
            size_t level = caps[c] == RN_UNBOUNDED ? 2500 : caps[c];
            for (size_t i = 0; i < level; i++)
                put(ch, sizes[s], (unsigned)i);
            rn_chan_unref(ch); /* LeakSanitizer looks */
        }
}

struct stream {
    rn_chan *ch;
    size_t size;
    unsigned n;
};

static void send_stream(void *arg)
{
    struct stream *s = arg;
    unsigned char v[RNT_ELEM_MAX];
    for (unsigned i = 0; i < s->n; i++) {
        rnt_fill(v, s->size, i);
        expect_ok(rn_send(s->ch, v));
    }
    expect_ok(rn_close(s->ch));
}

static void stream_through(size_t size, size_t cap, unsigned option)
{
    struct stream s = { rn_chan_new_with(size, cap, option), size, rnt_scaled(300) };
    check(s.ch != NULL);
    rnt_thread *t = rnt_start(send_stream, &s);
    for (unsigned i = 0; i < s.n; i++) {
        guarded g;
        arm(&g);
        check_ok(rn_recv(s.ch, g.elem));
        check(rnt_holds(g.elem, size, i) && is_intact(&g, size));
    }
    guarded g;
    arm(&g);
    check_eq(rn_recv(s.ch, g.elem), -EPIPE);
    check(rnt_is_zero(g.elem, size) && is_intact(&g, size));
    rnt_join(t);
    rn_chan_unref(s.ch);
}

Test(elements, a_stream_between_threads_arrives_whole_and_in_order)
{
    for (size_t s = 0; s < COUNT(sizes); s++)
        for (size_t c = 0; c < COUNT(caps); c++)
            for (size_t o = 0; o < COUNT(options); o++)
                if (!(options[o] & RN_CHAN_SPSC) || (caps[c] && caps[c] != RN_UNBOUNDED))
                    stream_through(sizes[s], caps[c], options[o]);
}

/* ---- many producers, many consumers -------------------------------------------------- */

enum { SENDERS = 3, RECEIVERS = 3 };

struct tagged {
    uint32_t sender, number;
};

struct crowd {
    rn_chan *ch;
    size_t size;
    unsigned n;
    uint32_t sum[RECEIVERS], count[RECEIVERS];
};

static void send_tagged(struct crowd *c, unsigned sender)
{
    unsigned char v[RNT_ELEM_MAX] = { 0 };
    for (unsigned i = 1; i <= c->n; i++) {
        struct tagged t = { sender, i };
        memcpy(v, &t, sizeof t);
        if (c->size > 8)
            v[c->size - 1] = (unsigned char)i;
        expect_ok(rn_send(c->ch, v));
    }
}

static void recv_tagged(struct crowd *c, unsigned receiver)
{
    unsigned char v[RNT_ELEM_MAX];
    uint32_t last[SENDERS] = { 0 };
    struct tagged t;
    while (rn_recv(c->ch, v) == 0) {
        memcpy(&t, v, sizeof t);
        expect(t.sender < SENDERS && t.number > last[t.sender % SENDERS]);
        expect(c->size <= 8 || v[c->size - 1] == (unsigned char)t.number);
        last[t.sender % SENDERS] = t.number;
        c->sum[receiver] += t.number;
        c->count[receiver]++;
    }
}

static void crowd_sender(void *arg, unsigned index)
{
    send_tagged(arg, index);
}

static void crowd_receiver(void *arg, unsigned index)
{
    recv_tagged(arg, index);
}

static void crowd_over(size_t size, size_t cap, unsigned option)
{
    struct crowd c = { .size = size, .n = rnt_scaled(2000) };
    c.ch = rn_chan_new_with(size, cap, option);
    check(c.ch != NULL);
    rnt_team *receivers = rnt_team_start(RECEIVERS, crowd_receiver, &c);
    rnt_run(SENDERS, crowd_sender, &c);
    check_ok(rn_close(c.ch));
    rnt_team_join(receivers);
    uint32_t sum = 0, count = 0;
    for (int i = 0; i < RECEIVERS; i++) {
        sum += c.sum[i];
        count += c.count[i];
    }
    check_eq(count, SENDERS * c.n);
    check_eq(sum, SENDERS * (c.n * (c.n + 1) / 2));
    rn_chan_unref(c.ch);
}

Test(elements, each_receiver_sees_each_senders_elements_in_order_and_none_is_lost)
{
    static const size_t few[] = { 0, 1, 2, 3, 64, RN_UNBOUNDED };
    for (size_t c = 0; c < COUNT(few); c++) {
        crowd_over(8, few[c], 0);
        crowd_over(8, few[c], RN_CHAN_FAST);
        crowd_over(16, few[c], 0);
        crowd_over(40, few[c], 0);
    }
}

Test(elements, a_counter_loses_and_invents_nothing)
{
    static const size_t few[] = { 0, 1, 3, 100, RN_UNBOUNDED };
    for (size_t k = 0; k < COUNT(few); k++) {
        struct stream s = { rnt_chan(0, few[k]), 0, rnt_scaled(5000) };
        rnt_thread *t = rnt_start(send_stream, &s);
        unsigned n = 0;
        while (rn_recv(s.ch, NULL) == 0)
            n++;
        check_eq(n, s.n);
        rnt_join(t);
        rn_chan_unref(s.ch);
    }
}
