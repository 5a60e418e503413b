/*
 * include_server/closure.h - the walk through a file and all that it includes.
 *
 * A preprocessor without output: it follows the conditionals, and both branches where a condition
 * cannot be known. Work is bounded; what is beyond the bound goes the plain way.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_CLOSURE_H
#define INCLUDE_SERVER_CLOSURE_H

#include "include_server/expand.h"
#include "include_server/search.h"
#include "include_server/trace.h"
#include "include_server/view.h"

/* A file to send. */
struct needed {
	struct entry *entry;
	const struct observation *seen;
	/* the absolute name that diagnostics show, or NULL for a relative one */
	const char *spelling;
};

/* A thread's tools, used for one command after another. */
struct analysis {
	unsigned long world_serial;	/* of the world that all ids below belong to */
	struct view view;
	struct macros macros;
	struct toolchain *toolchain;
	struct path path;
	struct dir *cwd;
	struct needed *needed;
	size_t n_needed, capacity;
	uint32_t *known;		/* by entry id: stamp of the pass in which it was noted, */
	uint32_t *known_at;		/* ...and where in needed */
	uint32_t *once;			/* by file number: stamp of #pragma once */
	uint32_t n_known, n_once, pass;
	struct argv questions;		/* feature tests that the compiler has not been asked yet */
	const struct frame *frame;	/* the file at hand, for the oracle */
	int depth, deepest;
	struct tracer tracer;
	struct err *err;
	struct arena arena;		/* of this command */
};

/* A file at hand, and who includes it. */
struct frame {
	const struct frame *above;
	struct entry *entry;
	struct file *file;
	int at;				/* where in the path it was found; -1: beside its includer */
	bool absolute;
};

/* A file and all that it includes; above: who includes it, NULL for the source. at: where in the path it was found, -1
 * beside its includer. once: it is not entered again (#import). */
int closure_enter(struct analysis *analysis, const struct frame *above, struct entry *entry, int at,
		  bool absolute, bool once);
/* Do diagnostics show the file by an absolute name? */
bool closure_is_absolute(const struct analysis *analysis, const struct frame *frame,
			 struct found found, const char *name);
/* ERR_TIMEOUT: the work has a limit. -1 */
int closure_too_much(struct analysis *analysis);

#endif
