/* SPDX-License-Identifier: MIT */
/* Traces: what each thread did, in words, with the source line it did it in. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"

#define MAX_LINES 4000
#define MAX_NAMES 64

static struct {
    const void *pc;
    uint8_t tid;
    int event;
    char text[152];
} lines[MAX_LINES];
static int n_lines;

static struct {
    uintptr_t address;
    const char *name;
} names[MAX_NAMES];
static int n_names;

void mc_names_start(void)
{
    n_names = 0;
}

void mc_name(const volatile void *address, const char *name)
{
    if (n_names < MAX_NAMES) {
        names[n_names].address = (uintptr_t)address;
        names[n_names++].name = name;
    }
}

static void describe_raw(uintptr_t a, char *out, size_t size)
{
    if (a - (uintptr_t)mc_arena < (size_t)MC_THREADS * MC_ARENA) {
        size_t off = a - (uintptr_t)mc_arena;
        snprintf(out, size, "heap%zu+0x%zx", off / MC_ARENA, off % MC_ARENA);
    } else if (a - (uintptr_t)mc_stacks < (size_t)MC_THREADS * MC_STACK) {
        size_t off = a - (uintptr_t)mc_stacks;
        snprintf(out, size, "stack%zu-0x%zx", off / MC_STACK, MC_STACK - off % MC_STACK);
    } else {
        snprintf(out, size, "0x%lx", (unsigned long)a);
    }
}

/* Rotating buffers: several may stand in one message. */
const char *mc_describe(uintptr_t a)
{
    static char buffers[4][96];
    static int next;
    char *out = buffers[next++ & 3];
    int best = -1;
    for (int i = 0; i < n_names; i++)
        if (names[i].address <= a && a - names[i].address < 64 &&
            (best < 0 || names[i].address > names[best].address))
            best = i;
    if (best < 0)
        describe_raw(a, out, sizeof buffers[0]);
    else if (names[best].address == a)
        snprintf(out, sizeof buffers[0], "%s", names[best].name);
    else
        snprintf(out, sizeof buffers[0], "%s+%u", names[best].name,
                 (unsigned)(a - names[best].address));
    return out;
}

const char *mc_order_name(int order)
{
    static const char *const text[] = { "relaxed", "consume", "acquire",
                                        "release", "acq_rel", "seq_cst" };
    return order >= 0 && order <= 5 ? text[order] : "?";
}

void mc_trace_start(void)
{
    n_lines = 0;
}

void mc_trace(const void *pc, const char *format, ...)
{
    if (n_lines == MAX_LINES || (!mc.concurrent && mc.self))
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(lines[n_lines].text, sizeof lines[0].text, format, args);
    va_end(args);
    lines[n_lines].pc = pc;
    lines[n_lines].event = mc.n_events;
    lines[n_lines++].tid = (uint8_t)mc.self;
}

/* Names the source lines by addr2line, if there is one; all at once. */
static void resolve(char (*where)[120])
{
    static char command[40 * MAX_LINES + 200];
    size_t n =
        (size_t)snprintf(command, sizeof command, "addr2line -e /proc/%d/exe -f -s", (int)getpid());
    for (int i = 0; i < n_lines; i++)
        n += (size_t)snprintf(command + n, sizeof command - n, " 0x%lx",
                              lines[i].pc ? (unsigned long)lines[i].pc - 1 : 0ul);
    snprintf(command + n, sizeof command - n, " 2>/dev/null");
    FILE *f = popen(command, "r");
    for (int i = 0; f && i < n_lines; i++) {
        char function[60] = "", file[60] = "";
        if (!fgets(function, sizeof function, f) || !fgets(file, sizeof file, f))
            break;
        function[strcspn(function, "\n")] = file[strcspn(file, " \n")] = '\0';
        if (file[0] != '?')
            snprintf(where[i], sizeof where[i], "%s %s", file, function);
    }
    if (f)
        pclose(f);
}

void mc_trace_print(void)
{
    static char where[MAX_LINES][120];
    memset(where, 0, sizeof where);
    resolve(where);
    for (int i = 0; i < n_lines; i++)
        printf("  %4d  t%d  %-70s %s\n", lines[i].event, lines[i].tid, lines[i].text, where[i]);
}
