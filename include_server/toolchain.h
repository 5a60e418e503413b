/*
 * include_server/toolchain.h - what only the compiler knows: its directories, its macros, its features.
 *
 * It is asked once for each compiler, language and set of options that matter, and again when its
 * program file is another one.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_TOOLCHAIN_H
#define INCLUDE_SERVER_TOOLCHAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/argv.h"
#include "base/err.h"
#include "compiler/language.h"
#include "include_server/expand.h"
#include "include_server/world.h"

struct answer {
	struct answer *next;
	const char *question;		/* "__has_attribute(noreturn)" */
	bool known;
	long long value;
};

struct toolchain {
	struct toolchain *next;
	char *key;
	struct argv command;		/* the compiler with what matters, up to "-x LANG" */
	char *cwd;
	enum language language;
	struct observation program;	/* the compiler's file; path is owned */
	char *program_path;
	size_t n_dirs;			/* the built-in directories, in search order */
	char **real_dirs;
	struct predefined predefined;
	const struct symbol **operators;	/* __has_... that it knows */
	size_t n_operators;
	bool preincludes;		/* <stdc-predef.h> before everything */
	struct arena arena;
	struct answer *answers;		/* under the world's lock */
};

/*
 * options: the words of a command that decide about directories and macros (no -D, -I...).
 * ERR_NO_COMPILER or ERR_FAILED with the reason when it cannot be asked. Lives as long as the world.
 */
struct toolchain *toolchain_get(struct world *world, const char *compiler, enum language language,
				const struct argv *options, const char *cwd, struct err *err);
void toolchains_free(struct toolchain *list);

/* A feature test: true with its value; false when it has not been asked yet or nobody knows. */
bool toolchain_answer(struct world *world, struct toolchain *toolchain, const char *question,
		      long long *value,
		      bool *asked);
/* Asks the compiler all of them in one run; afterwards each has an answer or is known to have none. */
void toolchain_ask(struct world *world, struct toolchain *toolchain, const struct argv *questions);

#endif
