/* base/tmp.h - temporary things that no crash leaves behind, as far as the system allows. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_TMP_H
#define BASE_TMP_H

#include <sys/types.h>

#include "base/err.h"

/* A nameless file in memory; where memfd is missing, an unlinked file in $TMPDIR. Close-on-exec. */
int tmp_memory(const char *label, struct err *err);

/* A nameless file in directory dir (O_TMPFILE, else created and unlinked at once). Close-on-exec. */
int tmp_unlinked(const char *dir, struct err *err);

/* A new private directory (0700) DIR/PREFIX_XXXXXX; the path is yours to free. */
char *tmp_dir_make(const char *dir, const char *prefix, struct err *err);

/* Removes all that is in an open directory of ours, in the same way, and makes it 0700 again; it stays. */
int tmp_dir_empty(int fd, struct err *err);

/* Removes a directory tree without following any link and without leaving it; makes unreadable
 * directories of ours readable first. Missing is success. Safe in a signal handler if err is NULL. */
int tmp_dir_remove(const char *path, struct err *err);

#endif
