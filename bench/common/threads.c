/* SPDX-License-Identifier: MIT */
/*
 * The threads of one measurement: made, lined up, released together, joined.
 */
#include <pthread.h>
#include <string.h>

#include "bench.h"

/* Small stacks: an oversubscribed run has 2 * BENCH_MAX_THREADS of them. */
#define STACK_SIZE (256 * 1024)

typedef struct worker {
    pthread_t thread;
    pthread_barrier_t *start_line;
    bench_thread_fn *body;
    void *context;
    unsigned index;
    uint64_t result;
    uint64_t begin_ns;
    uint64_t end_ns;
} worker;

static void *work(void *arg)
{
    worker *w = arg;
    pthread_barrier_wait(w->start_line);
    w->begin_ns = bench_now_ns();
    w->result = w->body(w->context, w->index);
    w->end_ns = bench_now_ns();
    return NULL;
}

static void start(worker *w, const pthread_attr_t *attr)
{
    int err = pthread_create(&w->thread, attr, work, w);
    if (err != 0)
        bench_die("cannot make thread %u: %s", w->index, strerror(err));
}

/* From the first thread over the line to the last one done: this thread itself
 * may be scheduled late, so its clock says nothing. */
static uint64_t wall_ns(const worker *workers, unsigned n)
{
    uint64_t begin = workers[0].begin_ns, end = workers[0].end_ns;
    for (unsigned i = 1; i < n; i++) {
        begin = workers[i].begin_ns < begin ? workers[i].begin_ns : begin;
        end = workers[i].end_ns > end ? workers[i].end_ns : end;
    }
    return end - begin;
}

uint64_t bench_threads(unsigned producers, bench_thread_fn *producer, unsigned consumers,
                       bench_thread_fn *consumer, void *context, uint64_t *consumer_sum)
{
    worker workers[2 * BENCH_MAX_THREADS];
    unsigned n = producers + consumers;
    pthread_barrier_t start_line;
    pthread_attr_t attr;
    pthread_barrier_init(&start_line, NULL, n);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    for (unsigned i = 0; i < n; i++) {
        bool produces = i < producers;
        workers[i] = (worker){ .start_line = &start_line,
                               .context = context,
                               .body = produces ? producer : consumer,
                               .index = produces ? i : i - producers };
        start(&workers[i], &attr);
    }
    *consumer_sum = 0;
    for (unsigned i = 0; i < n; i++) {
        pthread_join(workers[i].thread, NULL);
        if (i >= producers)
            *consumer_sum += workers[i].result;
    }
    pthread_attr_destroy(&attr);
    pthread_barrier_destroy(&start_line);
    return wall_ns(workers, n);
}
