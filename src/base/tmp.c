/* base/tmp.c - see tmp.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/tmp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

struct entry {				/* of getdents64(2); glibc has no name for it everywhere */
	uint64_t inode;
	int64_t offset;
	unsigned short record_len;
	unsigned char type;
	char name[];
};

static int empty_dir(int fd, int depth);

static int remove_subdir(int parent, const char *name, int depth)
{
	int child = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int result;

	/* A compile may have made a directory that its own user cannot read. */
	if (child < 0 && errno == EACCES && fchmodat(parent, name, 0700, 0) == 0)
		child = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (child < 0)
		return -1;
	if (fchmod(child, 0700) < 0 && errno != EPERM)
		result = -1;
	else
		result = empty_dir(child, depth + 1);
	close(child);
	return result < 0 ? -1 : unlinkat(parent, name, AT_REMOVEDIR);
}

/* Only system calls and the stack, so that a signal handler can tidy up, too. */
static int empty_dir(int fd, int depth)
{
	char bytes[2048] __attribute__((aligned(8)));
	long n;

	if (depth >= DEPTH_MAX) {
		errno = ELOOP;
		return -1;
	}
	while ((n = syscall(SYS_getdents64, fd, bytes, sizeof(bytes))) > 0) {
		for (long at = 0; at < n;) {
			const struct entry *entry = (const struct entry *)(bytes + at);

			at += entry->record_len;
			if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0)
				continue;
			if (unlinkat(fd, entry->name, 0) < 0 && errno != ENOENT && remove_subdir(fd, entry->name, depth) < 0)
				return -1;
		}
	}
	return n < 0 ? -1 : 0;
}

int tmp_dir_empty(int fd, struct err *err)
{
	/* the position is shared by all who read through this descriptor */
	if (fchmod(fd, 0700) < 0 || lseek(fd, 0, SEEK_SET) < 0 || empty_dir(fd, 0) < 0)
		return err_sys(err, ERR_IO, "cannot empty a directory");
	return 0;
}

int tmp_dir_remove(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int failed;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(err, ERR_IO, "cannot open '%s' to remove it", path);
	/* A directory that is not ours cannot be changed, but perhaps emptied. */
	failed = (fchmod(fd, 0700) < 0 && errno != EPERM) || empty_dir(fd, 0) < 0;
	close(fd);
	if (failed || rmdir(path) < 0)
		return err_sys(err, ERR_IO, "cannot remove '%s'", path);
	return 0;
}
