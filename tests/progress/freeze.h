/* SPDX-License-Identifier: MIT */
/*
 * The progress experiment: what goes on while one thread is frozen?
 *
 *   main.c     options; one tracee for each case (operation x kind x waiters)
 *   tracer.c   the parent: steps the victim k instructions on and leaves it there
 *   tracee.c   the child: for each k a fresh channel, waiters, victim, probes, audit
 *   probes.c   what the other threads try meanwhile
 *   cases.c    the kinds, the operations, what DESIGN.md claims of them
 *   report.c   the tables
 *
 * Only the victim is traced; all other threads run freely. The parent never calls
 * into runnel, so its children may.
 */
#ifndef FREEZE_H
#define FREEZE_H

#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "runnel.h"

/* ---- what is tried: cases.c ------------------------------------------------------- */

typedef enum probe {
    PROBE_TRY,    /* 200 pairs of try_send and try_recv */
    PROBE_SELECT, /* try_select, one that can go on and one that may not */
    PROBE_LEN,    /* 50 times */
    PROBE_CLOSE,
    PROBE_PARK, /* recv_until and send_until, 1 ms each */
    PROBES
} probe;

#define BIT(probe) (1u << (probe))

typedef enum waiters { NOBODY, RECEIVERS, SENDERS, WAITER_KINDS } waiters;

/* What the channel holds when the operation starts. ROOM: something, if a send still fits. */
typedef enum fill { SKIP, EMPTY, ROOM, SOME, FULL } fill;

typedef enum role { EITHER, SENDER, RECEIVER } role;

typedef struct kind {
    const char *name;
    size_t elem_size;
    size_t cap;
    unsigned options;
    unsigned claims;       /* probes that must never get stuck, by BIT */
    unsigned claims_alone; /* the same, while nobody is parked */
    size_t before;         /* so many elements have gone through when the operation starts */
    bool but_for_malloc;   /* claims hold unless the victim is frozen inside libc */
} kind;

typedef struct element {
    uint64_t id;
    uint64_t inverse; /* of id, if the kind's elements are that large: nothing is torn */
    uint64_t square;
} element;

/* What the victim works with. */
typedef struct task {
    rn_chan *chan;
    rn_chan *side; /* another channel, empty */
    element elem;
    rn_time deadline_ns;
    waiters parked;
} task;

typedef struct operation {
    const char *name;
    int (*run)(task *t); /* 0: the element has moved */
    role role;           /* see role_of() */
    bool waits;
    fill fill[WAITER_KINDS];
} operation;

extern const kind kinds[];
extern const size_t n_kinds;
extern const operation operations[];
extern const size_t n_operations;
extern const char *const probe_names[PROBES];
extern const char *const waiters_names[WAITER_KINDS];

typedef struct scenario {
    const kind *kind;
    const operation *op;
    waiters parked;
} scenario;

/* Can this operation be asked of this kind without waiting for ever? */
bool scenario_makes_sense(const scenario *s);
/* Which side of the channel the operation stands on. */
role role_of(const scenario *s);

/* An operation has at most so many instructions. */
enum { MAX_STEPS = 1 << 15 };

/* ---- the board: shared by the two processes ----------------------------------------- */

typedef struct tally {
    uint64_t steps; /* at so many of them the probe was stuck */
    uint64_t first;
    uint64_t last;
} tally;

typedef struct outcome {
    uint64_t frozen; /* points at which the victim was left and the probes ran */
    uint64_t missed; /* points that the operation did not come to, in several attempts */
    tally stuck[PROBES];
    bool failed;
    char why[400];
} outcome;

typedef struct board {
    sem_t ready;   /* tracee: the victim's id stands here */
    sem_t seized;  /* tracer: it is ours */
    sem_t frozen;  /* tracer: the victim stands at step `want`, or has `ended` before it */
    sem_t release; /* tracee: let it go */
    pid_t victim;
    uint64_t want; /* NO_STEP: go to the end, and write down the points */
    uint64_t at;   /* steps made */
    uint64_t pc;
    bool ended;
    bool every_step;
    uint32_t n_points;
    uint32_t points[MAX_STEPS]; /* the steps worth freezing at */
    outcome outcome;
} board;

#define NO_STEP UINT64_MAX

typedef struct options {
    uint64_t stride; /* every so many points one */
    bool every_step; /* all executions of an instruction, not the first two and the last */
    bool claim_all;  /* for the experiment on the experiment: every kind is lock-free */
    const char *kind, *op;
} options;

/* ---- the two sides ------------------------------------------------------------------ */

/* The tracer: how one case went. */
typedef enum verdict { DONE, BROKEN, NOT_PERMITTED } verdict;
verdict trace(board *b, pid_t tracee, pid_t *left);
/* Is this address in the program (which contains the library), not in libc or the kernel's page? */
extern char __executable_start;
bool in_program(uint64_t pc);
/* How many different instructions of the program a victim has been frozen at so far. */
uint64_t places_seen(void);

/* The child's main; `first` is the first step to freeze at. Returns its exit status. */
int tracee(const scenario *s, const options *o, uint64_t first, board *b);
/* Where the victim arrives when its operation is over. */
void operation_over(void);

void report(const scenario *s, const outcome *o);
void report_summary(void);

/* ---- semaphores that outlive signals ---------------------------------------------------- */

void sem_take(sem_t *s);
bool sem_take_within(sem_t *s, int64_t ns);

#endif
