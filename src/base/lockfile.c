/* base/lockfile.c - see lockfile.h. Closing any descriptor of a file drops the process's record
 * locks on it, so nobody may open a lock file twice. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"

int lockfile_try(const char *path, int *fd, struct err *err)
{
	autoclose int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (file < 0)
		return err_sys(err, ERR_IO, "cannot open lock file '%s'", path);
	if (fcntl(file, F_SETLK, &lock) < 0) {
		if (errno == EAGAIN || errno == EACCES)
			return err_set(err, ERR_BUSY, "'%s' is locked", path);
		return err_sys(err, ERR_IO, "cannot lock '%s'", path);
	}
	*fd = fd_steal(&file);
	return 0;
}
