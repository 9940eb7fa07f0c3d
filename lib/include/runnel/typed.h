/* SPDX-License-Identifier: MIT */
/*
 * Typed channels: the compiler checks what goes in and what comes out.
 *
 *     RN_CHAN(int) c = rn_make(int, 8);
 *     if (rn_put(c, 42) != 0) ...          // 0, or -EPIPE ...: as rn_send
 *     int v;
 *     rn_range (v, c) printf("%d\n", v);   // until closed and drained
 *     rn_close(rn_raw(c));
 *
 * RN_CHAN(T) is an ordinary type: use it for variables, members, parameters and
 * results. Two RN_CHAN(T) of the same T are the same type. It is a pointer that
 * is never followed; rn_raw() gives the rn_chan behind it, for every call that
 * does not care about the type (close, len, unref, select).
 *
 * put converts between arithmetic types as an assignment does. Anything else of
 * a wrong type does not compile: pointers, structs, and any mismatch in get,
 * range and the select cases. C only (GNU C11); C++ uses the untyped calls.
 *
 * Progress, blocking, results: those of rn_send and rn_recv.
 */
#ifndef RUNNEL_TYPED_H
#define RUNNEL_TYPED_H

#ifndef __cplusplus

#include "runnel/chan.h"
#include "runnel/select.h"

#define RN_CHAN(T) __typeof__(__typeof__(T)(*)[])

/* The element type of a typed channel. */
#define RN_ELEM(c) __typeof__((*(c))[0])

#define rn_raw(c) ((rn_chan *)(void *)(1 ? (c) : (RN_CHAN(RN_ELEM(c)))0))

#define rn_make(T, cap) ((RN_CHAN(T))(void *)rn_chan_new(sizeof(T), (cap)))
#define rn_make_with(T, cap, options) \
    ((RN_CHAN(T))(void *)rn_chan_new_with(sizeof(T), (cap), (options)))

/* 1 if v may be put where an E is expected: the same type, both arithmetic, or
 * pointers that C converts without a diagnostic (const added, void *, NULL). */
#define RN__IS_ARITHMETIC(class_) ((class_) >= 1 && (class_) <= 9 && (class_) != 5)
#define RN__CLASS(E) __builtin_classify_type(*(__typeof__(E) *)0)
#define RN__FITS(E, v)                                                                      \
    _Generic((v), E : 1, default                                                            \
             : RN__IS_ARITHMETIC(RN__CLASS(E))                                              \
                   ? RN__IS_ARITHMETIC(__builtin_classify_type(v))                          \
                   : RN__CLASS(E) == 5 && !RN__IS_ARITHMETIC(__builtin_classify_type(v)) && \
                         _Generic(1 ? *(__typeof__(E) *)0 : (v), E : 1, default             \
                                  : _Generic((v), void * : 1, default : 0)))
#define RN__IS_POINTER_TO(E, p) _Generic((p), __typeof__(E) * : 1, default : 0)

#define rn_put(c, value)                                                             \
    __extension__({                                                                  \
        _Static_assert(RN__FITS(RN_ELEM(c), value),                                  \
                       "rn_put: the value does not fit the channel's element type"); \
        RN_ELEM(c) rn__value = (value);                                              \
        rn_send(rn_raw(c), &rn__value);                                              \
    })

#define rn_get(c, ptr)                                                              \
    __extension__({                                                                 \
        _Static_assert(RN__IS_POINTER_TO(RN_ELEM(c), ptr),                          \
                       "rn_get: this is no pointer to the channel's element type"); \
        rn_recv(rn_raw(c), (ptr));                                                  \
    })

/* Runs the statement after it for each element, until closed and drained (or an error). */
#define rn_range(var, c) while (rn_get((c), &(var)) == 0)

/* Select cases with the same checks: RN_GET(c, &v), RN_PUT(c, &v). */
#define RN_GET(c, ptr)                                                              \
    __extension__({                                                                 \
        _Static_assert(RN__IS_POINTER_TO(RN_ELEM(c), ptr),                          \
                       "RN_GET: this is no pointer to the channel's element type"); \
        rn_case_recv(rn_raw(c), (ptr));                                             \
    })
#define RN_PUT(c, ptr)                                                              \
    __extension__({                                                                 \
        _Static_assert(RN__IS_POINTER_TO(RN_ELEM(c), ptr),                          \
                       "RN_PUT: this is no pointer to the channel's element type"); \
        rn_case_send(rn_raw(c), (ptr));                                             \
    })

#endif /* __cplusplus */
#endif
