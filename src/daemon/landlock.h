/* daemon/landlock.h - which files a process and its children may reach from now on (landlock(7)). */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_LANDLOCK_H
#define DAEMON_LANDLOCK_H

#include <stddef.h>

#include "base/err.h"

enum landlock_right { LANDLOCK_READ = 1, LANDLOCK_EXECUTE = 2, LANDLOCK_WRITE = 4 };

struct landlock_path {
	const char *path;		/* a file, or a directory with all below it */
	unsigned rights;
};

/* The kernel's version of the interface; 0: it has none, or this build does not use it. */
int landlock_abi(void);
/* Are signals to processes outside of the confinement stopped, too? */
int landlock_stops_signals(void);

/* Rules that allow these paths and nothing else; those that do not exist are passed over. *fd is yours
 * to close. It may be entered by many processes. */
int landlock_make(const struct landlock_path *paths, size_t n_paths, int *fd, struct err *err);

/* Adds that TCP connections to this port may be made, where the kernel holds them back (from version 4 on). */
int landlock_allow_port(int fd, int port, struct err *err);

/* For good, in this process and its children: 0, or -1 and errno. Only system calls. */
int landlock_enter(int fd);

/* The same with rules that allow to read and write everything but what is in these directories, and to make
 * nothing new beside them or in a directory above them. Absolute names without links in them. */
int landlock_hide(char *const *dirs, size_t n_dirs, struct err *err);

#endif
