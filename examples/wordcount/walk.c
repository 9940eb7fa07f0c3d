/* SPDX-License-Identifier: MIT */
/* The walker: sends the path of each regular file below the roots. It follows no
 * symbolic links but those given as roots. */
#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline.h"

/* False when nobody wants paths any more. */
static bool send_path(struct pipeline *p, const char *path)
{
    char *copy = strdup(path);
    if (!copy)
        give_up("a path", ENOMEM);
    int err = rn_put(p->paths, copy);
    if (err == 0)
        return true;
    free(copy);
    if (err != -EPIPE)
        give_up("rn_put of a path", -err);
    return false;
}

static bool visit(struct pipeline *p, const FTSENT *entry)
{
    switch (entry->fts_info) {
    case FTS_F:
        return send_path(p, entry->fts_path);
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        complain(p, entry->fts_path, entry->fts_errno);
        return true;
    case FTS_DC:
        complain(p, entry->fts_path, ELOOP);
        return true;
    default:
        return true;
    }
}

void *walk(void *arg)
{
    struct pipeline *p = arg;
    /* NOCHDIR: the working directory belongs to all threads. */
    FTS *tree = fts_open(p->roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
    if (!tree)
        give_up("fts_open", errno);
    const FTSENT *entry;
    while (errno = 0, entry = fts_read(tree))
        if (!visit(p, entry))
            break;
    if (!entry && errno)
        complain(p, p->roots[0], errno);
    fts_close(tree);
    rn_close(rn_raw(p->paths)); /* -EPIPE if main was first: Ctrl-C */
    return NULL;
}
