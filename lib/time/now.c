/* SPDX-License-Identifier: MIT */
/* rn_now and rn_in: the public face of the clock. */
#include "os/os.h"
#include "runnel/time.h"

rn_time rn_now(void)
{
    return rn__clock_ns();
}

rn_time rn_in(int64_t duration_ns)
{
    rn_time now = rn__clock_ns();
    if (duration_ns <= 0)
        return now;
    return duration_ns > RN_FOREVER - now ? RN_FOREVER : now + duration_ns;
}
