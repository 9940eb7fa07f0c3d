/* SPDX-License-Identifier: MIT */
/* runnel: Go's concurrency for C programs. This header includes all the others. */
#ifndef RUNNEL_H
#define RUNNEL_H

#include "runnel/api.h"
#include "runnel/chan.h"
#include "runnel/panic.h"
#include "runnel/select.h"
#include "runnel/time.h"
#include "runnel/typed.h"

#endif
