/* SPDX-License-Identifier: MIT */
/*
 * Kinds of channel: every structure the library chooses between, so that one
 * test can run over all of them; and elements whose bytes can be checked.
 */
#ifndef RNT_KINDS_H
#define RNT_KINDS_H

#include <stdbool.h>
#include <stddef.h>

#include "runnel.h"

enum { RNT_ELEM_MAX = 4096 };

typedef struct rnt_kind {
    const char *name;
    size_t size;
    size_t cap;
    unsigned options;
} rnt_kind;

extern const rnt_kind rnt_kinds[];
extern const unsigned rnt_kind_count;

/* A channel; fails the test if there is none. Test body only. */
rn_chan *rnt_chan(size_t size, size_t cap);
rn_chan *rnt_chan_of(const rnt_kind *kind);

/* Fills `size` bytes with a pattern made of `value`; says whether they hold it. Values
 * below 255 are told apart at every size but 0. */
void rnt_fill(void *elem, size_t size, unsigned value);
bool rnt_holds(const void *elem, size_t size, unsigned value);
bool rnt_is_zero(const void *elem, size_t size);

#endif
