/* SPDX-License-Identifier: MIT */
/*
 * Bad input gets an error code and changes nothing: what is no channel, no
 * element, no sensible size or number, a deadline that has passed.
 */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "kinds.h"
#include "runnel.h"
#include "threads.h"

TestSuite(bad_input, .timeout = RNT_TIMEOUT);

/* ---- no channel ---------------------------------------------------------------------- */

static void is_refused(rn_chan *ch)
{
    int v = 7;
    check_eq(rn_send(ch, &v), -EINVAL);
    check_eq(rn_try_send(ch, &v), -EINVAL);
    check_eq(rn_send_until(ch, &v, RN_FOREVER), -EINVAL);
    check_eq(rn_send_n(ch, &v, 1), -EINVAL);
    check_eq(rn_recv(ch, &v), -EINVAL);
    check_eq(rn_try_recv(ch, &v), -EINVAL);
    check_eq(rn_recv_until(ch, &v, RN_FOREVER), -EINVAL);
    check_eq(rn_recv_n(ch, &v, 1), -EINVAL);
    check_eq(rn_close(ch), -EINVAL);
    check_eq(rn_len(ch), 0);
    check_eq(rn_cap(ch), 0);
    check_eq(v, 7);
}

Test(bad_input, null_is_refused_everywhere)
{
    is_refused(NULL);
}

Test(bad_input, never_is_refused_outside_select)
{
    is_refused(RN_NEVER);
}

Test(bad_input, ref_and_unref_of_nothing_do_nothing)
{
    check(rn_chan_ref(NULL) == NULL);
    rn_chan_unref(NULL);
}

/* ---- no element ---------------------------------------------------------------------- */

Test(bad_input, a_send_of_null_is_refused_by_every_kind)
{
    for (unsigned k = 0; k < rnt_kind_count; k++) {
        if (rnt_kinds[k].size == 0)
            continue;
        rn_chan *ch = rnt_chan_of(&rnt_kinds[k]);
        rn_case c = RN_SEND(ch, NULL);
        check_eq(rn_send(ch, NULL), -EINVAL);
        check_eq(rn_try_send(ch, NULL), -EINVAL);
        check_eq(rn_send_until(ch, NULL, RN_FOREVER), -EINVAL);
        check_eq(rn_send_n(ch, NULL, 1), -EINVAL);
        check_eq(rn_select(&c, 1), -EINVAL);
        check_eq(rn_try_select(&c, 1), -EINVAL);
        check_eq(rn_select_until(&c, 1, RN_FOREVER), -EINVAL);
        check_eq(rn_len(ch), 0);
        rn_chan_unref(ch);
    }
}

Test(bad_input, a_receive_into_null_drops_the_element)
{
    for (unsigned k = 0; k < rnt_kind_count; k++) {
        const rnt_kind *kind = &rnt_kinds[k];
        if (kind->cap == 0)
            continue;
        rn_chan *ch = rnt_chan_of(kind);
        unsigned char v[RNT_ELEM_MAX] = { 0 };
        rn_case c = RN_RECV(ch, NULL);
        check_ok(rn_send(ch, v));
        check_ok(rn_recv(ch, NULL));
        check_ok(rn_send(ch, v));
        check_ok(rn_try_recv(ch, NULL));
        check_ok(rn_send(ch, v));
        check_eq(rn_select(&c, 1), 0);
        check_eq(rn_len(ch), 0);
        rn_chan_unref(ch);
    }
}

/* ---- sizes, capacities, options ------------------------------------------------------ */

static void new_fails(size_t size, size_t cap, unsigned options, int expected)
{
    errno = 0;
    rn_chan *ch = rn_chan_new_with(size, cap, options);
    int error = errno;
    cr_assert(ch == NULL && error == expected, "size %zu cap %zu options %u: %p, errno %d", size,
              cap, options, (void *)ch, error);
}

Test(bad_input, what_cannot_be_addressed_overflows)
{
    static const unsigned options[] = { 0, RN_CHAN_FAST, RN_CHAN_SPSC };
    for (int i = 0; i < 3; i++) {
        new_fails(8, SIZE_MAX / 8, options[i], EOVERFLOW);
        new_fails(8, SIZE_MAX / 2, options[i], EOVERFLOW);
        new_fails(1, SIZE_MAX - 1, options[i], EOVERFLOW);
        new_fails(SIZE_MAX, 1, options[i], EOVERFLOW);
        new_fails((size_t)1 << 40, (size_t)1 << 40, options[i], EOVERFLOW);
    }
    new_fails(SIZE_MAX, 0, 0, EOVERFLOW);
    new_fails(SIZE_MAX, RN_UNBOUNDED, 0, EOVERFLOW);
}

Test(bad_input, a_capacity_beyond_memory_is_refused_one_way_or_the_other)
{
    /* 2^46 elements can be addressed and counted, but not had. */
    errno = 0;
    check(rn_chan_new(8, (size_t)1 << 46) == NULL);
    check(errno == ENOMEM || errno == EOVERFLOW);
}

Test(bad_input, a_huge_capacity_of_nothing_needs_no_memory)
{
    rn_chan *ch = rnt_chan(0, (size_t)1 << 50);
    check_ok(rn_send(ch, ""));
    check_eq(rn_len(ch), 1);
    check_eq(rn_cap(ch), (size_t)1 << 50);
    rn_chan_unref(ch);
}

Test(bad_input, options_that_do_not_go_together_are_refused)
{
    new_fails(8, 0, RN_CHAN_SPSC, EINVAL);
    new_fails(8, RN_UNBOUNDED, RN_CHAN_SPSC, EINVAL);
    new_fails(8, 8, 1u << 30, EINVAL);
    new_fails(8, 8, 4, EINVAL);
}

/* ---- try on full and empty, second close --------------------------------------------- */

Test(bad_input, try_on_full_and_on_empty_says_again)
{
    for (unsigned k = 0; k < rnt_kind_count; k++) {
        const rnt_kind *kind = &rnt_kinds[k];
        rn_chan *ch = rnt_chan_of(kind);
        unsigned char v[RNT_ELEM_MAX] = { 0 };
        check_eq(rn_try_recv(ch, v), -EAGAIN);
        for (size_t i = 0; kind->cap != RN_UNBOUNDED && i < kind->cap; i++)
            check_ok(rn_try_send(ch, v));
        if (kind->cap != RN_UNBOUNDED)
            check_eq(rn_try_send(ch, v), -EAGAIN);
        for (size_t i = 0; kind->cap != RN_UNBOUNDED && i < kind->cap; i++)
            check_ok(rn_try_recv(ch, v));
        check_eq(rn_try_recv(ch, v), -EAGAIN);
        rn_chan_unref(ch);
    }
}

Test(bad_input, a_second_close_and_a_late_send_are_errors)
{
    for (unsigned k = 0; k < rnt_kind_count; k++) {
        rn_chan *ch = rnt_chan_of(&rnt_kinds[k]);
        unsigned char v[RNT_ELEM_MAX] = { 0 };
        check_ok(rn_close(ch));
        check_eq(rn_close(ch), -EPIPE);
        check_eq(rn_send(ch, v), -EPIPE);
        check_eq(rn_send_n(ch, v, 1), -EPIPE);
        check_eq(rn_close(ch), -EPIPE);
        rn_chan_unref(ch);
    }
}

/* ---- deadlines ----------------------------------------------------------------------- */

static const rn_time past[] = { 0, -1, INT64_MIN, 1, -RN_SECOND };
enum { PASTS = 5 };

static void fill_up(rn_chan *ch, size_t cap, const void *v)
{
    for (size_t i = 0; i < cap; i++)
        check_ok(rn_send(ch, v));
}

Test(bad_input, a_past_deadline_times_out_at_once_if_it_would_have_to_wait)
{
    for (unsigned k = 0; k < rnt_kind_count; k++)
        for (int p = 0; p < PASTS; p++) {
            const rnt_kind *kind = &rnt_kinds[k];
            rn_chan *ch = rnt_chan_of(kind);
            unsigned char v[RNT_ELEM_MAX] = { 0 };
            rn_case recv = RN_RECV(ch, v), send = RN_SEND(ch, v);
            check_eq(rn_recv_until(ch, v, past[p]), -ETIMEDOUT);
            check_eq(rn_select_until(&recv, 1, past[p]), -ETIMEDOUT);
            if (kind->cap != RN_UNBOUNDED) {
                fill_up(ch, kind->cap, v);
                check_eq(rn_send_until(ch, v, past[p]), -ETIMEDOUT);
                check_eq(rn_select_until(&send, 1, past[p]), -ETIMEDOUT);
            }
            rn_chan_unref(ch);
        }
}

Test(bad_input, a_past_deadline_does_not_stop_what_need_not_wait)
{
    for (unsigned k = 0; k < rnt_kind_count; k++)
        for (int p = 0; p < PASTS; p++) {
            const rnt_kind *kind = &rnt_kinds[k];
            if (kind->cap == 0)
                continue;
            rn_chan *ch = rnt_chan_of(kind);
            unsigned char v[RNT_ELEM_MAX] = { 0 };
            rn_case recv = RN_RECV(ch, v), send = RN_SEND(ch, v);
            check_ok(rn_send_until(ch, v, past[p]));
            check_ok(rn_recv_until(ch, v, past[p]));
            check_eq(rn_select_until(&send, 1, past[p]), 0);
            check_eq(rn_select_until(&recv, 1, past[p]), 0);
            check_ok(rn_close(ch));
            check_eq(rn_send_until(ch, v, past[p]), -EPIPE);
            check_eq(rn_recv_until(ch, v, past[p]), -EPIPE);
            rn_chan_unref(ch);
        }
}

Test(bad_input, a_deadline_is_not_early)
{
    for (unsigned k = 0; k < rnt_kind_count; k++) {
        rn_chan *ch = rnt_chan_of(&rnt_kinds[k]);
        unsigned char v[RNT_ELEM_MAX] = { 0 };
        rn_case c = RN_RECV(ch, v);
        rn_time deadline = rn_in(3 * RN_MILLISECOND);
        check_eq(rn_recv_until(ch, v, deadline), -ETIMEDOUT);
        check(rn_now() >= deadline);
        deadline = rn_in(3 * RN_MILLISECOND);
        check_eq(rn_select_until(&c, 1, deadline), -ETIMEDOUT);
        check(rn_now() >= deadline);
        /* And nothing of the wait is left behind. */
        check_ok(rn_close(ch));
        rn_chan_unref(ch);
    }
}

static void send_one(void *arg)
{
    expect_ok(rn_send(arg, "12345678"));
}

Test(bad_input, the_deadlines_forever_and_nearly_forever_wait)
{
    static const rn_time far[] = { RN_FOREVER, RN_FOREVER - 1, INT64_MAX / 2 };
    for (int i = 0; i < 3; i++) {
        rn_chan *ch = rnt_chan(8, 0);
        rnt_thread *t = rnt_start(send_one, ch);
        check_ok(rn_recv_until(ch, NULL, far[i]));
        rnt_join(t);
        rn_chan_unref(ch);
    }
}

struct waits_until {
    rn_chan *ch;
    rn_time deadline;
};

static void recv_until(void *arg)
{
    struct waits_until *w = arg;
    expect_ok(rn_recv_until(w->ch, NULL, w->deadline));
}

Test(bad_input, a_parked_receiver_with_a_far_deadline_is_woken)
{
    static const rn_time far[] = { RN_FOREVER, RN_FOREVER - 1 };
    for (int i = 0; i < 2; i++) {
        struct waits_until w = { rnt_chan(8, 4), far[i] };
        rnt_thread *t = rnt_start(recv_until, &w);
        rnt_wait_parked(t);
        check_ok(rn_send(w.ch, "12345678"));
        rnt_join(t);
        rn_chan_unref(w.ch);
    }
}

/* ---- select -------------------------------------------------------------------------- */

Test(bad_input, select_refuses_null_channels_and_bad_counts)
{
    rn_chan *ch = rnt_chan(8, 1);
    uint64_t v = 1;
    check_ok(rn_send(ch, &v));
    /* Refused as a whole, though the first case is ready. */
    rn_case c[] = { RN_RECV(ch, &v), RN_RECV(NULL, &v) };
    check_eq(rn_select(c, 2), -EINVAL);
    check_eq(rn_try_select(c, 2), -EINVAL);
    check_eq(rn_select_until(c, 2, RN_FOREVER), -EINVAL);
    check_eq(rn_select(c, -1), -EINVAL);
    check_eq(rn_select(c, INT_MIN), -EINVAL);
    check_eq(rn_try_select(NULL, 1), -EINVAL);
    check_eq(rn_try_select(NULL, -1), -EINVAL);
    check_eq(rn_len(ch), 1);
    check_eq(rn_select(c, 1), 0);
    rn_chan_unref(ch);
}

Test(bad_input, select_of_nothing_or_never_times_out)
{
    rn_case c[] = { RN_RECV(RN_NEVER, NULL), RN_SEND(RN_NEVER, "x") };
    check_eq(rn_select_until(NULL, 0, 0), -ETIMEDOUT);
    check_eq(rn_select_until(c, 2, -1), -ETIMEDOUT);
    rn_time deadline = rn_in(2 * RN_MILLISECOND);
    check_eq(rn_select_until(c, 2, deadline), -ETIMEDOUT);
    check(rn_now() >= deadline);
    deadline = rn_in(2 * RN_MILLISECOND);
    check_eq(rn_select_until(NULL, 0, deadline), -ETIMEDOUT);
    check(rn_now() >= deadline);
    check_eq(rn_try_select(c, 2), -EAGAIN);
    check_eq(rn_try_select(NULL, 0), -EAGAIN);
}

enum { MANY = 100 };

Test(bad_input, select_takes_more_cases_than_fit_on_its_stack)
{
    rn_chan *ch[MANY];
    rn_case c[MANY];
    for (int i = 0; i < MANY; i++) {
        ch[i] = rnt_chan(sizeof(int), (size_t)i % 3);
        c[i] = RN_RECV(ch[i], NULL);
    }
    check_eq(rn_try_select(c, MANY), -EAGAIN);
    check_eq(rn_select_until(c, MANY, rn_in(RN_MILLISECOND)), -ETIMEDOUT);
    for (int i = 0; i < MANY; i++) {
        int v = i;
        if (i % 3 == 0)
            continue;
        check_ok(rn_send(ch[i], &v));
        check_eq(rn_select(c, MANY), i);
    }
    for (int n = 7; n <= 10; n++) {
        check_ok(rn_send(ch[1], &n));
        check_eq(rn_select(c, n), 1);
    }
    for (int i = 0; i < MANY; i++)
        rn_chan_unref(ch[i]);
}

Test(bad_input, a_case_that_was_not_chosen_keeps_its_err)
{
    rn_chan *ready = rnt_chan(8, 1), *idle = rnt_chan(8, 1);
    check_ok(rn_send(ready, "12345678"));
    rn_case c[] = { RN_RECV(ready, NULL), RN_RECV(idle, NULL) };
    check_eq(rn_select(c, 2), 0);
    check_ok(c[0].err);
    check_ok(c[1].err);
    rn_chan_unref(ready);
    rn_chan_unref(idle);
}

/* ---- time ---------------------------------------------------------------------------- */

Test(bad_input, deadlines_saturate)
{
    rn_time now = rn_now();
    check(now > 0);
    check(rn_in(-1) >= now && rn_in(-1) <= rn_now());
    check(rn_in(INT64_MIN) <= rn_now());
    check(rn_in(0) <= rn_now());
    check_eq(rn_in(INT64_MAX), RN_FOREVER);
    check_eq(rn_in(INT64_MAX - 1), RN_FOREVER);
    check(rn_in(RN_SECOND) >= now + RN_SECOND);
}
