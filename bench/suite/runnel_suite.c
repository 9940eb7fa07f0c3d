/* SPDX-License-Identifier: MIT */
/*
 * runnel in the thread suite, through its public API alone.
 *
 *     runnel        rn_chan_new: the word ring for 8 bytes, the wide ring above
 *     runnel-spsc   RN_CHAN_SPSC: one thread on each side
 *     runnel-fast   RN_CHAN_FAST: the two-phase ring for 8 bytes
 */
#include <errno.h>
#include <runnel.h>
#include <string.h>

#include "common/bench.h"

typedef rn_chan queue;

static void must(int err, const char *operation)
{
    if (err != 0)
        bench_die("%s failed: %s", operation, strerror(-err));
}

static unsigned options_of(const char *impl)
{
    if (strcmp(impl, "runnel-spsc") == 0)
        return RN_CHAN_SPSC;
    return strcmp(impl, "runnel-fast") == 0 ? RN_CHAN_FAST : 0;
}

static queue *queue_new(const bench_params *p)
{
    size_t cap = p->cap == BENCH_UNBOUNDED ? RN_UNBOUNDED : p->cap;
    rn_chan *ch = rn_chan_new_with(p->payload, cap, options_of(p->impl));
    if (ch == NULL)
        bench_die("no channel of %zu bytes x %s: %s", p->payload, p->cap_name, strerror(errno));
    return ch;
}

static void queue_free(queue *q)
{
    rn_chan_unref(q);
}

static inline void queue_send(queue *q, const bench_msg *msg)
{
    must(rn_send(q, msg), "rn_send");
}

static inline void queue_recv(queue *q, bench_msg *msg)
{
    must(rn_recv(q, msg), "rn_recv");
}

static inline void queue_send_n(queue *q, const char *elems, size_t n)
{
    if (rn_send_n(q, elems, n) != (ssize_t)n)
        bench_die("rn_send_n did not send all");
}

static inline size_t queue_recv_n(queue *q, char *elems, size_t n)
{
    ssize_t got = rn_recv_n(q, elems, n);
    if (got < 1)
        bench_die("rn_recv_n failed: %s", strerror(got < 0 ? (int)-got : 0));
    return (size_t)got;
}

#include "common/queue_suite.h"

#include "select_scenarios.h"

static uint64_t run(const bench_params *p)
{
    return is_select(p) ? select_run(p) : suite_run(p);
}

static const char *why_not_spsc(const bench_params *p)
{
    if (is_select(p) || p->producers != 1 || p->consumers != 1)
        return "RN_CHAN_SPSC is for one thread on each side";
    if (p->cap == 0 || p->cap == BENCH_UNBOUNDED)
        return "RN_CHAN_SPSC needs a bounded ring";
    return NULL;
}

static const char *why_not(const bench_params *p)
{
    const char *reason = is_select(p) ? select_why_not(p) : suite_why_not(p);
    if (reason != NULL)
        return reason;
    if (strcmp(p->impl, "runnel-spsc") == 0)
        return why_not_spsc(p);
    if (strcmp(p->impl, "runnel-fast") == 0 &&
        (p->cap == 0 || p->cap == BENCH_UNBOUNDED || p->payload > 8))
        return "RN_CHAN_FAST changes bounded rings of at most 8 bytes only";
    return NULL;
}

int main(int argc, char **argv)
{
    static const char *const impls[] = { "runnel", "runnel-spsc", "runnel-fast", NULL };
    static const bench_contender contender = { impls, RN_VERSION, why_not, run };
    return bench_main(argc, argv, &contender);
}
