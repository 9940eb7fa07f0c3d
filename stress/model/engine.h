/* SPDX-License-Identifier: MIT */
/*
 * Inside the model checker: the state of one execution, and who offers what.
 *
 *   tsan_abi.c   what the instrumented code calls
 *   os_model.c   lib/os/os.h as its contract
 *   sched.c      logical threads; blocking; one execution from start to end
 *   explore.c    which execution comes next: DFS, DPOR, random, PCT, replay
 *   depend.c     which steps commute: clocks, races of steps, backtrack points
 *   memory.c     C11 atomics on views
 *   shadow.c     plain accesses: data races; heap; undoing global writes
 *   report.c     traces
 *   main.c       the command
 *
 * Two notions of "happens before" live side by side. C11's is in the vector clock
 * at the front of each view; data races are judged by it. The search's own is in
 * mc_clock; it orders steps that do not commute, and contains C11's.
 */
#ifndef MC_ENGINE_H
#define MC_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mc.h"

#define MC_THREADS 8      /* 0 runs setup and check */
#define MC_LOCATIONS 1000 /* atomic locations in one execution */
#define MC_MESSAGES 16384
#define MC_EVENTS 8000 /* steps in one execution: the cap that finds livelocks */
#define MC_NODES 20000
#define MC_STACK (256 * 1024)
#define MC_ARENA (512 * 1024) /* heap of each thread */
#define MC_TS_STEP (1 << 16)
#define MC_PATIENCE 4 /* a thread reads one outdated message at most so often */

#define MC_LIKELY(x) __builtin_expect(!!(x), 1)
#define MC_UNLIKELY(x) __builtin_expect(!!(x), 0)

typedef uint16_t mc_msg_id;
typedef uint16_t mc_loc_id; /* 0: none */

/* Steps that are ordered before, by each thread: the index of its last such step. */
typedef int16_t mc_clock __attribute__((vector_size(16)));

/* v[0..7]: vector clock; v[8 + location]: timestamp of the oldest message still readable. */
#define MC_VIEW_BASE MC_THREADS
#define MC_VIEW_SIZE (MC_VIEW_BASE + MC_LOCATIONS)

typedef struct mc_msg {
    uint64_t value;
    int32_t ts;             /* place in modification order */
    mc_msg_id older, newer; /* neighbours there */
    uint8_t tid;
    uint16_t serial;                    /* of its writer's stores */
    bool is_rmw;                        /* stands immediately after `older`, for good */
    bool was_taken;                     /* an RMW stands immediately after this one */
    uint8_t outdated_reads[MC_THREADS]; /* how often each thread read it when it was not newest */
    uint16_t view_n, own_n;
    int32_t *view; /* what an acquire of this message learns; NULL: nothing */
    int32_t *own;  /* c11 release sequences: the part that is this store's alone */
} mc_msg;

typedef struct mc_loc {
    uintptr_t address;
    uint8_t size;
    bool reset; /* written plainly: the value is in memory */
    uint8_t lw_tid;
    int16_t lw; /* step of the last write executed; 0: before the threads */
    mc_msg_id lw_msg, newest;
    uint32_t writes;                        /* how many, for yield */
    mc_clock wclock, rclock;                /* last write; reads since */
    int16_t reads[MC_THREADS];              /* last read since the last write, by thread */
    int32_t aw[MC_THREADS], ar[MC_THREADS]; /* C11 clocks of atomic accesses */
    int16_t seen_at[MC_THREADS];            /* for yield: step of each thread's last load, */
    uint32_t seen_writes[MC_THREADS];       /* `writes` then, */
    int32_t seen_newest[MC_THREADS];        /* and the newest message's timestamp */
} mc_loc;

enum mc_kind {
    MC_OP_LOAD,
    MC_OP_STORE,
    MC_OP_RMW, /* incl. compare-and-swap */
    MC_OP_DWCAS,
    MC_OP_FENCE, /* seq_cst; others are no steps */
    MC_OP_BARRIER,
    MC_OP_WAIT, /* futex, parker */
    MC_OP_WAKE,
    MC_OP_YIELD,
};

/* What a thread is about to do. */
typedef struct mc_op {
    uint8_t kind;
    bool is_write; /* may write loc[0] (and loc[1]) */
    bool is_sc;
    mc_loc_id loc[2];
    mc_loc_id queue; /* sleepers on a futex */
    const void *pc;
} mc_op;

enum mc_state { MC_READY, MC_ASLEEP, MC_FINISHED };

typedef struct mc_thread {
    void *sp;
    void *frame; /* below this its stack is dead */
    enum mc_state state;
    mc_op op;       /* pending */
    mc_clock clock; /* search order */
    int16_t last_event;
    mc_loc_id asleep_on; /* location of the word */
    bool has_deadline, timed_out;
    int64_t deadline_ns, now_ns;
    int spurious_left, alloc_failures_left;
    uint32_t arena_used;
    int16_t last_yield; /* step count then */
    uint16_t n_stores;
    uint64_t history;      /* hash of what was read from where */
    uint64_t history_kept; /* at the last store or yield: a vain round does not count */
    bool saw_stale;        /* a load since then did not return the newest */
    bool has_acq, has_rel; /* acq[], rel[] are in use */
    uint64_t tls[2];
    void (*at_exit)(void *);
    void *at_exit_arg;
    int32_t cur[MC_VIEW_SIZE];
    int32_t acq[MC_VIEW_SIZE]; /* what the next acquire fence learns */
    int32_t rel[MC_VIEW_SIZE]; /* what the last release fence published */
} mc_thread;

typedef struct mc_event {
    mc_clock clock;
    uint16_t node;
    uint8_t tid;
} mc_event;

enum mc_mode { MC_DPOR, MC_PLAIN, MC_RANDOM, MC_PCT, MC_REPLAY };

enum mc_status { MC_COMPLETE, MC_REDUNDANT, MC_FAILED };

typedef struct mc_world {
    const mc_scenario *scenario;
    enum mc_mode mode;
    int preemptions; /* bound, MC_PLAIN only; < 0: none */
    bool concurrent; /* the threads are running: accesses are steps */
    bool in_execution;
    bool tracing;
    enum mc_status status;
    int self, n_threads;            /* n_threads counts thread 0 */
    uint8_t to_run[MC_THREADS * 2]; /* must reach their next step before we choose */
    int n_to_run;
    int n_events;
    int n_locs, n_locs_before;
    mc_msg_id n_msgs;
    uint32_t views_used;
    int32_t sc[MC_VIEW_SIZE]; /* the view S */
    /* search order of "all seq_cst" and "everything" */
    mc_loc sc_object;
    mc_clock barrier_clock;
    int16_t barrier;
    uint8_t barrier_tid;
    int running; /* who did the last step */
    char failure[1024];
    char outcome[256];
    uint64_t graph;
    uint64_t executions, redundant, steps;
} mc_world;

extern mc_world mc;
extern mc_thread mc_threads[MC_THREADS];
extern mc_loc mc_locs[MC_LOCATIONS];
extern mc_msg mc_msgs[MC_MESSAGES];
extern mc_event mc_events[MC_EVENTS + 1];

/* ---- sched.c ---- */
void mc_sched_init(void);
/* One execution of mc.scenario. */
void mc_execute(void);
/* The calling thread is about to do `op`: returns when it is its turn. */
void mc_step(const mc_op *op);
/* The pending step has been done; it wrote. */
void mc_step_done(bool wrote);
/* After a step: sleeps on a word until mc_wake(). */
void mc_sleep(mc_loc_id on);
/* After a step: that thread goes on. */
void mc_wake(int tid);
/* Ends the execution at once. */
_Noreturn void mc_end(enum mc_status status);
void mc_register_tls(void *address, size_t size);
void mc_at_exit(void (*fn)(void *), void *arg);
/* Run by each thread before the search begins (unless the scenario is cold). */
extern void (*mc_warm_up)(void);
bool mc_enabled(int tid);
static inline mc_thread *mc_me(void)
{
    return &mc_threads[mc.self];
}

/* ---- explore.c ---- */
void mc_explore_begin(void); /* a search */
void mc_explore_start(void); /* an execution */
bool mc_explore_next(void);  /* false: exhausted */
int mc_pick_thread(unsigned enabled);
/* One of n; bit i of allowed: DPOR has to look at i. */
unsigned mc_pick(unsigned n, uint32_t allowed);
/* The step that this node chose has been done. */
void mc_explore_step_done(const mc_op *op, bool wrote);
uint16_t mc_current_node(void);
bool mc_is_new_event(int event);
bool mc_want_all(void); /* every message, not only those that DPOR needs */
void mc_backtrack(int event, unsigned initials);
void mc_backtrack_others(void); /* at the current node */
void mc_choices_to_string(char *out, size_t size);
void mc_load_choices(const char *string);
uint64_t mc_random(void);
void mc_seed(uint64_t seed);

/* ---- depend.c ---- */
static inline mc_clock mc_clock_join(mc_clock a, mc_clock b)
{
    mc_clock later = (mc_clock)(a > b);
    return (a & later) | (b & ~later);
}
void mc_depend_start(void);
/* The clock of what precedes the pending step, apart from accesses to loc[0]. */
mc_clock mc_preceding(const mc_op *op);
bool mc_is_before(mc_clock clock, int tid, int event);
/* Counts the step, and finds what it races with. */
void mc_depend_done(const mc_op *op, bool wrote);
bool mc_conflict(const mc_op *a, bool a_writes, const mc_op *b, bool b_writes);

/* ---- memory.c ---- */
void mc_memory_start(void);
mc_loc_id mc_location(uintptr_t address, unsigned size);
void mc_location_written_plainly(mc_loc_id loc);
uint64_t mc_atomic_load(uintptr_t address, unsigned size, int order, const void *pc);
void mc_atomic_store(uintptr_t address, unsigned size, uint64_t value, int order, const void *pc);
enum mc_rmw { MC_XCHG, MC_ADD, MC_SUB, MC_AND, MC_OR, MC_XOR, MC_NAND, MC_CAS };
uint64_t mc_atomic_rmw(uintptr_t address, unsigned size, enum mc_rmw what, uint64_t operand,
                       uint64_t expected, int order, int failure_order, const void *pc);
void mc_atomic_dwcas(uintptr_t address, uint64_t expected[2], const uint64_t desired[2],
                     const void *pc);
void mc_fence(int order, const void *pc);
void mc_barrier(const void *pc);
uint64_t mc_newest(mc_loc_id loc);
void mc_see_newest(mc_loc_id loc);
void mc_view_join(int32_t *into, const int32_t *from, int n);
static inline int mc_view_n(void)
{
    return MC_VIEW_BASE + mc.n_locs;
}

/* Hashes what was read from where and how each location's stores are ordered: two
 * executions with the same hash differ at most in the order of independent steps. */
uint64_t mc_graph(void);
static inline void mc_note(uint64_t what)
{
    mc_threads[mc.self].history =
        (mc_threads[mc.self].history ^ what) * UINT64_C(0x9e3779b97f4a7c15);
    mc_threads[mc.self].history ^= mc_threads[mc.self].history >> 29;
}

/* ---- shadow.c ---- */
void mc_shadow_init(void);
void mc_shadow_start(void);
void mc_shadow_end(void); /* undoes writes to globals */
void mc_shadow_log(uintptr_t address, size_t size);
void mc_shadow_ignore(const volatile void *address, size_t size);
void mc_plain_access(uintptr_t address, size_t size, bool is_write);
/* An atomic access at loc: races with plain ones, lifetime. */
void mc_atomic_access(mc_loc *l, bool is_write);
mc_loc_id *mc_loc_slot(uintptr_t address);
void *mc_heap_alloc(size_t size, size_t align, bool zero);
void mc_heap_free(void *p, const void *pc);
size_t mc_heap_size(void *p);
void mc_heap_check_leaks(void);
extern char *mc_stacks;
extern char *mc_arena;

/* In a function that instrumented code calls: where from. */
#define MC_PC (mc_threads[mc.self].frame = __builtin_frame_address(0), __builtin_return_address(0))

/* ---- report.c ---- */
void mc_trace(const void *pc, const char *format, ...) __attribute__((format(printf, 2, 3)));
void mc_trace_start(void);
void mc_trace_print(void);
const char *mc_describe(uintptr_t address);
const char *mc_order_name(int order);
void mc_names_start(void);
#define MC_TRACE(...)                \
    do {                             \
        if (MC_UNLIKELY(mc.tracing)) \
            mc_trace(__VA_ARGS__);   \
    } while (0)

#endif
