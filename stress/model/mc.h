/* SPDX-License-Identifier: MIT */
/*
 * How to write a scenario for the model checker. README.md explains the checker.
 *
 * A scenario is one small file: what is prepared, what up to seven logical threads
 * do, what must hold afterwards. The checker runs it once for every way in which
 * the threads' atomic operations can be ordered, and for every value that C11 lets
 * each load return. The code under test is the library's own, unmodified.
 *
 *     static rn_atomic_u32 x;
 *     static void t0(void) { rn_store_relaxed(&x, 1); }
 *     static void t1(void) { mc_check(rn_load_relaxed(&x) <= 1, "impossible"); }
 *     MC_SCENARIO(small, "a load returns what was stored", .threads = { t0, t1 });
 *
 * Static variables start with the same value in each execution: what one writes is
 * undone. Scenarios must be deterministic but for what the checker decides.
 */
#ifndef MC_H
#define MC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MC_MAX_WORKERS 7

typedef struct mc_scenario {
    const char *name;
    const char *claim;                     /* one sentence: what holds */
    void (*setup)(void);                   /* runs alone, before */
    void (*threads[MC_MAX_WORKERS])(void); /* run in all ways */
    void (*check)(void);                   /* runs alone, after all are done */
    int spurious;                          /* spurious wake-ups, at most so many in each thread */
    int alloc_failures;                    /* failing allocations, likewise */
    bool no_membarrier;                    /* rn__membarrier_available() says no */
    bool c11_release_sequence;     /* a release sequence goes on with the same thread's stores */
    bool cold;                     /* threads register with the library inside the search */
    bool large;                    /* too large for every day: run if --large, or named */
    const char *expect_failure;    /* the checker must report this (a prefix) */
    const char *const *expect_set; /* NULL-terminated: exactly these mc_outcome()s */
    struct mc_scenario *next;
} mc_scenario;

void mc_register(mc_scenario *scenario);

#define MC_SCENARIO(name_, claim_, ...)                                                         \
    static mc_scenario mc__scenario_##name_ = { .name = #name_, .claim = claim_, __VA_ARGS__ }; \
    __attribute__((constructor)) static void mc__register_##name_(void)                         \
    {                                                                                           \
        mc_register(&mc__scenario_##name_);                                                     \
    }                                                                                           \
    struct mc__needs_semicolon

/* Ends the execution as a failure if cond does not hold. */
#define mc_check(cond, ...)               \
    do {                                  \
        if (__builtin_expect(!(cond), 0)) \
            mc_fail(__VA_ARGS__);         \
    } while (0)
_Noreturn void mc_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* In check(): what came out, for outcome sets and for comparing search modes. */
void mc_outcome(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What traces call an address from here on, in this execution. */
void mc_name(const volatile void *address, const char *name);

/* In a loop that waits: goes on when something that was read has been written. */
void mc_yield(void);

/* A choice of the checker's, 0..n-1. */
unsigned mc_choose(unsigned n);

/* The number of the calling thread: 1.. in .threads' order; 0 in setup and check. */
int mc_self(void);

/* An allocation of the model's heap: checked for leaks, use after free, double free. */
void *mc_alloc(size_t size);
void mc_free(void *p);

/* A scenario's statics do not keep an allocation from being called leaked. */
#if defined(__clang__) && defined(MC_INSTRUMENTED)
#pragma clang section bss = "mc_bss" data = "mc_data"
#endif

#endif
