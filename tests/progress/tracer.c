/* SPDX-License-Identifier: MIT */
/*
 * The tracer. The victim traps (int3) when its operation begins; from there it is
 * taken to the instruction that the tracee asked for and stays there, stopped, until
 * the tracee says so. A step over a system call is the whole call.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

#include "freeze.h"

#define SECOND INT64_C(1000000000)

extern char etext;

/* One bit for each byte of the program's text: has a victim been frozen there? */
static unsigned char seen[1 << 20];
static uint64_t n_seen;

bool in_program(uint64_t pc)
{
    return pc >= (uintptr_t)&__executable_start && pc < (uintptr_t)&etext;
}

uint64_t places_seen(void)
{
    return n_seen;
}

static void note_place(uint64_t pc)
{
    uint64_t at = pc - (uintptr_t)&__executable_start;
    if (!in_program(pc) || at / 8 >= sizeof seen || (seen[at / 8] >> at % 8 & 1))
        return;
    seen[at / 8] |= (unsigned char)(1u << at % 8);
    n_seen++;
}

/* ---- semaphores ------------------------------------------------------------------------ */

void sem_take(sem_t *s)
{
    while (sem_wait(s) != 0)
        continue; /* EINTR */
}

bool sem_take_within(sem_t *s, int64_t ns)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t end = (int64_t)until.tv_sec * SECOND + until.tv_nsec + ns;
    until = (struct timespec){ .tv_sec = end / SECOND, .tv_nsec = end % SECOND };
    int r;
    while ((r = sem_clockwait(s, CLOCK_MONOTONIC, &until)) != 0 && errno == EINTR)
        continue;
    return r == 0;
}

/* Waits for the tracee; false if it ends instead. It is reaped into *left. */
static bool take_or_notice_end(sem_t *s, pid_t tracee, pid_t *left)
{
    while (!sem_take_within(s, SECOND / 5)) {
        int status;
        if (waitpid(tracee, &status, WNOHANG) == tracee) {
            *left = 0;
            return false;
        }
    }
    return true;
}

/* ---- the course of the operation ---------------------------------------------------------
 *
 * The first run is stepped from end to end and written down. To freeze a later run at
 * step k, a hardware breakpoint (the victim's own: the others run through) takes it
 * near, by the `nth` execution of some instruction at or before k, and single steps do
 * the rest: one step costs some 30 us, and operations have up to 3,000 of them.
 */
typedef struct moment {
    uint64_t pc;
    uint32_t nth;  /* execution of this instruction, from 1 */
    uint32_t from; /* the moment from which this one is stepped to */
    uint32_t cost; /* stops on the way */
} moment;

static moment course[MAX_STEPS];
static uint32_t n_course;
/* By a hash of the instruction: how often so far, and when last. */
static struct {
    uint64_t pc;
    uint32_t times, last;
} executed[1 << 16];

static uint32_t find_executed(uint64_t pc)
{
    uint32_t i = (uint32_t)(pc * UINT64_C(0x9e3779b97f4a7c15) >> 48);
    while (executed[i].pc && executed[i].pc != pc)
        i = (i + 1) % (1 << 16);
    executed[i].pc = pc;
    return i;
}

static void plan(board *b)
{
    memset(executed, 0, sizeof executed);
    for (uint32_t k = 0; k < n_course; k++) {
        moment *m = &course[k];
        uint32_t i = find_executed(m->pc);
        m->nth = ++executed[i].times;
        executed[i].last = k;
        /* Not by the first instruction: the victim stands there already. */
        bool steps = k == 0 || m->pc == course[0].pc || course[k - 1].cost + 1 < m->nth;
        m->from = !steps ? k : k ? course[k - 1].from : 0;
        m->cost = !steps ? m->nth : k ? course[k - 1].cost + 1 : 0;
    }
    b->n_points = 0;
    for (uint32_t k = 0; k < n_course; k++)
        if (b->every_step || course[k].nth <= 2 || executed[find_executed(course[k].pc)].last == k)
            b->points[b->n_points++] = k;
}

/* ---- stepping -------------------------------------------------------------------------- */

static uint64_t pc_of(pid_t victim)
{
    errno = 0;
    return (uint64_t)ptrace(PTRACE_PEEKUSER, victim, offsetof(struct user, regs.rip), 0);
}

/* Lets the victim go on by `request` until it traps. */
static bool on_to_trap(enum __ptrace_request request, pid_t victim)
{
    int status;
    if (ptrace(request, victim, 0, 0) != 0)
        return false;
    if (waitpid(victim, &status, __WALL) != victim)
        return false;
    return WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP;
}

static bool at_end(const board *b)
{
    return b->pc == (uintptr_t)operation_over;
}

/* From the marker to the end. */
static bool write_down(board *b)
{
    for (n_course = 0; n_course < MAX_STEPS; n_course++) {
        b->pc = pc_of(b->victim);
        if (errno)
            return false;
        if (at_end(b)) {
            b->ended = true;
            plan(b);
            return true;
        }
        course[n_course].pc = b->pc;
        if (!on_to_trap(PTRACE_SINGLESTEP, b->victim))
            return false;
    }
    return false;
}

/* Debug registers 0 and 1 stop at `pc` and at the end; 0: nowhere. */
static bool set_breakpoints(pid_t victim, uint64_t pc)
{
    size_t base = offsetof(struct user, u_debugreg);
    unsigned long enable = pc ? 1 | 1 << 2 : 0;
    return ptrace(PTRACE_POKEUSER, victim, base + 7 * sizeof(long), 0) == 0 &&
           ptrace(PTRACE_POKEUSER, victim, base, pc) == 0 &&
           ptrace(PTRACE_POKEUSER, victim, base + sizeof(long), operation_over) == 0 &&
           ptrace(PTRACE_POKEUSER, victim, base + 7 * sizeof(long), enable) == 0;
}

/* By the breakpoint to the moment `from`, or the end. */
static bool jump(board *b, const moment *to)
{
    if (!set_breakpoints(b->victim, to->pc))
        return false;
    for (uint32_t n = 0; n < to->nth && !at_end(b); n++) {
        if (!on_to_trap(PTRACE_CONT, b->victim))
            return false;
        b->pc = pc_of(b->victim);
    }
    return set_breakpoints(b->victim, 0);
}

/* From the marker to step b->want, or to the operation's end. */
static bool step(board *b)
{
    const moment *goal = &course[b->want];
    b->at = goal->from;
    b->pc = pc_of(b->victim);
    if (goal->from && !jump(b, &course[goal->from]))
        return false;
    for (; b->at < b->want && !at_end(b); b->at++) {
        if (!on_to_trap(PTRACE_SINGLESTEP, b->victim))
            return false;
        b->pc = pc_of(b->victim);
    }
    /* Another way than the first time: then k is not the step that was meant. */
    b->ended = at_end(b) || b->pc != goal->pc;
    return true;
}

static verdict serve(board *b, pid_t tracee, pid_t *left)
{
    int status;
    /* The first marker: it has been running since it was seized. */
    if (waitpid(b->victim, &status, __WALL) != b->victim)
        return BROKEN;
    if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP)
        return BROKEN;
    for (;;) {
        if (!(b->want == NO_STEP ? write_down(b) : step(b)))
            return BROKEN;
        if (!b->ended)
            note_place(b->pc);
        sem_post(&b->frozen);
        if (!take_or_notice_end(&b->release, tracee, left))
            return BROKEN;
        if (!on_to_trap(PTRACE_CONT, b->victim))
            return DONE; /* the victim has ended: no more rounds. How: main.c */
    }
}

verdict trace(board *b, pid_t tracee, pid_t *left)
{
    *left = tracee;
    if (!take_or_notice_end(&b->ready, tracee, left))
        return BROKEN;
    if (ptrace(PTRACE_SEIZE, b->victim, 0, 0) != 0)
        return errno == EPERM || errno == ENOSYS ? NOT_PERMITTED : BROKEN;
    sem_post(&b->seized);
    return serve(b, tracee, left);
}
