/* SPDX-License-Identifier: MIT */
/*
 * freeze [--all | --every-step | --stride N] [--kind NAME] [--op NAME] [--claim-all]
 *
 * Status 0: every claim held; 1: one did not, or something was lost or did not end;
 * 77: ptrace is not permitted here, nothing was shown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "freeze.h"

enum { SKIPPED = 77, DEFAULT_STRIDE = 41 };

static void set_up_board(board *b, const options *o)
{
    memset(b, 0, sizeof *b);
    b->every_step = o->every_step;
    sem_init(&b->ready, 1, 0);
    sem_init(&b->seized, 1, 0);
    sem_init(&b->frozen, 1, 0);
    sem_init(&b->release, 1, 0);
}

static pid_t start_tracee(const scenario *s, const options *o, uint64_t first, board *b)
{
    fflush(stdout);
    pid_t parent = getpid();
    pid_t child = fork();
    if (child != 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    _exit(tracee(s, o, first, b));
}

/* Ends what is left of the tracee. False if it did not end well by itself. */
static bool bury(pid_t left, verdict v)
{
    int status;
    if (left == 0)
        return false;
    if (v != DONE)
        kill(left, SIGKILL);
    return waitpid(left, &status, __WALL) == left && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static verdict run(const scenario *s, const options *o, uint64_t first, board *b)
{
    pid_t left;
    set_up_board(b, o);
    pid_t child = start_tracee(s, o, first, b);
    if (child < 0)
        return BROKEN;
    verdict v = trace(b, child, &left);
    bool well = bury(left, v);
    if (v != NOT_PERMITTED && (!well || v != DONE) && !b->outcome.failed) {
        b->outcome.failed = true;
        snprintf(b->outcome.why, sizeof b->outcome.why,
                 "the process broke off at step %llu of %llu", (unsigned long long)b->at,
                 (unsigned long long)b->want);
    }
    return v;
}

static bool parse(options *o, int argc, char **argv)
{
    *o = (options){ .stride = DEFAULT_STRIDE };
    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--all") == 0)
            o->stride = 1;
        else if (strcmp(argv[i], "--every-step") == 0)
            o->stride = 1, o->every_step = true;
        else if (strcmp(argv[i], "--claim-all") == 0)
            o->claim_all = true;
        else if (more && strcmp(argv[i], "--stride") == 0)
            o->stride = strtoull(argv[++i], NULL, 10);
        else if (more && strcmp(argv[i], "--kind") == 0)
            o->kind = argv[++i];
        else if (more && strcmp(argv[i], "--op") == 0)
            o->op = argv[++i];
        else
            return false;
    }
    return o->stride > 0;
}

static bool is_wanted(const scenario *s, const options *o)
{
    return (!o->kind || strcmp(o->kind, s->kind->name) == 0) &&
           (!o->op || strcmp(o->op, s->op->name) == 0) && scenario_makes_sense(s);
}

typedef struct totals {
    unsigned cases, failures;
    uint64_t steps, missed;
    bool permitted;
} totals;

static void run_case(const scenario *s, const options *o, board *b, totals *t)
{
    /* The first step differs from case to case, so that a stride does not always
     * meet the same ones. */
    uint64_t first = t->cases++ * 7 % o->stride;
    if (run(s, o, first, b) == NOT_PERMITTED) {
        t->permitted = false;
        return;
    }
    report(s, &b->outcome);
    t->steps += b->outcome.frozen;
    t->missed += b->outcome.missed;
    t->failures += b->outcome.failed;
}

static bool is_over(const options *o, const totals *t)
{
    return !t->permitted || (o->claim_all && t->failures);
}

static totals run_all(const options *o, board *b)
{
    totals t = { .permitted = true };
    for (size_t i = 0; i < n_kinds * WAITER_KINDS * n_operations && !is_over(o, &t); i++) {
        scenario s = { .kind = &kinds[i / n_operations / WAITER_KINDS],
                       .parked = (waiters)(i / n_operations % WAITER_KINDS),
                       .op = &operations[i % n_operations] };
        if (is_wanted(&s, o))
            run_case(&s, o, b, &t);
    }
    return t;
}

int main(int argc, char **argv)
{
    options o;
    if (!parse(&o, argc, argv)) {
        fprintf(stderr, "usage: freeze [--all | --every-step | --stride N] [--kind NAME] "
                        "[--op NAME] [--claim-all]\n");
        return 2;
    }
    board *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (b == MAP_FAILED)
        return 2;
    totals t = run_all(&o, b);
    if (!t.permitted) {
        printf("skipped: ptrace is not permitted here, so no thread can be frozen\n");
        return SKIPPED;
    }
    report_summary();
    printf("\n%u cases, frozen at %llu steps (%llu more were missed), "
           "%llu different instructions of the program; %u failed\n",
           t.cases, (unsigned long long)t.steps, (unsigned long long)t.missed,
           (unsigned long long)places_seen(), t.failures);
    return t.failures || t.cases == 0 ? 1 : 0;
}
