/* daemon/jobroot.c - see jobroot.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/jobroot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "wire/compress.h"

enum { FILE_MAX = 1 << 30, DEPTH_MAX = 256 };
#define ALL_MAX ((uint64_t)2 << 30)	/* what the files of one job may take when expanded */

bool jobroot_name_is_good(const char *name)
{
	size_t len = strlen(name), part = 0, depth = 0;

	if (name[0] != '/' || len >= PATH_MAX - 64)
		return false;
	if (len == 1)
		return true;
	for (const char *at = name + 1;; at++) {
		if (*at && *at != '/') {
			part++;
			continue;
		}
		if (part == 0 || part > NAME_MAX || ++depth > DEPTH_MAX)
			return false;
		if ((part == 1 && at[-1] == '.') || (part == 2 && at[-1] == '.' && at[-2] == '.'))
			return false;
		if (!*at)
			return true;
		part = 0;
	}
}

bool jobroot_link_is_system(const char *name, const char *target)
{
	size_t n_up = 0, n_slashes = 0;

	while (strncmp(target, "../", 3) == 0) {
		target += 3;
		n_up++;
	}
	for (const char *at = name; *at; at++)
		n_slashes += *at == '/';
	return name[0] == '/' && n_up >= n_slashes && strcmp(target, name + 1) == 0 &&
	       jobroot_name_is_good(name);
}

static bool is_ours(const char *name)
{
	size_t len = strlen(JOBROOT_WORK);

	return strncmp(name + 1, JOBROOT_WORK, len) == 0 && (name[1 + len] == '/' || name[1 + len] == '\0');
}

static int check_name(const char *name, struct err *err)
{
	autofree char *quoted = NULL;

	if (jobroot_name_is_good(name) && !is_ours(name))
		return 0;
	quoted = str_quote(name);
	return err_set(err, ERR_PROTOCOL, "%s is no name of a client's file", quoted);
}

int jobroot_make(struct jobroot *root, const char *path, bool is_view, struct err *err)
{
	if (mkdir(path, 0700) < 0)
		return err_sys(err, ERR_IO, "cannot make '%s'", path);
	root->fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (root->fd < 0)
		return err_sys(err, ERR_IO, "cannot open '%s'", path);
	if (mkdirat(root->fd, JOBROOT_WORK, 0700) < 0)
		return err_sys(err, ERR_IO, "cannot make a directory in '%s'", path);
	root->path = mem_strdup(path);
	root->is_view = is_view;
	return 0;
}

void jobroot_release(struct jobroot *root)
{
	fd_close(&root->fd);
	free(root->path);
	*root = (struct jobroot)JOBROOT_INIT;
}

/* Opens one directory below another, making it if it is missing. A link is no directory. */
static int step(int dir_fd, const char *part)
{
	int fd = openat(dir_fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mkdirat(dir_fd, part, 0777) < 0 && errno != EEXIST)
		return -1;
	return openat(dir_fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* The directory of a good name, and its last part (into name); -1 and errno. */
static int open_parent(const struct jobroot *root, const char *name, const char **last)
{
	autofree char *copy = mem_strdup(name + 1);
	char *rest = copy, *part;
	int fd = fcntl(root->fd, F_DUPFD_CLOEXEC, 3);

	*last = strrchr(name, '/') + 1;
	while (fd >= 0 && (part = strsep(&rest, "/")) && rest) {
		int next = step(fd, part);

		fd_close(&fd);
		fd = next;
	}
	return fd;
}

int jobroot_add_dir(struct jobroot *root, const char *name, struct err *err)
{
	const char *last;
	autoclose int parent = -1;
	int fd;

	if (check_name(name, err) < 0)
		return -1;
	if (!name[1])
		return 0;
	parent = open_parent(root, name, &last);
	fd = parent < 0 ? -1 : step(parent, last);
	if (fd < 0)
		return err_sys(err, ERR_PROTOCOL, "cannot make the directory '%s'", name);
	close(fd);
	return 0;
}

static int write_body(struct jobroot *root, int fd, const struct buf *body, struct err *err)
{
	uint64_t left = ALL_MAX - root->expanded_bytes;
	autobuf text = BUF_INIT;

	if (!body->len)
		return 0;
	if (lzo_expand(&text, body->data, body->len, left < FILE_MAX ? (size_t)left : FILE_MAX, err) < 0)
		return -1;
	root->expanded_bytes += text.len;
	return text.len ? fd_write_full(fd, text.data, text.len, -1, err) : 0;
}

int jobroot_add_file(struct jobroot *root, const char *name, const struct buf *body, struct err *err)
{
	autoclose int parent = -1, fd = -1;
	const char *last;

	if (check_name(name, err) < 0)
		return -1;
	if (!name[1])
		return err_set(err, ERR_PROTOCOL, "'/' is no file");
	parent = open_parent(root, name, &last);
	if (parent >= 0) {
		/* sent twice, the last one counts */
		unlinkat(parent, last, 0);
		fd = openat(parent, last, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	}
	if (fd < 0)
		return err_sys(err, errno == ENOSPC || errno == EDQUOT ? ERR_IO : ERR_PROTOCOL,
			       "cannot make the file '%s'", name);
	return write_body(root, fd, body, err);
}

/* Does a relative target stay below the root, if the link is in the directory of name? */
static bool stays_inside(const char *name, const char *target)
{
	autofree char *copy = mem_strdup(target);
	char *rest = copy, *part;
	int depth = -1;

	for (const char *at = name; *at; at++)
		depth += *at == '/';
	while ((part = strsep(&rest, "/"))) {
		if (strcmp(part, "..") == 0 && --depth < 0)
			return false;
		if (*part && strcmp(part, ".") != 0 && strcmp(part, "..") != 0)
			depth++;
	}
	return true;
}

int jobroot_add_link(struct jobroot *root, const char *name, const char *target, struct err *err)
{
	autofree char *quoted = str_quote(target), *text = NULL;
	autoclose int parent = -1;
	const char *last;

	if (check_name(name, err) < 0)
		return -1;
	if (!name[1])
		return err_set(err, ERR_PROTOCOL, "'/' is no link");
	if (jobroot_link_is_system(name, target)) {
		/* in a view the system's directories are there already */
		if (root->is_view)
			return 0;
		text = str_format("%s", name);
	} else if (target[0] == '/') {
		if (!jobroot_name_is_good(target))
			return err_set(err, ERR_PROTOCOL, "a link to %s is no client's", quoted);
		text = str_format("%s%s", root->is_view ? "" : root->path, target);
	} else {
		if (!*target || !stays_inside(name, target))
			return err_set(err, ERR_PROTOCOL, "a link to %s leads out of the job", quoted);
		text = mem_strdup(target);
	}
	parent = open_parent(root, name, &last);
	if (parent < 0 || symlinkat(text, parent, last) < 0)
		return err_sys(err, ERR_PROTOCOL, "cannot make the link '%s'", name);
	return 0;
}
