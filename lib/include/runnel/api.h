/* SPDX-License-Identifier: MIT */
/*
 * What every public header needs: linkage, attributes, the version.
 */
#ifndef RUNNEL_API_H
#define RUNNEL_API_H

#define RN_VERSION_MAJOR 0
#define RN_VERSION_MINOR 1
#define RN_VERSION_PATCH 0
#define RN_VERSION "0.1.0"

#ifdef __cplusplus
#define RN_BEGIN_DECLS extern "C" {
#define RN_END_DECLS }
#else
#define RN_BEGIN_DECLS
#define RN_END_DECLS
#endif

/* The library is built with hidden visibility; what carries RN_API is exported. */
#define RN_API __attribute__((visibility("default")))

/* Ignoring the result would lose an element, an error or a timeout. */
#define RN_MUST_CHECK __attribute__((warn_unused_result))

#endif
