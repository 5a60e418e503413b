/* state/refusal.c - see refusal.h. The file holds a word of one length for all, so that it is whole at any moment. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/refusal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "state/backoff.h"

enum { WORD_LEN = 8, KNOWN_S = 600 };

static const struct {
	const char *word;
	int holds_s;			/* 0: the back-off period */
} kinds[] = {
	[REFUSAL_NONE] = { "none   \n", 0 },
	[REFUSAL_LACKING] = { "lacking\n", KNOWN_S },
	[REFUSAL_MISFIT] = { "misfit \n", KNOWN_S },
	[REFUSAL_SILENT] = { "silent \n", 0 },
};

/* "gcc" and "/opt/x/gcc" are two programs. NULL where nothing is remembered. */
static char *file_of(const struct host_spec *host, const char *compiler, int period_s)
{
	autofree char *of_host = backoff_file(host, period_s);
	char *path = of_host ? str_format("%s_%s", of_host, compiler) : NULL;

	for (char *at = path ? path + strlen(of_host) : NULL; at && *at; at++)
		if (*at == '/')
			*at = '_';
	return path;
}

enum refusal refusal_get(const struct host_spec *host, const char *compiler, int period_s)
{
	autofree char *path = file_of(host, compiler, period_s);
	autoclose int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char word[WORD_LEN];
	struct stat st;

	if (fd < 0 || read(fd, word, WORD_LEN) != WORD_LEN || fstat(fd, &st) < 0)
		return REFUSAL_NONE;
	for (int why = REFUSAL_LACKING; why <= REFUSAL_SILENT; why++)
		if (memcmp(word, kinds[why].word, WORD_LEN) == 0 &&
		    time(NULL) - st.st_mtime < (kinds[why].holds_s ? kinds[why].holds_s : period_s))
			return (enum refusal)why;
	return REFUSAL_NONE;
}

void refusal_note(const struct host_spec *host, const char *compiler, enum refusal why, int period_s)
{
	autofree char *path = file_of(host, compiler, period_s);
	autoclose int fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666) : -1;

	if (fd >= 0 && pwrite(fd, kinds[why].word, WORD_LEN, 0) < 0)
		return;
}

int refusal_explain(const struct host_spec *host, const char *compiler, enum refusal why, struct err *err)
{
	static const char again[] = "DISTCC_BACKOFF_PERIOD=0 asks it again now";

	switch (why) {
	case REFUSAL_MISFIT:
		return err_set(err, ERR_PROTOCOL,
			       "%s: its %s makes objects for another machine; %s", host->text,
			       compiler, again);
	case REFUSAL_SILENT:
		return err_set(err, ERR_NO_HOSTS, "%s: it closed without an answer when it was asked for %s: it may not know this client, or not run that; %s", host->text, compiler, again);
	default:
		return err_set(err, ERR_NO_COMPILER, "%s: it has no %s, or may not run it; %s",
			       host->text, compiler, again);
	}
}
