/* SPDX-License-Identifier: MIT */
/*
 * Threads for tests; see threads.h.
 *
 * A failure is noted in one place for the whole process: the first message wins,
 * the others are counted. A mutex guards it: tests that look for races in the
 * library must not depend on ours being subtle.
 */
#include "threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    POLL_NS = 200000,
    PARKED_POLLS_MAX = 300000, /* 60 s: a bound on a hang, not a measure */
    STILL_POLLS = 3,           /* asleep without a switch this often running */
};

/* ---- failures ------------------------------------------------------------------------ */

static pthread_mutex_t failure_lock = PTHREAD_MUTEX_INITIALIZER;
static char first_failure[512];
static unsigned failures;

void rnt_note_failure(const char *file, int line, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    pthread_mutex_lock(&failure_lock);
    if (failures++ == 0)
        snprintf(first_failure, sizeof first_failure, "%s:%d: %s", file, line, text);
    pthread_mutex_unlock(&failure_lock);
}

void rnt_check_noted(void)
{
    char text[sizeof first_failure];
    pthread_mutex_lock(&failure_lock);
    unsigned n = failures;
    memcpy(text, first_failure, sizeof text);
    failures = 0;
    pthread_mutex_unlock(&failure_lock);
    cr_assert(n == 0, "%u failures on other threads; the first: %s", n, text);
}

unsigned rnt_scaled(unsigned n)
{
#if defined(RNT_TSAN)
    unsigned percent = 50;
#elif defined(RNT_ASAN)
    unsigned percent = 50;
#else
    unsigned percent = 100;
#endif
    const char *override = getenv("RN_TEST_SCALE");
    if (override && atoi(override) > 0)
        percent = (unsigned)atoi(override);
    unsigned long long scaled = (unsigned long long)n * percent / 100;
    return scaled ? (unsigned)scaled : 1;
}

/* ---- one thread ---------------------------------------------------------------------- */

struct rnt_thread {
    pthread_t id;
    int tid; /* 0 until it runs */
    bool finished;
    void (*fn)(void *);
    void *arg;
};

static void *thread_main(void *arg)
{
    rnt_thread *t = arg;
    __atomic_store_n(&t->tid, (int)syscall(SYS_gettid), __ATOMIC_RELAXED);
    t->fn(t->arg);
    /* Release: rnt_finished() may be all that a test orders itself by. */
    __atomic_store_n(&t->finished, true, __ATOMIC_RELEASE);
    return NULL;
}

rnt_thread *rnt_start(void (*fn)(void *), void *arg)
{
    rnt_thread *t = calloc(1, sizeof *t);
    cr_assert(t != NULL, "no memory for a test thread");
    t->fn = fn;
    t->arg = arg;
    int error = pthread_create(&t->id, NULL, thread_main, t);
    cr_assert(error == 0, "no thread: %s", strerror(error));
    return t;
}

bool rnt_finished(rnt_thread *t)
{
    return __atomic_load_n(&t->finished, __ATOMIC_ACQUIRE);
}

void rnt_join(rnt_thread *t)
{
    pthread_join(t->id, NULL);
    free(t);
    rnt_check_noted();
}

void rnt_abandon(rnt_thread *t)
{
    /* It still uses its record: that stays, reachable, to the end of the process. */
    static rnt_thread *abandoned[64];
    static unsigned n;
    cr_assert(n < sizeof abandoned / sizeof abandoned[0]);
    abandoned[n++] = t;
    pthread_detach(t->id);
}

void rnt_meet(rnt_meeting *m)
{
    unsigned mine = __atomic_fetch_add(&m->arrived, 1, __ATOMIC_ACQ_REL);
    unsigned both = (mine | 1) + 1; /* the count when this round's two are there */
    while ((int)(__atomic_load_n(&m->arrived, __ATOMIC_ACQUIRE) - both) < 0)
        sched_yield();
}

/* ---- asleep? ------------------------------------------------------------------------- */

static bool read_proc(int tid, const char *name, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/%s", tid, name);
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    size_t n = fread(text, 1, size - 1, f);
    text[n] = '\0';
    fclose(f);
    return n > 0;
}

static bool is_sleeping(int tid)
{
    char text[512];
    if (!read_proc(tid, "stat", text, sizeof text))
        return false;
    /* The name before the state stands in parentheses and may hold any character. */
    const char *end = strrchr(text, ')');
    return end && end[1] == ' ' && end[2] == 'S';
}

/* Where the kernel does not show the call, asleep is all we can ask for. */
static bool is_in_futex(int tid)
{
    char text[128];
    if (!read_proc(tid, "syscall", text, sizeof text))
        return true;
    return strtol(text, NULL, 10) == SYS_futex;
}

static long switches(int tid)
{
    char text[4096];
    if (!read_proc(tid, "status", text, sizeof text))
        return -1;
    const char *line = strstr(text, "\nvoluntary_ctxt_switches:");
    return line ? strtol(strchr(line, ':') + 1, NULL, 10) : -1;
}

void rnt_wait_parked(rnt_thread *t)
{
    int still = 0;
    long before = -1;
    for (int polls = 0; polls < PARKED_POLLS_MAX && still < STILL_POLLS; polls++) {
        int tid = __atomic_load_n(&t->tid, __ATOMIC_RELAXED);
        long now = tid ? switches(tid) : -1;
        bool parked = tid && is_sleeping(tid) && is_in_futex(tid);
        still = parked && now == before ? still + 1 : 0;
        before = now;
        cr_assert(!rnt_finished(t), "the thread ended; it was expected to wait");
        nanosleep(&(struct timespec){ .tv_nsec = POLL_NS }, NULL);
    }
    cr_assert(still == STILL_POLLS, "the thread neither ended nor went to sleep");
}

/* ---- teams --------------------------------------------------------------------------- */

struct member {
    rnt_team *team;
    unsigned index;
};

struct rnt_team {
    unsigned n;
    pthread_barrier_t start;
    void (*fn)(void *, unsigned);
    void *arg;
    rnt_thread **threads;
    struct member *members;
};

static void member_main(void *arg)
{
    struct member *m = arg;
    pthread_barrier_wait(&m->team->start);
    m->team->fn(m->team->arg, m->index);
}

rnt_team *rnt_team_start(unsigned n, void (*fn)(void *, unsigned), void *arg)
{
    rnt_team *team = calloc(1, sizeof *team);
    cr_assert(team != NULL);
    *team = (rnt_team){ .n = n, .fn = fn, .arg = arg };
    team->threads = calloc(n, sizeof *team->threads);
    team->members = calloc(n, sizeof *team->members);
    cr_assert(team->threads && team->members);
    pthread_barrier_init(&team->start, NULL, n);
    for (unsigned i = 0; i < n; i++) {
        team->members[i] = (struct member){ team, i };
        team->threads[i] = rnt_start(member_main, &team->members[i]);
    }
    return team;
}

void rnt_team_wait_parked(rnt_team *team)
{
    for (unsigned i = 0; i < team->n; i++)
        rnt_wait_parked(team->threads[i]);
}

void rnt_team_join(rnt_team *team)
{
    for (unsigned i = 0; i < team->n; i++) {
        pthread_join(team->threads[i]->id, NULL);
        free(team->threads[i]);
    }
    pthread_barrier_destroy(&team->start);
    free(team->threads);
    free(team->members);
    free(team);
    rnt_check_noted();
}

void rnt_run(unsigned n, void (*fn)(void *, unsigned), void *arg)
{
    rnt_team_join(rnt_team_start(n, fn, arg));
}

/* ---- random -------------------------------------------------------------------------- */

rnt_random rnt_seed(unsigned seed)
{
    return (rnt_random){ seed * 0x9E3779B97F4A7C15ull + 0x2545F4914F6CDD1Dull };
}

unsigned rnt_below(rnt_random *r, unsigned bound)
{
    r->state ^= r->state >> 12;
    r->state ^= r->state << 25;
    r->state ^= r->state >> 27;
    return (unsigned)((r->state * 0x2545F4914F6CDD1Dull >> 33) % bound);
}
