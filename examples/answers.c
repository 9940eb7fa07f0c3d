/* SPDX-License-Identifier: MIT */
/* The results of sends and receives, without a second thread. */
#define _GNU_SOURCE /* strerrorname_np */
#include <runnel.h>
#include <stdio.h>
#include <string.h>

static void say(const char *call, int err)
{
    printf("%-28s %s%s\n", call, err < 0 ? "-" : "", err ? strerrorname_np(-err) : "0");
}

int main(void)
{
    rn_chan *c = rn_chan_new(sizeof(int), 1); /* room for exactly one int */
    if (!c)
        return 1;
    int v = 7;
    say("send to an empty channel", rn_send(c, &v));
    say("try_send to a full one", rn_try_send(c, &v));
    say("send_until, 1 ms from now", rn_send_until(c, &v, rn_in(RN_MILLISECOND)));
    say("close", rn_close(c));
    say("close again", rn_close(c));
    say("send after close", rn_send(c, &v));
    say("recv what was left", rn_recv(c, &v));
    say("recv when drained", rn_recv(c, &v));
    say("recv from NULL", rn_recv(NULL, &v));
    rn_chan_unref(c);
    return 0;
}
