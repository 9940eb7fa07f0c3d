/* SPDX-License-Identifier: MIT */
/* Every macro of the public headers in use, for the strictest warnings. */
#include "runnel.h"

int use(void);
int use(void)
{
    RN_CHAN(int) c = rn_make(int, 8);
    RN_CHAN(const char *) texts = rn_make_with(const char *, 8, RN_CHAN_FAST);
    const char *text = 0;
    int v = 0, sum = 0;
    if (rn_put(c, 42) != 0 || rn_put(texts, "text") != 0 || rn_get(texts, &text) != 0)
        return 1;
    rn_case cases[] = { RN_GET(c, &v), RN_PUT(c, &v), RN_RECV(rn_raw(c), &v),
                        RN_SEND(rn_raw(c), &v), RN_RECV(RN_NEVER, 0) };
    if (rn_select_until(cases, 5, rn_in(RN_SECOND)) < 0 || rn_cap(rn_raw(c)) == RN_UNBOUNDED)
        return 1;
    rn_close(rn_raw(c));
    rn_range(v, c)
        sum += v;
    if (rn_recv_until(rn_raw(c), &v, RN_FOREVER) == 0)
        sum++;
    rn_chan_unref(rn_raw(c));
    rn_chan_unref(rn_raw(texts));
    return sum;
}
