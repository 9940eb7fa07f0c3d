/* SPDX-License-Identifier: MIT */
/* A thread sends squares, main prints them until the channel is closed. */
#include <pthread.h>
#include <runnel.h>
#include <stdio.h>

static void *squares(void *c)
{
    RN_CHAN(int) out = c;
    for (int i = 1; i <= 4 && rn_put(out, i * i) == 0; i++)
        continue;
    rn_close(rn_raw(out));
    return NULL;
}

int main(void)
{
    RN_CHAN(int) c = rn_make(int, 2);
    pthread_t t;
    int square;
    pthread_create(&t, NULL, squares, c);
    rn_range(square, c)
        printf("%d\n", square);
    pthread_join(t, NULL);
    rn_chan_unref(rn_raw(c));
}
