/* SPDX-License-Identifier: MIT */
/*
 * The queue scenarios of the thread suite: seq, spsc, mpsc, mpmc, ping-pong.
 *
 * A contender's source defines, as static inline functions,
 *
 *     typedef ... queue;
 *     queue *queue_new(const bench_params *p);
 *     void queue_free(queue *q);
 *     void queue_send(queue *q, const bench_msg *msg);        waits for room
 *     void queue_recv(queue *q, bench_msg *msg);              waits for an element
 *     void queue_send_n(queue *q, const char *elems, size_t n);    batch > 1
 *     size_t queue_recv_n(queue *q, char *elems, size_t n);        1 .. n elements
 *
 * and then includes this file: the loops below are compiled into each contender
 * with its operations inlined, so nobody pays for an indirect call. Elements are
 * numbered 0 .. n - 1 over all producers; every consumer takes an equal share
 * and sums the numbers.
 */
#ifndef BENCH_COMMON_QUEUE_SUITE_H
#define BENCH_COMMON_QUEUE_SUITE_H

#include <string.h>

#include "bench.h"

typedef struct suite {
    const bench_params *p;
    queue *q;
    queue *back; /* ping-pong: the way back */
} suite;

static void send_singly(queue *q, uint64_t first, uint64_t n)
{
    bench_msg msg = { { 0 } };
    for (uint64_t i = 0; i < n; i++) {
        msg.word[0] = first + i;
        queue_send(q, &msg);
    }
}

static uint64_t recv_singly(queue *q, uint64_t n)
{
    bench_msg msg;
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        queue_recv(q, &msg);
        sum += msg.word[0];
    }
    return sum;
}

static void send_batches(queue *q, const bench_params *p, uint64_t first, uint64_t n)
{
    char elems[BENCH_MAX_BATCH * BENCH_MAX_PAYLOAD] = { 0 };
    for (uint64_t sent = 0; sent < n;) {
        size_t k = n - sent < p->batch ? (size_t)(n - sent) : p->batch;
        for (size_t i = 0; i < k; i++) {
            uint64_t number = first + sent + i;
            memcpy(elems + i * p->payload, &number, sizeof(number));
        }
        queue_send_n(q, elems, k);
        sent += k;
    }
}

static uint64_t recv_batches(queue *q, const bench_params *p, uint64_t n)
{
    char elems[BENCH_MAX_BATCH * BENCH_MAX_PAYLOAD];
    uint64_t sum = 0;
    for (uint64_t received = 0; received < n;) {
        size_t k = n - received < p->batch ? (size_t)(n - received) : p->batch;
        k = queue_recv_n(q, elems, k);
        for (size_t i = 0; i < k; i++) {
            uint64_t number;
            memcpy(&number, elems + i * p->payload, sizeof(number));
            sum += number;
        }
        received += k;
    }
    return sum;
}

static uint64_t produce(void *context, unsigned index)
{
    suite *s = context;
    uint64_t share = s->p->n / s->p->producers;
    if (s->p->batch > 1)
        send_batches(s->q, s->p, share * index, share);
    else
        send_singly(s->q, share * index, share);
    return 0;
}

static uint64_t consume(void *context, unsigned index)
{
    suite *s = context;
    (void)index;
    uint64_t share = s->p->n / s->p->consumers;
    return s->p->batch > 1 ? recv_batches(s->q, s->p, share) : recv_singly(s->q, share);
}

/* thread_seq: one thread sends everything, then receives everything. */
static uint64_t fill_then_drain(void *context, unsigned index)
{
    (void)produce(context, index);
    return consume(context, index);
}

static uint64_t serve(void *context, unsigned index)
{
    suite *s = context;
    bench_msg msg = { { 0 } };
    (void)index;
    for (uint64_t i = 0; i < s->p->n; i++) {
        msg.word[0] = i;
        queue_send(s->q, &msg);
        queue_recv(s->back, &msg);
    }
    return 0;
}

static uint64_t serve_back(void *context, unsigned index)
{
    suite *s = context;
    bench_msg msg;
    uint64_t sum = 0;
    (void)index;
    for (uint64_t i = 0; i < s->p->n; i++) {
        queue_recv(s->q, &msg);
        sum += msg.word[0];
        queue_send(s->back, &msg);
    }
    return sum;
}

static uint64_t suite_run(const bench_params *p)
{
    bool pingpong = strcmp(p->scenario, "thread_pingpong") == 0;
    suite s = { .p = p, .q = queue_new(p), .back = pingpong ? queue_new(p) : NULL };
    uint64_t sum, wall_ns;
    if (pingpong)
        wall_ns = bench_threads(1, serve, 1, serve_back, &s, &sum);
    else if (strcmp(p->scenario, "thread_seq") == 0)
        wall_ns = bench_threads(0, NULL, 1, fill_then_drain, &s, &sum);
    else
        wall_ns = bench_threads(p->producers, produce, p->consumers, consume, &s, &sum);
    bench_check_sum(p, sum);
    queue_free(s.q);
    if (s.back != NULL)
        queue_free(s.back);
    return wall_ns;
}

/* What no contender can run; the rest is the contender's to refuse. */
static const char *suite_why_not(const bench_params *p)
{
    bool one_to_one = p->producers == 1 && p->consumers == 1;
    if (strcmp(p->scenario, "thread_seq") == 0 && p->cap < p->n)
        return "one thread would fill it and wait for ever";
    if (strcmp(p->scenario, "thread_pingpong") == 0 && (!one_to_one || p->batch > 1))
        return "ping-pong is one element between two threads";
    if (strcmp(p->scenario, "thread_spsc") == 0 && !one_to_one)
        return "spsc is one producer and one consumer";
    if (p->payload % 8 != 0)
        return "the payload is a multiple of 8 bytes";
    return NULL;
}

#endif
