/* SPDX-License-Identifier: MIT */
/*
 * The functions of a running program by address, from its own symbol table:
 * hidden functions of a static library are in it. Code outside the program's
 * own file (libc) counts as one function.
 */
#ifndef BENCH_COUNT_LOCKED_SYMBOLS_H
#define BENCH_COUNT_LOCKED_SYMBOLS_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct symbols {
    char *file; /* the whole ELF file */
    size_t file_size;
    const Elf64_Sym *table;
    size_t n;
    const char *strings;
    uint64_t bias; /* run-time address - address in the file */
} symbols;

/* Reads the table of the ELF file `path`, which runs as process `pid`. */
void symbols_load(symbols *s, const char *path, pid_t pid);

/* Where the function that holds `address` begins; 1 for code without a symbol. */
uint64_t symbols_begin(const symbols *s, uint64_t address);

/* The name of the function that begins at `begin`, a result of symbols_begin. */
const char *symbols_name(const symbols *s, uint64_t begin);

#endif
