/* SPDX-License-Identifier: MIT */
/*
 * A program that panics: without a hook it must print one line on standard error
 * and abort; with a hook that returns it must abort as well. Runs itself as the
 * child that does so (by exec: after a mere fork runnel refuses to work).
 *
 *   panic_program           checks both; exit status 0 if all is well
 *   panic_program MODE      panics: "bare" or "hook"
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runnel.h"

static void returning_hook(const char *message)
{
    fprintf(stderr, "the hook was told: %s\n", message);
}

static int panic_by(const char *mode)
{
    if (strcmp(mode, "hook") == 0)
        rn_set_panic_hook(returning_hook);
    rn_chan *ch = rn_chan_new(8, 1);
    rn_chan_unref(ch);
    rn_chan_unref(ch);
    return 0; /* not reached */
}

/* Runs `self mode`, collects its standard error, returns its wait status. */
static int run(const char *self, const char *mode, char *output, size_t size)
{
    int fds[2], status = 0;
    if (pipe(fds) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        dup2(fds[1], STDERR_FILENO);
        execl(self, self, mode, (char *)NULL);
        _exit(127);
    }
    close(fds[1]);
    size_t length = 0;
    ssize_t n;
    while (length + 1 < size && (n = read(fds[0], output + length, size - 1 - length)) > 0)
        length += (size_t)n;
    output[length] = '\0';
    close(fds[0]);
    waitpid(child, &status, 0);
    return status;
}

static int check(const char *self, const char *mode, const char *expected)
{
    char output[65536];
    int status = run(self, mode, output, sizeof output);
    /* Sanitizers may turn the signal into an exit status of their own; not 0, though. */
    if (status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) != SIGABRT) ||
        !strstr(output, expected) || !strstr(output, "rn_chan_unref")) {
        fprintf(stderr, "panic by %s: status %d, expected \"%s\", output:\n%s\n", mode, status,
                expected, output);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return panic_by(argv[1]);
    int bad = check("/proc/self/exe", "bare", "runnel: panic: ") +
              check("/proc/self/exe", "hook", "the hook was told: ");
    puts(bad ? "failed" : "both panics aborted and said why");
    return bad;
}
