/* gateway/published.c - see published.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/published.h"

#include <limits.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static const char *const begin = "<distccstats>\n", *const end = "</distccstats>";

/* The number after a name, where a unit may follow: "dcc_free_mem 23668 MB". */
static int64_t number_of(const char *text, const char *name, int64_t max)
{
	size_t len = strlen(name);
	int64_t value;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		char word[24];

		line += *line == '\n';
		if (strncmp(line, name, len) != 0 || line[len] != ' ')
			continue;
		str_copy(word, sizeof(word), line + len + 1);
		word[strcspn(word, " \n")] = '\0';
		return str_to_int(word, 0, max, &value) ? value : -1;
	}
	return -1;
}

int published_parse(struct published *published, const char *text, size_t len)
{
	autofree char *copy = mem_strndup(text, len);
	char *from = strstr(copy, begin), *to = from ? strstr(from, end) : NULL;
	int64_t workers;

	if (!to)
		return -1;
	*to = '\0';
	workers = number_of(from, "dcc_max_kids", PUBLISHED_WORKERS_MAX);
	published->workers = workers > 0 ? (int)workers : 0;
	published->running = (int)number_of(from, "dcc_current_load", INT_MAX);
	published->free_mib = number_of(from, "dcc_free_mem", INT64_MAX / 2);
	return 0;
}

static int is_fresh(const struct published *published, int64_t now_ms)
{
	return published->at_ms && now_ms - published->at_ms < PUBLISHED_FRESH_MS;
}

int published_others(const struct published *published, int64_t now_ms)
{
	/* whoever counts is one of them */
	int others = published->running - 1 - published->n_ours;

	return is_fresh(published, now_ms) && others > 0 ? others : 0;
}

int published_jobs_max(const struct published *published, int64_t now_ms)
{
	int64_t jobs;

	if (!is_fresh(published, now_ms) || published->free_mib < 0)
		return INT_MAX;
	jobs = published->n_ours + published->free_mib / PUBLISHED_JOB_MIB;
	return jobs < 1 ? 1 : jobs > INT_MAX ? INT_MAX : (int)jobs;
}
