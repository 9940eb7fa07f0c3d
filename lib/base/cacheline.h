/* SPDX-License-Identifier: MIT */
/*
 * Cache lines. Fields that different threads write stand on lines of their own.
 *
 * 128 and not 64: x86 prefetches lines in pairs, and a neighbour's writes then
 * cost almost as much as writes to the same line (Apple's arm64 has 128 outright).
 */
#ifndef RN_BASE_CACHELINE_H
#define RN_BASE_CACHELINE_H

#define RN_LINE 128
#define RN_LINE_ALIGNED _Alignas(RN_LINE)

#endif
