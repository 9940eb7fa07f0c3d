/* SPDX-License-Identifier: MIT */
/* The counters: turn full blocks into tallies, and give the blocks back. A block is
 * counted without its neighbours: it knows whether it begins inside a word. */
#include "pipeline.h"

static struct tally count(const struct pipeline *p, const struct block *b)
{
    struct tally t = { .files = b->first, .bytes = b->used };
    bool in_word = b->in_word;
    for (size_t i = 0; i < b->used; i++) {
        enum byte_class class = p->class_of[b->bytes[i]];
        t.lines += b->bytes[i] == '\n';
        t.words += class == BYTE_INK && !in_word;
        if (class != BYTE_OTHER)
            in_word = class == BYTE_INK;
    }
    return t;
}

void *count_blocks(void *arg)
{
    struct pipeline *p = arg;
    struct block *b;
    rn_range(b, p->full) {
        struct tally t = count(p, b);
        int err = rn_put(p->empty, b);
        if (err == 0)
            err = rn_put(p->tallies, t);
        if (err)
            give_up("rn_put of a tally", -err);
    }
    if (atomic_fetch_sub(&p->counters_left, 1) == 1)
        rn_close(rn_raw(p->tallies));
    return NULL;
}
