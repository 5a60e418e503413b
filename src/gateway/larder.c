/* gateway/larder.c - see larder.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/larder.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "base/mem.h"

/* A burst takes what a round trip to the process, some 50 us, has not yet brought back. The reserve is for
 * the second and third address of servers that were given out before. */
enum { STORE = 64, RESERVE = 16 };

struct shelf {
	char which;			/* guard.h */
	int fds[STORE];
	size_t n, n_asked;
};

struct larder {
	int line_fd;
	struct event *readable;
	struct shelf ipv4, ipv6;
};

static void fill(struct larder *larder, struct shelf *shelf)
{
	while (shelf->n + shelf->n_asked < STORE &&
	       send(larder->line_fd, &shelf->which, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1)
		shelf->n_asked++;
}

static void larder_on_readable(evutil_socket_t line_fd, short what, void *context)
{
	struct larder *larder = context;
	char which;
	int fd = -1;
	ssize_t n;

	(void)what;
	while ((n = fdpass_recv((int)line_fd, &which, 1, &fd, NULL)) == 1) {
		struct shelf *shelf = which == '6' ? &larder->ipv6 : &larder->ipv4;

		shelf->n_asked -= shelf->n_asked > 0;
		if (fd >= 0 && shelf->n < STORE)
			shelf->fds[shelf->n++] = fd_steal(&fd);
		fd_close(&fd);
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	log_warning("the process that makes guarded sockets has ended: jobs for servers over TCP are relayed");
	event_del(larder->readable);
	larder->line_fd = -1;
}

struct larder *larder_open(struct event_base *base, int line_fd)
{
	struct larder *larder = mem_alloc(sizeof(*larder));

	fd_set_nonblocking(line_fd, true);
	*larder = (struct larder){ .line_fd = line_fd, .ipv4.which = '4', .ipv6.which = '6' };
	larder->readable = event_new(base, line_fd, EV_READ | EV_PERSIST, larder_on_readable, larder);
	event_add(larder->readable, NULL);
	fill(larder, &larder->ipv4);
	fill(larder, &larder->ipv6);
	return larder;
}

static void empty(struct shelf *shelf)
{
	while (shelf->n)
		fd_close(&shelf->fds[--shelf->n]);
}

void larder_close(struct larder *larder)
{
	if (!larder)
		return;
	empty(&larder->ipv4);
	empty(&larder->ipv6);
	event_free(larder->readable);
	free(larder);
}

bool larder_has(struct larder *larder, size_t n_addrs)
{
	if (!larder || larder->line_fd < 0)
		return false;
	fill(larder, &larder->ipv4);
	fill(larder, &larder->ipv6);
	return larder->ipv4.n >= RESERVE + n_addrs && larder->ipv6.n >= RESERVE + n_addrs;
}

int larder_take(struct larder *larder, int family)
{
	struct shelf *shelf = family == AF_INET6 ? &larder->ipv6 : &larder->ipv4;
	int fd = shelf->n ? shelf->fds[--shelf->n] : -1;

	fill(larder, shelf);
	return fd;
}
