/* SPDX-License-Identifier: MIT */
/*
 * Reclamation: frees what an operation of another agent may still be looking at,
 * as soon as it no longer can. See reclaim.c.
 */
#ifndef RN_TASK_RECLAIM_H
#define RN_TASK_RECLAIM_H

#include "task/agent.h"

typedef struct rn_retired {
    struct rn_retired *next;
    void (*free_fn)(struct rn_retired *);
    size_t size;
} rn_retired;

/* Nobody can start to use the object any more, and each operation that still does
 * has had an effect that the caller saw: frees it now, or when they have left. The
 * caller is outside. */
void rn__retire_seen(rn_retired *r);

/* Nobody can reach the object any more, but some may have reached it before without
 * leaving a trace. Frees in batches, after a membarrier. */
void rn__retire_unseen(rn_retired *r);

/* A look at what is held back, from time to time: when channels are made. */
void rn__reclaim(void);

#endif
