/* SPDX-License-Identifier: MIT */
/*
 * The command: runs scenarios within a budget, prints a table, explains a failure.
 */
#include <fnmatch.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"

#define MAX_SCENARIOS 512
#define MAX_OUTCOMES 512

static struct {
    const char *glob, *replay;
    double budget;
    int mode; /* -1: DPOR, then random for the rest */
    int preemptions;
    uint64_t seed;
    int jobs;
    bool list, crosscheck, verbose, large;
} opt = { .glob = "*", .budget = 40, .mode = -1, .preemptions = -1, .seed = 1 };

typedef struct {
    char text[MAX_OUTCOMES][64];
    int n;
} outcome_set;

static mc_scenario *scenarios[MAX_SCENARIOS];
static int n_scenarios;
static outcome_set outcomes;

/* Shared by the processes that divide the scenarios among themselves. */
#define ROUNDS 3
static struct {
    struct {
        int16_t scenario;
        int8_t round;
    } queue[ROUNDS * MAX_SCENARIOS];
    int head, tail, busy, lock;
    int failed, exhausted, ran;
    uint64_t executions;
} * shared;

void mc_register(mc_scenario *s)
{
    if (n_scenarios < MAX_SCENARIOS)
        scenarios[n_scenarios++] = s;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- outcomes ---------------------------------------------------------------------- */

static bool contains(const outcome_set *set, const char *text)
{
    for (int i = 0; i < set->n; i++)
        if (strcmp(set->text[i], text) == 0)
            return true;
    return false;
}

/* Graphs of executions, for crosscheck(): a hash table that keeps what it has room for. */
#define MAX_GRAPHS (1u << 22)
static uint64_t graphs[2][MAX_GRAPHS];
static uint32_t n_graphs[2];
static int graphs_of = -1;

static bool has_graph(int set, uint64_t g, bool add)
{
    uint32_t i = (uint32_t)(g >> 20) & (MAX_GRAPHS - 1);
    while (graphs[set][i] && graphs[set][i] != g)
        i = (i + 1) & (MAX_GRAPHS - 1);
    bool known = graphs[set][i] == g;
    if (!known && add && n_graphs[set] < MAX_GRAPHS / 2) {
        graphs[set][i] = g;
        n_graphs[set]++;
    }
    return known;
}

static void collect_outcome(void)
{
    if (graphs_of >= 0)
        has_graph(graphs_of, mc.graph, true);
    if (mc.outcome[0] && outcomes.n < MAX_OUTCOMES && !contains(&outcomes, mc.outcome))
        snprintf(outcomes.text[outcomes.n++], sizeof outcomes.text[0], "%.63s", mc.outcome);
}

static bool outcomes_as_expected(const mc_scenario *s)
{
    bool good = true;
    int n = 0;
    for (; s->expect_set[n]; n++)
        if (!contains(&outcomes, s->expect_set[n])) {
            printf("  %s: C11 allows \"%s\", it was not found\n", s->name, s->expect_set[n]);
            good = false;
        }
    for (int i = 0; i < outcomes.n; i++) {
        bool known = false;
        for (int k = 0; k < n; k++)
            known |= strcmp(outcomes.text[i], s->expect_set[k]) == 0;
        if (!known) {
            printf("  %s: C11 forbids \"%s\", it was found\n", s->name, outcomes.text[i]);
            good = false;
        }
    }
    return good;
}

/* ---- searching ----------------------------------------------------------------------- */

enum verdict { EXHAUSTED, OUT_OF_TIME, FAILED };

static enum verdict search(enum mc_mode mode, int preemptions, double deadline, uint64_t limit)
{
    mc.mode = mode;
    mc.preemptions = preemptions;
    mc_explore_begin();
    for (uint64_t i = 1;; i++) {
        mc_execute();
        if (mc.status == MC_FAILED)
            return FAILED;
        if (mc.status == MC_COMPLETE)
            collect_outcome();
        if (!mc_explore_next())
            return EXHAUSTED;
        if ((i & 63) == 0 && (now() > deadline || i >= limit))
            return OUT_OF_TIME;
        if (mode == MC_RANDOM || mode == MC_PCT)
            mc.mode = i & 1 ? MC_PCT : MC_RANDOM;
    }
}

static char failing[20001];

/* Runs the failing choices again, and prints each step. */
static void explain(const mc_scenario *s)
{
    mc_load_choices(failing);
    mc.mode = MC_REPLAY;
    mc.tracing = true;
    mc_trace_start();
    mc_execute();
    mc.tracing = false;
    printf("\n%s: %s\n  claim: %s\n", s->name, mc.status == MC_FAILED ? mc.failure : "passes",
           s->claim);
    mc_trace_print();
    printf("  replay: model --scenario %s --replay %s\n\n", s->name, failing[0] ? failing : "-");
}

/* The same failure with the fewest preemptions, if it is found soon. */
static void shrink(void)
{
    for (int bound = 0; bound < 4; bound++)
        if (search(MC_PLAIN, bound, now() + 3, 200000) == FAILED) {
            mc_choices_to_string(failing, sizeof failing);
            return;
        }
}

static enum verdict search_as_asked(double budget, bool last_round)
{
    double start = now(), end = start + budget;
    if (opt.mode >= 0)
        return search((enum mc_mode)opt.mode, opt.preemptions, end, UINT64_MAX);
    if (opt.preemptions >= 0) {
        enum verdict v = search(MC_PLAIN, opt.preemptions, end, UINT64_MAX);
        return v == EXHAUSTED ? OUT_OF_TIME : v;
    }
    enum verdict v = search(MC_DPOR, -1, start + budget * (last_round ? 0.7 : 1), UINT64_MAX);
    return v == OUT_OF_TIME && last_round ? search(MC_RANDOM, -1, end, UINT64_MAX) : v;
}

static bool judge(const mc_scenario *s, enum verdict v)
{
    if (v == FAILED) {
        mc_choices_to_string(failing, sizeof failing);
        if (s->expect_failure &&
            strncmp(mc.failure, s->expect_failure, strlen(s->expect_failure)) == 0)
            return true;
        shrink();
        explain(s);
        return false;
    }
    if (s->expect_failure) {
        printf("  %s: \"%s\" was to be found, and was not\n", s->name, s->expect_failure);
        return false;
    }
    return !s->expect_set || v != EXHAUSTED || outcomes_as_expected(s);
}

static void begin(const mc_scenario *s)
{
    mc.scenario = s;
    mc.executions = mc.redundant = mc.steps = 0;
    mc_seed(opt.seed);
    outcomes.n = 0;
}

static int count_threads(const mc_scenario *s)
{
    int n = 0;
    while (n < MC_MAX_WORKERS && s->threads[n])
        n++;
    return n;
}

/* False: it needs more time. */
static bool run(const mc_scenario *s, double budget, bool last_round)
{
    begin(s);
    double start = now();
    enum verdict v = search_as_asked(budget, last_round);
    double took = now() - start;
    uint64_t executions = mc.executions;
    __atomic_fetch_add(&shared->executions, executions, __ATOMIC_RELAXED);
    if (v == OUT_OF_TIME && !last_round)
        return false;
    if (opt.verbose)
        printf("  %lu executions cut short, %.1f steps each\n", (unsigned long)mc.redundant,
               (double)mc.steps / (double)mc.executions);
    bool good = judge(s, v), as_told = v == FAILED && good;
    printf("%-44s %d  %10lu  %-9s %7.2f  %s\n", s->name, count_threads(s),
           (unsigned long)executions,
           v == EXHAUSTED ? "all"
           : as_told      ? "as told"
                          : "sampled",
           took, good ? "ok" : "FAILED");
    __atomic_fetch_add(&shared->exhausted, v == EXHAUSTED || as_told, __ATOMIC_RELAXED);
    __atomic_fetch_add(&shared->failed, !good, __ATOMIC_RELAXED);
    return true;
}

static enum verdict search_graphs(const mc_scenario *s, int set, enum mc_mode mode, double budget)
{
    memset(graphs[set], 0, sizeof graphs[set]);
    n_graphs[set] = 0;
    graphs_of = set;
    begin(s);
    enum verdict v = search(mode, -1, now() + budget, UINT64_MAX);
    graphs_of = -1;
    return v;
}

static uint32_t missing(int from, int in)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < MAX_GRAPHS; i++)
        n += graphs[from][i] && !has_graph(in, graphs[from][i], false);
    return n;
}

/* DPOR must find each execution graph that the search without reduction finds, or, if
 * there are too many for that, that random walks find. */
static void crosscheck(const mc_scenario *s, double budget)
{
    enum verdict dpor = search_graphs(s, 1, MC_DPOR, budget);
    uint64_t executions = mc.executions, redundant = mc.redundant;
    enum verdict other = search_graphs(s, 0, MC_PLAIN, budget / 2);
    bool plain = other != OUT_OF_TIME;
    if (!plain)
        other = search_graphs(s, 0, MC_RANDOM, budget / 2);
    bool finished = dpor == EXHAUSTED && other != FAILED;
    uint32_t lost = finished ? missing(0, 1) : 0, extra = plain ? missing(1, 0) : 0;
    bool same = finished ? lost + extra == 0 : dpor == OUT_OF_TIME || dpor == other;
    printf("%-40s dpor %8lu (%lu cut) %8u graphs  %-6s %9lu %8u graphs  %s\n", s->name,
           (unsigned long)executions, (unsigned long)redundant, n_graphs[1],
           plain ? "plain" : "random", (unsigned long)mc.executions, n_graphs[0],
           !same                 ? "DIFFERENT"
           : dpor == OUT_OF_TIME ? "not finished"
           : dpor == FAILED      ? "both fail"
           : plain               ? "same"
                                 : "contained");
    if (!same)
        printf("  %u lost, %u extra\n", lost, extra);
    __atomic_fetch_add(&shared->failed, !same, __ATOMIC_RELAXED);
    __atomic_fetch_add(&shared->exhausted, finished, __ATOMIC_RELAXED);
}

/* ---- the command --------------------------------------------------------------------------- */

static void on_crash(int signal)
{
    if (mc.in_execution)
        mc_fail("crash: signal %d (%s)", signal, strsignal(signal));
    _Exit(2);
}

static void catch_crashes(void)
{
    static char stack[65536];
    stack_t alternative = { .ss_sp = stack, .ss_size = sizeof stack };
    struct sigaction action = { .sa_handler = on_crash, .sa_flags = SA_ONSTACK | SA_NODEFER };
    sigaltstack(&alternative, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    sigaction(SIGFPE, &action, NULL);
    sigaction(SIGILL, &action, NULL);
}

static void usage(void)
{
    fprintf(stderr,
            "model [--list] [--scenario GLOB[,GLOB...]] [--budget SECONDS] [--preemptions N] "
            "[--seed N]\n"
            "      [--jobs N] [--mode dpor|plain|random|pct] [--replay CHOICES] [--crosscheck]\n"
            "      [--large] [--verbose]\n");
    exit(2);
}

static int mode_of(const char *name)
{
    static const char *const names[] = { "dpor", "plain", "random", "pct" };
    for (int i = 0; i < 4; i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    if (strcmp(name, "dfs") == 0)
        return MC_DPOR;
    usage();
    return 0;
}

static void parse(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(a, "--list") == 0)
            opt.list = true;
        else if (strcmp(a, "--crosscheck") == 0)
            opt.crosscheck = true;
        else if (strcmp(a, "--large") == 0)
            opt.large = true;
        else if (strcmp(a, "--verbose") == 0)
            opt.verbose = true;
        else if (!value)
            usage();
        else if (strcmp(a, "--scenario") == 0)
            opt.glob = argv[++i];
        else if (strcmp(a, "--budget") == 0)
            opt.budget = atof(argv[++i]);
        else if (strcmp(a, "--mode") == 0)
            opt.mode = mode_of(argv[++i]);
        else if (strcmp(a, "--preemptions") == 0)
            opt.preemptions = atoi(argv[++i]);
        else if (strcmp(a, "--jobs") == 0)
            opt.jobs = atoi(argv[++i]);
        else if (strcmp(a, "--seed") == 0)
            opt.seed = strtoull(argv[++i], NULL, 0);
        else if (strcmp(a, "--replay") == 0)
            opt.replay = argv[++i];
        else
            usage();
    }
}

static int replay(const mc_scenario *s)
{
    begin(s);
    snprintf(failing, sizeof failing, "%s", opt.replay);
    explain(s);
    return mc.status == MC_FAILED;
}

static void lock(void)
{
    while (__atomic_exchange_n(&shared->lock, 1, __ATOMIC_ACQUIRE))
        sched_yield();
}

static void unlock(void)
{
    __atomic_store_n(&shared->lock, 0, __ATOMIC_RELEASE);
}

static void enqueue(int scenario, int round)
{
    shared->queue[shared->tail].scenario = (int16_t)scenario;
    shared->queue[shared->tail++].round = (int8_t)round;
}

/* -1: nothing now; -2: nothing any more. Else a scenario, the time for it, its round. */
static int take(double end, double *share, int *round)
{
    lock();
    int i = shared->busy ? -1 : -2;
    int waiting = shared->tail - shared->head;
    if (waiting) {
        static const double part[ROUNDS] = { 0.1, 0.3, 1 };
        i = shared->queue[shared->head].scenario;
        *round = shared->queue[shared->head++].round;
        double left = end - now() > 0 ? end - now() : 0;
        *share = left * part[*round] * opt.jobs / waiting;
        if (*round == ROUNDS - 1 && count_threads(scenarios[i]) == 2)
            *share *= 4; /* it may finish yet, and then gives back the rest */
        *share = *share > left ? left : *share;
        shared->busy++;
    }
    unlock();
    return i;
}

/* Each scenario gets a little time, those that need more a third of the rest, and those
 * that need still more what is left: first come the many that are small. */
static void work(double end)
{
    for (;;) {
        double share = 0;
        int round = 0, i = take(end, &share, &round);
        if (i == -2)
            return;
        if (i == -1) {
            usleep(1000);
            continue;
        }
        bool finished = true;
        if (opt.crosscheck)
            crosscheck(scenarios[i], share / 2);
        else
            finished = run(scenarios[i], share, round == ROUNDS - 1);
        fflush(stdout);
        lock();
        shared->busy--;
        shared->ran += finished;
        if (!finished)
            enqueue(i, round + 1);
        unlock();
    }
}

static int run_all(void)
{
    double start = now(), end = start + opt.budget;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        perror("model: mmap");
        return 2;
    }
    if (opt.jobs > n_scenarios)
        opt.jobs = n_scenarios;
    if (!opt.crosscheck)
        printf("%-44s %s  %10s  %-9s %7s\n", "scenario", "#", "executions", "searched", "seconds");
    fflush(stdout);
    bool one_round = opt.crosscheck || opt.mode >= 0 || opt.preemptions >= 0 || n_scenarios == 1;
    for (int i = 0; i < n_scenarios; i++)
        enqueue(i, one_round ? ROUNDS - 1 : 0);
    for (int i = 1; i < opt.jobs; i++)
        if (fork() == 0) {
            work(end);
            _Exit(0);
        }
    work(end);
    while (wait(NULL) > 0)
        ;
    printf("model: %d of %d scenarios, %d exhausted, %d failed, %lu executions, %.1f s, seed %lu\n",
           shared->ran, n_scenarios, shared->exhausted, shared->failed,
           (unsigned long)shared->executions, now() - start, (unsigned long)opt.seed);
    return shared->failed != 0 || shared->ran != n_scenarios || n_scenarios == 0;
}

static int is_larger(const void *a, const void *b)
{
    const mc_scenario *x = *(mc_scenario *const *)a, *y = *(mc_scenario *const *)b;
    int size_x = count_threads(x) + 8 * x->large, size_y = count_threads(y) + 8 * y->large;
    return size_x != size_y ? size_x - size_y : strcmp(x->name, y->name);
}

static int cpus(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

/* By one of the globs, which commas separate. */
static bool is_asked_for(const mc_scenario *s)
{
    char globs[1000];
    snprintf(globs, sizeof globs, "%s", opt.glob);
    for (char *rest = globs, *glob; (glob = strsep(&rest, ",")) != NULL;)
        if (fnmatch(glob, s->name, 0) == 0)
            return opt.large || !s->large || strpbrk(glob, "*?[") == NULL;
    return false;
}

int main(int argc, char **argv)
{
    parse(argc, argv);
    int n = 0;
    for (int i = 0; i < n_scenarios; i++)
        if (is_asked_for(scenarios[i]))
            scenarios[n++] = scenarios[i];
    n_scenarios = n;
    qsort(scenarios, (size_t)n, sizeof *scenarios, is_larger);
    if (opt.list) {
        for (int i = 0; i < n; i++)
            printf("%-44s %s\n", scenarios[i]->name, scenarios[i]->claim);
        return 0;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (opt.jobs < 1)
        opt.jobs = cpus();
    mc_sched_init();
    catch_crashes();
    if (opt.replay)
        return n == 1 ? replay(scenarios[0]) : (usage(), 2);
    return run_all();
}
