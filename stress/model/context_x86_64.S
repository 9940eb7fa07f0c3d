/* SPDX-License-Identifier: MIT */
/*
 * mc_context_switch(void **save, void *load): saves the callee-saved registers on
 * this stack, leaves its pointer in *save, and goes on with the stack `load`.
 * mc_context_start: the first return address on a fresh stack; calls rbx.
 */
    .text
    .globl  mc_context_switch
    .type   mc_context_switch, @function
mc_context_switch:
    .cfi_startproc
    pushq   %rbp
    pushq   %rbx
    pushq   %r12
    pushq   %r13
    pushq   %r14
    pushq   %r15
    movq    %rsp, (%rdi)
    movq    %rsi, %rsp
    popq    %r15
    popq    %r14
    popq    %r13
    popq    %r12
    popq    %rbx
    popq    %rbp
    ret
    .cfi_endproc
    .size   mc_context_switch, . - mc_context_switch

    .globl  mc_context_start
    .type   mc_context_start, @function
mc_context_start:
    .cfi_startproc
    .cfi_undefined rip
    callq   *%rbx
    ud2
    .cfi_endproc
    .size   mc_context_start, . - mc_context_start

    .section .note.GNU-stack, "", @progbits
