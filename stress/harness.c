/* SPDX-License-Identifier: MIT */
/*
 * The harness of the stress programs: see harness.h.
 *
 * The watchdog is a thread of its own. It prints a line every 10 s, and if no
 * thread has begun an operation for 60 s it prints what each of them is in,
 * with what the kernel knows, and aborts: a lost wake-up shows as this. The limit
 * is far above anything that a loaded machine or a sanitizer does by itself.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* SLOTS: close_storm puts a few closers on top of --threads. */
enum { MAX_THREADS = 256, SLOTS = MAX_THREADS + 16, PROGRESS_S = 10, STALL_S = 60, DESCRIBED = 20 };

struct stress_options stress_opt = { .seconds = 10, .seed = 0, .threads = 8, .tries = 0 };
uint64_t stress_rng;

static const char *program;
static rn_time started;
static uint64_t rounds;

static struct stress_thread threads[SLOTS];
static atomic_uint running; /* threads of this round, for the watchdog */
static _Atomic(uint64_t) defects[STRESS_DEFECTS];

static pthread_t watchdog;
static atomic_bool finished;

static const char *const defect_names[STRESS_DEFECTS] = {
    "lost",      "duplicated",    "phantom",     "reordered",
    "corrupted", "false empties", "false fulls", "wrong results",
};

static double elapsed_s(void)
{
    return (double)(rn_now() - started) / (double)RN_SECOND;
}

static uint64_t operations(void)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < SLOTS; i++)
        sum += atomic_load_explicit(&threads[i].operations, memory_order_relaxed);
    return sum;
}

/* ---- defects -------------------------------------------------------------------- */

void stress_defect(enum stress_defect kind, const char *format, ...)
{
    static atomic_uint described;
    atomic_fetch_add(&defects[kind], 1);
    if (atomic_fetch_add(&described, 1) >= DESCRIBED)
        return;
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr, "%s: seed %llu, round %llu: %s: %s\n", program,
            (unsigned long long)stress_opt.seed, (unsigned long long)rounds, defect_names[kind],
            text);
}

/* ---- the watchdog ----------------------------------------------------------------- */

static void print_kernel_file(unsigned tid, const char *name)
{
    char path[64], text[128] = "";
    snprintf(path, sizeof path, "/proc/self/task/%u/%s", tid, name);
    FILE *f = fopen(path, "r");
    if (f && fgets(text, sizeof text, f))
        fprintf(stderr, "      %s: %.*s\n", name, (int)strcspn(text, "\n"), text);
    if (f)
        fclose(f);
}

static void report_stall(void)
{
    fprintf(stderr, "%s: seed %llu, round %llu: no operation begun for %d s; the threads:\n",
            program, (unsigned long long)stress_opt.seed, (unsigned long long)rounds, STALL_S);
    for (unsigned i = 0; i < atomic_load(&running); i++) {
        unsigned tid = (unsigned)atomic_load(&threads[i].tid);
        fprintf(stderr, "  %u (tid %u): %llu operations, in %s\n", i, tid,
                (unsigned long long)atomic_load(&threads[i].operations),
                atomic_load(&threads[i].doing));
        if (tid) {
            print_kernel_file(tid, "stat");
            print_kernel_file(tid, "syscall");
        }
    }
    abort();
}

static void *watch(void *unused)
{
    (void)unused;
    uint64_t seen = 0;
    rn_time changed = rn_now(), printed = started;
    while (!atomic_load(&finished)) {
        struct timespec pause = { 0, 50 * 1000 * 1000 };
        nanosleep(&pause, NULL);
        uint64_t now_at = operations();
        if (now_at != seen) {
            seen = now_at;
            changed = rn_now();
        } else if (rn_now() - changed > STALL_S * RN_SECOND) {
            report_stall();
        }
        if (rn_now() - printed >= PROGRESS_S * RN_SECOND) {
            printed = rn_now();
            printf("%s: %.0f s, %llu operations\n", program, elapsed_s(), (unsigned long long)seen);
            fflush(stdout);
        }
    }
    return NULL;
}

/* ---- options ----------------------------------------------------------------------- */

static _Noreturn void usage(const char *problem, const char *value)
{
    if (problem)
        fprintf(stderr, "%s: %s: %s\n", program, problem, value);
    fprintf(problem ? stderr : stdout,
            "usage: %s [--seconds S] [--seed N] [--threads T] [--tries N]\n"
            "  --seconds S   how long to run (default 10)\n"
            "  --seed N      repeats the shapes and choices of an earlier run (default: random)\n"
            "  --threads T   at most so many at a time, 2 to %d (default 8)\n"
            "  --tries N     stop after N operations instead of by time\n",
            program, MAX_THREADS);
    exit(problem ? 2 : 0);
}

static uint64_t parse_count(const char *option, const char *value, uint64_t least, uint64_t most)
{
    char *end;
    errno = 0;
    unsigned long long n = strtoull(value, &end, 0);
    if (errno || *end || end == value || value[0] == '-' || n < least || n > most)
        usage(option, value);
    return n;
}

static double parse_seconds(const char *value)
{
    char *end;
    double s = strtod(value, &end);
    if (*end || end == value || !(s >= 0 && s <= 1e6))
        usage("--seconds wants a number from 0 to 1000000, not", value);
    return s;
}

static void parse(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--help"))
            usage(NULL, NULL);
        if (i + 1 == argc)
            usage("unknown option, or one without its value", argv[i]);
        const char *option = argv[i], *value = argv[++i];
        if (!strcmp(option, "--seconds"))
            stress_opt.seconds = parse_seconds(value);
        else if (!strcmp(option, "--seed"))
            stress_opt.seed = parse_count("--seed wants a number, not", value, 0, UINT64_MAX);
        else if (!strcmp(option, "--threads"))
            stress_opt.threads = (unsigned)parse_count(
                "--threads wants a number from 2 to 256, not", value, 2, MAX_THREADS);
        else if (!strcmp(option, "--tries"))
            stress_opt.tries = parse_count("--tries wants a number, not", value, 1, UINT64_MAX);
        else
            usage("unknown option", option);
    }
}

void stress_begin(int argc, char **argv, const char *name)
{
    program = name;
    started = rn_now();
    stress_opt.seed = (uint64_t)started % 1000000007u;
    parse(argc, argv);
    stress_rng = stress_opt.seed;
    printf("%s: seed %llu, %u threads, ", program, (unsigned long long)stress_opt.seed,
           stress_opt.threads);
    if (stress_opt.tries)
        printf("%llu tries\n", (unsigned long long)stress_opt.tries);
    else
        printf("%g s\n", stress_opt.seconds);
    fflush(stdout);
    if (pthread_create(&watchdog, NULL, watch, NULL) != 0) {
        fprintf(stderr, "%s: cannot start the watchdog thread; raise `ulimit -u`\n", program);
        exit(2);
    }
}

bool stress_goes_on(void)
{
    rounds++;
    if (rounds == 1)
        return true;
    return stress_opt.tries ? operations() < stress_opt.tries : elapsed_s() < stress_opt.seconds;
}

int stress_end(void)
{
    atomic_store(&finished, true);
    pthread_join(watchdog, NULL);
    uint64_t sum = 0;
    printf("%s: seed %llu, %.1f s, rounds %llu, operations %llu", program,
           (unsigned long long)stress_opt.seed, elapsed_s(), (unsigned long long)(rounds - 1),
           (unsigned long long)operations());
    for (int i = 0; i < STRESS_DEFECTS; i++) {
        printf(", %s %llu", defect_names[i], (unsigned long long)atomic_load(&defects[i]));
        sum += atomic_load(&defects[i]);
    }
    printf(": %s\n", sum ? "FAILED" : "ok");
    return sum ? 1 : 0;
}

/* ---- threads ----------------------------------------------------------------------- */

struct start {
    struct stress_thread *thread;
    void (*body)(struct stress_thread *);
};

static void *begin_thread(void *arg)
{
    struct start *s = arg;
    atomic_store(&s->thread->tid, (int)gettid());
    s->body(s->thread);
    atomic_store_explicit(&s->thread->doing, "nothing: it has ended", memory_order_relaxed);
    atomic_store(&s->thread->tid, 0);
    return NULL;
}

void stress_run(unsigned n, void (*body)(struct stress_thread *), void *round)
{
    pthread_t ids[SLOTS];
    struct start starts[SLOTS];
    atomic_store(&running, n);
    for (unsigned i = 0; i < n; i++) {
        threads[i].id = i;
        threads[i].rng = stress_random(&stress_rng);
        threads[i].round = round;
        atomic_store(&threads[i].doing, "nothing yet");
        starts[i] = (struct start){ &threads[i], body };
        int err = pthread_create(&ids[i], NULL, begin_thread, &starts[i]);
        if (err) {
            fprintf(stderr, "%s: cannot start thread %u of %u: %s; try fewer --threads\n", program,
                    i + 1, n, strerror(err));
            exit(2);
        }
    }
    for (unsigned i = 0; i < n; i++)
        pthread_join(ids[i], NULL);
    atomic_store(&running, 0);
}

/* ---- random numbers ------------------------------------------------------------------ */

uint64_t stress_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

rn_time stress_deadline(uint64_t *rng, unsigned most_us)
{
    switch (stress_below(rng, 8)) {
    case 0:
        return 0; /* long past */
    case 1:
        return rn_now();
    default:
        return rn_in((int64_t)stress_below(rng, most_us * 1000));
    }
}

void stress_dawdle(uint64_t *rng)
{
    if (stress_below(rng, 4) == 0)
        for (unsigned i = stress_below(rng, 1000); i > 0; i--)
            atomic_signal_fence(memory_order_seq_cst);
}

/* ---- elements ------------------------------------------------------------------------ */

static uint8_t pattern(uint32_t number, size_t at)
{
    return (uint8_t)(number * 167 + at * 29 + (number >> 11));
}

void stress_encode(void *elem, size_t size, uint32_t number)
{
    uint8_t *bytes = elem;
    memcpy(bytes, &number, size < 4 ? size : 4);
    for (size_t i = 4; i < size; i++)
        bytes[i] = pattern(number, i);
}

bool stress_decode(const void *elem, size_t size, uint32_t *number)
{
    const uint8_t *bytes = elem;
    memcpy(number, bytes, 4);
    for (size_t i = 4; i < size; i++) {
        if (bytes[i] != pattern(*number, i)) {
            stress_defect(STRESS_CORRUPTED, "byte %zu of element %u of %zu bytes is %u, not %u", i,
                          *number, size, bytes[i], pattern(*number, i));
            return false;
        }
    }
    return true;
}

/* ---- ledger -------------------------------------------------------------------------- */

enum { SENT = 1, RECEIVED = 2 };

void stress_ledger_init(struct stress_ledger *l, uint32_t size)
{
    l->size = size;
    l->marks = calloc(size ? size : 1, sizeof *l->marks);
    if (!l->marks) {
        fprintf(stderr, "%s: no memory for a ledger of %u elements\n", program, size);
        exit(2);
    }
}

void stress_ledger_sent(struct stress_ledger *l, uint32_t number)
{
    /* Relaxed: read after the threads were joined; and no ordering of ours may
     * hide a missing one of the library's. */
    if (atomic_fetch_or_explicit(&l->marks[number], SENT, memory_order_relaxed) & SENT)
        stress_defect(STRESS_WRONG, "the program sent element %u twice", number);
}

void stress_ledger_received(struct stress_ledger *l, uint32_t number)
{
    if (number >= l->size)
        stress_defect(STRESS_CORRUPTED, "received %u, the greatest ever sent is %u", number,
                      l->size - 1);
    else if (atomic_fetch_or_explicit(&l->marks[number], RECEIVED, memory_order_relaxed) & RECEIVED)
        stress_defect(STRESS_DUPLICATED, "element %u was received twice", number);
}

void stress_ledger_balance(struct stress_ledger *l, const char *shape)
{
    for (uint32_t i = 0; i < l->size; i++) {
        uint8_t marks = atomic_load_explicit(&l->marks[i], memory_order_relaxed);
        if (marks == SENT)
            stress_defect(STRESS_LOST, "element %u of %u, %s", i, l->size, shape);
        else if (marks == RECEIVED)
            stress_defect(STRESS_PHANTOM, "element %u of %u, %s", i, l->size, shape);
    }
    free((void *)l->marks);
    l->marks = NULL;
}

/* ---- shapes -------------------------------------------------------------------------- */

void stress_describe(struct stress_shape *s)
{
    char cap[32] = "unbounded";
    if (s->cap != RN_UNBOUNDED)
        snprintf(cap, sizeof cap, "%zu", s->cap);
    snprintf(s->text, sizeof s->text, "cap %s, %zu bytes%s%s", cap, s->elem_size,
             s->options & RN_CHAN_SPSC ? ", SPSC" : "", s->options & RN_CHAN_FAST ? ", FAST" : "");
}

struct stress_shape stress_draw_shape(uint64_t *rng, unsigned what)
{
    static const size_t caps[] = { 0, 1, 1, 2, 3, 5, 64, 1000, RN_UNBOUNDED };
    static const size_t sizes[] = { 8, 8, 4, 7, 24, 32, 256, 0, 2 };
    unsigned n_sizes = what & STRESS_ANY_SIZE ? 9 : 7;
    struct stress_shape s = { 0 };
    s.cap = caps[stress_below(rng, 9)];
    s.elem_size = sizes[stress_below(rng, n_sizes)];
    unsigned draw = stress_below(rng, 6);
    if (s.cap != 0 && s.cap != RN_UNBOUNDED) {
        if (draw == 0)
            s.options = RN_CHAN_FAST;
        else if (draw == 1 && what & STRESS_MAY_BE_SPSC)
            s.options = RN_CHAN_SPSC;
    }
    stress_describe(&s);
    return s;
}

rn_chan *stress_chan(const struct stress_shape *shape)
{
    rn_chan *ch = rn_chan_new_with(shape->elem_size, shape->cap, shape->options);
    if (!ch) {
        fprintf(stderr, "%s: rn_chan_new_with(%s): %s\n", program, shape->text, strerror(errno));
        exit(2);
    }
    return ch;
}
