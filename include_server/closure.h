/*
 * include_server/closure.h - which files a compiler would read for one command.
 *
 * A preprocessor without output: it follows the conditionals, and both branches where a condition
 * cannot be known. Work is bounded; what is beyond the bound goes the plain way.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_CLOSURE_H
#define INCLUDE_SERVER_CLOSURE_H

#include "include_server/command.h"
#include "include_server/expand.h"
#include "include_server/search.h"
#include "include_server/trace.h"
#include "include_server/view.h"

/* A file to send. */
struct needed {
	struct entry *entry;
	const struct observation *seen;
	const char *spelling;		/* the absolute name that diagnostics show, or NULL for a relative one */
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

void analysis_init(struct analysis *analysis);
void analysis_release(struct analysis *analysis);

/* The result is in analysis->needed, view.facts and toolchain. ERR_USAGE, ERR_NO_FILE, ERR_TIMEOUT
 * (too much work)... with the reason. */
int analysis_run(struct analysis *analysis, struct world *world, const char *cwd, const struct argv *argv, struct err *err);

#endif
