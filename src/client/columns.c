/* client/columns.c - see columns.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/columns.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/mem.h"

enum {
	TAB_STOP = 8,
	SOURCE_MAX = 64 << 20,
	NUMBER_MAX = 9		/* digits of a line or a column that we believe */
};

/* Characters that take two columns, and some that take none, by their first and last code. */
static const struct { uint32_t first, last; int width; } widths[] = {
	{ 0x0300, 0x036f, 0 }, { 0x1100, 0x115f, 2 }, { 0x200b, 0x200f, 0 }, { 0x2e80, 0x303e, 2 }, { 0x3041, 0x4dbf, 2 },
	{ 0x4e00, 0xa4cf, 2 }, { 0xac00, 0xd7a3, 2 }, { 0xf900, 0xfaff, 2 }, { 0xfe20, 0xfe2f, 0 }, { 0xfe30, 0xfe6f, 2 },
	{ 0xff01, 0xff60, 2 }, { 0xffe0, 0xffe6, 2 }, { 0x1f300, 0x1f64f, 2 }, { 0x1f900, 0x1f9ff, 2 }, { 0x20000, 0x3fffd, 2 },
};

static int width_of(uint32_t code)
{
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++)
		if (code >= widths[i].first && code <= widths[i].last)
			return widths[i].width;
	return 1;
}

/* The length of the character that begins here; bytes that are no UTF-8 are one each. */
static size_t decode(const unsigned char *text, size_t len, uint32_t *code)
{
	size_t n = text[0] < 0x80 ? 1 : text[0] < 0xc2 ? 0 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : text[0] < 0xf5 ? 4 : 0;

	*code = n > 1 ? text[0] & (0xff >> (n + 1)) : text[0];
	for (size_t i = 1; i < n; i++) {
		if (i == len || (text[i] & 0xc0) != 0x80) {
			n = 0;
			break;
		}
		*code = *code << 6 | (text[i] & 0x3f);
	}
	return n ? n : 1;
}

int columns_of(const char *text, size_t n_bytes, int tab_stop)
{
	const unsigned char *bytes = (const unsigned char *)text;
	int column = 0;

	for (size_t i = 0; i < n_bytes;) {
		uint32_t code;
		size_t n = decode(bytes + i, n_bytes - i, &code);

		column += code == '\t' ? tab_stop - column % tab_stop : n == 1 && code >= 0x80 ? 1 : width_of(code);
		i += n;
	}
	return column;
}

/* The file that was asked for last: messages about one file mostly follow each other. */
struct source {
	char *name;
	struct buf text;
	const char *line;	/* a place in the text and its number, to go on from */
	int number;
};

/* The name comes from a server: a pipe or a terminal of that name must not make us wait. */
static void read_source(struct source *source, const char *name)
{
	struct stat st;

	free(source->name);
	buf_clear(&source->text);
	source->name = mem_strdup(name);
	if (stat(name, &st) == 0 && S_ISREG(st.st_mode) &&
	    file_read(name, SOURCE_MAX, &source->text, NULL) < 0)
		buf_clear(&source->text);
	source->line = source->text.data;
	source->number = 1;
}

static const char *source_line(struct source *source, const char *name, int number, size_t *len)
{
	const char *end, *stop;

	if (!source->name || strcmp(source->name, name) != 0)
		read_source(source, name);
	if (!source->text.len)
		return NULL;
	end = source->text.data + source->text.len;
	if (number < source->number) {
		source->line = source->text.data;
		source->number = 1;
	}
	while (source->number < number) {
		source->line = memchr(source->line, '\n', (size_t)(end - source->line));
		if (!source->line) {
			source->line = source->text.data;
			source->number = 1;
			return NULL;
		}
		source->line++;
		source->number++;
	}
	stop = memchr(source->line, '\n', (size_t)(end - source->line));
	*len = (size_t)((stop ? stop : end) - source->line);
	return source->line;
}

static int read_number(const char **at, const char *end)
{
	const char *start = *at;
	int value = 0;

	while (*at < end && isdigit((unsigned char)**at) && *at - start < NUMBER_MAX)
		value = value * 10 + *(*at)++ - '0';
	return *at == start ? -1 : value;
}

/* Finds ":LINE:COLUMN:" in a line; *file_end is the first ':', *column_at the column's digits. */
static bool find_place(const char *line, const char *end, const char **file_end, int *number,
		       const char **column_at,
		       const char **column_end)
{
	for (const char *at = line; (at = memchr(at, ':', (size_t)(end - at)));) {
		const char *next = at + 1;
		int line_number = read_number(&next, end);

		*column_at = next + 1;
		if (line_number > 0 && next < end && *next == ':') {
			*column_end = *column_at;
			if (read_number(column_end, end) >= 0 && *column_end < end && **column_end == ':') {
				*file_end = at;
				*number = line_number;
				return true;
			}
		}
		at++;
	}
	return false;
}

/* Behind the colour, if the message has one. */
static const char *skip_colour(const char *at, const char *end)
{
	while (at < end && *at == '\033') {
		while (at < end && *at != 'm' && *at != 'K')
			at++;
		at += at < end;
	}
	return at;
}

static int option_number(const struct argv *command, const char *name, int default_value)
{
	size_t len = strlen(name);

	for (size_t i = 1; i < command->n; i++)
		if (strncmp(command->words[i], name, len) == 0)
			default_value = atoi(command->words[i] + len);
	return default_value;
}

void columns_convert(struct buf *out, const struct buf *messages, const struct argv *command)
{
	const char *end = messages->data + messages->len;
	struct source source = { NULL, BUF_INIT, NULL, 1 };
	int tab_stop = option_number(command, "-ftabstop=", TAB_STOP);
	int origin = option_number(command, "-fdiagnostics-column-origin=", 1);

	for (const char *line = messages->data; line && line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line)), *text;
		const char *file_end, *column_at, *column_end, *name_at;
		int number, column;
		size_t len;

		stop = stop ? stop + 1 : end;
		if (find_place(line, stop, &file_end, &number, &column_at, &column_end)) {
			autofree char *name = NULL;

			name_at = skip_colour(line, file_end);
			name = mem_strndup(name_at, (size_t)(file_end - name_at));
			text = source_line(&source, name, number, &len);
			column = atoi(column_at) - origin;
			if (text && column >= 0 && (size_t)column <= len) {
				buf_add(out, line, (size_t)(column_at - line));
				/* of a wide character the first column counts */
				buf_add_format(out, "%d", columns_of(text, (size_t)column, tab_stop ? tab_stop : 1) + origin);
				line = column_end;
			}
		}
		buf_add(out, line, (size_t)(stop - line));
		line = stop;
	}
	free(source.name);
	buf_release(&source.text);
}
