/* SPDX-License-Identifier: MIT */
/*
 * wordcount: a pipeline over the files of a directory tree.
 *
 *            paths           full              tallies
 *   walker ---------> readers ------> counters ---------> main (adds up, shows progress)
 *                        ^               |
 *                        +---- empty ----+                signals ----^
 *
 * Memory is bounded: there are so many blocks and no more. A reader takes an empty
 * one, fills it and passes it on; a counter gives it back. When all are under way,
 * readers wait for counters; when the paths' channel is full, the walker waits.
 *
 * The end comes by close: the walker closes paths, the last reader closes full, the
 * last counter closes tallies, and main has its total. Ctrl-C is the same end, begun
 * early: main closes paths and stop, and adds up what was still on its way.
 */
#ifndef WORDCOUNT_PIPELINE_H
#define WORDCOUNT_PIPELINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <runnel.h>

enum { BLOCK_BYTES = 64 * 1024, PATHS_AHEAD = 256 };

struct block {
    size_t used;
    bool first;   /* of its file */
    bool in_word; /* whether the block before it ended inside a word */
    unsigned char bytes[BLOCK_BYTES];
};

struct tally {
    uint64_t files, lines, words, bytes;
};

/* What a byte is to a word. */
enum byte_class {
    BYTE_BLANK, /* ends one */
    BYTE_INK,   /* is of one */
    BYTE_OTHER, /* neither begins nor ends one */
};

struct pipeline {
    char *const *roots;    /* NULL-terminated */
    RN_CHAN(char *) paths; /* on the heap; whoever receives one frees it */
    RN_CHAN(struct block *) empty, full;
    RN_CHAN(struct tally) tallies;
    RN_CHAN(int) stop; /* carries nothing; closed: leave off */
    atomic_uint readers_left, counters_left;
    atomic_uint complaints;
    uint8_t class_of[256];
};

/* The threads of each stage; arg is the pipeline. */
void *walk(void *arg);
void *read_files(void *arg);
void *count_blocks(void *arg);

/* Says on standard error what could not be read and what to do about it. */
void complain(struct pipeline *p, const char *path, int err);
/* Ends the program: a call that cannot fail did. */
_Noreturn void give_up(const char *what, int err);

#endif
