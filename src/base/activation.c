/* base/activation.c - see activation.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/activation.h"

#include <stdlib.h>
#include <sys/socket.h>
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

int activation_take(int **fds, size_t *n_fds, struct err *err)
{
	int n = count();

	*n_fds = 0;
	*fds = mem_array((size_t)n + 1, sizeof(**fds));
	for (int fd = FIRST_FD; fd < FIRST_FD + n; fd++) {
		if (!has(fd, SO_TYPE, SOCK_STREAM) || !has(fd, SO_ACCEPTCONN, 1) ||
		    fd_set_cloexec(fd, true) < 0 || fd_set_nonblocking(fd, true) < 0)
			return err_set(err, ERR_BIND, "descriptor %d of LISTEN_FDS is no listening stream socket: see ListenStream= in the unit", fd);
		(*fds)[(*n_fds)++] = fd;
	}
	return 0;
}
