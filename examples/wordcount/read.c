/* SPDX-License-Identifier: MIT */
/* The readers: turn paths into full blocks. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "pipeline.h"

static bool stopped(struct pipeline *p)
{
    return rn_try_recv(rn_raw(p->stop), NULL) == -EPIPE;
}

static ssize_t read_retrying(int fd, void *buffer, size_t size)
{
    ssize_t n;
    do
        n = read(fd, buffer, size);
    while (n < 0 && errno == EINTR);
    return n;
}

/* Whether a word is open after this block: its last byte that has a say has it. */
static bool ends_in_word(const struct pipeline *p, const struct block *b)
{
    for (size_t i = b->used; i > 0; i--)
        if (p->class_of[b->bytes[i - 1]] != BYTE_OTHER)
            return p->class_of[b->bytes[i - 1]] == BYTE_INK;
    return b->in_word;
}

static void pass_on(RN_CHAN(struct block *) to, struct block *b)
{
    int err = rn_put(to, b);
    if (err)
        give_up("rn_put of a block", -err);
}

/* An empty file gets one block too: it counts as a file. */
static void read_blocks(struct pipeline *p, const char *path, int fd)
{
    bool first = true, in_word = false;
    struct block *b;
    while (!stopped(p) && rn_get(p->empty, &b) == 0) {
        ssize_t n = read_retrying(fd, b->bytes, BLOCK_BYTES);
        if (n < 0)
            complain(p, path, errno);
        if (n < 0 || (n == 0 && !first)) {
            pass_on(p->empty, b);
            return;
        }
        b->used = (size_t)n;
        b->first = first;
        b->in_word = in_word;
        in_word = ends_in_word(p, b);
        first = false;
        pass_on(p->full, b);
        if (n == 0)
            return;
    }
}

static void read_file(struct pipeline *p, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        complain(p, path, errno);
        return;
    }
    read_blocks(p, path, fd);
    close(fd);
}

void *read_files(void *arg)
{
    struct pipeline *p = arg;
    char *path;
    rn_range(path, p->paths) {
        if (!stopped(p))
            read_file(p, path);
        free(path);
    }
    if (atomic_fetch_sub(&p->readers_left, 1) == 1)
        rn_close(rn_raw(p->full));
    return NULL;
}
