/* net/service.c - see service.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/service.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/str.h"
#include "hosts/spec.h"

enum { QUESTION_MS = 5000 };		/* for the compiler to say its version */

char *service_ask_compiler(const char *word)
{
	char *argv[] = { (char[]){ "cc" }, mem_strdup(word), NULL };
	struct proc_spec spec = PROC_SPEC_INIT;
	autoproc proc = PROC_INIT;
	autobuf answer = BUF_INIT;
	autoclose int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int ends[2], status = -1;

	if (pipe2(ends, O_CLOEXEC) < 0)
		ends[0] = ends[1] = -1;
	spec.argv = argv;
	spec.stdin_fd = spec.stderr_fd = null_fd;
	spec.stdout_fd = ends[1];
	if (ends[1] >= 0 && proc_start(&proc, &spec, NULL) == 0) {
		fd_close(&ends[1]);
		/* it closes its end when it ends; one line fits into the pipe */
		if (proc_wait(&proc, deadline_after_ms(QUESTION_MS), &status, NULL, NULL) < 0 ||
		    fd_read_all(ends[0], 200, &answer, NULL) < 0)
			status = -1;
	}
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	free(argv[1]);
	while (answer.len && isspace((unsigned char)answer.data[answer.len - 1]))
		answer.data[--answer.len] = '\0';
	return status == 0 && answer.len ? buf_steal(&answer) : NULL;
}

char *service_subtype(const char *machine, const char *version)
{
	char *label = str_format("%s--%s", machine, version), *type;

	for (char *at = label; *at; at++)
		*at = (char)(isalnum((unsigned char)*at) ? tolower((unsigned char)*at) : '-');
	type = str_format("_%s._sub.%s", label, SERVICE_TYPE);
	free(label);
	return type;
}

static void take_number(int *number, const char *value)
{
	int64_t n;

	if (*number == -1)
		*number = str_to_int(value, 1, HOST_LIMIT_MAX, &n) ? (int)n : 0;
}

static bool has_word(char *list, const char *word)
{
	bool found = false;
	char *at;

	while ((at = strsep(&list, ",")))
		found |= strcmp(at, word) == 0;
	return found;
}

void service_text_add(struct service_text *text, const char *item, size_t len)
{
	autofree char *key = mem_strndup(item, len);
	char *value = strchr(key, '=');

	if (!value)
		value = key + strlen(key);
	else
		*value++ = '\0';
	if (strcasecmp(key, "jobs") == 0) {
		take_number(&text->jobs, value);
	} else if (strcasecmp(key, "cpus") == 0) {
		take_number(&text->cpus, value);
	} else if (strcasecmp(key, "features") == 0 && !text->has_features) {
		text->has_features = true;
		text->lzo = has_word(value, "lzo");
	}
}

int service_text_slots(const struct service_text *text)
{
	int cpus = text->cpus > 0 ? text->cpus : 1;

	if (text->jobs > 0)
		return text->jobs;
	if (text->jobs == -1)
		return HOST_LIMIT_DEFAULT;
	return cpus + 2 < HOST_LIMIT_MAX ? cpus + 2 : HOST_LIMIT_MAX;
}
