/* daemon/inner.h - narrower walls around the compilers that a prefix program starts. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_INNER_H
#define DAEMON_INNER_H

#include <stdbool.h>

#include "base/argv.h"
#include "base/err.h"
#include "base/str.h"

/*
 * A cache may write its directory and talk to its storage; the compilers that it runs may not, or whoever finds
 * a hole in one could put objects there for others. Walls only ever get narrower, so they come in two steps: the
 * prefix program gets the wide ones, and is told to start compilers through this very program (ccache is, by
 * CCACHE_PREFIX), which puts the narrow ones around itself and becomes the compiler.
 */
struct inner {
	int rules_fd;			/* Landlock's rules for compilers, or -1: no such layer */
	int filter_fd;			/* a memory file with their filter of system calls, or -1 */
};
#define INNER_INIT { -1, -1 }

int inner_keep_filter(struct inner *inner, const struct buf *filter, struct err *err);
void inner_release(struct inner *inner);
bool inner_exists(const struct inner *inner);

/* Into the environment of what this process starts: compilers are to be run by `self`, this program's file, and
 * are not to see these directories. */
void inner_announce(const struct inner *inner, const char *self, const struct argv *hidden);

/* The same before each job: text on its way to a compiler belongs where compilers can write it. */
void inner_announce_tmpdir(const struct inner *inner, const char *dir);

/* In a child before exec of the prefix program. Only system calls. */
int inner_pass(const struct inner *inner);

/* Is this process such a step? Then inner_run() becomes the command; its value is an exit status. */
bool inner_is_asked(void);
int inner_run(char *const *command);

#endif
