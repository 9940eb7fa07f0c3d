/* SPDX-License-Identifier: MIT */
/* Kinds of channel; see kinds.h. */
#include "kinds.h"

#include <string.h>

#include "check.h"

const rnt_kind rnt_kinds[] = {
    { "word, rendezvous", 8, 0, 0 },
    { "wide, rendezvous", 24, 0, 0 },
    { "size 0, rendezvous", 0, 0, 0 },
    { "word, cap 1", 8, 1, 0 },
    { "word, cap 3", 4, 3, 0 },
    { "word, cap 64", 8, 64, 0 },
    { "fast word, cap 1", 8, 1, RN_CHAN_FAST },
    { "fast word, cap 5", 8, 5, RN_CHAN_FAST },
    { "wide, cap 1", 24, 1, 0 },
    { "wide, cap 3", 9, 3, 0 },
    { "page, cap 2", 4096, 2, 0 },
    { "spsc word, cap 1", 8, 1, RN_CHAN_SPSC },
    { "spsc word, cap 3", 8, 3, RN_CHAN_SPSC },
    { "spsc wide, cap 2", 24, 2, RN_CHAN_SPSC },
    { "spsc size 0, cap 2", 0, 2, RN_CHAN_SPSC },
    { "size 0, cap 1", 0, 1, 0 },
    { "size 0, cap 5", 0, 5, 0 },
    { "unbounded word", 8, RN_UNBOUNDED, 0 },
    { "unbounded byte", 1, RN_UNBOUNDED, 0 },
    { "unbounded wide", 40, RN_UNBOUNDED, 0 },
    { "unbounded size 0", 0, RN_UNBOUNDED, 0 },
};

const unsigned rnt_kind_count = sizeof rnt_kinds / sizeof rnt_kinds[0];

rn_chan *rnt_chan(size_t size, size_t cap)
{
    rn_chan *ch = rn_chan_new(size, cap);
    cr_assert(ch != NULL, "no channel of %zu elements of %zu bytes", cap, size);
    return ch;
}

rn_chan *rnt_chan_of(const rnt_kind *kind)
{
    rn_chan *ch = rn_chan_new_with(kind->size, kind->cap, kind->options);
    cr_assert(ch != NULL, "no channel of kind %s", kind->name);
    return ch;
}

static unsigned char byte_at(size_t i, unsigned value)
{
    /* Never 0, so that a zeroed element holds no value. */
    return (unsigned char)((value + i * 7) % 255 + 1);
}

void rnt_fill(void *elem, size_t size, unsigned value)
{
    for (size_t i = 0; i < size; i++)
        ((unsigned char *)elem)[i] = byte_at(i, value);
}

bool rnt_holds(const void *elem, size_t size, unsigned value)
{
    for (size_t i = 0; i < size; i++)
        if (((const unsigned char *)elem)[i] != byte_at(i, value))
            return false;
    return true;
}

bool rnt_is_zero(const void *elem, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (((const unsigned char *)elem)[i] != 0)
            return false;
    return true;
}
