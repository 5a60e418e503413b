/* daemon/compilers.h - the compilers that this server runs, and the files that they consist of. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_COMPILERS_H
#define DAEMON_COMPILERS_H

#include <stdbool.h>
#include <stddef.h>

struct compiler {
	char *name;			/* what a client says */
	char *file;			/* what is run: found on PATH; NULL: nothing there */
	char *real;			/* where that leads to */
	char *interpreter;		/* of a script, or NULL */
};

struct compilers {
	struct compiler *all;		/* by name */
	size_t n;
};
#define COMPILERS_INIT { NULL, 0 }

/* What the masquerade directories list, or the lines of DISTCC_CMDLIST. */
void compilers_find(struct compilers *compilers);
void compilers_release(struct compilers *compilers);

/* The table of --list-compilers: NAME, its file, or why it cannot be run. */
void compilers_print(const struct compilers *compilers, bool json);

#endif
