/* SPDX-License-Identifier: MIT */
/*
 * Panics: an unref too many is told to the hook, in one line that names the call,
 * the object and the remedy. (Without a hook: panic_program.c.)
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kinds.h"
#include "runnel.h"
#include "threads.h"

static jmp_buf out_of_panic;
static char message[1024];
static unsigned panics;

/* Leaves by longjmp, which the hook's contract allows in tests. */
static void catch_panic(const char *text)
{
    snprintf(message, sizeof message, "%s", text);
    panics++;
    longjmp(out_of_panic, 1);
}

static void other_hook(const char *text)
{
    (void)text;
}

static void reset(void)
{
    rn_set_panic_hook(NULL);
}

TestSuite(panic_hook, .timeout = RNT_TIMEOUT, .fini = reset);

Test(panic_hook, setting_a_hook_returns_the_one_before)
{
    check(rn_set_panic_hook(catch_panic) == NULL);
    check(rn_set_panic_hook(other_hook) == catch_panic);
    check(rn_set_panic_hook(NULL) == other_hook);
    check(rn_set_panic_hook(NULL) == NULL);
}

/* The panic leaves the library by longjmp, so what it was doing is not undone; the
 * channel is not touched again. */
static void unref_too_often(rn_chan *ch, unsigned allowed)
{
    volatile unsigned done = 0;
    panics = 0;
    message[0] = '\0';
    rn_set_panic_hook(catch_panic);
    if (setjmp(out_of_panic) == 0)
        for (; done <= allowed; done++)
            rn_chan_unref(ch);
    rn_set_panic_hook(NULL);
    cr_assert(panics == 1, "%u panics after %u unrefs", panics, done);
    check_eq(done, allowed);
}

static void names_the_misuse(const rn_chan *ch)
{
    char object[32];
    snprintf(object, sizeof object, "%p", (const void *)ch);
    cr_assert(strstr(message, "rn_chan_unref") != NULL, "the message is: %s", message);
    cr_assert(strstr(message, object) != NULL, "the message is: %s", message);
    check(strchr(message, '\n') == NULL);
}

Test(panic_hook, unref_below_zero_panics_and_names_call_and_channel)
{
    for (unsigned k = 0; k < rnt_kind_count; k++) {
        rn_chan *ch = rnt_chan_of(&rnt_kinds[k]);
        unref_too_often(ch, 1);
        names_the_misuse(ch);
    }
}

Test(panic_hook, each_ref_allows_one_unref_more)
{
    rn_chan *ch = rnt_chan(8, 4);
    for (int i = 0; i < 3; i++)
        check(rn_chan_ref(ch) == ch);
    unref_too_often(ch, 4);
    names_the_misuse(ch);
}

Test(panic_hook, bad_input_and_closed_channels_do_not_panic)
{
    rn_set_panic_hook(other_hook); /* would end in abort */
    rn_chan *ch = rnt_chan(8, 4);
    check_ok(rn_close(ch));
    check(rn_close(ch) < 0);
    check(rn_send(ch, "12345678") < 0);
    check(rn_send(NULL, NULL) < 0);
    check(rn_chan_new(8, (size_t)-2) == NULL);
    rn_chan_unref(ch);
    rn_chan_unref(NULL);
    rn_set_panic_hook(NULL);
}
