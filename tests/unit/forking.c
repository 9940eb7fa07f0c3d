/* SPDX-License-Identifier: MIT */
/*
 * Fork: in the child every call fails with -ENOTRECOVERABLE and none hangs, even if
 * other threads of the parent were in the middle of an operation; the parent goes on.
 * A child that executes another program is not concerned.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kinds.h"
#include "runnel.h"
#include "threads.h"

TestSuite(forking, .timeout = RNT_TIMEOUT);

enum { CHILD_LIMIT_S = 20 };

/* The child may not use Criterion, nor stdio's locks: its findings are an exit status. */
static int wait_for(pid_t child)
{
    int status = 0;
    check_eq(waitpid(child, &status, 0), child);
    cr_assert(!WIFSIGNALED(status), "the child was ended by signal %d (%d: it hung)",
              WTERMSIG(status), SIGALRM);
    return WEXITSTATUS(status);
}

#define REFUSED(call)                   \
    do {                                \
        line++;                         \
        if ((call) != -ENOTRECOVERABLE) \
            _exit(line);                \
    } while (0)

static void child_is_refused(rn_chan *ch)
{
    int line = 0;
    unsigned char v[RNT_ELEM_MAX] = { 0 };
    rn_case c[9];
    for (int i = 0; i < 9; i++)
        c[i] = RN_RECV(ch, v);
    signal(SIGALRM, SIG_DFL);
    alarm(CHILD_LIMIT_S);
    REFUSED(rn_send(ch, v));
    REFUSED(rn_try_send(ch, v));
    REFUSED(rn_send_until(ch, v, RN_FOREVER));
    REFUSED(rn_send_n(ch, v, 1));
    REFUSED(rn_recv(ch, v));
    REFUSED(rn_try_recv(ch, v));
    REFUSED(rn_recv_until(ch, v, RN_FOREVER));
    REFUSED(rn_recv_n(ch, v, 1));
    REFUSED(rn_close(ch));
    REFUSED(rn_select(c, 1));
    REFUSED(rn_try_select(c, 1));
    REFUSED(rn_select_until(c, 9, RN_FOREVER));
    errno = 0;
    REFUSED(rn_chan_new(8, 8) ? 0 : -errno);
    REFUSED(rn_chan_new_with(8, 8, RN_CHAN_SPSC) ? 0 : -errno);
    (void)rn_len(ch);
    (void)rn_cap(ch);
    rn_chan_unref(rn_chan_ref(ch)); /* no effect, no harm */
    rn_chan_unref(ch);
    rn_chan_unref(ch);
    _exit(0);
}

Test(forking, every_call_of_the_child_fails_and_the_parent_goes_on)
{
    for (unsigned k = 0; k < rnt_kind_count; k++) {
        const rnt_kind *kind = &rnt_kinds[k];
        rn_chan *ch = rnt_chan_of(kind);
        unsigned char v[RNT_ELEM_MAX] = { 0 };
        if (kind->cap)
            check_ok(rn_send(ch, v));
        pid_t child = fork();
        if (child == 0)
            child_is_refused(ch);
        cr_assert(wait_for(child) == 0, "%s: a call of the child was not refused", kind->name);
        check_eq(rn_len(ch), kind->cap != 0);
        if (kind->cap)
            check_ok(rn_recv(ch, v));
        check_eq(rn_try_recv(ch, v), -EAGAIN);
        rn_chan_unref(ch);
    }
}

struct traffic {
    rn_chan *ch;
    unsigned stop;
};

static void traffic_member(void *arg, unsigned index)
{
    struct traffic *t = arg;
    uint64_t v = 0;
    rn_case c[] = { RN_RECV(t->ch, &v), RN_RECV(RN_NEVER, NULL) };
    if (index == 0)
        while (rn_send(t->ch, &v) == 0)
            v++;
    else if (index == 1)
        while (rn_recv(t->ch, &v) == 0)
            ;
    else
        while (rn_select(c, 2) == 0 && c[0].err == 0)
            ;
}

/* The other threads are caught anywhere, perhaps with a channel's lock held. */
Test(forking, a_child_of_a_busy_parent_does_not_hang)
{
    static const size_t caps[] = { 0, 1, 64, RN_UNBOUNDED };
    for (int k = 0; k < 4; k++) {
        struct traffic t = { .ch = rnt_chan(8, caps[k]) };
        rnt_team *team = rnt_team_start(3, traffic_member, &t);
        for (unsigned i = 0; i < rnt_scaled(20); i++) {
            pid_t child = fork();
            if (child == 0)
                child_is_refused(t.ch);
            check_eq(wait_for(child), 0);
        }
        check_ok(rn_close(t.ch));
        rnt_team_join(team);
        rn_chan_unref(t.ch);
    }
}

static void use_first(void *arg)
{
    unsigned char v[8] = { 0 };
    expect_ok(rn_send(arg, v));
}

/* The forking thread has no record of its own yet; the process has. */
Test(forking, a_child_forked_by_a_thread_that_never_called_in_is_refused)
{
    rn_chan *ch = rnt_chan(8, 4);
    rnt_join(rnt_start(use_first, ch));
    pid_t child = fork();
    if (child == 0)
        child_is_refused(ch);
    check_eq(wait_for(child), 0);
    rn_chan_unref(ch);
}

Test(forking, a_grandchild_is_refused_too)
{
    rn_chan *ch = rnt_chan(8, 4);
    pid_t child = fork();
    if (child == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0)
            child_is_refused(ch);
        int status = 1;
        waitpid(grandchild, &status, 0);
        _exit(status != 0);
    }
    check_eq(wait_for(child), 0);
    rn_chan_unref(ch);
}
