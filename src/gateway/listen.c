/* gateway/listen.c - see listen.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/activation.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/sock.h"

static const char link_path[] = LISTEN_LINK;
static const char link_target[] = "distcc-gw/socket";

/* Whoever can rename in a directory on the way can put another socket in our socket's place. */
static int check_component(const char *dir, uid_t uid, struct err *err)
{
	struct stat st;

	if (stat(dir, &st) < 0)
		return err_sys(err, ERR_BIND, "cannot look at directory '%s'", dir);
	if ((st.st_mode & 022) && !(st.st_mode & S_ISVTX))
		return err_set(err, ERR_BIND, "others may write in directory '%s', and so replace the socket: choose another place, or use --force", dir);
	if (st.st_uid != 0 && st.st_uid != uid && st.st_uid != geteuid())
		return err_set(err, ERR_BIND, "directory '%s' belongs to uid %u, who could replace the socket: choose another place, or use --force", dir, st.st_uid);
	return 0;
}

static int check_place(const char *dir, uid_t uid, struct err *err)
{
	autofree char *at = realpath(dir, NULL);

	if (!at)
		return err_sys(err, ERR_BIND, "cannot find directory '%s'", dir);
	for (;;) {
		char *slash;

		if (check_component(*at ? at : "/", uid, err) < 0)
			return -1;
		slash = strrchr(at, '/');
		if (!slash || !*at)
			return 0;
		*slash = '\0';
	}
}

static int make_place(const char *path, uid_t uid, gid_t gid, bool force, struct err *err)
{
	autofree char *dir = path_dir(path);

	if (mkdir(dir, 0755) == 0) {
		/* mkdir minds the umask, and clients of all users must get through */
		if (chmod(dir, 0755) < 0 || (geteuid() == 0 && chown(dir, uid, gid) < 0))
			return err_sys(err, ERR_BIND, "cannot set up directory '%s'", dir);
	} else if (errno != EEXIST) {
		return err_sys(err, ERR_BIND, "cannot make directory '%s'", dir);
	}
	return force ? 0 : check_place(dir, uid, err);
}

/* A link that is ours or dangling is replaced, anything else is left alone. */
static void make_link(void)
{
	char target[sizeof(link_target)];
	ssize_t len = readlink(link_path, target, sizeof(target));

	if (len == (ssize_t)sizeof(link_target) - 1 && memcmp(target, link_target, (size_t)len) == 0)
		return;
	if (len >= 0 && access(link_path, F_OK) < 0)
		unlink(link_path);
	if (symlink(link_target, link_path) < 0)
		return;
}

static char *path_of(int fd)
{
	struct sockaddr_un addr = { 0 };
	socklen_t len = sizeof(addr) - 1;	/* the last byte stays NUL */

	if (getsockname(fd, (struct sockaddr *)&addr, &len) < 0 || addr.sun_family != AF_UNIX ||
	    addr.sun_path[0] != '/')
		return NULL;
	return mem_strdup(addr.sun_path);
}

static void forget_paths(struct options *options)
{
	for (size_t i = 0; i < options->n_listen_paths; i++)
		free(options->listen_paths[i]);
	options->n_listen_paths = 0;
}

/* The service manager's sockets say where they are. */
static int learn_paths(struct options *options, const struct listeners *listeners, struct err *err)
{
	forget_paths(options);
	options->listen_paths = mem_resize(options->listen_paths, listeners->n,
					   sizeof(*options->listen_paths));
	for (size_t i = 0; i < listeners->n; i++) {
		char *path = path_of(listeners->fds[i]);

		if (!path)
			return err_set(err, ERR_BIND, "descriptor %d of LISTEN_FDS is no UNIX socket with a path: see ListenStream= in the unit",
				       listeners->fds[i]);
		options->listen_paths[options->n_listen_paths++] = path;
	}
	return 0;
}

int listen_open(struct options *options, uid_t uid, gid_t gid, struct succession *succession,
		struct listeners *listeners,
		struct err *err)
{
	if (activation_take(&listeners->fds, &listeners->n, err) < 0)
		return -1;
	listeners->inherited = listeners->n > 0;
	if (listeners->inherited)
		return learn_paths(options, listeners, err);
	free(listeners->fds);
	listeners->fds = mem_array(options->n_listen_paths, sizeof(*listeners->fds));
	for (size_t i = 0; i < options->n_listen_paths; i++) {
		const char *path = options->listen_paths[i];

		listeners->fds[i] = succession_take(succession, path, &listeners->inherited);
		if (listeners->fds[i] >= 0) {
			listeners->n++;
			continue;
		}
		if (make_place(path, uid, gid, options->force, err) < 0 ||
		    sock_listen_unix(path, options->socket_mode, options->socket_gid,
				     &listeners->fds[i], err) < 0)
			return -1;
		listeners->n++;
	}
	if (options->listen_is_default)
		make_link();
	return 0;
}

void listen_release(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->n; i++)
		close(listeners->fds[i]);
	free(listeners->fds);
	*listeners = (struct listeners)LISTENERS_INIT;
}

/* What does not exist yet will be ours; what is above it counts. */
static char *nearest_place(const char *path)
{
	char *dir = path_dir(path);

	while (access(dir, F_OK) < 0 && strcmp(dir, "/") != 0) {
		char *above = path_dir(dir);

		free(dir);
		dir = above;
	}
	return dir;
}

int listen_check(const struct options *options, uid_t uid, struct err *err)
{
	for (size_t i = 0; i < options->n_listen_paths && !options->force; i++) {
		autofree char *dir = nearest_place(options->listen_paths[i]);

		if (check_place(dir, uid, err) < 0)
			return -1;
	}
	return 0;
}

void listen_remove(const struct options *options, const struct listeners *listeners)
{
	if (listeners->inherited)
		return;
	for (size_t i = 0; i < options->n_listen_paths; i++)
		unlink(options->listen_paths[i]);
	if (options->listen_is_default && access(link_path, F_OK) < 0)
		unlink(link_path);
}
