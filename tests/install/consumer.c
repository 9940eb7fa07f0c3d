/* SPDX-License-Identifier: MIT */
/*
 * A program of somebody else's: what it prints shows that the installed library
 * works between threads, in select and with the typed macros.
 */
#include <pthread.h>
#include <runnel.h>
#include <stdio.h>

static void *produce(void *arg)
{
    RN_CHAN(int) numbers = arg;
    for (int i = 1; i <= 1000; i++) {
        if (rn_put(numbers, i) != 0)
            return arg;
    }
    rn_close(rn_raw(numbers));
    return NULL;
}

int main(void)
{
    RN_CHAN(int) numbers = rn_make(int, 4);
    if (!numbers)
        return 1;
    pthread_t producer;
    if (pthread_create(&producer, NULL, produce, numbers) != 0)
        return 1;
    long sum = 0;
    int n;
    rn_range(n, numbers)
        sum += n;
    void *failed;
    pthread_join(producer, &failed);
    rn_case closed[] = { RN_GET(numbers, &n) };
    int chosen = rn_select_until(closed, 1, rn_in(RN_SECOND));
    rn_chan_unref(rn_raw(numbers));
    printf("runnel %s: sum %ld, case %d closed %d\n", RN_VERSION, sum, chosen, closed[0].err != 0);
    return failed || sum != 500500 || chosen != 0;
}
