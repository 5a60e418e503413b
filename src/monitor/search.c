/* monitor/search.c - see search.h. Options are single letters with the value glued on, as in 3.4. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/search.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { DEFAULT_PORT = 3632 };

static const struct {
	char letter;
	size_t offset;
	int min, max;
} numbers[] = {
	{ 't', offsetof(struct search, whole_s), 0, INT_MAX / 1000 },
	{ 'h', offsetof(struct search, dns_ms), 0, INT_MAX },
	{ 'c', offsetof(struct search, connect_ms), 0, INT_MAX },
	{ 'k', offsetof(struct search, compile_ms), 0, INT_MAX },
	{ 'm', offsetof(struct search, match_bits), 0, 31 },
	{ 'o', offsetof(struct search, overlap), 0, INT_MAX },
	{ 'g', offsetof(struct search, gap), 0, INT_MAX },
	{ 'r', offsetof(struct search, port), 1, 65535 },
	{ 'P', offsetof(struct search, protocol), 1, 3 },
};

static const struct {
	char letter;
	size_t offset;
} flags[] = {
	{ 'l', offsetof(struct search, latency) }, { 'n', offsetof(struct search, numeric) },
	{ 'x', offsetof(struct search, show_down) }, { 'd', offsetof(struct search, add_domain) },
};

static bool take_option(struct search *search, const char *word)
{
	const char *value = word + 2;
	int64_t number;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (word[1] != numbers[i].letter)
			continue;
		if (!str_to_int(value, numbers[i].min, numbers[i].max, &number))
			return false;
		*(int *)(void *)((char *)search + numbers[i].offset) = (int)number;
		return true;
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (word[1] == flags[i].letter && !*value) {
			*(bool *)((char *)search + flags[i].offset) = true;
			return true;
		}
	}
	if (word[1] == 'v')
		search->verbosity++;
	else if (word[1] == 'p' && *value)
		search->compiler = value;
	else
		return false;
	return true;
}

bool search_parse(struct search *search, char *const *argv)
{
	*search = (struct search){ .whole_s = 7, .dns_ms = 500, .connect_ms = 900, .compile_ms = 1500, .overlap = 1,
				   .port = DEFAULT_PORT, .protocol = 1 };
	for (argv++; *argv && **argv == '-'; argv++)
		if (!take_option(search, *argv))
			return false;
	search->operands = argv;
	return true;
}

static const char *format_of(const struct search *search)
{
	if (!search->operands[0])
		return "distcc%d";
	return strstr(search->operands[0], "%d") ? search->operands[0] : NULL;
}

bool search_counts(const struct search *search)
{
	return format_of(search) != NULL;
}

char *search_name(const struct search *search, int i)
{
	const char *format = format_of(search), *sign = format ? strstr(format, "%d") : NULL;
	char name[SEARCH_NAME_LEN + 1];

	if (i >= SEARCH_NAMES_MAX || (!format && !search->operands[i]))
		return NULL;
	if (format)
		snprintf(name, sizeof(name), "%.*s%d%s", (int)(sign - format), format, i + 1, sign + 2);
	else
		snprintf(name, sizeof(name), "%s", search->operands[i]);
	return search->domain ? str_format("%s.%s", name, search->domain) : mem_strdup(name);
}

void search_format(struct buf *out, const struct search *search, const char *name, bool up, long latency_ms)
{
	static const char *const suffixes[] = { "", "", ",lzo", ",lzo,cpp" };

	buf_add_str(out, name);
	if (search->port != DEFAULT_PORT)
		buf_add_format(out, ":%d", search->port);
	buf_add_format(out, "%s%s", suffixes[search->protocol], up ? "" : ",down");
	if (search->latency)
		buf_add_format(out, " %ld", latency_ms);
	buf_add_str(out, "\n");
}
