/* state/statedir.c - see statedir.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/statedir.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/env.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

/* A build sandbox may turn a refused mkdir(2) into a failed build, so ask first. */
static bool make_dir(const char *path, mode_t mode)
{
	autofree char *parent = path_dir(path);
	struct stat st;

	if (stat(path, &st) == 0)
		return S_ISDIR(st.st_mode);
	return access(parent, W_OK | X_OK) == 0 && (mkdir(path, mode) == 0 || errno == EEXIST);
}

static char *usable(const char *dir, const char *sub)
{
	char *path = path_join(dir, sub);

	/* nearly always it is there, and asked for several times in a job */
	if (access(path, W_OK | X_OK) == 0 || (make_dir(path, 0777) && access(path, W_OK | X_OK) == 0))
		return path;
	free(path);
	return NULL;
}

static bool is_ours_alone(const char *dir)
{
	struct stat st;

	return lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 022);
}

/* In a directory that others may use, too: nobody else may have made it for us. */
static char *usable_in_private(const char *dir, const char *sub)
{
	return make_dir(dir, 0700) && is_ours_alone(dir) ? usable(dir, sub) : NULL;
}

/* What a session manager has made for this user. sudo and fakeroot leave us with somebody else's. */
static char *usable_in_session(const char *sub)
{
	const char *named = env_get("XDG_RUNTIME_DIR");
	autofree char *session = named ? mem_strdup(named) : str_format("/run/user/%ld", (long)geteuid());
	autofree char *dir = path_join(session, "distcc");

	return is_ours_alone(session) ? usable_in_private(dir, sub) : NULL;
}

static char *usable_in_tmp(const char *sub)
{
	autofree char *dir = str_format("%s/distcc-%ld", env_tmpdir(), (long)geteuid());

	return usable_in_private(dir, sub);
}

char *statedir_get(const char *sub, struct err *err)
{
	const char *dir = env_get("DISTCC_DIR"), *home = env_get("HOME");
	autofree char *in_home = home ? path_join(home, ".distcc") : NULL;
	char *path = NULL;

	if (dir)
		path = usable(dir, sub);
	else if (in_home)
		path = usable(in_home, sub);
	if (!path && !dir && in_home && make_dir(in_home, 0777))
		path = usable(in_home, sub);
	if (!path)
		path = usable_in_session(sub);
	if (!path)
		path = usable_in_tmp(sub);
	if (!path)
		err_set(err, ERR_IO,
			"no directory for '%s' can be made: set DISTCC_DIR or TMPDIR to a writable one", sub);
	return path;
}
