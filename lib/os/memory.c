/* SPDX-License-Identifier: MIT */
/* Memory: zeroed and aligned. The one place where the library gets any. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "os/os.h"

void *rn__alloc(size_t size, size_t align)
{
    size_t rounded = (size + align - 1) & ~(align - 1);
    if (rounded < size) {
        errno = ENOMEM;
        return NULL;
    }
    void *p = aligned_alloc(align, rounded);
    if (p)
        memset(p, 0, rounded);
    return p;
}

void rn__free(void *p)
{
    free(p);
}
