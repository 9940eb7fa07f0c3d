/* SPDX-License-Identifier: MIT */
/*
 * The peer "ck_ring": Concurrency Kit's MPMC ring, which never waits by itself.
 * To stand in the same scenarios it gets the usual loop around it: pause some
 * rounds, then yield the CPU, for room, for an element and for the producers ahead.
 * It never sleeps, so it burns what the others leave.
 *
 * It carries pointers: payloads of 8 bytes. Its size is a power of two of which
 * one slot stays empty. We give it exactly `cap` slots where cap is a power of
 * two (so one element less than asked), two slots for one element, and the next
 * power of two elsewhere; a seq run always gets room for all n.
 */
#include <ck_md.h>
#include <ck_pr.h>
#include <ck_ring.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "common/bench.h"

#define PAUSES_BEFORE_YIELD 64

typedef struct queue {
    ck_ring_t ring;
    ck_ring_buffer_t *slots;
} queue;

static size_t slots_for(const bench_params *p)
{
    size_t wanted = strcmp(p->scenario, "thread_seq") == 0 ? p->cap + 1 : p->cap;
    size_t slots = 2;
    while (slots < wanted)
        slots *= 2;
    return slots;
}

static queue *queue_new(const bench_params *p)
{
    size_t n = slots_for(p);
    queue *q = aligned_alloc(CK_MD_CACHELINE, (sizeof(*q) / CK_MD_CACHELINE + 1) * CK_MD_CACHELINE);
    ck_ring_buffer_t *slots = malloc(n * sizeof(*slots));
    if (q == NULL || slots == NULL)
        bench_die("no memory for a ring of %zu slots", n);
    memset(slots, 1, n * sizeof(*slots)); /* no page faults during the run */
    ck_ring_init(&q->ring, (unsigned)n);
    q->slots = slots;
    return q;
}

static void queue_free(queue *q)
{
    free(q->slots);
    free(q);
}

static inline void relax(unsigned *round)
{
    if (++*round % PAUSES_BEFORE_YIELD == 0)
        sched_yield();
    else
        ck_pr_stall();
}

/* Not ck_ring_enqueue_mpmc: that waits for the producers before it without ever
 * yielding, and where one of them is not running, everybody burns his time slice
 * for each element. So we wait for our turn ourselves; the commit then finds it ours. */
static inline void queue_send(queue *q, const bench_msg *msg)
{
    unsigned round = 0, ticket;
    void **slot;
    while ((slot = ck_ring_enqueue_reserve_mpmc(&q->ring, q->slots, &ticket)) == NULL)
        relax(&round);
    *slot = (void *)(uintptr_t)msg->word[0];
    while (ck_pr_load_uint(&q->ring.p_tail) != ticket)
        relax(&round);
    ck_ring_enqueue_commit_mpmc(&q->ring, ticket);
}

static inline void queue_recv(queue *q, bench_msg *msg)
{
    unsigned round = 0;
    void *entry = NULL;
    while (!ck_ring_dequeue_mpmc(&q->ring, q->slots, &entry))
        relax(&round);
    msg->word[0] = (uintptr_t)entry;
}

/* It has no batches; why_not() refuses them before these are called. */
static inline void queue_send_n(queue *q, const char *elems, size_t n)
{
    (void)q, (void)elems, (void)n;
    abort();
}

static inline size_t queue_recv_n(queue *q, char *elems, size_t n)
{
    (void)q, (void)elems, (void)n;
    abort();
}

#include "common/queue_suite.h"

static const char *why_not(const bench_params *p)
{
    if (strncmp(p->scenario, "thread_select_", 14) == 0)
        return "it has no select";
    if (p->cap == 0 || p->cap == BENCH_UNBOUNDED)
        return "it is a bounded ring";
    if (p->batch > 1)
        return "it has no batches";
    if (p->payload != sizeof(void *))
        return "it carries pointers";
    return suite_why_not(p);
}

int main(int argc, char **argv)
{
    static const char *const impls[] = { "ck_ring", NULL };
    static const bench_contender contender = { impls, BENCH_CK_VERSION, why_not, suite_run };
    return bench_main(argc, argv, &contender);
}
