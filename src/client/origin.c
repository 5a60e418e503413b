/* client/origin.c - see origin.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/origin.h"

#include <ctype.h>
#include <string.h>

#include "base/argv.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

enum { FILE_MAX = 64 << 20 };

/* --------------------------------------------------------------- the files */

/* '# 12 "NAME" FLAGS': NAME as it was before it was quoted, or NULL. */
static char *name_of_marker(const char *line, const char *end, bool *is_system)
{
	const char *at = line + 2;
	autobuf name = BUF_INIT;

	while (at < end && isdigit((unsigned char)*at))
		at++;
	if (at == line + 2 || end - at < 2 || at[0] != ' ' || at[1] != '"')
		return NULL;
	for (at += 2; at < end && *at != '"'; at++) {
		if (*at == '\\' && at + 1 < end)
			at++;
		buf_add(&name, at, 1);
	}
	*is_system = at < end && memchr(at, '3', (size_t)(end - at));
	return mem_strndup(name.data ? name.data : "", name.len);
}

/* What markers name beside files: "<built-in>", and the compilation directory. */
static bool is_file(const char *name)
{
	size_t len = strlen(name);

	return len && name[0] != '<' && name[len - 1] != '/';
}

static bool is_among(const struct argv *names, const char *name)
{
	/* most often the same as a moment ago */
	for (size_t i = names->n; i > 0; i--)
		if (strcmp(names->words[i - 1], name) == 0)
			return true;
	return false;
}

static void list_files(const char *text, size_t len, bool with_system, struct argv *names)
{
	const char *end = text + len;

	for (const char *at = text; at && at < end;
	     at = memmem(at, (size_t)(end - at), "\n# ", 3), at = at ? at + 1 : NULL) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		bool is_system = false;
		autofree char *name = end - at > 2 && memcmp(at, "# ", 2) == 0 ? name_of_marker(at, stop ? stop : end, &is_system) : NULL;

		if (name && is_file(name) && (with_system || !is_system) && !is_among(names, name))
			argv_add(names, name);
	}
}

/* --------------------------------------------------------------- what is in them */

bool origin_may_mislead(const char *text, size_t len, const struct guard_warnings *warnings)
{
	autoargv names = ARGV_INIT;

	list_files(text, len, false, &names);
	for (size_t i = 0; i < names.n; i++) {
		autobuf source = BUF_INIT;

		/* what cannot be read here, a compiler here could not warn of */
		if (file_read(names.words[i], FILE_MAX, &source, NULL) == 0 &&
		    guards_may_mislead(source.data, source.len, warnings))
			return true;
	}
	return false;
}

/* Behind backslashes that join lines (also as trigraphs, also with blanks behind), if there are any. */
static const char *skip_joints(const char *at, const char *end)
{
	for (;;) {
		const char *next = at;

		if (next < end && *next == '\\')
			next++;
		else if (end - next >= 3 && memcmp(next, "?\?/", 3) == 0)
			next += 3;
		else
			return at;
		while (next < end && *next != '\n' && isspace((unsigned char)*next))
			next++;
		if (next == end || *next != '\n')
			return at;
		at = next + 1;
	}
}

static bool is_word(const char *at, const char *end)
{
	return at < end && (isalnum((unsigned char)*at) || *at == '_');
}

/* Behind the word if it is here, else NULL. */
static const char *match(const char *at, const char *end, const char *word)
{
	for (;; at = skip_joints(at, end)) {
		if (at == end || *at++ != *word++)
			return NULL;
		if (!*word)
			return at;
	}
}

static bool has_word(const char *source, size_t len, const char *word)
{
	const char *end = source + len, *next;

	for (const char *at = source; at < end && (at = memchr(at, word[0], (size_t)(end - at))); at++) {
		next = at > source && is_word(at - 1, end) ? NULL : match(at, end, word);
		if (next && !is_word(next, end))
			return true;
	}
	return false;
}

bool origin_has_word(const char *text, size_t len, const char *word)
{
	autoargv names = ARGV_INIT;

	list_files(text, len, true, &names);
	for (size_t i = 0; i < names.n; i++) {
		autobuf source = BUF_INIT;

		if (file_read(names.words[i], FILE_MAX, &source, NULL) < 0 ||
		    has_word(source.data, source.len, word))
			return true;
	}
	return false;
}
