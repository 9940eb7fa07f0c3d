/* SPDX-License-Identifier: MIT */
/* One sender, one receiver: say so, and no send or receive needs a locked instruction. */
#include <pthread.h>
#include <runnel.h>
#include <stdint.h>
#include <stdio.h>

static void *count_up(void *arg)
{
    RN_CHAN(uint64_t) out = arg;
    for (uint64_t i = 1; i <= 1000000; i++)
        if (rn_put(out, i) != 0)
            break;
    rn_close(rn_raw(out)); /* SPSC: the sender closes */
    return NULL;
}

int main(void)
{
    RN_CHAN(uint64_t) c = rn_make_with(uint64_t, 1024, RN_CHAN_SPSC);
    pthread_t t;
    if (!c || pthread_create(&t, NULL, count_up, c) != 0)
        return 1;
    uint64_t v, sum = 0;
    rn_range(v, c)
        sum += v;
    printf("%llu\n", (unsigned long long)sum);
    pthread_join(t, NULL);
    rn_chan_unref(rn_raw(c));
    return 0;
}
