/* gateway/listen.h - the sockets that clients connect to, and the places they stand in. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_LISTEN_H
#define GATEWAY_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "gateway/options.h"
#include "gateway/succession.h"

#define LISTEN_LINK "/run/distcc-gw.sock"	/* beside the default path, a symbolic link to it */

struct listeners {
	int *fds;
	size_t n;
	bool inherited;			/* a service manager made them, and keeps them when we end */
};
#define LISTENERS_INIT { NULL, 0, false }

/*
 * Opens every --listen path before privileges drop: makes the directory (0755, of uid/gid) when it
 * is missing, refuses a place where others could replace the socket (some directory on the way
 * writable by others without the sticky bit, or owned by neither root nor uid) unless --force,
 * replaces a stale socket, refuses a live one, and for the default path puts the symbolic link
 * LISTEN_LINK. Sockets of a service manager take the place of all that: options then names their paths.
 * What a predecessor listens at is taken from the succession instead of being opened.
 */
int listen_open(struct options *options, uid_t uid, gid_t gid, struct succession *succession,
		struct listeners *listeners,
		struct err *err);
void listen_release(struct listeners *listeners);

/* Would listen_open() like the places? Looks, and makes nothing. */
int listen_check(const struct options *options, uid_t uid, struct err *err);

/* Removes socket files and the link, if they are ours. */
void listen_remove(const struct options *options, const struct listeners *listeners);

#endif
