/*
 * gateway/succession.h - what a gateway that starts with --replace gets from the one that runs, over
 * its control socket: first its listening sockets, then, when ours is ready to serve, its retirement.
 * Until that moment the old one works as before, and a new one that fails changes nothing.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_SUCCESSION_H
#define GATEWAY_SUCCESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct succession {
	/* to the old gateway's control socket; -1: there is none to replace */
	int fd;
	int control_fd;			/* its listening control socket */
	struct succession_socket {
		char *path;
		int fd;			/* -1 when taken */
		bool inherited;		/* from a service manager */
	} *sockets;
	size_t n_sockets;
};
#define SUCCESSION_INIT { -1, -1, NULL, 0 }

/* No gateway there is a success without sockets. */
int succession_begin(struct succession *succession, const char *control_path, struct err *err);
/* The listening socket of a path, now yours, or -1. */
int succession_take(struct succession *succession, const char *path, bool *inherited);
/* Retires the old gateway: *trunk_fd is the line to its loop (trunk.h), changes what its administrators have
 * changed (farm_apply_changes()). */
int succession_commit(struct succession *succession, int *trunk_fd, struct buf *changes, struct err *err);
/* Removes the socket files that the old gateway made and nobody listens at any more. */
void succession_clean(const struct succession *succession);
void succession_release(struct succession *succession);

#endif
