/* SPDX-License-Identifier: MIT */
/*
 * As much of x86-64 decoding as it takes to tell a locked instruction.
 */
#ifndef BENCH_COUNT_LOCKED_DECODE_H
#define BENCH_COUNT_LOCKED_DECODE_H

#include <stdint.h>

/* An instruction has at most 15 bytes. */
#define CODE_BYTES 16

typedef enum instruction {
    INSTRUCTION_PLAIN,
    INSTRUCTION_LOCKED, /* LOCK prefix, xchg with memory, mfence */
    INSTRUCTION_SYSTEM_CALL,
    INSTRUCTION_BREAKPOINT, /* int3 */
} instruction;

/* What the instruction that begins at code[0] is. */
instruction decode(const uint8_t code[CODE_BYTES]);

#endif
