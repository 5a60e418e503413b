/* client/colours.c - see colours.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/colours.h"

#include <string.h>

/* What gcc calls the things that it colours, and how it does if nobody asks for something else. */
static const struct { const char *name, *colour; } defaults[] = {
	{ "error=", "01;31" }, { "warning=", "01;35" }, { "note=", "01;36" }, { "range1=", "32" }, { "range2=", "34" },
	{ "fixit-delete=", "31" }, { "type-diff=", "01;32" }, { "targs=", "35" },
};

/* Places and quotations look the same; these stand in quotation marks. */
static bool is_quoted(const char *text, const char *at)
{
	return (at > text && (at[-1] == '\'' || at[-1] == '`')) ||
	       (at - text >= 3 && memcmp(at - 3, "\u2018", 3) == 0);
}

static const char *name_of(const char *text, const char *at, const char *colour, size_t len)
{
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (strlen(defaults[i].colour) == len && memcmp(defaults[i].colour, colour, len) == 0)
			return defaults[i].name;
	if (len == 2 && memcmp(colour, "01", 2) == 0)
		return is_quoted(text, at) ? "quote=" : "locus=";
	return NULL;
}

/* What stands behind `name` in "NAME=COLOUR:NAME=COLOUR", up to the next colon; or NULL. */
static const char *find(const char *gcc_colours, const char *name, size_t *len)
{
	size_t name_len = strlen(name);

	for (const char *item = gcc_colours; *item; item += strspn(item, ":")) {
		size_t item_len = strcspn(item, ":");

		if (item_len >= name_len && memcmp(item, name, name_len) == 0) {
			*len = item_len - name_len;
			return item + name_len;
		}
		item += item_len;
	}
	return NULL;
}

/* One "ESC [ COLOUR m", and "ESC [ K" if that follows. Returns what is behind. */
static const char *convert(struct buf *out, const struct buf *messages, const char *start,
			   const char *stop, const char *gcc_colours)
{
	const char *end = messages->data + messages->len, *colour = start + 2, *name, *wanted;
	bool is_erased = end - stop > 3 && memcmp(stop + 1, "\033[K", 3) == 0;
	size_t len = (size_t)(stop - colour), wanted_len = 0;

	name = name_of(messages->data, start, colour, len);
	wanted = name ? find(gcc_colours, name, &wanted_len) : NULL;
	if (*gcc_colours) {
		buf_add_str(out, "\033[");
		buf_add(out, wanted ? wanted : colour, wanted ? wanted_len : len);
		buf_add_str(out, is_erased ? "m\033[K" : "m");
	}
	return stop + (is_erased ? 4 : 1);
}

void colours_convert(struct buf *out, const struct buf *messages, const char *gcc_colours)
{
	const char *at = messages->data, *end = at + messages->len;

	while (at < end) {
		const char *start = memmem(at, (size_t)(end - at), "\033[", 2);
		const char *stop = start ? memchr(start, 'm', (size_t)(end - start)) : NULL;

		buf_add(out, at, (size_t)((stop ? start : end) - at));
		at = stop ? convert(out, messages, start, stop, gcc_colours) : end;
	}
}
