/* daemon/inner.c - see inner.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/inner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/tmp.h"
#include "daemon/landlock.h"
#include "daemon/sysfilter.h"

enum { FILTER_MAX = 1 << 20 };

/* Notes from the server to itself: "RULES_FD,FILTER_FD", and directories, a line each. */
#define NOTE "DISTCCD_INNER"
#define HIDDEN "DISTCCD_INNER_HIDDEN"

static const char *const prefix_variables[] = { "CCACHE_PREFIX", "CCACHE_PREFIX_CPP" };
enum { N_PREFIX_VARIABLES = sizeof(prefix_variables) / sizeof(prefix_variables[0]) };

int inner_keep_filter(struct inner *inner, const struct buf *filter, struct err *err)
{
	autoclose int fd = tmp_memory("inner-filter", err);

	if (fd < 0 || fd_write_full(fd, filter->data, filter->len, -1, err) < 0)
		return -1;
	inner->filter_fd = fd_steal(&fd);
	return 0;
}

void inner_release(struct inner *inner)
{
	fd_close(&inner->rules_fd);
	fd_close(&inner->filter_fd);
}

bool inner_exists(const struct inner *inner)
{
	return inner->rules_fd >= 0 || inner->filter_fd >= 0;
}

void inner_announce_tmpdir(const struct inner *inner, const char *dir)
{
	if (inner_exists(inner))
		setenv("CCACHE_TEMPDIR", dir, 1);
}

void inner_announce(const struct inner *inner, const char *self, const struct argv *hidden)
{
	autofree char *note = str_format("%d,%d", inner->rules_fd, inner->filter_fd);
	autobuf dirs = BUF_INIT;

	for (size_t i = 0; i < hidden->n; i++)
		buf_add_format(&dirs, "%s\n", hidden->words[i]);
	setenv(NOTE, note, 1);
	setenv(HIDDEN, dirs.data ? dirs.data : "", 1);
	for (int i = 0; i < N_PREFIX_VARIABLES; i++) {
		const char *theirs = env_get(prefix_variables[i]);
		/* an administrator's own prefix is run inside, too */
		autofree char *both = str_format("%s%s%s", self, theirs ? " " : "", theirs ? theirs : "");

		setenv(prefix_variables[i], both, 1);
	}
}

int inner_pass(const struct inner *inner)
{
	if (inner->rules_fd >= 0 && fd_set_cloexec(inner->rules_fd, false) < 0)
		return -1;
	return inner->filter_fd >= 0 ? fd_set_cloexec(inner->filter_fd, false) : 0;
}

bool inner_is_asked(void)
{
	return env_get(NOTE);
}

static bool is_seen(const char *dir)
{
	autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0;
}

/*
 * Where a job has a file system of its own, all of it is below the job's directory, which compilers may write:
 * the rules hold back nothing there. So we look whether they do.
 */
static int hide(struct err *err)
{
	autofree char *copy = mem_strdup(env_get(HIDDEN) ? env_get(HIDDEN) : "");
	autoargv dirs = ARGV_INIT;
	char *rest = copy, *dir;

	while ((dir = strsep(&rest, "\n")))
		if (*dir && is_seen(dir))
			argv_add(&dirs, dir);
	if (dirs.n && landlock_hide(dirs.words, dirs.n, err) < 0)
		return -1;
	for (size_t i = 0; i < dirs.n; i++)
		if (is_seen(dirs.words[i]))
			return err_set(err, ERR_PRIVILEGES, "compilers would see '%s'", dirs.words[i]);
	return 0;
}

static int enter(int rules_fd, int filter_fd, struct err *err)
{
	autobuf filter = BUF_INIT;

	/* Rules could be added to by whoever has them: they end here. */
	if ((rules_fd >= 0 && fd_set_cloexec(rules_fd, true) < 0) ||
	    (filter_fd >= 0 && fd_set_cloexec(filter_fd, true) < 0))
		return err_sys(err, ERR_PRIVILEGES, "the walls for compilers were lost on the way");
	if (rules_fd >= 0 && (landlock_enter(rules_fd) < 0 || hide(err) < 0))
		return err->code == ERR_NONE ? err_sys(err, ERR_PRIVILEGES, "cannot restrict files") : -1;
	if (filter_fd < 0)
		return 0;
	/* opened once, read by many: each has a position of its own only this way */
	while (filter.len < FILTER_MAX) {
		char *room = buf_reserve(&filter, BUFSIZ);
		ssize_t n = pread(filter_fd, room, BUFSIZ, (off_t)filter.len);

		if (n < 0)
			return err_sys(err, ERR_PRIVILEGES, "cannot read the filter of system calls");
		if (n == 0)
			break;
		filter.len += (size_t)n;
	}
	return sysfilter_enter(&filter) < 0 ? err_sys(err, ERR_PRIVILEGES, "cannot filter system calls") : 0;
}

int inner_run(char *const *command)
{
	int rules_fd = -1, filter_fd = -1;
	struct err err = ERR_INIT;

	if (!command[0] || sscanf(env_get(NOTE), "%d,%d", &rules_fd, &filter_fd) != 2)
		err_set(&err, ERR_USAGE, NOTE " is for the server itself");
	else if (enter(rules_fd, filter_fd, &err) == 0) {
		unsetenv(NOTE);
		unsetenv(HIDDEN);
		for (int i = 0; i < N_PREFIX_VARIABLES; i++)
			unsetenv(prefix_variables[i]);
		execvp(command[0], command);
		err_sys(&err, ERR_NO_COMPILER, "cannot run '%s'", command[0]);
	}
	fprintf(stderr, "distccd: %s\n", err.text);
	return err_exit_status(&err);
}
