/* state/backoff.c - see backoff.h. The file's mtime is the time of the last failure. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/backoff.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "state/statedir.h"

char *backoff_file(const struct host_spec *host, int period_s)
{
	autofree char *dir = NULL, *stem = NULL;

	if (period_s <= 0 || host->kind == HOST_UNIX || host->kind == HOST_LOCAL)
		return NULL;
	dir = statedir_get("lock", NULL);
	stem = host_spec_file_stem(host, "backoff");
	return dir ? str_format("%s/%s_0", dir, stem) : NULL;
}

static bool is_recent(const char *path, int period_s)
{
	struct stat st;

	return stat(path, &st) == 0 && time(NULL) - st.st_mtime < period_s;
}

static void touch(const char *path)
{
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

	/* The byte is what moves the mtime. */
	if (fd >= 0 && pwrite(fd, "x", 1, 0) < 0)
		return;
}

bool backoff_is_disliked(const struct host_spec *host, int period_s)
{
	autofree char *path = backoff_file(host, period_s);

	return path && is_recent(path, period_s);
}

void backoff_dislike(const struct host_spec *host, int period_s)
{
	autofree char *path = backoff_file(host, period_s);

	if (path)
		touch(path);
}

void backoff_enjoy(const struct host_spec *host, int period_s)
{
	autofree char *path = backoff_file(host, period_s);

	if (path)
		unlink(path);
}
