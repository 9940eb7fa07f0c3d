/* SPDX-License-Identifier: MIT */
/*
 * Panic: one line that names operation, object and remedy, then abort.
 */
#ifndef RN_BASE_PANIC_H
#define RN_BASE_PANIC_H

/* Formats (printf), hands the line to the hook or to stderr, aborts. Uses no heap. */
_Noreturn void rn__panic(const char *format, ...) __attribute__((format(printf, 1, 2), cold));

#endif
