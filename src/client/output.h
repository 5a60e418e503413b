/* client/output.h - an object appears whole under its name, or not at all. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_OUTPUT_H
#define CLIENT_OUTPUT_H

#include <stddef.h>

#include "base/err.h"

/*
 * A file that is to become `name`: nameless (O_TMPFILE) in the same directory where the file system
 * can, so that a killed client leaves nothing; the target itself when that is a device or a pipe.
 */
struct output {
	int fd;
	const char *name;		/* borrowed */
	char *temporary;		/* a named temporary file, where nameless ones cannot be had */
	int in_place;			/* the target is no regular file: written where it is */
};
#define OUTPUT_INIT { -1, NULL, NULL, 0 }

/* ERR_NO_FILE: the directory is missing or not writable (then the compiler's own words are best). */
int output_open(struct output *output, const char *name, struct err *err);
/* Gives it its name, replacing what was there as an assembler would (unlinked, not overwritten). */
int output_place(struct output *output, struct err *err);
/* Without place: nothing was ever there. */
void output_close(struct output *output);
#define autooutput __attribute__((cleanup(output_close))) struct output

#endif
