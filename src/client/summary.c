/* client/summary.c - see summary.h. Each job has left a line "result: ...", each local one a line
 * "local: reason=R detail=D: ..." too. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "wire/reason.h"

enum { LOG_MAX = 1 << 30, KEY_MAX = 300 };

struct tally {
	char key[KEY_MAX];
	long n;
};

struct tallies {
	struct tally *rows;
	size_t n;
	long sum;
};

static void count(struct tallies *tallies, const char *key)
{
	tallies->sum++;
	for (size_t i = 0; i < tallies->n; i++) {
		if (strcmp(tallies->rows[i].key, key) == 0) {
			tallies->rows[i].n++;
			return;
		}
	}
	tallies->rows = mem_resize(tallies->rows, tallies->n + 1, sizeof(*tallies->rows));
	str_copy(tallies->rows[tallies->n].key, KEY_MAX, key);
	tallies->rows[tallies->n++].n = 1;
}

static int most_first(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;

	return x->n != y->n ? (x->n < y->n ? 1 : -1) : strcmp(x->key, y->key);
}

/* Like str_copy, of the value behind " NAME=" up to `end`; false if there is none. */
static bool take(const char *line, const char *name, const char *end, char value[KEY_MAX])
{
	const char *at = strstr(line, name);
	size_t len;

	if (!at)
		return false;
	at += strlen(name);
	len = strcspn(at, end);
	str_copy(value, len + 1 < KEY_MAX ? len + 1 : KEY_MAX, at);
	return true;
}

/* An option or a variable explains more than its class; names of sources would be a row each. */
static void count_local(struct tallies *local, const char *line)
{
	char reason[KEY_MAX], detail[KEY_MAX] = "";
	autofree char *key = NULL;

	if (!take(line, "reason=", " \n", reason))
		return;
	take(line, " detail=", ":\n", detail);
	if (detail[0] == '-' || strcmp(reason, "environment") == 0)
		key = str_format("%s %s", reason, detail);
	else
		key = str_format("%s: %s", reason, reason_sentence(reason_find(reason)));
	count(local, key);
}

static void print(const char *title, struct tallies *tallies)
{
	if (tallies->n)
		qsort(tallies->rows, tallies->n, sizeof(*tallies->rows), most_first);
	for (size_t i = 0; i < tallies->n; i++)
		printf("%s%7ld  %s\n", i ? "" : title, tallies->rows[i].n, tallies->rows[i].key);
	free(tallies->rows);
}

int summary_print(const char *file, struct err *err)
{
	struct tallies remote = { 0 }, local = { 0 }, nowhere = { 0 };
	autobuf text = BUF_INIT;
	char *line, *rest;

	if (!file)
		file = env_get("DISTCC_LOG");
	if (!file)
		return err_set(err, ERR_USAGE,
			       "--summary needs a log file: name one, or set DISTCC_LOG as for the build");
	if (file_read(file, LOG_MAX, &text, err) < 0)
		return -1;
	for (rest = text.data; rest && (line = strsep(&rest, "\n"));) {
		const char *event = strstr(line, "] ");
		char value[KEY_MAX];

		if (!event || !str_starts_with(line, "distcc["))
			continue;
		event += 2;
		if (str_starts_with(event, "local: "))
			count_local(&local, event);
		else if (str_starts_with(event, "result: ") && strstr(event, " where=remote ") &&
			 take(event, " server=", " ", value))
			count(&remote, value);
		else if (str_starts_with(event, "result: ") && strstr(event, " where=nowhere ") &&
			 take(event, " reason=", " ", value))
			count(&nowhere, value);
	}
	printf("%ld jobs: %ld remote, %ld local, %ld without a place\n",
	       remote.sum + local.sum + nowhere.sum, remote.sum, local.sum,
	       nowhere.sum);
	print("remote:\n", &remote);
	print("local:\n", &local);
	print("without a place:\n", &nowhere);
	return 0;
}
