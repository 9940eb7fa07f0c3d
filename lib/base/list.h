/* SPDX-License-Identifier: MIT */
/*
 * An intrusive, doubly linked, circular list with a sentinel.
 *
 * Invariant: a link is on exactly one list, or points at itself. Not atomic:
 * whoever touches a list holds its lock.
 */
#ifndef RN_BASE_LIST_H
#define RN_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct rn_link {
    struct rn_link *prev;
    struct rn_link *next;
} rn_link;

static inline void rn_list_init(rn_link *list)
{
    list->prev = list;
    list->next = list;
}

static inline bool rn_list_empty(const rn_link *list)
{
    return list->next == list;
}

static inline void rn_list_insert_between(rn_link *link, rn_link *prev, rn_link *next)
{
    link->prev = prev;
    link->next = next;
    prev->next = link;
    next->prev = link;
}

static inline void rn_list_push_back(rn_link *list, rn_link *link)
{
    rn_list_insert_between(link, list->prev, list);
}

static inline void rn_list_push_front(rn_link *list, rn_link *link)
{
    rn_list_insert_between(link, list, list->next);
}

static inline void rn_list_remove(rn_link *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    rn_list_init(link);
}

#endif
