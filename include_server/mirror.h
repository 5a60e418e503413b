/*
 * include_server/mirror.h - compressed copies, links and placeholders on disk, where clients fetch them.
 *
 * A client takes the first three components off a name and has the file's own path. So one path can
 * be there once per root only; what does not fit (a second spelling of a file, a link where
 * a directory is) goes to another root. Copies and links never share one: nothing is ever written
 * through a link.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_MIRROR_H
#define INCLUDE_SERVER_MIRROR_H

#include <pthread.h>

#include "base/err.h"
#include "include_server/closure.h"

enum { MIRROR_ROOTS_MAX = 32, MIRROR_BUCKETS = 4096 };

struct mirrored;

struct mirror {
	pthread_mutex_t lock;
	char *area;			/* "/dev/shm" */
	int pid;
	int n_roots;			/* made so far, for names */
	struct mirror_root {
		char *path;
		int lock_fd;		/* held as long as we live: nobody takes the root for left over */
	} copies[MIRROR_ROOTS_MAX], links[MIRROR_ROOTS_MAX];
	struct mirrored **table;
	struct arena arena;
	unsigned long n_temporary;
};

int mirror_init(struct mirror *mirror, const char *area, struct err *err);
/* Removes everything. */
void mirror_release(struct mirror *mirror);

/*
 * Each gives the name for the reply; it stays valid as long as the mirror. ERR_GONE: the file is no
 * longer what was seen, so the analysis must be done again. ERR_IO: no room.
 */
int mirror_copy(struct mirror *mirror, const struct needed *needed, const char **name, struct err *err);
int mirror_link(struct mirror *mirror, const char *path, const char *target, const char **name,
		struct err *err);
int mirror_placeholder(struct mirror *mirror, const char *dir, const char **name, struct err *err);

#endif
