/* SPDX-License-Identifier: MIT */
/* The untyped calls from C++. */
#include "runnel.h"

int use();
int use()
{
    rn_chan *ch = rn_chan_new_with(sizeof(int), 8, RN_CHAN_SPSC);
    int v = 42;
    if (!ch || rn_send(ch, &v) != 0 || rn_try_recv(ch, &v) != 0)
        return 1;
    rn_case cases[] = { RN_RECV(ch, &v), RN_SEND(ch, &v), RN_RECV(RN_NEVER, nullptr) };
    int chosen = rn_select_until(cases, 3, rn_in(RN_MILLISECOND));
    rn_close(ch);
    rn_chan_unref(ch);
    rn_set_panic_hook(nullptr);
    return chosen;
}
