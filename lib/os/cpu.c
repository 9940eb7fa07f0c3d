/* SPDX-License-Identifier: MIT */
/* CPU: how many there are for us, and the three ways to wait without sleeping. */
#include <ck_pr.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "os/os.h"

enum {
    MAX_CPUS = 8192,
    PAUSE_ROUNDS = 6,  /* 1 + 2 + 4 ... + 32 pauses: about a microsecond */
    YIELD_ROUNDS = 64, /* then somebody else's turn; then sleep */
    SLEEP_NS = 50000,
};

static unsigned count_cpus(void)
{
    cpu_set_t *set = CPU_ALLOC(MAX_CPUS);
    if (!set)
        return 1;
    int n = 1;
    if (sched_getaffinity(0, CPU_ALLOC_SIZE(MAX_CPUS), set) == 0)
        n = CPU_COUNT_S(CPU_ALLOC_SIZE(MAX_CPUS), set);
    CPU_FREE(set);
    return n > 0 ? (unsigned)n : 1;
}

unsigned rn__cpu_count(void)
{
    static rn_atomic_u32 cached;
    /* Relaxed: whoever finds 0 counts again and stores the same number. */
    unsigned n = rn_load_relaxed(&cached);
    if (n == 0) {
        n = count_cpus();
        rn_store_relaxed(&cached, n);
    }
    return n;
}

void rn__cpu_pause(unsigned times)
{
    while (times--)
        ck_pr_stall();
}

void rn__cpu_yield(void)
{
    sched_yield();
}

void rn__cpu_backoff(unsigned *round)
{
    unsigned r = (*round)++;
    if (r < PAUSE_ROUNDS)
        rn__cpu_pause(1u << r);
    else if (r < YIELD_ROUNDS)
        rn__cpu_yield();
    else
        /* Not nanosleep(): that is a cancellation point, and we are inside. */
        syscall(SYS_nanosleep, &(struct timespec){ .tv_nsec = SLEEP_NS }, NULL);
}
