/* SPDX-License-Identifier: MIT */
/*
 * The peer "mutex_ring": what a C programmer writes first, a ring under one
 * pthread mutex with two condition variables.
 *
 * Bounded rings of at least one element; no select, no rendezvous. A batch moves
 * as many elements as fit under one lock.
 */
#include <errno.h>
#include <gnu/libc-version.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/bench.h"

typedef struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t not_empty;
    pthread_cond_t not_full;
    size_t cap;
    size_t elem_size;
    size_t head; /* index of the oldest element */
    size_t len;
    char *elems;
} queue;

static queue *queue_new(const bench_params *p)
{
    queue *q = calloc(1, sizeof(*q));
    char *elems = malloc(p->cap * p->payload);
    if (q == NULL || elems == NULL)
        bench_die("no memory for a ring of %zu bytes x %zu", p->payload, p->cap);
    memset(elems, 1, p->cap * p->payload); /* no page faults during the run */
    pthread_mutex_init(&q->mutex, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&q->not_empty, &attr);
    pthread_cond_init(&q->not_full, &attr);
    q->cap = p->cap;
    q->elem_size = p->payload;
    q->elems = elems;
    return q;
}

static void queue_free(queue *q)
{
    pthread_cond_destroy(&q->not_empty);
    pthread_cond_destroy(&q->not_full);
    pthread_mutex_destroy(&q->mutex);
    free(q->elems);
    free(q);
}

/* Some glibc releases can lose a signal when several threads wait; looking again
 * after a second keeps a run from hanging, and costs only those who wait anyway. */
static void wait_for(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += 1;
    pthread_cond_timedwait(cond, mutex, &deadline);
}

static inline void push_locked(queue *q, const void *elem)
{
    size_t index = q->head + q->len;
    memcpy(q->elems + (index < q->cap ? index : index - q->cap) * q->elem_size, elem, q->elem_size);
    q->len++;
}

static inline void pop_locked(queue *q, void *elem)
{
    memcpy(elem, q->elems + q->head * q->elem_size, q->elem_size);
    q->head = q->head + 1 < q->cap ? q->head + 1 : 0;
    q->len--;
}

/* One element moved may let one waiter go on, several elements several. */
static inline void wake(pthread_cond_t *cond, size_t moved)
{
    moved == 1 ? pthread_cond_signal(cond) : pthread_cond_broadcast(cond);
}

static inline void queue_send(queue *q, const bench_msg *msg)
{
    pthread_mutex_lock(&q->mutex);
    while (q->len == q->cap)
        wait_for(&q->not_full, &q->mutex);
    push_locked(q, msg);
    pthread_mutex_unlock(&q->mutex);
    wake(&q->not_empty, 1);
}

static inline void queue_recv(queue *q, bench_msg *msg)
{
    pthread_mutex_lock(&q->mutex);
    while (q->len == 0)
        wait_for(&q->not_empty, &q->mutex);
    pop_locked(q, msg);
    pthread_mutex_unlock(&q->mutex);
    wake(&q->not_full, 1);
}

static inline void queue_send_n(queue *q, const char *elems, size_t n)
{
    for (size_t sent = 0; sent < n;) {
        size_t before = sent;
        pthread_mutex_lock(&q->mutex);
        while (q->len == q->cap)
            wait_for(&q->not_full, &q->mutex);
        for (; sent < n && q->len < q->cap; sent++)
            push_locked(q, elems + sent * q->elem_size);
        pthread_mutex_unlock(&q->mutex);
        wake(&q->not_empty, sent - before);
    }
}

static inline size_t queue_recv_n(queue *q, char *elems, size_t n)
{
    size_t got = 0;
    pthread_mutex_lock(&q->mutex);
    while (q->len == 0)
        wait_for(&q->not_empty, &q->mutex);
    for (; got < n && q->len > 0; got++)
        pop_locked(q, elems + got * q->elem_size);
    pthread_mutex_unlock(&q->mutex);
    wake(&q->not_full, got);
    return got;
}

#include "common/queue_suite.h"

static const char *why_not(const bench_params *p)
{
    if (strncmp(p->scenario, "thread_select_", 14) == 0)
        return "it has no select";
    if (p->cap == 0 || p->cap == BENCH_UNBOUNDED)
        return "it is a bounded ring";
    return suite_why_not(p);
}

int main(int argc, char **argv)
{
    static const char *const impls[] = { "mutex_ring", NULL };
    const bench_contender contender = { impls, gnu_get_libc_version(), why_not, suite_run };
    return bench_main(argc, argv, &contender);
}
