/* monitor/resolver.c - see resolver.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/resolver.h"

#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"

/* The child: one address, or nothing at all. */
static void resolve(const char *name, int fd)
{
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *found;

	if (getaddrinfo(name, NULL, &hints, &found) == 0) {
		struct sockaddr_in in;

		memcpy(&in, found->ai_addr, sizeof(in));
		if (write(fd, &in.sin_addr, sizeof(in.sin_addr)) < 0)
			_exit(1);
	}
	_exit(0);
}

bool lookup_start(struct lookup *lookup, const char *name)
{
	pid_t parent = getpid();
	int ends[2];

	*lookup = (struct lookup){ 0, -1 };
	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	lookup->pid = fork();
	if (lookup->pid == 0) {
		if (proc_die_with_parent(SIGKILL, parent) < 0)
			_exit(1);
		resolve(name, ends[1]);
	}
	close(ends[1]);
	lookup->fd = ends[0];
	if (lookup->pid < 0)
		fd_close(&lookup->fd);
	return lookup->pid > 0;
}

static void reap(struct lookup *lookup)
{
	fd_close(&lookup->fd);
	waitpid(lookup->pid, NULL, 0);
}

bool lookup_finish(struct lookup *lookup, struct in_addr *addr)
{
	bool found = read(lookup->fd, addr, sizeof(*addr)) == (ssize_t)sizeof(*addr);

	reap(lookup);
	return found;
}

void lookup_stop(struct lookup *lookup)
{
	if (lookup->fd < 0)
		return;
	kill(lookup->pid, SIGKILL);
	reap(lookup);
}
