/* include_server/command.h - what a compiler command says about includes. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_COMMAND_H
#define INCLUDE_SERVER_COMMAND_H

#include <stdbool.h>

#include "base/argv.h"
#include "base/err.h"
#include "compiler/language.h"

struct command {
	const char *source;		/* into the words */
	enum language language;
	struct argv quote, angle, system, after;	/* directories, in order */
	struct argv includes;		/* "-include" or "-imacros", FILE, ... */
	struct argv defines;		/* "-D" or "-U", ARGUMENT, ... */
	struct argv options;		/* what the compiler must be asked with */
	bool nostdinc;
};
#define COMMAND_INIT { 0 }

/* ERR_USAGE with the reason for what the analysis does not cover. */
int command_parse(struct command *command, const struct argv *argv, struct err *err);
void command_release(struct command *command);

#endif
