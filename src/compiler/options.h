/*
 * compiler/options.h - the one table of compiler options, for gcc and clang.
 *
 * A row says how an option is written (where its argument is) and what it means to us: does it
 * steer the preprocessor only, name another output, read files that a server cannot see, depend
 * on this machine? All modes and both programs ask this table and no other.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMPILER_OPTIONS_H
#define COMPILER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum option_form {
	OPTION_EXACT,		/* -c                       */
	OPTION_PREFIX,		/* -Wp,...  -fsomething...   the rest belongs to the word */
	OPTION_SEPARATE,	/* -include FILE             the argument is the next word */
	OPTION_JOINED,		/* -std=c99                  a non-empty argument in the same word */
	OPTION_EITHER		/* -I DIR, -IDIR             */
};

/* What a row means; flags of one row may be combined. */
enum option_meaning {
	OPT_PLAIN = 0,			/* concerns code generation: sent as it is */
	OPT_PREPROCESSOR = 1 << 0,	/* used up by the client's preprocessor, not sent in plain mode */
	OPT_LINKER = 1 << 1,		/* not sent: nothing is linked */
	OPT_COMPILE = 1 << 2,		/* -c */
	OPT_ASSEMBLE_TEXT = 1 << 3,	/* -S */
	OPT_OUTPUT = 1 << 4,		/* -o */
	OPT_LANGUAGE = 1 << 5,		/* -x */
	OPT_LOCAL = 1 << 6,		/* the job must run here; the row has the reason */
	OPT_LOCAL_CPP = 1 << 7,		/* -E: local, in the preprocessing pool */
	OPT_DEPS = 1 << 8,		/* -MD, -MMD */
	OPT_DEPS_FILE = 1 << 9,		/* -MF */
	OPT_DEPS_TARGET = 1 << 10,	/* -MT, -MQ */
	OPT_DEBUG = 1 << 11,		/* -g...: debug sections */
	OPT_EXPANDED = 1 << 13,		/* gcc can do it only with macros expanded: no -fdirectives-only */
	OPT_COLOUR = 1 << 14,		/* says whether messages are coloured */
	OPT_NATIVE = 1 << 15,		/* names this machine's processor: see client/native.h */
	OPT_LTO = 1 << 16,		/* the object holds the compiler's own representation */
	OPT_DEBUG_DIR = 1 << 17,	/* names the compilation directory */
	OPT_INCLUDE = 1 << 18,		/* -include: a file before the source */
	OPT_MAPS_FILES = 1 << 19,	/* changes the names that __FILE__ gives */
	OPT_DEFINES = 1 << 20,		/* -D */
	OPT_KEEPS_COLUMNS = 1 << 21,	/* see struct text_needs */
	/* takes predefined macros away, also where preprocessed text is read */
	OPT_BARE_MACROS = 1 << 22,
	OPT_UNUSED_MACROS = 1 << 23,	/* see struct text_needs */
	OPT_GCC_ONLY = 1 << 24		/* the job must run here unless it is gcc's; the row has the reason */
};

struct option_row {
	const char *name;		/* with its dash or dashes */
	enum option_form form;
	unsigned meaning;		/* of enum option_meaning */
	const char *reason;		/* OPT_LOCAL, OPT_LTO, OPT_GCC_ONLY: why, for the user; else NULL */
};

/* An option as it stands in a command. */
struct option_match {
	const struct option_row *row;	/* NULL: no row knows it */
	const char *argument;		/* into the word or the next one; NULL if it has none */
	size_t n_words;			/* 1, or 2 with a separate argument */
};

/* words[0] begins with '-'. The longest matching name wins. A missing separate argument is
 * reported by n_words 2 and argument NULL. */
struct option_match option_find(char *const *words);

/*
 * The spelling that the table knows of a long option ("--output=F" -> "-o" "F"), added to out.
 * Returns how many words were used up; 0 for all that have no other spelling.
 */
struct argv;
size_t option_shorten(char *const *words, struct argv *out);

/* All rows, for tests and --help-like listings. */
const struct option_row *option_rows(size_t *n);

#endif
