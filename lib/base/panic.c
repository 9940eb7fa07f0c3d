/* SPDX-License-Identifier: MIT */
/*
 * Panic: see base/panic.h and the public runnel/panic.h.
 *
 * Ordering. [PH1] the hook pointer: set by release, read by acquire, so that what
 * the hook needs and was prepared before it was set is there when it runs.
 */
#include "base/panic.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/atomic.h"
#include "runnel/panic.h"

static RN_ATOMIC(rn_panic_hook) current_hook;

rn_panic_hook rn_set_panic_hook(rn_panic_hook hook)
{
    /* [PH1] publishes what the hook will need. */
    return rn_exchange_acq_rel(&current_hook, hook);
}

void rn__panic(const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n < 0)
        line[0] = '\0';

    /* [PH1] pairs with the exchange in rn_set_panic_hook(). */
    rn_panic_hook hook = rn_load_acquire(&current_hook);
    if (hook)
        hook(line);
    else
        dprintf(STDERR_FILENO, "runnel: panic: %s\n", line);
    abort();
}
