/*
 * compiler/text.h - the kinds of preprocessed text that can be sent, and which one a job takes.
 *
 * Fully preprocessed text (-E) makes a compiler say other things than the source does: macros and
 * comments that silence a warning are gone, and columns have moved. The other kinds keep them:
 *
 *   TEXT_DIRECTIVES   gcc -E -fdirectives-only: files are included, macros stay macros. The server's
 *                     gcc gets -fdirectives-only, too, and expands them.
 *   TEXT_INCLUDES     clang -E -frewrite-includes, behind the list of the predefined macros (-dM),
 *                     since clang predefines nothing for preprocessed sources.
 *   TEXT_EXPANDED     -E
 *
 * "-E -C" is none of them: comments among a macro's arguments get into strings ("#x"), and keep macros
 * that stand before them from being expanded.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMPILER_TEXT_H
#define COMPILER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "compiler/family.h"

enum text_kind { TEXT_EXPANDED, TEXT_DIRECTIVES, TEXT_INCLUDES };

/* What a command asks of its text. */
struct text_needs {
	bool expansion;		/* it has an option that gcc obeys only with expanded text */
	bool debug;		/* gcc's debug sections name -fdirectives-only among the switches, and a program's
				 * build id is made of them: expanded text if nothing speaks against it */
	/* ... but the object's own data, or sections without switches, have columns */
	bool columns;
	bool unused_macros;	/* expansion, since the compiler would warn of all macros in other text */
};

enum text_kind text_kind_choose(enum compiler_family family, const struct text_needs *needs);

/*
 * Are these messages, brought by text of this kind, perhaps not those of a local compile, though with
 * TEXT_DIRECTIVES they would be? After a failure only if it may be due to one of them (-Werror).
 */
bool text_messages_are_doubtful(enum compiler_family family, enum text_kind kind, bool has_failed,
				const char *messages, size_t len);

/* Is there a message among these that says less where the compiler has no source? gcc looks there for the
 * place within a format string. */
bool text_messages_need_source(enum compiler_family family, const char *messages, size_t len);

/*
 * Must the macros in this text be expanded where the source is? (__DATE__, __TIME__ and their
 * like depend on the place; older gcc do not understand raw strings in -fdirectives-only text.)
 * maps_files: the command changes what __FILE__ gives (-ffile-prefix-map).
 */
bool text_must_be_expanded(enum text_kind kind, bool maps_files, const char *text, size_t len);

/*
 * May there be a directive in the source of this TEXT_DIRECTIVES that gcc has obeyed here, and left blanks in
 * its place? "#pragma pop_macro" is one (tried with gcc 12): what was popped is lost; so is what was poisoned
 * (without harm, "#pragma GCC system_header", which nearly all headers of C++ have). Blanks in the source
 * look the same.
 */
bool text_may_lack_directives(const char *text, size_t len);

/* Do these messages say that a compiler does not know how to take this kind of text? */
bool text_was_not_understood(enum text_kind kind, const char *messages, size_t len);

#endif
