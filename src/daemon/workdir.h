/* daemon/workdir.h - the private directories of a server, and that none of them outlives it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_WORKDIR_H
#define DAEMON_WORKDIR_H

#include "base/err.h"

/* Removes what dead servers left in $TMPDIR and makes a new directory, locked as long as *lock_fd is open. */
int workdir_make(char **base, int *lock_fd, struct err *err);

/* From now on TERM, INT, HUP and ALRM end the running compiler, remove dir and end this process. */
void workdir_remove_at_end(const char *dir);

#endif
