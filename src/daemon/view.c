/* daemon/view.c - see view.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/view.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/tmp.h"

enum { BINDS_MAX = 4000, DEPTH_MAX = 12 };

static void add_bind(struct view *view, const char *from, const char *to)
{
	view->binds = mem_resize(view->binds, view->n_binds + 1, sizeof(*view->binds));
	view->binds[view->n_binds++] = (struct view_bind){ mem_strdup(from), mem_strdup(to) };
}

static bool is_bound(const struct view *view, const char *path)
{
	for (size_t i = 0; i < view->n_binds; i++) {
		size_t len = strlen(view->binds[i].from);

		if (strncmp(path, view->binds[i].from, len) == 0 && (path[len] == '/' || path[len] == '\0'))
			return true;
	}
	return false;
}

static int join(struct view *view, const char *from, const char *to, int depth, struct err *err);

/* Both have this directory: entry by entry. */
static int join_entries(struct view *view, const char *from, const char *to, int depth, struct err *err)
{
	DIR *dir = opendir(from);
	struct dirent *entry;
	int result = 0;

	while (result == 0 && dir && (entry = readdir(dir))) {
		autofree char *inner_from = path_join(from, entry->d_name),
			      *inner_to = path_join(to, entry->d_name);

		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			result = join(view, inner_from, inner_to, depth + 1, err);
	}
	if (dir)
		closedir(dir);
	return result;
}

static int copy_link(const char *from, const char *to, struct err *err)
{
	char target[PATH_MAX];
	ssize_t n = readlink(from, target, sizeof(target) - 1);

	if (n < 0)
		return 0;
	target[n] = '\0';
	return symlink(target, to) < 0 && errno != EEXIST ? err_sys(err, ERR_IO, "cannot make the link '%s'", to) : 0;
}

static int join(struct view *view, const char *from, const char *to, int depth, struct err *err)
{
	struct stat ours, clients;
	int fd;

	if (lstat(from, &ours) < 0 || depth > DEPTH_MAX)
		return 0;
	if (lstat(to, &clients) == 0) {
		if (!S_ISDIR(clients.st_mode) || stat(from, &ours) < 0 || !S_ISDIR(ours.st_mode))
			return 0;			/* the client's file is the one that counts */
		return join_entries(view, from, to, depth, err);
	}
	if (view->n_binds >= BINDS_MAX)
		return err_set(err, ERR_IO, "the client's files mingle with too many of the system's");
	if (S_ISLNK(ours.st_mode))
		return copy_link(from, to, err);
	if (S_ISDIR(ours.st_mode)) {
		if (mkdir(to, 0755) < 0)
			return err_sys(err, ERR_IO, "cannot make '%s'", to);
	} else {
		fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd < 0)
			return err_sys(err, ERR_IO, "cannot make '%s'", to);
		close(fd);
	}
	add_bind(view, from, to);
	return 0;
}

/* Where a part of the way is a link of the system's (/lib64), it is made, and the rest is behind it. */
static int add_path(struct view *view, const char *path, struct err *err)
{
	autofree char *part = mem_strdup(path);
	struct stat st;

	if (path[0] != '/' || !path[1] || is_bound(view, path))
		return 0;
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		autofree char *to = NULL;

		*slash = '\0';
		to = str_format("%s%s", view->root, part);
		if (lstat(part, &st) == 0 && S_ISLNK(st.st_mode)) {
			autofree char *real = realpath(path, NULL);

			return copy_link(part, to, err) < 0 ? -1 : real && strcmp(real, path) != 0 ? add_path(view, real, err) : 0;
		}
		if (lstat(to, &st) == 0 ? !S_ISDIR(st.st_mode) : mkdir(to, 0755) < 0)
			return 0;			/* the client has something else there */
		*slash = '/';
	}
	{
		autofree char *to = str_format("%s%s", view->root, path), *real = NULL;

		if (join(view, path, to, 0, err) < 0)
			return -1;
		if (lstat(path, &st) < 0 || !S_ISLNK(st.st_mode))
			return 0;
		real = realpath(path, NULL);
		return real ? add_path(view, real, err) : 0;
	}
}

int view_make(struct view *view, const char *root, const char *dir, char *const *paths,
	      size_t n_paths, struct err *err)
{
	view->root = mem_strdup(root);
	view->dir = mem_strdup(dir);
	view->uid = getuid();
	view->gid = getgid();
	for (size_t i = 0; i < n_paths; i++)
		if (add_path(view, paths[i], err) < 0)
			return -1;
	return 0;
}

void view_release(struct view *view)
{
	for (size_t i = 0; i < view->n_binds; i++) {
		free(view->binds[i].from);
		free(view->binds[i].to);
	}
	free(view->binds);
	free(view->root);
	free(view->dir);
	*view = (struct view)VIEW_INIT;
}

static int write_proc(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n < 0 ? -1 : 0;
}

/* Root has the right to mount already, and keeps its ids. */
static int enter_namespaces(const struct view *view)
{
	char map[64];

	if (view->uid == 0 && unshare(CLONE_NEWNS) == 0)
		return 0;
	/* a process that cannot be dumped does not own its files in /proc */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return -1;
	snprintf(map, sizeof(map), "%u %u 1\n", view->uid, view->uid);
	if (write_proc("/proc/self/setgroups", "deny") < 0 || write_proc("/proc/self/uid_map", map) < 0)
		return -1;
	snprintf(map, sizeof(map), "%u %u 1\n", view->gid, view->gid);
	return write_proc("/proc/self/gid_map", map);
}

int view_enter(const struct view *view)
{
	if (enter_namespaces(view) < 0)
		return -1;
	/* nothing of this reaches the machine's mounts */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	for (size_t i = 0; i < view->n_binds; i++)
		if (mount(view->binds[i].from, view->binds[i].to, NULL, MS_BIND | MS_REC, NULL) < 0)
			return -1;
	return chroot(view->root) < 0 || chdir(view->dir) < 0 ? -1 : 0;
}

bool view_works(const char *scratch_dir)
{
	static char usr[] = "/usr";
	static char *const paths[] = { usr };
	autofree char *root = tmp_dir_make(scratch_dir, "view", NULL);
	struct view view = VIEW_INIT;
	bool works = false;

	if (root && view_make(&view, root, "/", paths, 1, NULL) == 0) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			_exit(view_enter(&view) < 0 ? 1 : 0);
		works = pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
	}
	view_release(&view);
	if (root)
		tmp_dir_remove(root, NULL);
	return works;
}
