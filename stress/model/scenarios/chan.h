/* SPDX-License-Identifier: MIT */
/*
 * What the channel scenarios share. Elements are `elem_size` bytes of {v, 3v, 5v},
 * so that a torn or mixed element is noticed. Thread i writes got[i] and err[i] only.
 */
#ifndef SCENARIO_CHAN_H
#define SCENARIO_CHAN_H

#include <errno.h>

#include "mc.h"
#include "runnel/chan.h"
#include "runnel/select.h"

typedef struct {
    uint64_t v, v3, v5;
} element;

static rn_chan *ch, *ch2;
static size_t elem_size;
static uint64_t got[16];
static int err[16];

static inline element element_of(uint64_t v)
{
    element e = { v, 3 * v, 5 * v };
    return e;
}

static inline void check_element(const element *e)
{
    mc_check(elem_size <= 8 || (e->v3 == 3 * e->v && e->v5 == 5 * e->v), "a torn element: %lu",
             (unsigned long)e->v);
}

static inline rn_chan *make(size_t size, size_t cap, unsigned options)
{
    elem_size = size;
    rn_chan *c = rn_chan_new_with(size, cap, options);
    mc_check(c != NULL, "no channel");
    return c;
}

static inline int send_to(rn_chan *c, uint64_t v)
{
    element e = element_of(v);
    return rn_send(c, &e);
}

static inline void put(rn_chan *c, uint64_t v)
{
    int r = send_to(c, v);
    mc_check(r == 0, "send of %lu: %d", (unsigned long)v, r);
}

/* 0 or the error; the element in *v. */
static inline int receive_from(rn_chan *c, uint64_t *v)
{
    element e = { 0, 0, 0 };
    int r = rn_recv(c, &e);
    mc_check(r == 0 || r == -EPIPE, "receive: %d", r);
    check_element(&e);
    *v = e.v;
    return r;
}

static inline uint64_t take(rn_chan *c)
{
    uint64_t v;
    int r = receive_from(c, &v);
    mc_check(r == 0, "receive: %d", r);
    return v;
}

static inline int try_take(rn_chan *c, uint64_t *v)
{
    element e = { 0, 0, 0 };
    int r = rn_try_recv(c, &e);
    mc_check(r == 0 || r == -EAGAIN || r == -EPIPE, "try_recv: %d", r);
    check_element(&e);
    *v = e.v;
    return r;
}

static inline int try_put(rn_chan *c, uint64_t v)
{
    element e = element_of(v);
    int r = rn_try_send(c, &e);
    mc_check(r == 0 || r == -EAGAIN || r == -EPIPE || r == -ENOMEM, "try_send: %d", r);
    return r;
}

/* In check(): what is left comes out in order; returns how many. */
static inline int drain(rn_chan *c, uint64_t *out)
{
    int n = 0;
    while (try_take(c, &out[n]) == 0)
        n++;
    return n;
}

static inline void drop_all(void)
{
    rn_chan_unref(ch);
    rn_chan_unref(ch2);
}

/* SETUP(name, size, cap, options): a setup function that makes ch. */
#define SETUP(name, size, cap, options) \
    static void name(void)              \
    {                                   \
        ch = make(size, cap, options);  \
    }

#define THREAD(name, ...)  \
    static void name(void) \
    {                      \
        __VA_ARGS__        \
    }

#endif
