/* gateway/activation.c - see activation.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/activation.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

enum { FIRST_FD = 3, FDS_MAX = 64 };

/* How many were meant for us. */
static int count(void)
{
	const char *pid = env_get("LISTEN_PID");
	int64_t wanted;
	int n = env_int("LISTEN_FDS", 0);

	if (!pid || !str_to_int(pid, 1, INT32_MAX, &wanted) || wanted != getpid() || n < 1 || n > FDS_MAX)
		n = 0;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return n;
}

static bool has(int fd, int option, int wanted)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 && value == wanted;
}

static char *path_of(int fd)
{
	struct sockaddr_un addr = { 0 };
	socklen_t len = sizeof(addr) - 1;	/* the last byte stays NUL */

	if (getsockname(fd, (struct sockaddr *)&addr, &len) < 0 || addr.sun_path[0] != '/')
		return NULL;
	return mem_strdup(addr.sun_path);
}

static void give_up(int *fds, char **paths, size_t n_fds)
{
	for (size_t i = 0; i < n_fds; i++) {
		close(fds[i]);
		free(paths[i]);
	}
	free(fds);
	free(paths);
}

int activation_take(int **fds, char ***paths, size_t *n_fds, struct err *err)
{
	int n = count();

	*n_fds = 0;
	*fds = mem_array((size_t)n + 1, sizeof(**fds));
	*paths = mem_array((size_t)n + 1, sizeof(**paths));
	for (int fd = FIRST_FD; fd < FIRST_FD + n; fd++) {
		char *path = has(fd, SO_DOMAIN, AF_UNIX) && has(fd, SO_TYPE, SOCK_STREAM) && has(fd, SO_ACCEPTCONN, 1) ? path_of(fd) : NULL;

		if (!path || fd_set_cloexec(fd, true) < 0 || fd_set_nonblocking(fd, true) < 0) {
			free(path);
			give_up(*fds, *paths, *n_fds);
			*n_fds = 0;
			return err_set(err, ERR_BIND, "descriptor %d of LISTEN_FDS is no listening UNIX stream socket with a path: see ListenStream= in the unit", fd);
		}
		(*fds)[*n_fds] = fd;
		(*paths)[(*n_fds)++] = path;
	}
	return 0;
}
