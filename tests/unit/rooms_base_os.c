/* SPDX-License-Identifier: MIT */
/* The rooms lib/base and lib/os (but the parker: parker.c), and the lock of lib/wait. */
#include <errno.h>
#include <sched.h>
#include <stdint.h>

#include "base/atomic.h"
#include "base/dwcas.h"
#include "base/list.h"
#include "os/os.h"
#include "threads.h"
#include "wait/lock.h"

/* ---- list ---------------------------------------------------------------------------- */

TestSuite(list, .timeout = RNT_TIMEOUT);

static void holds(rn_link *list, rn_link **expected, int n)
{
    rn_link *forward = list->next, *back = list->prev;
    for (int i = 0; i < n; i++) {
        check(forward == expected[i]);
        check(back == expected[n - 1 - i]);
        forward = forward->next;
        back = back->prev;
    }
    check(forward == list && back == list);
    check_eq(rn_list_empty(list), n == 0);
}

Test(list, a_fresh_list_is_empty)
{
    rn_link list;
    rn_list_init(&list);
    holds(&list, NULL, 0);
}

Test(list, links_stand_in_the_order_of_their_pushes)
{
    rn_link list, a, b, c;
    rn_list_init(&list);
    rn_list_push_back(&list, &b);
    rn_list_push_back(&list, &c);
    rn_list_push_front(&list, &a);
    holds(&list, (rn_link *[]){ &a, &b, &c }, 3);
}

Test(list, a_link_leaves_from_anywhere_and_then_points_at_itself)
{
    for (int leaving = 0; leaving < 3; leaving++) {
        rn_link list, link[3], *left[2];
        int n = 0;
        rn_list_init(&list);
        for (int i = 0; i < 3; i++) {
            rn_list_push_back(&list, &link[i]);
            if (i != leaving)
                left[n++] = &link[i];
        }
        rn_list_remove(&link[leaving]);
        holds(&list, left, 2);
        check(link[leaving].next == &link[leaving] && link[leaving].prev == &link[leaving]);
        rn_list_remove(&link[leaving]); /* once more does nothing */
        holds(&list, left, 2);
    }
}

Test(list, the_last_link_leaves_an_empty_list)
{
    rn_link list, a;
    rn_list_init(&list);
    rn_list_push_front(&list, &a);
    holds(&list, (rn_link *[]){ &a }, 1);
    rn_list_remove(&a);
    holds(&list, NULL, 0);
}

/* ---- atomics ------------------------------------------------------------------------- */

TestSuite(atomics, .timeout = RNT_TIMEOUT);

Test(atomics, a_swap_says_what_it_found)
{
    rn_atomic_u64 a;
    rn_atomic_init(&a, 5);
    uint64_t expected = 4;
    check(!rn_cas_seq_cst(&a, &expected, 6));
    check_eq(expected, 5);
    check(rn_cas_seq_cst(&a, &expected, 6));
    check_eq(rn_load_seq_cst(&a), 6);
    check_eq(rn_exchange_acq_rel(&a, 7), 6);
    check_eq(rn_fetch_add_relaxed(&a, 3), 7);
    check_eq(rn_fetch_sub_acq_rel(&a, 1), 10);
    check_eq(rn_load_relaxed(&a), 9);
}

Test(atomics, a_double_word_swap_compares_both_words)
{
    rn_pair p;
    rn_atomic_init(&p.first, 1);
    rn_atomic_init(&p.second, UINT64_MAX);
    check(!rn_dwcas_seq_cst(&p, 1, 2, 3, 4));
    check(!rn_dwcas_seq_cst(&p, 2, UINT64_MAX, 3, 4));
    check(rn_dwcas_seq_cst(&p, 1, UINT64_MAX, UINT64_MAX - 1, 4));
    check_eq(rn_load_relaxed(&p.first), UINT64_MAX - 1);
    check_eq(rn_load_relaxed(&p.second), 4);
}

struct pairs {
    rn_pair p;
    unsigned rounds;
};

/* The two words move together: second is always twice the first. */
static void add_to_pair(void *arg, unsigned index)
{
    struct pairs *x = arg;
    (void)index;
    for (unsigned i = 0; i < x->rounds; i++) {
        uint64_t n;
        do
            n = rn_load_seq_cst(&x->p.first);
        while (!rn_dwcas_seq_cst(&x->p, n, 2 * n, n + 1, 2 * n + 2));
    }
}

Test(atomics, double_word_swaps_of_many_threads_all_count)
{
    struct pairs x = { .rounds = rnt_scaled(300000) };
    rn_atomic_init(&x.p.first, 0);
    rn_atomic_init(&x.p.second, 0);
    rnt_run(4, add_to_pair, &x);
    check_eq(rn_load_seq_cst(&x.p.first), 4 * x.rounds);
    check_eq(rn_load_relaxed(&x.p.second), 8 * x.rounds);
}

/* ---- memory, clock, cpu -------------------------------------------------------------- */

TestSuite(os, .timeout = RNT_TIMEOUT);

Test(os, memory_is_zeroed_and_aligned)
{
    for (size_t align = 16; align <= 4096; align *= 2)
        for (size_t size = 1; size < 3000; size = size * 3 + 1) {
            unsigned char *p = rn__alloc(size, align);
            check(p != NULL);
            check_eq((uintptr_t)p % align, 0);
            for (size_t i = 0; i < size; i++)
                check_eq(p[i], 0);
            for (size_t i = 0; i < size; i++)
                p[i] = 0xFF; /* for whoever gets it next */
            rn__free(p);
        }
    rn__free(NULL);
}

Test(os, memory_that_cannot_be_had_is_null_and_enomem)
{
    errno = 0;
    check(rn__alloc(SIZE_MAX, 64) == NULL);
    check_eq(errno, ENOMEM);
    errno = 0;
    check(rn__alloc(SIZE_MAX - 64, 128) == NULL);
    check_eq(errno, ENOMEM);
}

Test(os, the_clock_does_not_go_back)
{
    rn_time last = rn__clock_ns();
    for (int i = 0; i < 10000; i++) {
        rn_time now = rn__clock_ns();
        check(now >= last);
        last = now;
    }
}

Test(os, cpus_are_counted_in_the_affinity_mask)
{
    cpu_set_t set;
    check_ok(sched_getaffinity(0, sizeof set, &set));
    check_eq(rn__cpu_count(), CPU_COUNT(&set));
}

Test(os, membarrier_answers_the_same_twice_and_runs)
{
    bool available = rn__membarrier_available();
    check_eq(rn__membarrier_available(), available);
    rn__membarrier();
}

Test(os, backing_off_counts_its_rounds)
{
    unsigned round = 0;
    for (unsigned i = 1; i <= 70; i++) {
        rn__cpu_backoff(&round);
        check_eq(round, i);
    }
}

/* ---- the delegation lock ------------------------------------------------------------- */

TestSuite(lock, .timeout = RNT_TIMEOUT);

Test(lock, who_finds_it_held_delegates_and_the_holder_looks_again)
{
    rn_lock lock = { .state = { 0 } };
    rn_lock_acquire(&lock);
    check(!rn_lock_acquire_or_delegate(&lock));
    check(!rn_lock_acquire_or_delegate(&lock));
    check(!rn_lock_release(&lock)); /* look again, once for both */
    check(rn_lock_release(&lock));
    check(rn_lock_acquire_or_delegate(&lock));
    check(rn_lock_release(&lock));
}

struct locked {
    rn_lock lock;
    unsigned counter, looks, rounds;
    rn_atomic_u32 delegated;
};

static void leave(struct locked *l)
{
    do
        l->looks++;
    while (!rn_lock_release(&l->lock));
}

static void hold_and_delegate(void *arg, unsigned index)
{
    struct locked *l = arg;
    for (unsigned i = 0; i < l->rounds; i++)
        if (index % 2 == 0) {
            rn_lock_acquire(&l->lock);
            unsigned n = l->counter;
            if (i % 32 == 0)
                rn__cpu_yield(); /* holding it: somebody else comes by */
            l->counter = n + 1;
            leave(l);
        } else if (rn_lock_acquire_or_delegate(&l->lock)) {
            leave(l);
        } else {
            rn_fetch_add_relaxed(&l->delegated, 1);
        }
}

Test(lock, it_excludes_and_wakes_those_who_sleep_on_it)
{
    struct locked l = { .rounds = rnt_scaled(20000) };
    rnt_run(6, hold_and_delegate, &l);
    check_eq(l.counter, 3 * l.rounds);
    check(rn_lock_acquire_or_delegate(&l.lock));
    check(rn_lock_release(&l.lock));
}

static void acquire_once(void *arg)
{
    struct locked *l = arg;
    rn_lock_acquire(&l->lock);
    l->counter++;
    leave(l);
}

Test(lock, sleepers_get_it_one_after_the_other)
{
    struct locked l = { .rounds = 0 };
    rnt_thread *t[3];
    rn_lock_acquire(&l.lock);
    for (int i = 0; i < 3; i++) {
        t[i] = rnt_start(acquire_once, &l);
        rnt_wait_parked(t[i]);
    }
    check_eq(l.counter, 0);
    leave(&l);
    for (int i = 0; i < 3; i++)
        rnt_join(t[i]);
    check_eq(l.counter, 3);
}
