/* SPDX-License-Identifier: MIT */
/*
 * Counts the instructions of one warm, uncontended rn_send + rn_recv pair, and
 * the locked ones among them, by executing the pair one instruction at a time.
 *
 *     count_locked [--option none|spsc|fast] [--elem-size N] [--cap C] [--expect LOCKED]
 *
 * Exits with 1 if --expect is not what was counted, 77 if it cannot count here.
 *
 * The program runs itself again as the traced child: the child does the pair
 * often enough to be warm, then once between two int3 instructions; the parent
 * single-steps from the first to the second and decodes what it is about to
 * execute. Locked means: waits until the store buffer has drained. On x86-64
 * that is a LOCK prefix, an xchg with memory (implicitly locked), or mfence.
 */
#include <errno.h>
#include <inttypes.h>
#include <runnel.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "decode.h"
#include "symbols.h"

#define CANNOT 77 /* ctest: skipped */
#define WARM_PAIRS 10000
#define MAX_STEPS 1000000
#define MAX_FUNCTIONS 64

typedef struct job {
    const char *option;
    const char *elem_size;
    const char *cap;
    long expect; /* -1: only print */
} job;

typedef struct count {
    uint64_t begin; /* of the function */
    uint64_t instructions;
    uint64_t locked;
    uint64_t system_calls;
} count;

typedef struct tally {
    count functions[MAX_FUNCTIONS]; /* in order of first execution */
    size_t n;
} tally;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "count_locked: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* ---- the traced side -------------------------------------------------------- */

/* On its own, so that its instructions are told from the library's. */
__attribute__((noinline)) static int pair(rn_chan *ch, const void *in, void *out)
{
    int err = rn_send(ch, in);
    return err != 0 ? err : rn_recv(ch, out);
}

static unsigned option_bits(const char *name)
{
    if (strcmp(name, "spsc") == 0)
        return RN_CHAN_SPSC;
    return strcmp(name, "fast") == 0 ? RN_CHAN_FAST : 0;
}

static int traced(char **argv)
{
    size_t elem_size = strtoul(argv[3], NULL, 10);
    size_t cap = strcmp(argv[4], "unbounded") == 0 ? RN_UNBOUNDED : strtoul(argv[4], NULL, 10);
    rn_chan *ch = rn_chan_new_with(elem_size, cap, option_bits(argv[2]));
    char *in = calloc(2, elem_size + 1), *out = in + elem_size;
    if (ch == NULL || in == NULL)
        fail("cannot make the channel");
    int failed = 0;
    for (int i = 0; i < WARM_PAIRS; i++)
        failed |= pair(ch, in, out);
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        exit(CANNOT);
    raise(SIGSTOP); /* the tracer is there from here on */
    __asm__ volatile("int3" ::: "memory");
    failed |= pair(ch, in, out);
    __asm__ volatile("int3" ::: "memory");
    rn_chan_unref(ch);
    free(in);
    return failed != 0;
}

/* ---- the counting side ------------------------------------------------------ */

static count *count_of(tally *t, uint64_t begin)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->functions[i].begin == begin)
            return &t->functions[i];
    if (t->n == MAX_FUNCTIONS) {
        fprintf(stderr, "count_locked: the pair ran through more than %d functions\n",
                MAX_FUNCTIONS);
        exit(1);
    }
    t->functions[t->n] = (count){ .begin = begin };
    return &t->functions[t->n++];
}

static void read_code(pid_t child, uint64_t address, uint8_t *code)
{
    for (size_t i = 0; i < CODE_BYTES; i += sizeof(long)) {
        errno = 0;
        long word = ptrace(PTRACE_PEEKTEXT, child, (void *)(uintptr_t)(address + i), NULL);
        if (errno != 0)
            word = 0; /* the last instruction of a mapping: nothing behind it */
        memcpy(code + i, &word, sizeof(word));
    }
}

/* Resumes the child and waits until it stops by `expected`; false if it did not. */
static bool resume(pid_t child, int how, int expected)
{
    int status;
    if (ptrace(how, child, NULL, NULL) != 0 || waitpid(child, &status, 0) != child)
        return false;
    return WIFSTOPPED(status) && WSTOPSIG(status) == expected;
}

static uint64_t next_instruction(pid_t child)
{
    struct user_regs_struct regs;
    if (ptrace(PTRACE_GETREGS, child, NULL, &regs) != 0)
        fail("PTRACE_GETREGS");
    return regs.rip;
}

/* Steps from behind the first int3 up to the second one. */
static void step_through(pid_t child, const symbols *names, tally *t)
{
    uint64_t last = 0;
    for (int steps = 0; steps < MAX_STEPS; steps++) {
        uint8_t code[CODE_BYTES];
        uint64_t rip = next_instruction(child);
        read_code(child, rip, code);
        instruction kind = decode(code);
        if (kind == INSTRUCTION_BREAKPOINT)
            return;
        if (rip != last) { /* a repeated string instruction steps once a round */
            count *c = count_of(t, symbols_begin(names, rip));
            c->instructions++;
            c->locked += kind == INSTRUCTION_LOCKED;
            c->system_calls += kind == INSTRUCTION_SYSTEM_CALL;
        }
        last = rip;
        if (!resume(child, PTRACE_SINGLESTEP, SIGTRAP))
            fail("the child ended while it was stepped");
    }
    fprintf(stderr, "count_locked: no end after %d instructions\n", MAX_STEPS);
    exit(1);
}

static pid_t start(const char *self, const job *j)
{
    pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0) {
        /* exec, for runnel refuses to work in a forked child. */
        execl(self, self, "--traced", j->option, j->elem_size, j->cap, (char *)NULL);
        _exit(1);
    }
    return child;
}

static tally run(const char *self, const job *j, symbols *names)
{
    tally t = { .n = 0 };
    int status;
    pid_t child = start(self, j);
    if (waitpid(child, &status, 0) != child)
        fail("waitpid");
    if (!WIFSTOPPED(status)) {
        bool cannot = WIFEXITED(status) && WEXITSTATUS(status) == CANNOT;
        fprintf(stderr, "count_locked: %s\n",
                cannot ? "skipped: ptrace is not permitted here" : "the traced child failed");
        exit(cannot ? CANNOT : 1);
    }
    symbols_load(names, self, child);
    if (!resume(child, PTRACE_CONT, SIGTRAP))
        fail("the child did not come to the pair");
    step_through(child, names, &t);
    /* Over the second int3, to its end; the pair itself must have succeeded. */
    if (!resume(child, PTRACE_CONT, SIGTRAP) || ptrace(PTRACE_DETACH, child, NULL, NULL) != 0 ||
        waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail("the traced pair failed");
    return t;
}

static int print(const job *j, const symbols *names, const tally *t)
{
    count sum = { 0 };
    printf("one warm pair rn_send + rn_recv: element %s bytes, cap %s, option %s\n\n", j->elem_size,
           j->cap, j->option);
    printf("%14s %8s %9s  function\n", "instructions", "locked", "syscalls");
    for (size_t i = 0; i < t->n; i++) {
        const count *c = &t->functions[i];
        printf("%14" PRIu64 " %8" PRIu64 " %9" PRIu64 "  %s\n", c->instructions, c->locked,
               c->system_calls, symbols_name(names, c->begin));
        sum.instructions += c->instructions;
        sum.locked += c->locked;
        sum.system_calls += c->system_calls;
    }
    printf("%14" PRIu64 " %8" PRIu64 " %9" PRIu64 "  in all\n", sum.instructions, sum.locked,
           sum.system_calls);
    if (j->expect < 0 || (uint64_t)j->expect == sum.locked)
        return 0;
    fprintf(stderr, "count_locked: %" PRIu64 " locked instructions, expected %ld\n", sum.locked,
            j->expect);
    return 1;
}

static job parse(int argc, char **argv)
{
    job j = { .option = "none", .elem_size = "8", .cap = "64", .expect = -1 };
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (value != NULL && strcmp(argv[i], "--option") == 0)
            j.option = value;
        else if (value != NULL && strcmp(argv[i], "--elem-size") == 0)
            j.elem_size = value;
        else if (value != NULL && strcmp(argv[i], "--cap") == 0)
            j.cap = value;
        else if (value != NULL && strcmp(argv[i], "--expect") == 0)
            j.expect = strtol(value, NULL, 10);
        else {
            fprintf(stderr,
                    "usage: %s [--option none|spsc|fast] [--elem-size N] [--cap C] "
                    "[--expect LOCKED]\n",
                    argv[0]);
            exit(2);
        }
    }
    return j;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "--traced") == 0)
        return traced(argv);
    job j = parse(argc, argv);
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (length < 0)
        fail("/proc/self/exe");
    self[length] = '\0';
    static symbols names;
    tally t = run(self, &j, &names);
    return print(&j, &names, &t);
}
