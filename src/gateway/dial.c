/* gateway/dial.c - see dial.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/dial.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/sock.h"
#include "gateway/channel.h"
#include "gateway/helper.h"
#include "gateway/larder.h"
#include "gateway/server.h"

static void free_event(struct event **event)
{
	if (*event)
		event_free(*event);
	*event = NULL;
}

void dial_stop(struct dial *dial)
{
	free_event(&dial->writable);
	free_event(&dial->timer);
	fd_close(&dial->fd);
	if (dial->helper_serial)
		channel_cancel(dial->gateway->channel, dial->helper_serial);
	dial->helper_serial = 0;
}

static void succeeded(struct dial *dial)
{
	int fd = fd_steal(&dial->fd);

	dial_stop(dial);
	dial->on_connected(dial->context, fd);
}

static void failed(struct dial *dial, const char *why)
{
	dial_stop(dial);
	dial->on_failed(dial->context, why);
}

static void set_timer(const struct dial *dial, int ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	event_add(dial->timer, &tv);
}

/* ------------------------------------------------------------------ addresses */

static void try_next(struct dial *dial);

/* A server of several addresses stays with the one that worked. */
static void try_failed(struct dial *dial, int error)
{
	struct server *server = dial->server;
	char why[160];

	server->next_addr++;
	/* more may have been learned since */
	if (server->n_addrs > dial->addrs_known) {
		dial->addrs_left += server->n_addrs - dial->addrs_known;
		dial->addrs_known = server->n_addrs;
	}
	if (dial->addrs_left) {
		free_event(&dial->writable);
		fd_close(&dial->fd);
		try_next(dial);
		return;
	}
	snprintf(why, sizeof(why), "cannot connect: %s", strerror(error));
	failed(dial, why);
}

static void dial_on_writable(evutil_socket_t fd, short what, void *context)
{
	(void)what;
	if (sock_connect_result((int)fd) == 0)
		succeeded(context);
	else
		try_failed(context, errno);
}

static int connect_guarded(struct dial *dial, const struct sock_addr *addr)
{
	int sock = larder_take(dial->gateway->larder, addr->storage.ss_family);

	if (sock >= 0)
		return sock_connect_on(sock, addr, &dial->fd);
	errno = EMFILE;
	return -1;
}

static void try_next(struct dial *dial)
{
	const struct server *server = dial->server;
	const struct sock_addr *addr = &server->addrs[server->next_addr % server->n_addrs];
	int started;

	dial->addrs_left--;
	set_timer(dial, dial->addrs_left ? dial->times->try_address_ms : dial->times->connect_ms);
	started = dial->guarded ? connect_guarded(dial, addr) : sock_connect_start(addr, &dial->fd);
	if (started < 0) {
		try_failed(dial, errno);
	} else if (started == 1) {
		succeeded(dial);
	} else {
		dial->writable = event_new(dial->gateway->base, dial->fd, EV_WRITE, dial_on_writable, dial);
		event_add(dial->writable, NULL);
	}
}

/* ------------------------------------------------------------------ ssh */

static void ask_for_ssh(struct dial *dial);

static void dial_on_ssh(void *context, const struct helper_answer *answer, int *fd)
{
	struct dial *dial = context;

	dial->helper_serial = 0;
	if (!answer->ok && answer->generation != dial->server->generation) {
		/* The list was read again while the question was on its way: no fault of the server. */
		ask_for_ssh(dial);
	} else if (!answer->ok || *fd < 0) {
		failed(dial, answer->text);
	} else {
		dial->fd = fd_steal(fd);
		fd_set_nonblocking(dial->fd, true);
		succeeded(dial);
	}
}

static void ask_for_ssh(struct dial *dial)
{
	dial->helper_serial = channel_ask(dial->gateway->channel, HELPER_SSH,
					  dial->server->generation, dial->server->index, -1,
					  dial_on_ssh, dial);
	if (!dial->helper_serial)
		failed(dial, "ssh cannot be started");
}

/* ------------------------------------------------------------------ both */

static void dial_on_timer(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	try_failed(context, ETIMEDOUT);
}

void dial_start(struct dial *dial, struct server *server, const struct relay_times *times, bool guarded)
{
	dial->server = server;
	dial->times = times;
	dial->guarded = guarded;
	dial->timer = evtimer_new(dial->gateway->base, dial_on_timer, dial);
	if (server->spec.kind == HOST_SSH) {
		dial->addrs_left = dial->addrs_known = 0;
		set_timer(dial, times->ssh_ms);
		ask_for_ssh(dial);
	} else {
		dial->addrs_left = dial->addrs_known = server->n_addrs;
		try_next(dial);
	}
}
