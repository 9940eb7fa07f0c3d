/* SPDX-License-Identifier: MIT */
/* Clock: CLOCK_MONOTONIC in nanoseconds, which lasts 292 years in an int64_t. */
#include <time.h>

#include "os/os.h"

rn_time rn__clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (rn_time)t.tv_sec * RN_SECOND + t.tv_nsec;
}
