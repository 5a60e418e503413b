/* compiler/deps.c - see deps.h. The widths are those that gcc 12 and clang 14 were seen to use. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/deps.h"

#include <string.h>

enum { GCC_WIDTH = 72, CLANG_WIDTH = 75 };

static bool is_end_of_line(const char *p)
{
	return *p == '\n' || (*p == '\r' && p[1] == '\n');
}

static bool is_continued_line(const char *p)
{
	return *p == '\\' && is_end_of_line(p + 1);
}

/* Blanks and continued lines. */
static const char *skip_space(const char *p)
{
	while (*p == ' ' || *p == '\t' || is_continued_line(p))
		p += *p != '\\' ? 1 : p[1] == '\r' ? 3 : 2;
	return p;
}

/* The length of a name as it is written. */
static size_t raw_len(const char *p)
{
	size_t n = 0;

	while (p[n] && p[n] != ' ' && p[n] != '\t' && !is_end_of_line(p + n) && !is_continued_line(p + n))
		n += p[n] == '\\' && p[n + 1] ? 2 : 1;
	return n;
}

bool deps_next_name(const char **at, struct buf *name)
{
	const char *p = skip_space(*at), *end = p + raw_len(p);

	buf_clear(name);
	for (; p < end; p++) {
		if ((*p == '\\' && (p[1] == ' ' || p[1] == '#' || p[1] == '\\')) ||
		    (*p == '$' && p[1] == '$'))
			p++;
		buf_add(name, p, 1);
	}
	*at = end;
	return name->len > 0;
}

const char *deps_names(const struct buf *deps)
{
	const char *p = deps->data;

	/* The colon of the rule ends a word; those in names do not. */
	while (p && (p = strchr(p, ':'))) {
		p++;
		if (*p == ' ' || *p == '\t' || is_end_of_line(p) || is_continued_line(p))
			return p;
	}
	return NULL;
}

void deps_reflow(struct buf *out, const struct buf *deps, bool is_clang)
{
	const char *names = deps_names(deps), *p = deps->data;
	size_t column = 0;

	if (!names) {
		if (deps->len)
			buf_add(out, deps->data, deps->len);
		return;
	}
	for (;;) {
		size_t n;
		bool first = out->len == 0;

		p = skip_space(p);
		n = raw_len(p);
		if (!n)
			break;
		if (!first && is_clang && column + n + 3 > CLANG_WIDTH) {
			buf_add_str(out, " \\\n ");
			column = 2;
		} else if (!first && !is_clang && column + n > GCC_WIDTH) {
			buf_add_str(out, " \\\n");
			column = 0;
		}
		if (!first) {
			buf_add(out, " ", 1);
			column++;
		}
		buf_add(out, p, n);
		column += n;
		p += n;
	}
	buf_add_str(out, p);
}
