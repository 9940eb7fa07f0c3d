/* SPDX-License-Identifier: MIT */
/* The tables, as Markdown: one line for each case; and one for each kind and waiters. */
#include <stdio.h>

#include "freeze.h"

enum { MAX_ROWS = 512 };

typedef struct row {
    scenario scenario;
    outcome outcome;
} row;

static row rows[MAX_ROWS];
static size_t n_rows;

static void print_stuck(const tally *t)
{
    if (t->steps == 0)
        printf(" - |");
    else
        printf(" %llu (%llu..%llu) |", (unsigned long long)t->steps, (unsigned long long)t->first,
               (unsigned long long)t->last);
}

static void print_probe_heads(const char *before)
{
    printf("\n%s", before);
    for (int p = 0; p < PROBES; p++)
        printf(" %s |", probe_names[p]);
    printf("\n|---|---|---|---:|");
    for (int p = 0; p < PROBES; p++)
        printf("---|");
    printf("\n");
}

void report(const scenario *s, const outcome *o)
{
    if (n_rows == 0)
        print_probe_heads("| kind | waiting | frozen in | steps |");
    printf("| %s | %s | %s | %llu |", s->kind->name, waiters_names[s->parked], s->op->name,
           (unsigned long long)o->frozen);
    for (int p = 0; p < PROBES; p++)
        print_stuck(&o->stuck[p]);
    printf("\n");
    if (o->missed)
        printf("<!-- %llu more were missed -->\n", (unsigned long long)o->missed);
    if (o->failed)
        printf("\nFAILED: %s, %s waiting, frozen in %s: %s\n\n", s->kind->name,
               waiters_names[s->parked], s->op->name, o->why);
    fflush(stdout);
    if (n_rows < MAX_ROWS)
        rows[n_rows++] = (row){ *s, *o };
}

/* All operations on one kind with one sort of waiters; false if there is none. */
static bool add_up(const kind *k, waiters parked, unsigned *ops, outcome *sum)
{
    *ops = 0;
    *sum = (outcome){ 0 };
    for (size_t i = 0; i < n_rows; i++) {
        const row *r = &rows[i];
        if (r->scenario.kind != k || r->scenario.parked != parked)
            continue;
        ++*ops;
        sum->frozen += r->outcome.frozen;
        for (int p = 0; p < PROBES; p++)
            sum->stuck[p].steps += r->outcome.stuck[p].steps;
    }
    return *ops > 0;
}

void report_summary(void)
{
    print_probe_heads("| kind | waiting | operations | steps |");
    for (size_t k = 0; k < n_kinds; k++) {
        for (waiters parked = NOBODY; parked < WAITER_KINDS; parked++) {
            unsigned ops;
            outcome sum;
            if (!add_up(&kinds[k], parked, &ops, &sum))
                continue;
            printf("| %s | %s | %u | %llu |", kinds[k].name, waiters_names[parked], ops,
                   (unsigned long long)sum.frozen);
            for (int p = 0; p < PROBES; p++)
                sum.stuck[p].steps ? printf(" %llu |", (unsigned long long)sum.stuck[p].steps)
                                   : printf(" - |");
            printf("\n");
        }
    }
}
