/* SPDX-License-Identifier: MIT */
/*
 * The select scenarios of the thread suite, on rn_select.
 *
 *   thread_select_rx    P producers, each on a channel of its own; the consumers
 *                       select over all P channels
 *   thread_select_both  P channels; every producer selects a send over all of
 *                       them, every consumer selects a receive
 *
 * Part of runnel_suite.c: uses its queue_new.
 */
#ifndef BENCH_SUITE_SELECT_SCENARIOS_H
#define BENCH_SUITE_SELECT_SCENARIOS_H

typedef struct select_suite {
    const bench_params *p;
    rn_chan *channels[BENCH_MAX_THREADS]; /* as many as producers */
} select_suite;

static bool is_select(const bench_params *p)
{
    return strncmp(p->scenario, "thread_select_", 14) == 0;
}

static const char *select_why_not(const bench_params *p)
{
    return p->batch > 1 ? "a select moves one element" : NULL;
}

/* One select over prepared cases: they are read, never used up. */
static void select_one(rn_case *cases, unsigned n)
{
    int chosen = rn_select(cases, (int)n);
    must(chosen < 0 ? chosen : cases[chosen].err, "rn_select");
}

static uint64_t produce_own(void *context, unsigned index)
{
    select_suite *s = context;
    uint64_t share = s->p->n / s->p->producers;
    send_singly(s->channels[index], share * index, share);
    return 0;
}

static uint64_t produce_any(void *context, unsigned index)
{
    select_suite *s = context;
    uint64_t share = s->p->n / s->p->producers;
    bench_msg msg = { { 0 } };
    rn_case cases[BENCH_MAX_THREADS];
    for (unsigned i = 0; i < s->p->producers; i++)
        cases[i] = RN_SEND(s->channels[i], &msg);
    for (uint64_t i = 0; i < share; i++) {
        msg.word[0] = share * index + i;
        select_one(cases, s->p->producers);
    }
    return 0;
}

static uint64_t consume_any(void *context, unsigned index)
{
    select_suite *s = context;
    (void)index;
    uint64_t share = s->p->n / s->p->consumers, sum = 0;
    bench_msg msg;
    rn_case cases[BENCH_MAX_THREADS];
    for (unsigned i = 0; i < s->p->producers; i++)
        cases[i] = RN_RECV(s->channels[i], &msg);
    for (uint64_t i = 0; i < share; i++) {
        select_one(cases, s->p->producers);
        sum += msg.word[0];
    }
    return sum;
}

static uint64_t select_run(const bench_params *p)
{
    bool both = strcmp(p->scenario, "thread_select_both") == 0;
    select_suite s = { .p = p };
    uint64_t sum;
    for (unsigned i = 0; i < p->producers; i++)
        s.channels[i] = queue_new(p);
    uint64_t wall_ns = bench_threads(p->producers, both ? produce_any : produce_own, p->consumers,
                                     consume_any, &s, &sum);
    bench_check_sum(p, sum);
    for (unsigned i = 0; i < p->producers; i++)
        queue_free(s.channels[i]);
    return wall_ns;
}

#endif
