/* SPDX-License-Identifier: MIT */
/*
 * Futex: a word to sleep on, for the channel locks (wait/lock.h). Orders nothing:
 * callers decide by the word itself, with acquire and release of their own.
 */
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/os.h"

void rn__futex_wait(rn_atomic_u32 *word, uint32_t expected)
{
    syscall(SYS_futex, &word->raw, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

void rn__futex_wake_one(rn_atomic_u32 *word)
{
    syscall(SYS_futex, &word->raw, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
