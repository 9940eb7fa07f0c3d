/* SPDX-License-Identifier: MIT */
/*
 * Select: wait for the first of several sends and receives, do exactly that one.
 *
 *     rn_case c[] = { RN_RECV(jobs, &job), RN_SEND(log, &line) };
 *     switch (rn_select(c, 2)) {
 *     case 0: if (c[0].err == 0) work(job); else closed = true; break;
 *     case 1: break;
 *     }
 */
#ifndef RUNNEL_SELECT_H
#define RUNNEL_SELECT_H

#include "runnel/chan.h"

RN_BEGIN_DECLS

/* The most cases of one select: they are sorted, and all their locks are taken. */
#define RN_SELECT_MAX 1024

/* One case. Fill it in with RN_RECV or RN_SEND; read `err` of the chosen one. */
typedef struct rn_case {
    rn_chan *ch; /* RN_NEVER switches the case off */
    void *elem;  /* receive: where to (NULL drops it); send: where from */
    int is_send;
    int err; /* chosen case: 0, or -EPIPE: this channel is closed (and drained) */
} rn_case;

static inline rn_case rn_case_recv(rn_chan *ch, void *elem)
{
    rn_case c = { ch, elem, 0, 0 };
    return c;
}

static inline rn_case rn_case_send(rn_chan *ch, const void *elem)
{
    rn_case c = { ch, (void *)(uintptr_t)elem, 1, 0 };
    return c;
}

#define RN_RECV(ch, elem) rn_case_recv((ch), (elem))
#define RN_SEND(ch, elem) rn_case_send((ch), (elem))

/*
 * Effect:   performs one of the `n` cases that can go on, chosen uniformly among
 *           those that are ready; a closed channel is ready and says so in `err`.
 *           The same channel may stand in several cases; a select never meets
 *           itself.
 * Blocking: select until a case is ready (for ever if none can be: n = 0 or only
 *           RN_NEVER), select_until at most until `deadline_ns`, try_select never
 *           (it returns -EAGAIN only if at some instant no case was ready).
 * Returns:  the index of the case performed; -EAGAIN (try), -ETIMEDOUT (until);
 *           -EINVAL if a channel is NULL, an element to send is NULL, n < 0,
 *           n > RN_SELECT_MAX, or cases is NULL with n > 0; -ENOMEM (more than 8 cases, or an
 *           unbounded channel).
 * Callers:  any thread; an SPSC channel's owner of that end.
 * Progress: try_select is lock-free where try_send and try_recv are for each of
 *           its channels; the others take the channels' locks to wait.
 */
RN_API int rn_select(rn_case *cases, int n) RN_MUST_CHECK;
RN_API int rn_try_select(rn_case *cases, int n) RN_MUST_CHECK;
RN_API int rn_select_until(rn_case *cases, int n, rn_time deadline_ns) RN_MUST_CHECK;

RN_END_DECLS

#endif
