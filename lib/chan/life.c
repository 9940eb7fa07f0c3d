/* SPDX-License-Identifier: MIT */
/*
 * Life: making, counting references, closing, measuring, freeing.
 *
 * Freeing. The last unref may come while another thread is still on its way out of
 * an operation whose effect was seen (it has pushed, and now looks at the waiters):
 * so the memory waits until everybody who is inside has left (task/reclaim.c).
 *
 * Freed headers rest in a small quarantine before they go back to malloc, so that an
 * unref too many meets a count that says so instead of somebody else's memory.
 */
#include "chan/channel.h"
#include "os/os.h"
#include "ring/segment_ring.h"

/* A count in the middle of what no sum of references reaches: this channel is gone,
 * and stays so for any number of unrefs too many. */
#define REFS_GONE (UINT64_C(3) << 62)
#define REFS_MAX (UINT64_C(1) << 62)

#ifndef RN_MODEL
enum { QUARANTINE = 32 };
static RN_ATOMIC(rn_chan *) quarantine[QUARANTINE];
static rn_atomic_u32 quarantined;
#endif

/* ---- making --------------------------------------------------------------------------- */

static void free_segment(rn_retired *r)
{
    rn_segment_free(rn_segment_of_link(r));
}

_Static_assert(sizeof(rn_retired) <= RN_SEGMENT_LINK_SIZE, "the link has room for it");

static void retire_segment(struct rn_segment *segment)
{
    rn_retired *r = rn_segment_link(segment);
    r->free_fn = free_segment;
    r->size = rn_segment_size();
    rn__retire_unseen(r);
}

/* -EINVAL if the options do not go together. */
static int choose_kind(size_t elem_size, size_t cap, unsigned options, rn_ring_kind *kind)
{
    bool bounded = cap >= 1 && cap != RN_UNBOUNDED;
    if (options & ~(unsigned)(RN_CHAN_SPSC | RN_CHAN_FAST))
        return -EINVAL;
    if ((options & RN_CHAN_SPSC) && (!bounded || (options & RN_CHAN_FAST)))
        return -EINVAL;
    if (cap == 0)
        *kind = RN_RING_NONE;
    else if (cap == RN_UNBOUNDED)
        *kind = RN_RING_UNBOUNDED;
    else if (elem_size == 0)
        *kind = RN_RING_COUNT;
    else if (options & RN_CHAN_SPSC)
        *kind = RN_RING_SPSC;
    else
        *kind = elem_size > 8 || (options & RN_CHAN_FAST) ? RN_RING_WIDE : RN_RING_WORD;
    return 0;
}

static rn_chan *fail(int error)
{
    errno = -error;
    return NULL;
}

rn_chan *rn_chan_new_with(size_t elem_size, size_t cap, unsigned options)
{
    if (!rn__agent_self())
        return NULL; /* errno says why */
    rn__reclaim();
    rn_ring_kind kind;
    int r = choose_kind(elem_size, cap, options, &kind);
    if (r != 0)
        return fail(r);
    rn_chan *c = rn__alloc(sizeof *c, RN_LINE);
    if (!c)
        return fail(-ENOMEM);
    r = rn_ring_init(&c->ring, kind, elem_size, cap, retire_segment);
    if (r != 0) {
        rn__free(c);
        return fail(r);
    }
    rn_list_init(&c->waiting[RN_DIR_RECV]);
    rn_list_init(&c->waiting[RN_DIR_SEND]);
    rn_atomic_init(&c->refs, 1);
    return c;
}

rn_chan *rn_chan_new(size_t elem_size, size_t cap)
{
    return rn_chan_new_with(elem_size, cap, 0);
}

/* ---- references ------------------------------------------------------------------------- */

/* Only `refs` of a header that rests may still be read: AddressSanitizer is told, and in
 * the model build nothing rests, so that any other touch is found. */
static void quarantine_header(rn_chan *c)
{
#ifdef RN_MODEL
    rn_chan *oldest = c;
#else
    /* acq_rel, pairs with itself: hands the header to whoever takes this place next. */
    uint32_t place = rn_fetch_add_relaxed(&quarantined, 1) % QUARANTINE;
    RN_ASAN_POISON(c, offsetof(rn_chan, refs));
    rn_chan *oldest = rn_exchange_acq_rel(&quarantine[place], c);
#endif
    if (oldest)
        RN_ASAN_UNPOISON(oldest, sizeof *oldest);
    rn__free(oldest);
}

static void free_chan(rn_retired *r)
{
    rn_chan *c = RN_CONTAINER_OF(r, rn_chan, retired);
    rn_ring_destroy(&c->ring);
    quarantine_header(c);
}

RN_COLD static void unref_too_many(const rn_chan *c)
{
    rn__panic("rn_chan_unref of channel %p, which has no reference left: each rn_chan_new and "
              "rn_chan_ref allows one unref",
              (const void *)c);
}

rn_chan *rn_chan_ref(rn_chan *ch)
{
    /* Relaxed: whoever refs already holds a reference. */
    if (rn_chan_is_valid(ch))
        rn_fetch_add_relaxed(&ch->refs, 1);
    return ch;
}

void rn_chan_unref(rn_chan *ch)
{
    if (!rn_chan_is_valid(ch) || rn__agent_is_forked())
        return; /* in a fork's child nothing may be touched */
    uint64_t before = rn_fetch_sub_acq_rel(&ch->refs, 1); /* acq_rel: pairs with itself */
    if (before > 1 && before < REFS_MAX)
        return;
    if (before != 1)
        unref_too_many(ch);
    rn_store_relaxed(&ch->refs, REFS_GONE); /* for the one that should not come */
    ch->retired.free_fn = free_chan;
    ch->retired.size = sizeof *ch + ch->ring.cap * ch->ring.stride;
    rn__retire_seen(&ch->retired);
}

/* ---- close and measure -------------------------------------------------------------------- */

static int close_ring(rn_chan *c, const rn_agent *self)
{
    if (rn_ring_close(&c->ring) != RN_RING_OK)
        return -EPIPE;
    /* [WT1] after the swap in the ring: the ordinary match tells those who wait. */
    if (rn_load_seq_cst(&c->ring.watch) & RN_WATCH_BOTH)
        rn_chan_help(c, self);
    return 0;
}

int rn_close(rn_chan *ch)
{
    if (!rn_chan_is_valid(ch))
        return -EINVAL;
    rn_agent *self = rn__agent_self();
    if (!self)
        return -errno;
    rn__agent_enter(self);
    int r = rn_chan_is_rendezvous(ch) ? rn_rendezvous_close(ch, self) : close_ring(ch, self);
    rn__agent_leave(self);
    return r;
}

size_t rn_len(const rn_chan *ch)
{
    rn_agent *self = rn_chan_is_valid(ch) ? rn__agent_self() : NULL;
    if (!self)
        return 0;
    rn__agent_enter(self);
    /* Looking may move a hint forward, which no caller can tell. */
    size_t n = rn_ring_len(&((rn_chan *)(uintptr_t)ch)->ring);
    rn__agent_leave(self);
    return n;
}

size_t rn_cap(const rn_chan *ch)
{
    return rn_chan_is_valid(ch) ? ch->ring.cap : 0;
}
