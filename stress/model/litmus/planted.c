/* SPDX-License-Identifier: MIT */
/* Planted defects: the checker must find each. */
#include "litmus.h"
#include "os/os.h"

static uint64_t plain;
static rn_atomic_u32 word;
static rn_parker parker;
static void *volatile_p;

THREAD(race_w, plain = 1; STORE(x, 1, RLX);)
THREAD(race_r, if (LOAD(x, ACQ)) r[0] = plain;)
MC_SCENARIO(planted_race, "a relaxed flag does not publish a plain word",
            .threads = { race_w, race_r }, .expect_failure = "data race");
THREAD(good_w, plain = 1; STORE(x, 1, REL);)
MC_SCENARIO(planted_race_mended, "a release flag does", .threads = { good_w, race_r });

THREAD(mixed_plain, x.raw = 2;)
THREAD(mixed_atomic, r[0] = LOAD(x, ACQ);)
MC_SCENARIO(planted_mixed_race, "a plain write races with an atomic read",
            .threads = { mixed_plain, mixed_atomic }, .expect_failure = "data race");

THREAD(fence_w, plain = 1; FENCE(REL); STORE(x, 1, RLX); plain = 2;)
THREAD(
    fence_r, if (LOAD(x, RLX)) {
        FENCE(ACQ);
        r[0] = plain;
    })
MC_SCENARIO(planted_write_after_fence, "what comes after a release fence is not published",
            .threads = { fence_w, fence_r }, .expect_failure = "data race");

static void sleeper(void)
{
    while (rn_load_relaxed(&word) == 0)
        rn__futex_wait(&word, 0);
}
THREAD(forgets, rn_store_relaxed(&word, 1);)
THREAD(remembers, rn_store_relaxed(&word, 1); rn__futex_wake_one(&word);)
MC_SCENARIO(planted_deadlock, "a store without a wake-up leaves the sleeper asleep",
            .threads = { sleeper, forgets }, .expect_failure = "deadlock");
MC_SCENARIO(planted_deadlock_mended, "with one it does not", .threads = { sleeper, remembers },
            .spurious = 1);

/* oneTBB #2136: the notifier's RMW, then a relaxed load of the waiter's flag. */
static void parks(void)
{
    for (;;) {
        uint32_t ticket = rn__parker_ticket(&parker);
        if (LOAD(y, ACQ))
            return;
        STORE(x, 1, SC);
        if (LOAD(y, SC))
            return;
        rn__parker_wait(&parker, ticket, RN_FOREVER);
    }
}
THREAD(notifies_rlx, ADD(y, 1, SC); if (LOAD(x, RLX)) rn__parker_signal(&parker);)
THREAD(notifies_sc, ADD(y, 1, SC); if (LOAD(x, SC)) rn__parker_signal(&parker);)
MC_SCENARIO(planted_lost_wakeup, "a relaxed load of the flag after a seq_cst RMW loses a wake-up",
            .threads = { parks, notifies_rlx }, .expect_failure = "deadlock");
MC_SCENARIO(planted_lost_wakeup_mended, "a seq_cst one does not", .threads = { parks, notifies_sc },
            .spurious = 1);

THREAD(spins, while (!LOAD(x, ACQ)) rn__cpu_yield();)
THREAD(idle, STORE(y, 1, RLX);)
THREAD(spins_back, while (!LOAD(x, ACQ)) rn__cpu_yield(); STORE(y, 1, RLX);)
THREAD(releases, STORE(x, 1, REL); while (!LOAD(y, ACQ)) rn__cpu_yield();)
MC_SCENARIO(planted_livelock, "nobody ends the spinning", .threads = { spins, idle },
            .expect_failure = "livelock");
MC_SCENARIO(planted_livelock_mended, "two that wait for each other in turn",
            .threads = { spins_back, releases });

static void allocate(void)
{
    volatile_p = mc_alloc(8);
}
THREAD(frees, mc_free(volatile_p); STORE(x, 1, REL);)
THREAD(uses, if (LOAD(x, ACQ)) * (uint64_t *)volatile_p = 1;)
THREAD(uses_before, *(uint64_t *)volatile_p = 1;)
MC_SCENARIO(planted_use_after_free, "a block is used after it was freed", .setup = allocate,
            .threads = { frees, uses }, .expect_failure = "use after free");
MC_SCENARIO(planted_use_unordered_with_free, "a block is used by somebody free() knows nothing of",
            .setup = allocate, .threads = { frees, uses_before },
            .expect_failure = "use after free");
THREAD(frees_again, if (LOAD(x, ACQ)) mc_free(volatile_p);)
MC_SCENARIO(planted_double_free, "a block is freed twice", .setup = allocate,
            .threads = { frees, frees_again }, .expect_failure = "double free");
MC_SCENARIO(planted_leak, "a block is never freed", .setup = allocate, .threads = { idle },
            .expect_failure = "leak");
THREAD(beyond, ((volatile char *)volatile_p)[8] = 1;)
MC_SCENARIO(planted_overrun, "a write beyond a block", .setup = allocate, .threads = { beyond },
            .expect_failure = "out of bounds");

static void publishes_frame(void)
{
    uint64_t local = 0;
    __atomic_store_n(&volatile_p, &local, REL);
    __asm__ volatile("" ::"r"(&local) : "memory");
}
static void lends_and_returns(void)
{
    publishes_frame();
    STORE(y, 1, RLX);
}
static void borrows(void)
{
    uint64_t *p = __atomic_load_n(&volatile_p, ACQ);
    if (p)
        __atomic_store_n(p, 1, RLX);
}
MC_SCENARIO(planted_use_after_return, "a thread touches a frame that has returned",
            .threads = { lends_and_returns, borrows }, .expect_failure = "use after return");

static void times_out(void)
{
    uint32_t ticket = rn__parker_ticket(&parker);
    rn_time deadline = rn__clock_ns() + 1000;
    r[0] = rn__parker_wait(&parker, ticket, deadline) != 0;
    mc_check(!r[0] || rn__clock_ns() >= deadline, "timed out before the deadline");
}
THREAD(signals, rn__parker_signal(&parker);)
MC_SCENARIO(litmus_parker_time_out, "a deadline passes or a signal comes",
            .threads = { times_out, signals }, .check = out1, .expect_set = SET("0", "1"));
