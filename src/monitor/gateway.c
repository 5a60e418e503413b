/* monitor/gateway.c - see gateway.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "hosts/source.h"
#include "net/gateway.h"

enum { ANSWER_MS = 5000 };

int gateway_find(const char *given, char **path, struct err *err)
{
	struct host_list list = HOST_LIST_INIT;
	autofree char *source = NULL;
	struct host_spec spec;

	if (given) {
		if (!str_starts_with(given, "unix:"))
			return err_set(err, ERR_USAGE, "'%s': a gateway listens on unix:/PATH", given);
		if (host_spec_parse(&spec, given, err) < 0)
			return -1;
		*path = mem_strdup(spec.path);
		host_spec_release(&spec);
		return 0;
	}
	if (hosts_load(&list, &source, NULL) == 0)
		for (size_t i = 0; i < list.n_hosts && !*path; i++)
			if (list.hosts[i].kind == HOST_UNIX && !list.hosts[i].raw)
				*path = mem_strdup(list.hosts[i].path);
	host_list_release(&list);
	if (!*path)
		*path = mem_strdup("/run/distcc-gw/socket");
	return 0;
}

int gateway_print_jobs(const char *path, bool json, struct err *err)
{
	const struct gateway_question question = { .what = "jobs", .format = json ? "json" : "text" };
	autobuf text = BUF_INIT;

	if (gateway_ask(path, &question, deadline_after_ms(ANSWER_MS), &text, err) < 0)
		return -1;
	if (text.len)
		fwrite(text.data, 1, text.len, stdout);
	if (!json)
		putchar('\n');
	return 0;
}

/* Every line begins with its number. */
static void find_last(const char *text, uint64_t *seq)
{
	static const char start[] = "{\"seq\": ";

	for (const char *line = text; line && *line;
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		if (str_starts_with(line, start))
			*seq = strtoull(line + sizeof(start) - 1, NULL, 10);
}

int gateway_print_events(const char *path, uint64_t *seq, struct err *err)
{
	const struct gateway_question question = { .what = "events", .format = "json", .since = *seq };
	autobuf text = BUF_INIT;

	if (gateway_ask(path, &question, deadline_after_ms(ANSWER_MS), &text, err) < 0)
		return -1;
	fwrite(text.data, 1, text.len, stdout);
	find_last(text.data, seq);
	return 0;
}
