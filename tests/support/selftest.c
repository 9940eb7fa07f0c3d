/* SPDX-License-Identifier: MIT */
/*
 * Tests that must fail, and some that must pass: what the runner and the thread
 * harness make of them is compared with the line CMakeLists.txt expects.
 */
#include "threads.h"

#include <signal.h>
#include <unistd.h>

TestSuite(passes, .timeout = 60);
TestSuite(fails, .timeout = 60);
TestSuite(hangs, .timeout = 1);

static void do_nothing(void *arg)
{
    (void)arg;
}

static void find_fault(void *arg)
{
    expect_eq(*(int *)arg, 2);
    expect(*(int *)arg == 1);
}

Test(passes, a_true_condition)
{
    check(1 + 1 == 2);
    rnt_join(rnt_start(do_nothing, NULL));
}

Test(passes, a_thread_without_complaint)
{
    int x = 1;
    rnt_thread *t = rnt_start(do_nothing, &x);
    while (!rnt_finished(t))
        usleep(100);
    rnt_join(t);
}

Test(passes, a_skipped_one_is_no_failure)
{
    cr_skip_test("on purpose");
}

Test(fails, a_false_condition)
{
    check(1 + 1 == 3);
}

Test(fails, an_unequal_value)
{
    check_eq(1 + 1, 3);
}

Test(fails, a_thread_with_complaints)
{
    int x = 1;
    rnt_join(rnt_start(find_fault, &x));
}

Test(fails, a_thread_that_ends_instead_of_parking)
{
    rnt_thread *t = rnt_start(do_nothing, NULL);
    while (!rnt_finished(t))
        usleep(100);
    rnt_wait_parked(t);
}

Test(hangs, a_test_without_end)
{
    for (;;)
        pause();
}
