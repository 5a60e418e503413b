/*
 * include_server/world.h - what is known of the file system, for all threads, for as long as it holds.
 *
 * Nothing here is believed without asking the file system again: see view.h for how a request looks
 * at it. When the world has grown beyond its limit a new, empty one takes its place; the old one
 * goes when the last request that looks at it is done.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_WORLD_H
#define INCLUDE_SERVER_WORLD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "include_server/arena.h"
#include "include_server/source.h"
#include "include_server/symbol.h"
#include "include_server/watch.h"

enum { WORLD_BYTES_MAX = 64 << 20, ENTRY_BUCKETS = 16384 };

struct identity {
	dev_t dev;
	ino_t ino;
	off_t size;
	int64_t mtime_ns, ctime_ns;
};
bool identity_equal(const struct identity *a, const struct identity *b);

enum kind { KIND_ABSENT, KIND_FILE, KIND_DIRECTORY, KIND_OTHER };

/* What stat(2) said of a path. Never changed once made, but for when that was confirmed. */
struct observation {
	const char *path;
	struct identity id;
	enum kind kind;
	/* a later change would show: the clock has ticked since the last one */
	bool trusted;
	bool lazy;			/* a system header: confirmed at most once a second */
	_Atomic int64_t confirmed_ms;
	_Atomic uint64_t held_in;	/* it holds as long as this generation lasts (watch.h); 0: ask */
	_Atomic uint64_t epoch;		/* its names were put under watch in this one; 0: they were not */
};

/* stat(2) as an observation, on the caller's stack. */
void observe(const char *path, struct observation *seen);
bool observation_same(const struct observation *a, const struct observation *b);

/* A symbolic link on the way to a directory or a file, and where it leads in the end. */
struct link {
	const char *name;		/* its directory part is a real path */
	const char *target;		/* a real path */
	struct link *next;
};

/* How a directory was reached: the links on the way, and the directories that must exist for ".." */
struct layout {
	const char *real;
	struct link *links;
	const char **dirs;		/* real paths of all directories on the way */
	size_t n_dirs;
	dev_t dev;
	ino_t ino;
};

/* A directory by the name under which it is reached: absolute, but with ".." and links as written. */
struct dir {
	struct dir *next;
	uint32_t id, hash;
	size_t len;
	struct observation *seen;
	struct dir *anchor;		/* absent: its parent... */
	struct observation *anchor_seen;	/* ...as it was when this one was found to be absent */
	struct layout *layout;
	uint64_t way_epoch;		/* watch_way() was called in this epoch, */
	bool way_is_watched;		/* ...with this result, */
	int watch;			/* ...and this one */
	char name[];
};

struct file {
	struct file *next;
	struct identity id;
	bool trusted;			/* its identity stands for its content */
	uint32_t number;
	struct source source;
};

struct toolchain;
struct search;
struct memo;
struct trace;
struct mirrored;

/* A name in a directory. */
struct entry {
	struct entry *next;
	uint32_t id, hash;
	struct dir *dir;
	const char *path;		/* dir + "/" + base */
	const char *base;
	struct observation *seen;
	const struct observation *absent_in;	/* it was not there when its directory was so */
	const struct observation *dir_seen;	/* its directory when `seen` was made */
	struct file *file;		/* what `file_seen` held */
	const struct observation *file_seen;
	const char *real;		/* real path */
	struct link *link;		/* the file itself is a symbolic link */
	dev_t real_dev;
	ino_t real_ino;
	uint64_t file_epoch;		/* watch_file() was called in this epoch, */
	ino_t file_ino;			/* ...for this file */
	/* a toolchain, +1 if `real` is within its directories; 0: not judged */
	_Atomic uintptr_t judged;
	/* under the mirror's lock: its copies of `copied`, without and with a spelling */
	struct mirrored *copies[2];
	const char *copied;
	struct trace *traces;		/* what including it did, the most recent first */
	uint32_t n_recordings, n_replays;
};

struct world {
	struct watch *watch;		/* outlives all worlds; or NULL */
	unsigned long serial;		/* no two worlds have the same */
	int n_users;			/* under the owner's lock */
	struct symbols symbols;
	pthread_mutex_t lock;		/* the tables and all mutable fields of what they hold */
	struct arena arena;
	size_t file_bytes;
	size_t trace_bytes[2];		/* of headers, and of sources */
	struct trace *source_traces;	/* the oldest first */
	struct dir **dirs;
	struct entry **entries;
	struct file **files;
	uint32_t n_dirs, n_entries, n_files;
	struct toolchain *toolchains;
	struct search **searches;
	struct memo **memos;
	struct given_macro **given;	/* definitions of command lines */
	uint32_t n_memos, next_memo;
};

struct world *world_new(struct watch *watch);
void world_free(struct world *world);
size_t world_bytes(struct world *world);

/* Both are found or made; any thread. */
struct dir *world_dir(struct world *world, const char *name, size_t len);
struct entry *world_entry(struct world *world, struct dir *dir, const char *base);

/* "NAME VALUE", as after #define: the same text gives the same macro. NULL if it is no definition. */
struct macro *world_macro(struct world *world, const char *text);

/* A fresh observation that lives as long as the world; the lock must be held. */
struct observation *world_keep(struct world *world, const char *path, const struct observation *seen);

/* How a directory is reached; made when first asked, and again when it is another directory. */
const struct layout *world_layout(struct world *world, struct dir *dir, const struct observation *seen);

#endif
