/* state/backoff.c - see backoff.h. The file's mtime is the time of the last failure. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/backoff.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "state/statedir.h"

/* NULL where nothing is remembered. */
static char *file_of(const struct host_spec *host, int period_s)
{
	autofree char *dir = NULL, *stem = NULL;

	if (period_s <= 0 || host->kind == HOST_UNIX || host->kind == HOST_LOCAL)
		return NULL;
	dir = statedir_get("lock", NULL);
	stem = host_spec_file_stem(host, "backoff");
	return dir ? str_format("%s/%s_0", dir, stem) : NULL;
}

static char *file_of_compiler(const struct host_spec *host, const char *compiler, int period_s)
{
	autofree char *path = file_of(host, period_s);

	return path ? str_format("%s_%s", path, path_base(compiler)) : NULL;
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
	autofree char *path = file_of(host, period_s);

	return path && is_recent(path, period_s);
}

void backoff_dislike(const struct host_spec *host, int period_s)
{
	autofree char *path = file_of(host, period_s);

	if (path)
		touch(path);
}

void backoff_enjoy(const struct host_spec *host, int period_s)
{
	autofree char *path = file_of(host, period_s);

	if (path)
		unlink(path);
}

bool backoff_compiler_is_refused(const struct host_spec *host, const char *compiler, int period_s)
{
	autofree char *path = file_of_compiler(host, compiler, period_s);

	return path && is_recent(path, period_s);
}

void backoff_refuse_compiler(const struct host_spec *host, const char *compiler, int period_s)
{
	autofree char *path = file_of_compiler(host, compiler, period_s);

	if (path)
		touch(path);
}
