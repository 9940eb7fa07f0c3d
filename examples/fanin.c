/* SPDX-License-Identifier: MIT */
/* Three senders, one receiver; the last sender closes. Each sender's elements keep
 * their order, whatever happens between the senders. */
#include <pthread.h>
#include <runnel.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

struct item {
    int sender, serial;
};

struct fan {
    RN_CHAN(struct item) in;
    atomic_int next_id, unfinished;
};

static void *send_some(void *arg)
{
    struct fan *f = arg;
    struct item it = { .sender = atomic_fetch_add(&f->next_id, 1) };
    for (it.serial = 0; it.serial < 1000; it.serial++)
        if (rn_put(f->in, it) != 0)
            break;
    if (atomic_fetch_sub(&f->unfinished, 1) == 1)
        rn_close(rn_raw(f->in));
    return NULL;
}

int main(void)
{
    struct fan f = { .in = rn_make(struct item, 8), .unfinished = 3 };
    pthread_t t[3];
    if (!f.in)
        return 1;
    for (int i = 0; i < 3; i++)
        if (pthread_create(&t[i], NULL, send_some, &f) != 0)
            return 1;
    int count[3] = { 0 };
    bool ordered = true;
    struct item it;
    rn_range(it, f.in)
        ordered = it.serial == count[it.sender]++ && ordered;
    printf("received %d + %d + %d, in order: %s\n", count[0], count[1], count[2],
           ordered ? "yes" : "no");
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    rn_chan_unref(rn_raw(f.in));
    return 0;
}
