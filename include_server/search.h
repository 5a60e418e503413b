/*
 * include_server/search.h - which file a name means.
 *
 * The directories of one command, as compilers arrange them: without those that are missing or
 * doubled, the built-in ones last. Where a name was found is remembered together with the
 * directories in which it was not, and believed while none of those has changed.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_SEARCH_H
#define INCLUDE_SERVER_SEARCH_H

#include "include_server/command.h"
#include "include_server/view.h"

enum { SEARCH_BUCKETS = 1024 };

struct search;

struct path {
	struct search *search;		/* what is remembered for just this list of directories */
	struct dir **dirs;
	/* ...that were written so: their files are named absolutely in diagnostics */
	bool *absolute;
	size_t n_dirs, n_quote;		/* the first n_quote only for "name" */
	struct dir *cwd;
};

/* dirs is allocated in arena. */
void path_make(struct path *path, struct view *view, const struct command *command, struct dir *cwd,
	       struct arena *arena);

/* The directory that a command's word means. */
struct dir *path_dir_of(struct world *world, const struct dir *cwd, const char *name);

struct found {
	struct entry *entry;		/* NULL: nowhere */
	int at;				/* index in dirs, -1: beside the including file */
};
/* beside: the directory of the including file, for "name"; NULL for <name>. start: the first index
 * of dirs to try (#include_next). */
struct found path_find(struct path *path, struct view *view, struct dir *beside, size_t start,
		       const char *name, size_t len);

#endif
