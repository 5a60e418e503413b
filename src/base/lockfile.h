/* base/lockfile.h - POSIX record locks on whole files: the primitive that stock clients share. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_LOCKFILE_H
#define BASE_LOCKFILE_H

#include <stdbool.h>

#include "base/err.h"

/* Opens (creating it, 0666 & ~umask) and tries a write lock on the whole file. The descriptor
 * holds the lock until closed. ERR_BUSY when somebody else has it, ERR_IO otherwise. */
int lockfile_try(const char *path, int *fd, struct err *err);

/* The same, waiting at most wait_ms for whoever has it. Uses SIGALRM and the real interval timer:
 * record locks have no other deadline. */
int lockfile_wait(const char *path, int wait_ms, int *fd, struct err *err);

/* Waits at most wait_ms for a read lock on a file that is there; ERR_NO_FILE if it is not. */
int lockfile_wait_shared(const char *path, int wait_ms, int *fd, struct err *err);

/* Does another process hold it? Takes nothing and makes no file. */
bool lockfile_is_held(const char *path);

#endif
