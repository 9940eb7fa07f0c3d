/* SPDX-License-Identifier: MIT */
/*
 * Prefixes, one opcode, one ModRM byte. See decode.h.
 */
#include "decode.h"

#include <stdbool.h>

/* Operand size, address size, segments, REP; LOCK is looked at by the caller. */
static bool is_legacy_prefix(uint8_t byte)
{
    switch (byte) {
    case 0x66:
    case 0x67:
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
    case 0x64:
    case 0x65:
    case 0xf0:
    case 0xf2:
    case 0xf3:
        return true;
    default:
        return false;
    }
}

static bool names_memory(uint8_t modrm)
{
    return modrm >> 6 != 3;
}

instruction decode(const uint8_t code[CODE_BYTES])
{
    int i = 0;
    bool lock = false, rep = false;
    for (; i < CODE_BYTES - 4 && is_legacy_prefix(code[i]); i++) {
        lock |= code[i] == 0xf0;
        rep |= code[i] == 0xf3;
    }
    if ((code[i] & 0xf0) == 0x40) /* REX comes last */
        i++;
    if (lock)
        return INSTRUCTION_LOCKED;
    if (code[i] == 0xcc)
        return INSTRUCTION_BREAKPOINT;
    if ((code[i] == 0x86 || code[i] == 0x87) && names_memory(code[i + 1]))
        return INSTRUCTION_LOCKED;
    if (code[i] == 0x0f && code[i + 1] == 0x05)
        return INSTRUCTION_SYSTEM_CALL;
    /* 0f ae /6 with a register form is mfence (f3: tpause and its kin). */
    if (code[i] == 0x0f && code[i + 1] == 0xae && (code[i + 2] & 0xf8) == 0xf0 && !rep)
        return INSTRUCTION_LOCKED;
    return INSTRUCTION_PLAIN;
}
