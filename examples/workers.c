/* SPDX-License-Identifier: MIT */
/* Four workers share a channel of jobs; close tells them that there are no more. */
#include <pthread.h>
#include <runnel.h>
#include <stdio.h>

struct pool {
    RN_CHAN(int) jobs;
    RN_CHAN(long) sums;
};

static void *work(void *arg)
{
    struct pool *p = arg;
    long sum = 0;
    int job;
    rn_range(job, p->jobs) /* until closed and drained */
        sum += job;
    if (rn_put(p->sums, sum) != 0)
        fprintf(stderr, "nobody wants the sum\n");
    return NULL;
}

int main(void)
{
    struct pool p = { rn_make(int, 16), rn_make(long, 4) };
    pthread_t t[4];
    if (!p.jobs || !p.sums)
        return 1;
    for (int i = 0; i < 4; i++)
        if (pthread_create(&t[i], NULL, work, &p) != 0)
            return 1;
    for (int job = 1; job <= 1000; job++)
        if (rn_put(p.jobs, job) != 0)
            return 1;
    rn_close(rn_raw(p.jobs));
    long total = 0, sum;
    for (int i = 0; i < 4 && rn_get(p.sums, &sum) == 0; i++)
        total += sum;
    printf("4 workers, 1000 jobs, total %ld\n", total);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    rn_chan_unref(rn_raw(p.jobs));
    rn_chan_unref(rn_raw(p.sums));
    return 0;
}
