/*
 * client/mirror.h - what the include server answers: names in its mirror of our file system.
 *
 * Its protocol is that of distcc 3.4: CDIR, ARGC, ARGV... there, ARGC, ARGV... back. The names that come
 * back are of compressed copies, links and placeholders.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_MIRROR_H
#define CLIENT_MIRROR_H

#include <limits.h>

#include "base/argv.h"
#include "base/err.h"

enum entry_kind {
	ENTRY_FILE, ENTRY_LINK,
	ENTRY_SYSTEM_DIR,		/* a link to a directory that the server has of its own */
	ENTRY_PLACEHOLDER		/* of a directory that must exist */
};
/* The name of a placeholder below its directory. */
#define MIRROR_PLACEHOLDER "/forcing_technique_271828"

/* Which files does this command need? No names: it gave up. ERR_NO_FILE: no working directory; ERR_PROTOCOL;
 * or what connecting to it and waiting for it say. */
int mirror_ask(struct argv *names, const struct argv *command, struct err *err);
/* Of a name in the mirror: without the first three components, ".abs" and ".lzo". Yours to free. */
char *mirror_visible_name(const char *name);
/* target: where it leads, of links. ERR_IO. */
int mirror_look_at(const char *name, const char *visible, enum entry_kind *kind, char target[PATH_MAX], struct err *err);

#endif
