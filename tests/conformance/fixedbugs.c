/* SPDX-License-Identifier: MIT */
/*
 * Those of Go's test/fixedbugs that concern channels and select at run time:
 * bug225, issue4313, issue8347, issue9110, issue16870, issue19201. The others of
 * the catalogue are about Go's compiler; README.md names them.
 */
#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "kinds.h"
#include "runnel.h"
#include "threads.h"

TestSuite(fixedbugs, .timeout = RNT_TIMEOUT);

Test(fixedbugs, bug225_a_dropped_receive_still_takes_the_element)
{
    rn_chan *ch = rnt_chan(1, 1);
    rn_case c = RN_RECV(ch, NULL);
    check_eq(rn_try_select(&c, 1), -EAGAIN);
    check_ok(rn_send(ch, "x"));
    check_eq(rn_try_select(&c, 1), 0);
    check_ok(c.err);
    check_eq(rn_try_select(&c, 1), -EAGAIN);
    rn_chan_unref(ch);
}

static rn_chan *change_and_pass(int *x, rn_chan *ch)
{
    *x = 42;
    return ch;
}

/* In C the element is read when the select runs, after all cases were written down. */
Test(fixedbugs, issue4313_a_sent_element_is_read_by_the_select_itself)
{
    rn_chan *ch = rnt_chan(sizeof(int), 1), *idle = rnt_chan(1, 0);
    int x = 0, y = -1;
    rn_case send = RN_SEND(ch, &x);
    rn_case c[] = { send, RN_RECV(change_and_pass(&x, idle), NULL) };
    check_eq(rn_select(c, 2), 0);
    check_ok(rn_recv(ch, &y));
    check_eq(y, 42);
    rn_chan_unref(ch);
    rn_chan_unref(idle);
}

Test(fixedbugs, issue8347_what_a_receive_says_is_about_that_receive)
{
    rn_chan *ch = rnt_chan(1, 1);
    for (int i = 0; i < 12; i++) {
        char v = 1;
        rn_case c = RN_RECV(ch, &v);
        int chosen = rn_try_select(&c, 1);
        check_eq(chosen, i <= 10 ? -EAGAIN : 0);
        check_eq(c.err, i <= 10 ? 0 : -EPIPE);
        check_eq(v, i <= 10);
        if (i == 10)
            check_ok(rn_close(ch));
    }
    rn_chan_unref(ch);
}

static void select_thrice_on_one(void *arg, unsigned index)
{
    rn_chan *ch = arg;
    rn_case c[] = { RN_RECV(ch, NULL), RN_RECV(ch, NULL), RN_RECV(ch, NULL) };
    int chosen = rn_select(c, 3);
    (void)index;
    expect(chosen >= 0 && chosen < 3 && c[chosen].err == -EPIPE);
}

/* (Sanitizers replace malloc and mallinfo2 says 0; there, LeakSanitizer looks.) */
Test(fixedbugs, issue9110_selects_woken_by_close_leave_nothing_behind)
{
    /* Warm: the library's small stores of freed things are full. */
    enum { WARM = 64, ROUNDS = 128, SELECTS = 4 };
    size_t warm = 0;
    for (int i = 0; i < ROUNDS; i++) {
        if (i == WARM)
            warm = mallinfo2().uordblks;
        rn_chan *ch = rnt_chan(1, 0);
        rnt_team *t = rnt_team_start(SELECTS, select_thrice_on_one, ch);
        rnt_team_wait_parked(t);
        check_ok(rn_close(ch));
        rnt_team_join(t);
        rn_chan_unref(ch);
    }
    /* A select that leaked a few dozen bytes would show 256 times over. */
    check(mallinfo2().uordblks < warm + 8192);
}

static void receives_one(rn_chan *ch, rn_chan *idle, int form)
{
    int v = 0;
    rn_case c[] = { RN_RECV(ch, &v), RN_RECV(idle, NULL) };
    switch (form) {
    case 0:
        check_ok(rn_recv(ch, &v));
        break;
    case 1:
        check_eq(rn_select(c, 1), 0);
        break;
    case 2:
        check_eq(rn_try_select(c, 1), 0);
        break;
    default:
        check_eq(rn_select(c, 2), 0);
        break;
    }
    check_ok(c[0].err);
    check_eq(v, 42);
}

Test(fixedbugs, issue16870_value_and_outcome_agree_in_all_forms)
{
    rn_chan *ch = rnt_chan(sizeof(int), 1), *idle = rnt_chan(sizeof(int), 0);
    int v = 42;
    for (int form = 0; form < 4; form++) {
        check_ok(rn_send(ch, &v));
        receives_one(ch, idle, form);
    }
    check_ok(rn_close(ch));
    check_eq(rn_recv(ch, &v), -EPIPE);
    check_eq(v, 0);
    check_eq(rn_recv(ch, NULL), -EPIPE);
    rn_chan_unref(ch);
    rn_chan_unref(idle);
}

Test(fixedbugs, issue19201_a_select_leaves_its_neighbours_on_the_stack_alone)
{
    rn_chan *closed = rnt_chan(sizeof(int), 0), *idle = rnt_chan(sizeof(int), 0);
    check_ok(rn_close(closed));
    struct {
        unsigned char before[64];
        int v;
        unsigned char after[64];
    } frame;
    memset(&frame, 0xA5, sizeof frame);
    rn_case c[] = { RN_RECV(closed, &frame.v), RN_RECV(idle, &frame.before) };
    check_eq(rn_select(c, 2), 0);
    check_eq(frame.v, 0);
    for (int i = 0; i < 64; i++)
        check(frame.before[i] == 0xA5 && frame.after[i] == 0xA5);
    rn_chan_unref(closed);
    rn_chan_unref(idle);
}
