/*
 * daemon/jobroot.h - the client's files of a version 3 job, below a directory of the job's own.
 *
 * A name is taken only as what stock clients send: an absolute, canonical path. No step of it goes
 * through a link, so nothing is ever written outside of the root, whatever came before.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_JOBROOT_H
#define DAEMON_JOBROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct jobroot {
	int fd;				/* of the directory */
	char *path;
	/* the compiler sees the root as "/": absolute links stay as they are */
	bool is_view;
	uint64_t expanded_bytes;
};
#define JOBROOT_INIT { -1, NULL, false, 0 }

enum { JOBROOT_WORK_DEPTH = 1 };
#define JOBROOT_WORK ".distccd"		/* in the root: what is ours, and no name of a client's may begin with it */

/* path must not exist. */
int jobroot_make(struct jobroot *root, const char *path, bool is_view, struct err *err);
void jobroot_release(struct jobroot *root);

/* A directory with all above it. All: ERR_PROTOCOL for a name or a link that no client should send. */
int jobroot_add_dir(struct jobroot *root, const char *name, struct err *err);
/* body: one LZO block, or empty. */
int jobroot_add_file(struct jobroot *root, const char *name, const struct buf *body, struct err *err);
/* A link that stands for a directory of the system's ("../../../usr/include" for /usr/include) is let
 * out of the root, and so are no others. */
int jobroot_add_link(struct jobroot *root, const char *name, const char *target, struct err *err);

/* Absolute, without empty parts, "." and "..", and within the limits of Linux. */
bool jobroot_name_is_good(const char *name);
/* The form by which clients name the directories that a server has itself. */
bool jobroot_link_is_system(const char *name, const char *target);

#endif
