/*
 * state/found.h - the servers that a helper has found by zeroconf, in files shared with distcc 3.4: DIR/lock
 * is write-locked by the one helper that runs, DIR/hosts is the text of a host list, read-locked by
 * those who read it and write-locked while it changes. A comment in a list without hosts says why it
 * has none.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STATE_FOUND_H
#define STATE_FOUND_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* --------------------------------------------------------------- readers */

/* Does a helper run? */
bool found_is_kept(const char *dir);
/* Waits at most wait_ms for a list that is being made, and tells the helper that somebody reads it.
 * No list at all is an empty text. ERR_BUSY: it is still being made. */
int found_read(const char *dir, int wait_ms, struct buf *text, struct err *err);

/* --------------------------------------------------------------- the helper */

struct found {
	int lock_fd, hosts_fd;
	bool is_writing;		/* readers wait */
};
#define FOUND_INIT { -1, -1, false }

/* Becomes the helper, with the list locked until it is first written. ERR_BUSY: there is one. */
int found_take(struct found *found, const char *dir, struct err *err);
/* Replaces the list and lets readers at it. */
int found_write(struct found *found, const char *text, size_t len, struct err *err);
/* When somebody last read it, a time(2), as far as the file system tells; -1 when the file is gone. */
int64_t found_read_at(const struct found *found);
void found_release(struct found *found);

#endif
