/* SPDX-License-Identifier: MIT */
/* Batches, and channels without a bound. */
#include <runnel.h>
#include <stdio.h>

int main(void)
{
    rn_chan *c = rn_chan_new(sizeof(double), RN_UNBOUNDED); /* a send never waits */
    double in[5] = { 0.5, 1.5, 2.5, 3.5, 4.5 }, out[8];
    if (!c || rn_send_n(c, in, 5) != 5)
        return 1;
    rn_close(c);
    ssize_t n;
    while ((n = rn_recv_n(c, out, 3)) > 0) /* at least one, at most three */
        printf("%zd, the first is %.1f\n", n, out[0]);
    rn_chan_unref(c);
    return 0;
}
