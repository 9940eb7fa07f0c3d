/* SPDX-License-Identifier: MIT */
/*
 * Panics: what happens on misuse that no caller can handle.
 *
 * A panic prints one line that names the operation, the object and what to do
 * about it, then aborts. Bad input is never a panic: it gets an error code.
 */
#ifndef RUNNEL_PANIC_H
#define RUNNEL_PANIC_H

#include "runnel/api.h"

RN_BEGIN_DECLS

/* Gets the whole message, without a newline. The process aborts when it returns. */
typedef void (*rn_panic_hook)(const char *message);

/*
 * Effect:   has `hook` called before the process aborts in a panic, instead of
 *           the message being printed on standard error. NULL restores that.
 *           A hook may end the process itself, or longjmp out in a test.
 * Blocking: never.
 * Returns:  the hook that was set before, or NULL.
 * Callers:  any thread; the hook runs on the thread that panicked.
 * Progress: wait-free.
 */
RN_API rn_panic_hook rn_set_panic_hook(rn_panic_hook hook);

RN_END_DECLS

#endif
