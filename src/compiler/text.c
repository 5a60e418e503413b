/* compiler/text.c - see text.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/text.h"

#include <stdlib.h>
#include <string.h>

enum { RAW_STRINGS_SINCE = 11 };	/* the first gcc whose -fdirectives-only knows R"(...)" */

static const char *find(const char *text, size_t len, const char *word)
{
	/* an empty text may be NULL */
	return len ? memmem(text, len, word, strlen(word)) : NULL;
}

enum text_kind text_kind_choose(enum compiler_family family, const struct text_needs *needs)
{
	if (family == FAMILY_UNKNOWN)
		return TEXT_EXPANDED;
	if (family == FAMILY_CLANG)
		return needs->expansion ? TEXT_EXPANDED : TEXT_INCLUDES;
	if (needs->expansion || (needs->debug && !needs->columns))
		return TEXT_EXPANDED;
	return TEXT_DIRECTIVES;
}

bool text_messages_are_doubtful(enum compiler_family family, enum text_kind kind, bool has_failed,
				const char *messages, size_t len)
{
	return family == FAMILY_GCC && kind == TEXT_EXPANDED && len &&
	       (!has_failed || find(messages, len, "-Werror"));
}

bool text_messages_need_source(enum compiler_family family, const char *messages, size_t len)
{
	return family != FAMILY_CLANG && find(messages, len, "-Wformat");
}

/* The text itself says which gcc made it, among its predefined macros. */
static bool raw_strings_are_safe(const char *text, size_t len)
{
	static const char major[] = "#define __GNUC__ ";
	const char *at = find(text, len, major);

	return at && atoi(at + strlen(major)) >= RAW_STRINGS_SINCE;
}

/* "# 39 "/usr/include/c++/12/new" 3": what follows "#pragma GCC system_header". */
static bool is_marker_of_system_header(const char *line, const char *end)
{
	static const char *const flags[] = { "\" 3", "\" 3 4" };
	const char *stop = memchr(line, '\n', (size_t)(end - line));
	size_t len = stop ? (size_t)(stop - line) : 0;

	if (len < 2 || memcmp(line, "# ", 2) != 0)
		return false;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (len > strlen(flags[i]) &&
		    memcmp(stop - strlen(flags[i]), flags[i], strlen(flags[i])) == 0)
			return true;
	return false;
}

/* Only blanks, or behind a comment only blanks: at is its end. */
static bool is_blanked(const char *text, const char *at)
{
	const char *start = at;

	while (start > text && start[-1] == ' ')
		start--;
	return start < at && (start == text || start[-1] == '\n' ||
			      (start - text >= 2 && start[-1] == '/' && start[-2] == '*'));
}

bool text_may_lack_directives(const char *text, size_t len)
{
	const char *end = text + len;

	for (const char *at = text; (at = find(at, (size_t)(end - at), " \n")); at += 2)
		if (is_blanked(text, at + 1) && !is_marker_of_system_header(at + 2, end))
			return true;
	return false;
}

/* clang evaluates __COUNTER__ in #if here, so that counting would begin anew there; and it maps no
 * names in sources that are preprocessed already. */
static bool clang_needs_expansion(bool maps_files, const char *text, size_t len)
{
	return find(text, len, "__COUNTER__") ||
	       (maps_files && (find(text, len, "__FILE__") || find(text, len, "__builtin_FILE")));
}

bool text_must_be_expanded(enum text_kind kind, bool maps_files, const char *text, size_t len)
{
	static const char *const local_macros[] = { "__DATE__", "__TIME__", "__TIMESTAMP__",
						    "__BASE_FILE__" };

	if (kind != TEXT_DIRECTIVES && kind != TEXT_INCLUDES)
		return false;
	for (size_t i = 0; i < sizeof(local_macros) / sizeof(local_macros[0]); i++)
		if (find(text, len, local_macros[i]))
			return true;
	if (kind == TEXT_INCLUDES)
		return clang_needs_expansion(maps_files, text, len);
	return find(text, len, "R\"") && !raw_strings_are_safe(text, len);
}

bool text_was_not_understood(enum text_kind kind, const char *messages, size_t len)
{
	return (kind == TEXT_DIRECTIVES && find(messages, len, "-fdirectives-only")) ||
	       (kind == TEXT_INCLUDES && find(messages, len, "-frewrite-includes"));
}
