/*
 * include_server/trace.h - what a file did once, with all that it includes, to be done again without reading directives.
 *
 * A file does the same each time when all that it asks is answered as before: the definitions of the
 * macros that it looks at, the files that it finds and does not find. So these are what a trace
 * consists of, with what came of them: macros, and files that are needed. Of headers, since every source includes
 * the same ones; and of sources, which many builds compile twice, with -fPIC -DPIC and without.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_TRACE_H
#define INCLUDE_SERVER_TRACE_H

#include "include_server/expand.h"
#include "include_server/notes.h"
#include "include_server/search.h"
#include "include_server/view.h"

/* From where a header is included; all of it decides what its own includes mean. */
struct trace_key {
	struct entry *entry;
	const struct file *file;
	const struct search *search;
	const struct toolchain *toolchain;
	int at;
	bool absolute;
	bool is_source;			/* nothing includes it, and nothing comes after it */
};

struct trace_need {
	struct entry *entry;
	bool absolute;
};

struct trace {
	struct trace *next;
	struct trace *older, *younger;	/* sources only, under the world's lock */
	int n_users;			/* under the world's lock */
	struct trace_key key;
	int depth;			/* of includes below it */
	size_t n_reads, n_writes, n_onces, n_entered, n_dirs, n_entries, n_needed, bytes;
	/* all behind the trace, in its own block */
	struct { uint32_t *ids; uintptr_t *values; } reads, writes;	/* of symbols */
	struct { uint32_t number; bool value; } *onces;		/* of files: asked */
	uint32_t *entered;					/* set */
	struct { struct dir *dir; const struct observation *seen; } *dirs;
	struct { struct entry *entry; const struct observation *seen; } *entries;
	struct trace_need *needed;
};

/* A thread's tools. */
struct tracer {
	struct notes notes;
	struct view *view;
	struct macros *macros;
	uint32_t *const *once;		/* the owner's, with its length and the stamp that means yes */
	const uint32_t *n_once, *pass;
	struct tally { uint32_t *at, n; } tallies[4];	/* by id of symbols, files, directories, entries */
	uint32_t stamp;
	char *scratch;			/* of the lists that are being made */
	size_t scratch_size;
};
void tracer_release(struct tracer *tracer);

/* A trace that fits, when the header is at `depth`, borrowed: the macros are as after a walk. The files that it needs and
 * those that are not to be entered again are left to the caller. NULL: the header must be walked. */
struct trace *trace_replay(struct tracer *tracer, const struct trace_key *key, int depth, int depth_max);
void trace_give_back(struct world *world, struct trace *trace);

/* Around a walk: begin, and then end with what begin returned. worth: the walk was done, and it was long. */
size_t trace_begin(struct tracer *tracer, const struct trace_key *key);
void trace_end(struct tracer *tracer, const struct trace_key *key, size_t start, int depth, bool worth);

void traces_free(struct trace *traces);

#endif
