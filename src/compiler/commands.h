/* compiler/commands.h - what is run here and sent there, made of a command that can be distributed. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMPILER_COMMANDS_H
#define COMPILER_COMMANDS_H

#include <stdbool.h>

#include "base/argv.h"
#include "compiler/scan.h"

/* The command that writes text of this kind to stdout: -c/-S become -E, -o goes, dependency options
 * are completed (-MF, -MQ) so that the file is what the whole compile would write. */
void scan_preprocess_command(const struct scan *scan, enum text_kind kind, struct argv *out);

/* Completes dependency options (-MF, -MQ) with what a compiler would derive from the -o that the
 * command run here no longer has. */
void scan_add_dependency_options(const struct scan *scan, struct argv *out);

/* For TEXT_INCLUDES: the command that lists the macros which are defined before the source begins. */
void scan_predefines_command(const struct scan *scan, struct argv *out);

/* What this machine adds to a server's command. */
struct scan_place {
	enum text_kind kind;
	const char *dir;		/* the working directory: clang is told, gcc has it from the text */
	/* the name ($TERM) of the one that messages go to; NULL: to no terminal */
	const char *terminal;
};

/* The option that colours messages for a terminal although a file receives them; NULL if the command
 * has said what it wants, or none is known. */
const char *scan_colour_option(const struct scan *scan, const char *terminal);

/* The command for a server in plain mode: no preprocessor and linker options. */
void scan_server_command(const struct scan *scan, const struct scan_place *place, struct argv *out);

#endif
