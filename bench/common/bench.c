/* SPDX-License-Identifier: MIT */
/*
 * The command line of a contender, and its output line. See bench.h.
 */
#include "bench.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const scenarios[] = {
    "thread_seq",       "thread_spsc",        "thread_mpsc",     "thread_mpmc",
    "thread_select_rx", "thread_select_both", "thread_pingpong", "ring_compare",
};
#define SCENARIOS (sizeof(scenarios) / sizeof(*scenarios))

static const char usage[] =
    "usage: %s [--impl NAME] [--scenario NAME] [--n N] [--cap 0|1|...|N|unbounded]\n"
    "       [--payload 8|32|64] [--batch 1..64] [--threads T] [--producers P] [--consumers C]\n"
    "       %s --smoke    a tiny run of everything\n"
    "       %s --list     the implementations\n"
    "scenarios: thread_seq thread_spsc thread_mpsc thread_mpmc thread_select_rx\n"
    "           thread_select_both thread_pingpong ring_compare\n";

void bench_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

uint64_t bench_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void bench_check_sum(const bench_params *p, uint64_t sum)
{
    uint64_t expected = p->n % 2 ? (p->n - 1) / 2 * p->n : p->n / 2 * (p->n - 1);
    if (sum != expected)
        bench_die("%s %s cap %s: the consumers' sum is %" PRIu64 ", not %" PRIu64
                  ": elements were lost or duplicated",
                  p->impl, p->scenario, p->cap_name, sum, expected);
}

static void report(const bench_params *p, uint64_t wall_ns)
{
    printf("bench scenario=%s impl=%s version=%s cap=%s payload=%zu batch=%zu producers=%u "
           "consumers=%u ops=%" PRIu64 " wall_ns=%" PRIu64 " ns_per_op=%.3f\n",
           p->scenario, p->impl, p->version, p->cap_name, p->payload, p->batch, p->producers,
           p->consumers, p->n, wall_ns, (double)wall_ns / (double)p->n);
    fflush(stdout);
}

static uint64_t number(const char *option, const char *text, uint64_t min, uint64_t max)
{
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < min || value > max)
        bench_die("%s takes a number from %" PRIu64 " to %" PRIu64 ", not '%s'", option, min, max,
                  text);
    return value;
}

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* Which sides of a scenario have T threads; the others have one. */
static void default_threads(bench_params *p, unsigned threads)
{
    bool many_producers = is(p->scenario, "thread_mpsc") || is(p->scenario, "thread_mpmc") ||
                          is(p->scenario, "thread_select_rx") ||
                          is(p->scenario, "thread_select_both") || is(p->scenario, "ring_compare");
    bool many_consumers =
        many_producers && !is(p->scenario, "thread_mpsc") && !is(p->scenario, "thread_select_rx");
    if (p->producers == 0)
        p->producers = many_producers ? threads : 1;
    if (p->consumers == 0)
        p->consumers = many_consumers ? threads : 1;
}

/* Every thread gets the same share: n goes down to a multiple of both counts. */
static void resolve(bench_params *p, unsigned threads)
{
    size_t i = 0;
    while (i < SCENARIOS && !is(p->scenario, scenarios[i]))
        i++;
    if (i == SCENARIOS)
        bench_die("there is no scenario '%s'; --help lists them", p->scenario);

    default_threads(p, threads);
    uint64_t share = (uint64_t)p->producers * p->consumers;
    p->n -= p->n % share;
    if (p->n == 0)
        p->n = share;
    if (is(p->cap_name, "unbounded"))
        p->cap = BENCH_UNBOUNDED;
    else if (is(p->cap_name, "N"))
        p->cap = p->n;
    else
        p->cap = number("--cap", p->cap_name, 0, UINT32_MAX);
}

static void measure(const bench_contender *contender, const bench_params *p)
{
    report(p, contender->run(p));
}

static void smoke_one(const bench_contender *contender, const char *impl, const char *scenario,
                      const char *cap, size_t payload, size_t batch, unsigned threads)
{
    bench_params p = { .scenario = scenario,
                       .impl = impl,
                       .version = contender->version,
                       .cap_name = cap,
                       .n = 600,
                       .payload = payload,
                       .batch = batch };
    resolve(&p, threads);
    if (contender->why_not(&p) == NULL)
        measure(contender, &p);
}

static void smoke_impl(const bench_contender *contender, const char *impl)
{
    static const char *const caps[] = { "0", "1", "64", "N", "unbounded" };
    for (size_t s = 0; s < SCENARIOS; s++)
        for (size_t c = 0; c < sizeof(caps) / sizeof(*caps); c++)
            smoke_one(contender, impl, scenarios[s], caps[c], 8, 1, 3);
    smoke_one(contender, impl, "thread_spsc", "64", 32, 1, 1);
    smoke_one(contender, impl, "thread_spsc", "64", 64, 8, 1);
    smoke_one(contender, impl, "thread_mpmc", "64", 8, 64, 8);
}

static bool knows_impl(const bench_contender *contender, const char *impl)
{
    for (const char *const *i = contender->impls; *i != NULL; i++)
        if (is(*i, impl))
            return true;
    return false;
}

static void parse_option(bench_params *p, unsigned *threads, const char *option, const char *value)
{
    if (is(option, "--impl"))
        p->impl = value;
    else if (is(option, "--scenario"))
        p->scenario = value;
    else if (is(option, "--cap"))
        p->cap_name = value;
    else if (is(option, "--n"))
        p->n = number(option, value, 1, UINT32_MAX);
    else if (is(option, "--payload"))
        p->payload = number(option, value, 8, BENCH_MAX_PAYLOAD);
    else if (is(option, "--batch"))
        p->batch = number(option, value, 1, BENCH_MAX_BATCH);
    else if (is(option, "--threads"))
        *threads = (unsigned)number(option, value, 1, BENCH_MAX_THREADS);
    else if (is(option, "--producers"))
        p->producers = (unsigned)number(option, value, 1, BENCH_MAX_THREADS);
    else if (is(option, "--consumers"))
        p->consumers = (unsigned)number(option, value, 1, BENCH_MAX_THREADS);
    else
        bench_die("unknown option '%s'; --help lists them", option);
}

/* The options that do all there is to do. */
static bool ran_alone(const bench_contender *contender, int argc, char **argv)
{
    if (argc != 2)
        return false;
    if (is(argv[1], "--help"))
        printf(usage, argv[0], argv[0], argv[0]);
    else if (is(argv[1], "--smoke") || is(argv[1], "--list"))
        for (const char *const *i = contender->impls; *i != NULL; i++)
            is(argv[1], "--list") ? (void)puts(*i) : smoke_impl(contender, *i);
    else
        return false;
    return true;
}

int bench_main(int argc, char **argv, const bench_contender *contender)
{
    if (ran_alone(contender, argc, argv))
        return 0;
    bench_params p = { .scenario = "thread_spsc",
                       .impl = contender->impls[0],
                       .version = contender->version,
                       .cap_name = "64",
                       .n = 5000000,
                       .payload = 8,
                       .batch = 1 };
    unsigned threads = 4;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc)
            bench_die("option %s needs a value; see --help", argv[i]);
        parse_option(&p, &threads, argv[i], argv[i + 1]);
    }
    if (!knows_impl(contender, p.impl))
        bench_die("there is no implementation '%s' here; --list names them", p.impl);
    resolve(&p, threads);
    const char *why_not = contender->why_not(&p);
    if (why_not != NULL) {
        fprintf(stderr, "bench: %s does not run %s with cap %s: %s\n", p.impl, p.scenario,
                p.cap_name, why_not);
        return BENCH_CANNOT;
    }
    measure(contender, &p);
    return 0;
}
