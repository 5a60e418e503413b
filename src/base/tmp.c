/* base/tmp.c - see tmp.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/tmp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
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

enum {
	DEPTH_MAX = 64,			/* descriptors held by a removal; what is deeper is moved up first */
	NAMES_MAX = 1 << 20		/* names for what is moved, before we give up */
};

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

struct removal {
	int top_fd;
	unsigned n_names;		/* tried for what was moved */
	bool has_moved;
};

static int empty_dir(struct removal *removal, int fd, int depth);

/* "~4711" without stdio, which is not for signal handlers. */
static void format_name(char name[16], unsigned number)
{
	char *at = name + 15;

	*at = '\0';
	do
		*--at = (char)('0' + number % 10);
	while (number /= 10);
	*--at = '~';
	memmove(name, at, (size_t)(name + 16 - at));
}

/* A stranger's tree may be of any depth, beyond what a path can name: its rest becomes an entry of the top. */
static int move_up(struct removal *removal, int parent, const char *name)
{
	char new_name[16];

	while (removal->n_names < NAMES_MAX) {
		format_name(new_name, removal->n_names++);
		if (renameat(parent, name, removal->top_fd, new_name) == 0) {
			removal->has_moved = true;
			return 0;
		}
		if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
			return -1;
	}
	return -1;
}

static int remove_subdir(struct removal *removal, int parent, const char *name, int depth)
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
	else if (depth + 1 >= DEPTH_MAX)
		result = move_up(removal, parent, name);
	else
		result = empty_dir(removal, child, depth + 1) < 0 ? -1 : unlinkat(parent, name, AT_REMOVEDIR);
	close(child);
	return result;
}

/* Only system calls and the stack, so that a signal handler can tidy up, too. */
static int empty_dir(struct removal *removal, int fd, int depth)
{
	char bytes[2048] __attribute__((aligned(8)));
	long n;

	while ((n = syscall(SYS_getdents64, fd, bytes, sizeof(bytes))) > 0) {
		for (long at = 0; at < n;) {
			const struct entry *entry = (const struct entry *)(bytes + at);

			at += entry->record_len;
			if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0)
				continue;
			if (unlinkat(fd, entry->name, 0) < 0 && errno != ENOENT &&
			    remove_subdir(removal, fd, entry->name, depth) < 0)
				return -1;
		}
	}
	return n < 0 ? -1 : 0;
}

static int empty_top(int fd)
{
	struct removal removal = { fd, 0, false };

	do {
		removal.has_moved = false;
		/* the position is shared by all who read through this descriptor */
		if (lseek(fd, 0, SEEK_SET) < 0 || empty_dir(&removal, fd, 0) < 0)
			return -1;
	} while (removal.has_moved);
	return 0;
}

int tmp_dir_empty(int fd, struct err *err)
{
	if (fchmod(fd, 0700) < 0 || empty_top(fd) < 0)
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
	failed = (fchmod(fd, 0700) < 0 && errno != EPERM) || empty_top(fd) < 0;
	close(fd);
	if (failed || rmdir(path) < 0)
		return err_sys(err, ERR_IO, "cannot remove '%s'", path);
	return 0;
}
