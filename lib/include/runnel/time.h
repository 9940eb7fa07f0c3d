/* SPDX-License-Identifier: MIT */
/*
 * Time: nanoseconds of CLOCK_MONOTONIC, as a signed 64-bit number.
 *
 * Every *_until call takes an absolute deadline on this clock, so that a loop
 * of retries needs no arithmetic and cannot drift.
 */
#ifndef RUNNEL_TIME_H
#define RUNNEL_TIME_H

#include <stdint.h>

#include "runnel/api.h"

RN_BEGIN_DECLS

/* A point on CLOCK_MONOTONIC in nanoseconds. A negative one is in the past. */
typedef int64_t rn_time;

/* The deadline that never comes: *_until(..., RN_FOREVER) is the plain call. */
#define RN_FOREVER INT64_MAX

#define RN_MICROSECOND INT64_C(1000)
#define RN_MILLISECOND INT64_C(1000000)
#define RN_SECOND INT64_C(1000000000)

/*
 * Effect:   reads the monotonic clock.
 * Blocking: never.
 * Returns:  nanoseconds since an arbitrary fixed point.
 * Callers:  any thread.
 * Progress: wait-free (one vDSO call).
 */
RN_API rn_time rn_now(void);

/*
 * Effect:   the deadline `duration_ns` from now, saturated: a negative duration
 *           gives now, one past the end of the clock gives RN_FOREVER.
 * Blocking: never.
 * Callers:  any thread.
 * Progress: wait-free.
 */
RN_API rn_time rn_in(int64_t duration_ns);

RN_END_DECLS

#endif
