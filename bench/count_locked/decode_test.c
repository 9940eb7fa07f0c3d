/* SPDX-License-Identifier: MIT */
/*
 * The decoder against instructions written by hand: a decoder that misses a
 * form would let count_locked report too few.
 */
#include <stdio.h>
#include <string.h>

#include "decode.h"

typedef struct sample {
    const char *text;
    instruction expected;
    uint8_t code[CODE_BYTES];
} sample;

static const sample samples[] = {
    { "lock cmpxchg16b (%rdi)", INSTRUCTION_LOCKED, { 0xf0, 0x48, 0x0f, 0xc7, 0x0f } },
    { "lock cmpxchg %rdx, (%rdi)", INSTRUCTION_LOCKED, { 0xf0, 0x48, 0x0f, 0xb1, 0x17 } },
    { "lock orq $0, (%rsp)", INSTRUCTION_LOCKED, { 0xf0, 0x48, 0x83, 0x0c, 0x24, 0x00 } },
    { "lock addw (data16 before lock)", INSTRUCTION_LOCKED, { 0x66, 0xf0, 0x83, 0x07, 0x01 } },
    { "xchg %eax, (%rdi)", INSTRUCTION_LOCKED, { 0x87, 0x07 } },
    { "xchg %rax, (%rdi)", INSTRUCTION_LOCKED, { 0x48, 0x87, 0x07 } },
    { "xchg %al, (%r9)", INSTRUCTION_LOCKED, { 0x41, 0x86, 0x01 } },
    { "mfence", INSTRUCTION_LOCKED, { 0x0f, 0xae, 0xf0 } },
    { "xchg %ax, %ax (a long nop)", INSTRUCTION_PLAIN, { 0x66, 0x90 } },
    { "xchg %rax, %rdx", INSTRUCTION_PLAIN, { 0x48, 0x87, 0xc2 } },
    { "lfence", INSTRUCTION_PLAIN, { 0x0f, 0xae, 0xe8 } },
    { "sfence", INSTRUCTION_PLAIN, { 0x0f, 0xae, 0xf8 } },
    { "mov %rax, (%rdi)", INSTRUCTION_PLAIN, { 0x48, 0x89, 0x07 } },
    { "mov $0xf0, %al", INSTRUCTION_PLAIN, { 0xb0, 0xf0 } },
    { "pause", INSTRUCTION_PLAIN, { 0xf3, 0x90 } },
    { "rep movsq", INSTRUCTION_PLAIN, { 0xf3, 0x48, 0xa5 } },
    { "endbr64", INSTRUCTION_PLAIN, { 0xf3, 0x0f, 0x1e, 0xfa } },
    { "syscall", INSTRUCTION_SYSTEM_CALL, { 0x0f, 0x05 } },
    { "int3", INSTRUCTION_BREAKPOINT, { 0xcc } },
};

int main(void)
{
    int wrong = 0;
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        instruction got = decode(samples[i].code);
        if (got != samples[i].expected) {
            fprintf(stderr, "%s: decoded as %d, is %d\n", samples[i].text, (int)got,
                    (int)samples[i].expected);
            wrong++;
        }
    }
    printf("%zu instructions, %d decoded wrongly\n", sizeof(samples) / sizeof(*samples), wrong);
    return wrong != 0;
}
