/* daemon/allow.h - which commands a client may have run. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_ALLOW_H
#define DAEMON_ALLOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/argv.h"
#include "base/err.h"

/* The directories whose entries are the names of compilers; NULL after the last. */
const char *allow_directory(size_t i);

/* Is this line of DISTCC_CMDLIST a pattern of names? */
bool allow_is_pattern(const char *line);

/* ERR_NO_COMPILER when neither LIBDIR/distcc nor /usr/lib/distcc exists. */
int allow_check_setup(struct err *err);

/*
 * DISTCC_CMDLIST, if set, maps argv[0] to one of its lines, or lets it pass where a pattern there matches it
 * (and refuses if it cannot be read); else
 * argv[0] must stand in the masquerade directory, unless insecure. Then the options that hand this
 * machine to the client are refused (but -specs=FILE is not, if SYSROOT/FILE exists; sysroot may be NULL; names_clients_files as for
 * refuse_check()). ERR_NO_COMPILER or
 * ERR_DENIED with a sentence that names the compiler or the option, and the remedy.
 */
int allow_command(struct argv *argv, bool insecure, const char *sysroot, bool names_clients_files,
		  struct err *err);

#endif
