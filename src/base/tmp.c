/* base/tmp.c - see tmp.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/tmp.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

enum { DEPTH_MAX = 64 };	/* descriptors held by a removal; no compiler makes deeper trees */

int tmp_memory(const char *label, struct err *err)
{
#ifdef MFD_CLOEXEC
	int fd = memfd_create(label, MFD_CLOEXEC);

	if (fd >= 0)
		return fd;
#endif
	(void)label;
	return tmp_unlinked(env_tmpdir(), err);
}

int tmp_unlinked(const char *dir, struct err *err)
{
	autofree char *name = NULL;
	int fd = -1;

#ifdef O_TMPFILE
	fd = open(dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
#endif
	if (fd >= 0)
		return fd;
	name = str_format("%s/distcc_XXXXXX", dir);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, ERR_IO, "cannot make a temporary file in '%s'", dir);
	unlink(name);
	return fd;
}

char *tmp_dir_make(const char *dir, const char *prefix, struct err *err)
{
	char *name = str_format("%s/%s_XXXXXX", dir, prefix);

	if (!mkdtemp(name)) {
		err_sys(err, ERR_IO, "cannot make a directory in '%s'", dir);
		free(name);
		return NULL;
	}
	return name;
}

/* Empties the directory behind fd, which it closes. */
static int empty_dir(int fd, int depth)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;
	int result = 0;

	if (!dir) {
		close(fd);
		return -1;
	}
	while ((entry = readdir(dir))) {
		int child;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(dir), entry->d_name, 0) == 0 || errno == ENOENT)
			continue;
		if (depth >= DEPTH_MAX) {
			errno = ELOOP;
			result = -1;
			break;
		}
		child = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child < 0 && errno == EACCES) {
			/* A compile may have made a directory that its own user cannot read. */
			if (fchmodat(dirfd(dir), entry->d_name, 0700, 0) == 0)
				child = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		}
		if (child < 0) {
			result = -1;
			continue;
		}
		if ((fchmod(child, 0700) < 0 && errno != EPERM) || empty_dir(child, depth + 1) < 0 || unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR) < 0)
			result = -1;
	}
	closedir(dir);
	return result;
}

int tmp_dir_remove(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(err, ERR_IO, "cannot open '%s' to remove it", path);
	/* A directory that is not ours cannot be changed, but perhaps emptied. */
	if ((fchmod(fd, 0700) < 0 && errno != EPERM) || empty_dir(fd, 0) < 0 || rmdir(path) < 0)
		return err_sys(err, ERR_IO, "cannot remove '%s'", path);
	return 0;
}
