/* SPDX-License-Identifier: MIT */
/*
 * What every contender of the thread suite shares: the command line, the start
 * line, the clock and the one line that each measurement prints.
 *
 *     bench scenario=thread_spsc impl=runnel version=0.1.0 cap=64 payload=8 \
 *         batch=1 producers=1 consumers=1 ops=5000000 wall_ns=81234567 ns_per_op=16.247
 *
 * One op is one element sent and received (pingpong: one round trip). The keys
 * between version and ops are the parameters; bench/compare.py reads nothing
 * else. The peers in Rust take the same options and print the same line.
 *
 * The clock runs from the moment when all threads stand at the start line until
 * the last one is done; making threads and channels is outside.
 */
#ifndef BENCH_COMMON_BENCH_H
#define BENCH_COMMON_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As a capacity: no bound. Capacity "N" is resolved to the number of elements. */
#define BENCH_UNBOUNDED SIZE_MAX

#define BENCH_MAX_PAYLOAD 64
#define BENCH_MAX_BATCH 64
#define BENCH_MAX_THREADS 64 /* a side */

typedef struct bench_params {
    const char *scenario;
    const char *impl;
    const char *version;
    const char *cap_name; /* as given: "0", "64", "N", "unbounded" */
    size_t cap;
    uint64_t n; /* elements in all, a multiple of both thread counts */
    size_t payload;
    size_t batch;
    unsigned producers;
    unsigned consumers;
} bench_params;

/* An element: the harness writes and sums the first word, the contender copies `payload` bytes. */
typedef struct bench_msg {
    uint64_t word[BENCH_MAX_PAYLOAD / sizeof(uint64_t)];
} bench_msg;

/* Runs one measurement and returns its wall time in ns; ends the process on any error. */
typedef uint64_t bench_run_fn(const bench_params *p);

/* What a contender can do. `why_not` returns NULL if it can run `p`, else the reason. */
typedef struct bench_contender {
    const char *const *impls; /* NULL-terminated; the first is the default */
    const char *version;
    const char *(*why_not)(const bench_params *p);
    bench_run_fn *run;
} bench_contender;

/* The exit status that says: this contender has no such scenario or parameters. */
#define BENCH_CANNOT 3

/* The main program of a contender: one measurement, or with --smoke a tiny one of everything. */
int bench_main(int argc, char **argv, const bench_contender *contender);

uint64_t bench_now_ns(void);
_Noreturn void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The body of one thread: `index` counts within its side. Returns what it has
 * to say in the end (consumers: the sum of what they received). */
typedef uint64_t bench_thread_fn(void *context, unsigned index);

/* Runs the threads of both sides from one start line. Returns the wall time;
 * *consumer_sum is the sum over the consumers' results. */
uint64_t bench_threads(unsigned producers, bench_thread_fn *producer, unsigned consumers,
                       bench_thread_fn *consumer, void *context, uint64_t *consumer_sum);

/* The sum of 0 .. n - 1; dies unless `sum` is that: something was lost or made up. */
void bench_check_sum(const bench_params *p, uint64_t sum);

#endif
