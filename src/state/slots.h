/* state/slots.h - how many jobs this user runs on a host at once: lock files shared with stock. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STATE_SLOTS_H
#define STATE_SLOTS_H

#include "base/err.h"
#include "hosts/spec.h"

/* Tries "cpu_..._SLOT": ERR_BUSY when taken. Closing *fd gives it back. */
int slot_try(const struct host_spec *host, int slot, int *fd, struct err *err);

/* Tries slots 0..limit-1 of localhost: ERR_BUSY when all are taken. */
int slot_try_local(int limit, int *fd, int *slot, struct err *err);

/* Blocks in the kernel until that slot is free (it is taken then) or wait_ms passed (ERR_BUSY).
 * Uses SIGALRM and the real interval timer. */
int slot_wait(const struct host_spec *host, int slot, int wait_ms, int *fd, struct err *err);

/* How many slots of a host other processes hold now. Takes nothing. */
int slots_count_taken(const struct host_spec *host);

#endif
