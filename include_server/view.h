/*
 * include_server/view.h - the file system as one request finds it.
 *
 * Each directory and file is asked about once per request (system headers once a second, what is
 * watched only after a change); within the request the answer stands. A name that was absent is believed to be absent while its directory
 * is unchanged. All answers together are the request's facts: they are what a remembered result
 * is checked against.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_VIEW_H
#define INCLUDE_SERVER_VIEW_H

#include "base/err.h"
#include "include_server/notes.h"
#include "include_server/toolchain.h"
#include "include_server/world.h"

enum { LAZY_MS = 1000 };

struct mark {
	uint32_t stamp;
	const struct observation *seen;
};

struct view {
	struct world *world;
	const struct toolchain *toolchain;	/* its directories are the system's */
	struct moment now;		/* when it began */
	uint32_t stamp;
	struct mark *dirs, *entries;	/* by id: what this request was told */
	uint32_t n_dirs, n_entries;
	const struct observation **facts;
	size_t n_facts, capacity;
	bool all_trusted;		/* the facts can be checked again later */
	struct notes *notes;		/* of the owner */
};

/* A view serves one world only: ids begin anew in another. */
void view_start(struct view *view, struct world *world);
void view_release(struct view *view);

const struct observation *view_dir(struct view *view, struct dir *dir);
/* A regular file NAME (slashes allowed) below dir, or NULL. *in is the directory that holds it, or
 * that would: what an absence depends on. */
struct entry *view_find(struct view *view, struct dir *dir, const char *name, size_t len, struct dir **in);
/* Is it a regular file now? */
const struct observation *view_entry(struct view *view, struct entry *entry);
/* Its directives. NULL with err set when it cannot be read. */
struct file *view_file(struct view *view, struct entry *entry, struct err *err);
/* entry->real and entry->link are set, false if it has gone. */
bool view_real(struct view *view, struct entry *entry);

/* Is dir (as reached) or this real path within the compiler's own directories? */
bool view_is_system_path(const struct view *view, const char *real);
/* The same for entry->real, which view_real() has set. */
bool view_is_system(const struct view *view, struct entry *entry);

/* Asks about an old observation again, unless it is watched. */
bool observation_holds(const struct observation *seen, struct moment now);

#endif
