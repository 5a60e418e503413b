/* daemon/pumped.h - the command of a version 3 job, and its results in the client's words. Pure. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_PUMPED_H
#define DAEMON_PUMPED_H

#include "base/argv.h"
#include "base/str.h"
#include "compiler/family.h"
#include "compiler/scan.h"

/*
 * Completes the command, and *scan with it, so that dependencies are always written to deps_file, for the output as the client
 * named it, and the object to object_file. root: NULL in a view, where the client's paths are right as they
 * are; else what must stand before them, and is mapped away from what the compiler writes.
 */
void pumped_command(struct argv *argv, struct scan_request *scan, const char *root,
		    const char *object_file, const char *deps_file);

/* Takes the root out of a text that the compiler wrote: "ROOT/home/x.c:1: error" is the client's /home/x.c. */
void pumped_unmap(struct buf *text, const char *root);
/* The same for a dependency file, whose lines are broken anew. */
void pumped_unmap_deps(struct buf *deps, const char *root, enum compiler_family family);

#endif
