/* gateway/poll.c - see poll.h. The port answers whoever connects, and closes. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/poll.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"

enum { ANSWER_MAX = 8192 };

struct poll {
	struct gateway *gateway;
	struct server *server;
	int fd;
	struct event *readable;			/* or its time is over */
	int64_t began_ms;
	size_t len;
	char answer[ANSWER_MAX];
};

void poll_end(struct server *server)
{
	struct poll *poll = server->poll;

	if (!poll)
		return;
	server->poll = NULL;
	if (poll->readable)
		event_free(poll->readable);
	fd_close(&poll->fd);
	free(poll);
}

static void failed(struct server *server, int64_t now_ms)
{
	int64_t pause_ms = STATS_AGAIN_MS;

	for (int i = 0; i < server->poll_failures && pause_ms < STATS_AGAIN_MAX_MS; i++)
		pause_ms *= 2;
	server->poll_failures++;
	server->poll_at_ms = now_ms + (pause_ms < STATS_AGAIN_MAX_MS ? pause_ms : STATS_AGAIN_MAX_MS);
	poll_end(server);
}

static void learned(struct gateway *gateway, struct server *server, int64_t now_ms)
{
	server->published.at_ms = now_ms;
	server->published.n_ours = server->in_flight;
	server->poll_failures = 0;
	server->poll_at_ms = now_ms + STATS_EVERY_MS;
	poll_end(server);
	if (!server_learn_slots(server, clock_now_ms()))
		return;
	log_info("host '%s' has %d workers: so many jobs are sent there", server->label,
		 server_slots(server));
	gateway_schedule(gateway);
}

static void poll_on_readable(evutil_socket_t fd, short what, void *context)
{
	struct poll *poll = context;
	struct server *server = poll->server;
	int64_t now_ms = clock_now_ms();
	ssize_t n = 0;

	if (what & EV_TIMEOUT) {
		failed(server, now_ms);
		return;
	}
	while (poll->len < sizeof(poll->answer)) {
		n = recv((int)fd, poll->answer + poll->len, sizeof(poll->answer) - poll->len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		poll->len += (size_t)n;
	}
	/* A reset may follow the answer of a server that had not read everything: the words count. */
	if (published_parse(&server->published, poll->answer, poll->len) == 0)
		learned(poll->gateway, server, now_ms);
	else if (n >= 0 || errno != EAGAIN || now_ms - poll->began_ms >= STATS_ANSWER_MS)
		failed(server, now_ms);
}

/* The address that jobs go to, with the other port. */
static bool stats_addr(const struct gateway *gateway, const struct server *server, struct sock_addr *addr)
{
	in_port_t port = htons((uint16_t)gateway->setup->options->stats_port);

	if (server->spec.kind != HOST_TCP || !server->n_addrs || !port)
		return false;
	*addr = server->addrs[server->next_addr % server->n_addrs];
	if (addr->storage.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&addr->storage)->sin6_port = port;
	else
		((struct sockaddr_in *)&addr->storage)->sin_port = port;
	return true;
}

void poll_look(struct gateway *gateway, struct server *server)
{
	static const struct timeval patience = { STATS_ANSWER_MS / 1000, STATS_ANSWER_MS % 1000 * 1000 };
	int64_t now_ms = clock_now_ms();
	struct sock_addr addr;
	struct poll *poll;

	if (server->poll || now_ms < server->poll_at_ms || !stats_addr(gateway, server, &addr))
		return;
	poll = mem_alloc(sizeof(*poll));
	poll->gateway = gateway;
	poll->server = server;
	poll->began_ms = now_ms;
	server->poll = poll;
	if (sock_connect_start(&addr, &poll->fd) < 0) {
		failed(server, now_ms);
		return;
	}
	poll->readable = event_new(gateway->base, poll->fd, EV_READ | EV_PERSIST, poll_on_readable, poll);
	event_add(poll->readable, &patience);
}
