/* daemon/landlock-none.c - for systems whose headers do not know landlock(7). */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/landlock.h"

#include <errno.h>

int landlock_abi(void)
{
	return 0;
}

int landlock_stops_signals(void)
{
	return 0;
}

int landlock_make(const struct landlock_path *paths, size_t n_paths, int *fd, struct err *err)
{
	(void)paths;
	(void)n_paths;
	(void)fd;
	return err_set(err, ERR_PRIVILEGES, "this build does not use Landlock");
}

int landlock_allow_port(int fd, int port, struct err *err)
{
	(void)fd;
	(void)port;
	return err_set(err, ERR_PRIVILEGES, "this build does not use Landlock");
}

int landlock_hide(char *const *dirs, size_t n_dirs, struct err *err)
{
	(void)dirs;
	(void)n_dirs;
	return err_set(err, ERR_PRIVILEGES, "this build does not use Landlock");
}

int landlock_enter(int fd)
{
	(void)fd;
	errno = ENOSYS;
	return -1;
}
