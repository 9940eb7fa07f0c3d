/* SPDX-License-Identifier: MIT */
/* Capacity 0: a send and a receive meet, or neither happens. */
#include "chan.h"

SETUP(cap0, 8, 0, 0)

THREAD(sends, err[0] = send_to(ch, 1);)
THREAD(sends_too, err[1] = send_to(ch, 2);)
THREAD(receives, err[2] = receive_from(ch, &got[2]);)
THREAD(receives_too, err[3] = receive_from(ch, &got[3]);)
THREAD(receives_both, err[2] = receive_from(ch, &got[2]); err[3] = receive_from(ch, &got[3]);)
THREAD(tries_send, err[0] = try_put(ch, 1);)
THREAD(tries_receive, err[2] = try_take(ch, &got[2]);)
THREAD(tries_send_then_closes, err[0] = try_put(ch, 1); rn_close(ch);)
THREAD(tries_receive_then_closes, err[2] = try_take(ch, &got[2]); rn_close(ch);)
THREAD(closes, rn_close(ch);)

static void meet(void)
{
    mc_check((err[0] == 0) == (err[2] == 0), "send %d, receive %d", err[0], err[2]);
    mc_check(err[2] != 0 || got[2] == 1, "received %lu", (unsigned long)got[2]);
    mc_check(rn_len(ch) == 0, "a rendezvous holds nothing");
    drop_all();
}
MC_SCENARIO(meet_send_recv, "they meet", .setup = cap0, .threads = { sends, receives },
            .check = meet, .spurious = 1);
MC_SCENARIO(meet_try_send, "try_send meets a parked receiver or nobody", .setup = cap0,
            .threads = { tries_send_then_closes, receives }, .check = meet);
MC_SCENARIO(meet_try_recv, "try_recv meets a parked sender or nobody", .setup = cap0,
            .threads = { sends, tries_receive_then_closes }, .check = meet);
static void neither(void)
{
    mc_check(err[0] == -EAGAIN && err[2] == -EAGAIN, "send %d, receive %d", err[0], err[2]);
    drop_all();
}
MC_SCENARIO(meet_two_tries, "two tries never meet", .setup = cap0,
            .threads = { tries_send, tries_receive }, .check = neither);
static void both(void)
{
    mc_check(got[2] + got[3] == 3 && got[2] != got[3], "received %lu and %lu",
             (unsigned long)got[2], (unsigned long)got[3]);
    drop_all();
}
MC_SCENARIO(meet_two_senders, "two senders, one receiver", .setup = cap0,
            .threads = { sends, sends_too, receives_both }, .check = both);
MC_SCENARIO(meet_two_pairs, "two senders, two receivers", .setup = cap0,
            .threads = { sends, sends_too, receives, receives_too }, .check = both, .large = true);
static void met_or_closed(void)
{
    int in = (err[0] == 0) + (err[1] == 0), out = (err[2] == 0);
    mc_check(in == out, "sends %d %d, receive %d", err[0], err[1], err[2]);
    drop_all();
}
static void one_sends(void)
{
    cap0();
    err[1] = -EPIPE;
}
MC_SCENARIO(meet_or_close, "send, receive and close", .setup = one_sends,
            .threads = { sends, receives, closes }, .check = met_or_closed);
