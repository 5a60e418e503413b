/* monitor/resolver.h - many names at once: a process for each look-up, since those block. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_RESOLVER_H
#define MONITOR_RESOLVER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/types.h>

enum { RESOLVER_N = 6 };		/* processes at once */

struct lookup {				/* fd -1: none */
	pid_t pid;
	int fd;				/* readable when it is done */
};

/* Begins to look name up. False and errno when no process could be started. */
bool lookup_start(struct lookup *lookup, const char *name);
/* After fd became readable: false when the name has no IPv4 address. */
bool lookup_finish(struct lookup *lookup, struct in_addr *addr);
/* Gives it up: its process is ended. Harmless on none. */
void lookup_stop(struct lookup *lookup);

#endif
