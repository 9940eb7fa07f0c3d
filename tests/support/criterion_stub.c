/* SPDX-License-Identifier: MIT */
/*
 * Runs Criterion test files inside one process, without libcriterion.
 *
 * Criterion starts each test in a process of its own whose memory it maps at a
 * fixed place; that place is ThreadSanitizer's shadow, so under TSan it cannot
 * even start. And under valgrind a process per test takes minutes. So the same
 * sources are linked with this file in place of -lcriterion.
 *
 * How: the Test() macro leaves a pointer to each test in the section cr_tst, and
 * TestSuite() one in cr_sts; the linker names their ends. A failed cr_assert
 * calls criterion_abort_test(), which jumps back to run_body().
 *
 * Invariants: tests run one after the other on the main thread, and only that
 * thread may assert (tests/support/threads.h collects what other threads find).
 * A test that runs out of time ends the run: its threads still hold what they hold.
 *
 *   --filter GLOB   only tests whose "suite/name" matches
 *   --list          print their names
 *   RN_TEST_SLOW=N  in the environment: N times the time-out (valgrind)
 */
#include <criterion/criterion.h>
#include <fnmatch.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern struct criterion_test *__start_cr_tst[], *__stop_cr_tst[];
extern struct criterion_suite *__start_cr_sts[] __attribute__((weak));
extern struct criterion_suite *__stop_cr_sts[] __attribute__((weak));

enum { DEFAULT_TIMEOUT_S = 300, ID_MAX = 256 };
enum verdict { PASSED, FAILED, SKIPPED, VERDICTS };

/* What the macros of criterion.h read. */
struct criterion_options criterion_options;

static sigjmp_buf back_to_runner;
static volatile bool body_failed;
static unsigned counts[VERDICTS];
static char current_id[ID_MAX];

/* ---- what Test() and cr_assert() call ------------------------------------------------ */

void criterion_internal_test_setup(void)
{
}
void criterion_internal_test_teardown(void)
{
}

void criterion_internal_test_main(void (*body)(void))
{
    body();
}

void criterion_abort_test(void)
{
    siglongjmp(back_to_runner, FAILED);
}

void criterion_continue_test(void)
{
    body_failed = true;
}

void criterion_skip_test(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    siglongjmp(back_to_runner, SKIPPED);
}

void criterion_send_assert(struct criterion_assert_stats *stats)
{
    if (!stats->passed)
        fprintf(stderr, "%s:%u: %s\n", stats->file, stats->line, stats->message);
}

void cri_asserts_passed_incr(void)
{
}

/* The variable arguments are message-dependent; the first one is the condition's text. */
char *cr_translate_assert_msg(int message, ...)
{
    va_list args;
    va_start(args, message);
    const char *what = message == CRITERION_ASSERT_MSG_EXPR_FALSE ? va_arg(args, const char *) : "";
    va_end(args);
    char *text = NULL;
    return asprintf(&text, "assertion failed: %s", what) < 0 ? NULL : text;
}

int cr_asprintf(char **out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vasprintf(out, format, args);
    va_end(args);
    return n;
}

void cr_asprintf_free(char *text)
{
    free(text);
}

/* ---- what the sanitizers ask for --------------------------------------------------------
 * Tests ask for more memory than there is: that is to be NULL, as with malloc.
 */

const char *__tsan_default_options(void);
const char *__asan_default_options(void);

const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1:detect_stack_use_after_return=1";
}

/* ---- the runner ---------------------------------------------------------------------- */

static struct criterion_test_extra_data *suite_of(const struct criterion_test *test)
{
    for (struct criterion_suite **s = __start_cr_sts; s < __stop_cr_sts; s++)
        if (*s && strcmp((*s)->name, test->category) == 0)
            return (*s)->data;
    return NULL;
}

static void print_summary(void)
{
    fprintf(stderr, "%u passed, %u failed, %u skipped\n", counts[PASSED], counts[FAILED],
            counts[SKIPPED]);
}

/* Not async-signal-safe in general; the process is lost anyway and this says why. */
static void on_time_out(int signal)
{
    (void)signal;
    counts[FAILED]++;
    fprintf(stderr, "[TIMEOUT] %s: the remaining tests are not run\n", current_id);
    print_summary();
    _exit(1);
}

static unsigned timeout_s(const struct criterion_test *test,
                          const struct criterion_test_extra_data *suite)
{
    const char *slow = getenv("RN_TEST_SLOW");
    double seconds = test->data->timeout;
    if (seconds <= 0 && suite)
        seconds = suite->timeout;
    if (seconds <= 0)
        seconds = DEFAULT_TIMEOUT_S;
    if (slow && atoi(slow) > 0)
        seconds *= atoi(slow);
    return (unsigned)seconds + 1;
}

static void call(void (*fixture)(void))
{
    if (fixture)
        fixture();
}

static enum verdict run_body(const struct criterion_test *test,
                             const struct criterion_test_extra_data *suite)
{
    body_failed = false;
    int jumped = sigsetjmp(back_to_runner, 1);
    if (jumped)
        return (enum verdict)jumped;
    if (suite)
        call(suite->init);
    call(test->data->init);
    test->test();
    call(test->data->fini);
    if (suite)
        call(suite->fini);
    return body_failed ? FAILED : PASSED;
}

static void run(const struct criterion_test *test)
{
    static const char *const names[] = { "PASS", "FAIL", "SKIP" };
    const struct criterion_test_extra_data *suite = suite_of(test);
    alarm(timeout_s(test, suite));
    enum verdict verdict = run_body(test, suite);
    alarm(0);
    counts[verdict]++;
    fprintf(stderr, "[%s] %s\n", names[verdict], current_id);
}

static bool wanted(const struct criterion_test *test, const char *glob)
{
    const struct criterion_test_extra_data *suite = suite_of(test);
    snprintf(current_id, sizeof current_id, "%s/%s", test->category, test->name);
    return !test->data->disabled && !(suite && suite->disabled) &&
           fnmatch(glob, current_id, 0) == 0;
}

int main(int argc, char **argv)
{
    const char *glob = "*";
    bool list = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--filter") == 0 && i + 1 < argc)
            glob = argv[++i];
        else if (strcmp(argv[i], "--list") == 0)
            list = true;
    }
    signal(SIGALRM, on_time_out);
    for (struct criterion_test **t = __start_cr_tst; t < __stop_cr_tst; t++) {
        if (!*t || !wanted(*t, glob))
            continue;
        if (list)
            puts(current_id);
        else
            run(*t);
    }
    if (!list)
        print_summary();
    return counts[FAILED] != 0;
}
