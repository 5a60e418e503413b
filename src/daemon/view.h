/*
 * daemon/view.h - a file system in which a job's files stand where they stand at the client.
 *
 * The job's root becomes "/", with the system's directories bound into it, in a mount namespace of the
 * compiler's own. Then objects, dependencies and messages name the client's paths because there are no
 * others. It works without root where user namespaces do; elsewhere paths are mapped (pumped.h).
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_VIEW_H
#define DAEMON_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

struct view_bind {
	char *from, *to;		/* absolute; both exist */
};

struct view {
	char *root;
	char *dir;			/* working directory inside */
	struct view_bind *binds;
	size_t n_binds;
	uid_t uid;
	gid_t gid;
};
#define VIEW_INIT { NULL, NULL, NULL, 0, 0, 0 }

/* Plans, and makes what is mounted upon: each of `paths` at its own place below root, except where the
 * client's files are; directories of both are joined. */
int view_make(struct view *view, const char *root, const char *dir, char *const *paths,
	      size_t n_paths, struct err *err);
void view_release(struct view *view);

/* In a child with memory of its own: 0, or -1 and errno. Only system calls. */
int view_enter(const struct view *view);

/* Tries it in a child: do views work here? */
bool view_works(const char *scratch_dir);

#endif
