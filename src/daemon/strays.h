/* daemon/strays.h - processes that a compiler left behind, wherever they moved to. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_STRAYS_H
#define DAEMON_STRAYS_H

#include <stdbool.h>
#include <sys/types.h>

/* From now on orphans below this process become its children. */
void strays_adopt(void);

/* Kills and reaps all children but those that keep() wants (NULL: none), and theirs in turn, until
 * none is left. Without children it costs one system call. */
void strays_end(bool (*keep)(pid_t pid, void *context), void *context);

#endif
