/* SPDX-License-Identifier: MIT */
/*
 * Go's test/closedchan.go and test/chancap.go: every operation on a closed
 * channel, in every form, over every kind of channel; capacities and lengths.
 * Where Go panics (send on closed, second close, absurd sizes) there are errors.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "kinds.h"
#include "runnel.h"
#include "threads.h"

/* ---- closedchan ---------------------------------------------------------------------- */

TestSuite(closedchan, .timeout = RNT_TIMEOUT);

enum form { PLAIN, TRY, UNTIL, BATCH, SELECT, TRY_SELECT, SELECT_UNTIL, FORMS };

static int by_select(enum form form, rn_case c)
{
    int chosen = form == SELECT       ? rn_select(&c, 1)
                 : form == TRY_SELECT ? rn_try_select(&c, 1)
                                      : rn_select_until(&c, 1, RN_FOREVER);
    return chosen == 0 ? c.err : chosen;
}

static int one_or_error(ssize_t moved)
{
    return moved == 1 ? 0 : moved < 0 ? (int)moved : -EBADMSG;
}

static int send_by(enum form form, rn_chan *ch, const void *v)
{
    switch (form) {
    case PLAIN:
        return rn_send(ch, v);
    case TRY:
        return rn_try_send(ch, v);
    case UNTIL:
        return rn_send_until(ch, v, RN_FOREVER);
    case BATCH:
        return one_or_error(rn_send_n(ch, v, 1));
    default:
        return by_select(form, RN_SEND(ch, v));
    }
}

static int recv_by(enum form form, rn_chan *ch, void *v)
{
    switch (form) {
    case PLAIN:
        return rn_recv(ch, v);
    case TRY:
        return rn_try_recv(ch, v);
    case UNTIL:
        return rn_recv_until(ch, v, RN_FOREVER);
    case BATCH:
        return one_or_error(rn_recv_n(ch, v, 1));
    default:
        return by_select(form, RN_RECV(ch, v));
    }
}

static void is_closed(const rnt_kind *k, enum form form, rn_chan *ch)
{
    unsigned char v[RNT_ELEM_MAX];
    for (int i = 0; i < 2; i++) {
        rnt_fill(v, sizeof v, 9);
        cr_assert(recv_by(form, ch, v) == -EPIPE, "%s, form %d: not closed", k->name, form);
        /* (recv_n promises nothing about places it did not fill.) */
        cr_assert(form == BATCH || rnt_is_zero(v, k->size), "%s, form %d: not zeroed", k->name,
                  form);
        check_eq(recv_by(form == BATCH ? PLAIN : form, ch, NULL), -EPIPE);
        check_eq(send_by(form, ch, v), -EPIPE);
        check_eq(rn_close(ch), -EPIPE);
        check_eq(rn_len(ch), 0);
    }
}

static size_t leftovers_of(const rnt_kind *k)
{
    return k->cap > 5 ? 5 : k->cap;
}

static void closed_with_leftovers(const rnt_kind *k, enum form form)
{
    rn_chan *ch = rnt_chan_of(k);
    unsigned char v[RNT_ELEM_MAX];
    size_t left = leftovers_of(k);
    for (size_t i = 0; i < left; i++) {
        rnt_fill(v, k->size, (unsigned)i);
        cr_assert(send_by(form, ch, v) == 0, "%s, form %d: cannot send", k->name, form);
    }
    check_ok(rn_close(ch));
    check_eq(send_by(form, ch, v), -EPIPE);
    check_eq(rn_len(ch), left);
    for (size_t i = 0; i < left; i++) {
        memset(v, 0, sizeof v);
        cr_assert(recv_by(form, ch, v) == 0, "%s, form %d: a leftover is lost", k->name, form);
        cr_assert(rnt_holds(v, k->size, (unsigned)i), "%s: wrong leftover %zu", k->name, i);
    }
    is_closed(k, form, ch);
    rn_chan_unref(ch);
}

Test(closedchan, leftovers_come_first_then_zero_and_closed_in_every_form_and_kind)
{
    for (unsigned k = 0; k < rnt_kind_count; k++)
        for (int form = 0; form < FORMS; form++)
            closed_with_leftovers(&rnt_kinds[k], form);
}

Test(closedchan, a_channel_closed_empty_is_closed_at_once)
{
    for (unsigned k = 0; k < rnt_kind_count; k++)
        for (int form = 0; form < FORMS; form++) {
            rn_chan *ch = rnt_chan_of(&rnt_kinds[k]);
            check_ok(rn_close(ch));
            is_closed(&rnt_kinds[k], form, ch);
            rn_chan_unref(ch);
        }
}

Test(closedchan, a_used_channel_closes_like_a_fresh_one)
{
    for (unsigned k = 0; k < rnt_kind_count; k++) {
        const rnt_kind *kind = &rnt_kinds[k];
        rn_chan *ch = rnt_chan_of(kind);
        unsigned char v[RNT_ELEM_MAX] = { 0 };
        for (int i = 0; kind->cap && i < 150; i++) {
            check_ok(rn_send(ch, v));
            check_ok(rn_recv(ch, v));
        }
        check_ok(rn_close(ch));
        is_closed(kind, PLAIN, ch);
        rn_chan_unref(ch);
    }
}

Test(closedchan, closing_nothing_is_an_error)
{
    check_eq(rn_close(NULL), -EINVAL);
    check_eq(rn_close(RN_NEVER), -EINVAL);
}

/* ---- chancap ------------------------------------------------------------------------- */

TestSuite(chancap, .timeout = RNT_TIMEOUT);

Test(chancap, cap_is_what_was_asked_for_and_len_what_is_in)
{
    for (size_t cap = 0; cap < 70; cap++) {
        rn_chan *ch = rnt_chan(sizeof(int), cap);
        int v = 0;
        check_eq(rn_cap(ch), cap);
        for (size_t i = 0; i < cap; i++) {
            check_eq(rn_len(ch), i);
            check_ok(rn_try_send(ch, &v));
        }
        check_eq(rn_len(ch), cap);
        check_eq(rn_try_send(ch, &v), -EAGAIN);
        rn_chan_unref(ch);
    }
}

Test(chancap, no_channel_has_neither_length_nor_capacity)
{
    check_eq(rn_len(NULL), 0);
    check_eq(rn_cap(NULL), 0);
    check_eq(rn_len(RN_NEVER), 0);
    check_eq(rn_cap(RN_NEVER), 0);
}

static void cannot_be_made(size_t size, size_t cap)
{
    errno = 0;
    rn_chan *ch = rn_chan_new(size, cap);
    int error = errno;
    cr_assert(ch == NULL, "%zu elements of %zu bytes were given", cap, size);
    cr_assert(error == EOVERFLOW, "%zu elements of %zu bytes: errno %d", cap, size, error);
}

/* In Go these panic, negative sizes among them; as a size_t those are huge. */
Test(chancap, absurd_sizes_are_refused)
{
    cannot_be_made(4, (size_t)-2);
    cannot_be_made(1024, SIZE_MAX / 2);
    cannot_be_made(SIZE_MAX, 1);
    cannot_be_made(SIZE_MAX / 2, 4);
    cannot_be_made((size_t)1 << 32, (size_t)1 << 32);
}
