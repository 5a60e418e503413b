/* gateway/heritage.c - see heritage.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/heritage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "gateway/http.h"
#include "gateway/reception.h"
#include "gateway/tally.h"
#include "gateway/trunk.h"
#include "wire/version.h"

enum { PACKETS_AT_ONCE = 64 };

struct hold {
	char *label;
	int n;
	bool counted;			/* we know the server */
};

struct heritage {
	struct gateway *gateway;
	int fd;
	struct event *readable;
	bool begun;
	struct hold *holds;
	size_t n_holds;
	struct adoption coming;		/* the client whose packets arrive */
	void (*on_begin)(void *context);
	void (*on_end)(void *context);
	void *context;
};

static struct server *find(const struct heritage *heritage, const char *label)
{
	return server_find(heritage->gateway->servers, heritage->gateway->n_servers, label);
}

static struct hold *find_hold(const struct heritage *heritage, const char *label)
{
	for (size_t i = 0; i < heritage->n_holds; i++)
		if (strcasecmp(heritage->holds[i].label, label) == 0)
			return &heritage->holds[i];
	return NULL;
}

/* A slot in use elsewhere is a slot in use; a server with one does not leave, so it will be there
 * when the slot is free. One that we do not know may yet come, by zeroconf. No server has more than
 * a list can give it. */
static void hold(struct heritage *heritage, const char *label, int n)
{
	struct hold *held = find_hold(heritage, label);
	struct server *server;

	if (!held) {
		heritage->holds = mem_resize(heritage->holds, heritage->n_holds + 1, sizeof(*heritage->holds));
		held = &heritage->holds[heritage->n_holds++];
		*held = (struct hold){ mem_strdup(label), 0, find(heritage, label) != NULL };
	}
	if (n > HOST_LIMIT_MAX - held->n)
		n = HOST_LIMIT_MAX - held->n;
	held->n += n;
	server = held->counted ? find(heritage, label) : NULL;
	if (server)
		server->in_flight += n;
}

static void free_one(struct heritage *heritage, struct hold *held)
{
	struct server *server = held->counted ? find(heritage, held->label) : NULL;

	held->n--;
	if (server)
		gateway_slot_free(heritage->gateway, server);
}

void heritage_server_added(struct heritage *heritage, struct server *server)
{
	struct hold *held = find_hold(heritage, server->label);

	if (!held || held->counted)
		return;
	server->in_flight += held->n;
	held->counted = true;
}

static void take_holds(struct heritage *heritage, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		char *tab = strchr(line, '\t');
		int64_t n;

		if (!tab || !str_to_int(tab + 1, 1, HOST_LIMIT_MAX, &n))
			continue;
		*tab = '\0';
		hold(heritage, line, (int)n);
	}
}

static void take_freed(struct heritage *heritage, const char *label)
{
	struct hold *held = find_hold(heritage, label);

	if (held && held->n)
		free_one(heritage, held);
}

static void begin(struct heritage *heritage)
{
	if (!heritage->begun)
		heritage->on_begin(heritage->context);
	heritage->begun = true;
}

static void go_on_counting(struct heritage *heritage, const char *numbers)
{
	uint64_t last_id, last_seq;

	if (!heritage->begun && sscanf(numbers, "%" SCNu64 " %" SCNu64, &last_id, &last_seq) == 2)
		feed_continue(&heritage->gateway->feed, last_id, last_seq);
}

/* The predecessor is of another release: what makes no sense here is nothing, but a promise that
 * cannot be kept costs the client its connection. */
static void take_peer(struct heritage *heritage, const struct trunk_packet *packet, int *fd)
{
	struct adoption *coming = &heritage->coming;
	const struct server *server = find(heritage, packet->text);

	adoption_release(coming);
	if (packet->told && !protocol_is_known((uint32_t)packet->told)) {
		log_warning("the predecessor has granted protocol %d to a client: this release does not know it",
			    packet->told);
		return;
	}
	coming->fd = fd_steal(fd);
	coming->told = packet->told;
	coming->is_raw = packet->is_raw;
	if (packet->waited_ms > 0 && packet->waited_ms <= clock_now_ms())
		coming->waited_ms = packet->waited_ms;
	coming->job = packet->job;
	coming->counted = packet->counted;
	if (packet->place >= 0 && packet->place < PLACE_N)
		coming->place = packet->place;
	coming->preferred = server ? server->id : 0;
}

static void take_packet(struct heritage *heritage, struct trunk_packet *packet, int *fd)
{
	struct adoption *coming = &heritage->coming;

	switch (packet->kind) {
	case TRUNK_HOLDS:
		take_holds(heritage, packet->text);
		break;
	case TRUNK_BEGIN:
		go_on_counting(heritage, packet->text);
		begin(heritage);
		break;
	case TRUNK_READER:
		if (*fd >= 0)
			http_adopt(heritage->gateway->http, fd_steal(fd), packet->text, packet->len);
		break;
	case TRUNK_COUNTS:
		tally_take(heritage->gateway, packet->text);
		break;
	case TRUNK_FREED:
		take_freed(heritage, packet->text);
		break;
	case TRUNK_PEER:
		take_peer(heritage, packet, fd);
		break;
	case TRUNK_SAID:
		buf_add(&coming->said, packet->text, packet->len);
		break;
	case TRUNK_OUT:
		buf_add(&coming->out, packet->text, packet->len);
		break;
	case TRUNK_REQUEST:
		buf_add(&coming->request, packet->text, packet->len);
		break;
	case TRUNK_FILE:
		fd_close(&coming->file_fd);
		coming->file_fd = fd_steal(fd);
		break;
	case TRUNK_ADOPT:
		if (coming->fd >= 0)
			reception_adopt(heritage->gateway, coming);
		adoption_release(coming);
		break;
	default:
		log_warning("the predecessor says something that this release does not know");
	}
}

static void heritage_on_readable(evutil_socket_t trunk_fd, short what, void *context)
{
	static struct trunk_packet packet;	/* one thread, used up before the next is read */
	struct heritage *heritage = context;

	(void)what;
	for (int i = 0; i < PACKETS_AT_ONCE; i++) {
		int fd = -1, found = trunk_recv((int)trunk_fd, &packet, &fd);

		if (found == 0)
			return;
		if (found < 0) {
			/* it may have died: what it used is free, and what it did not begin is ours */
			begin(heritage);
			heritage->on_end(heritage->context);
			return;
		}
		take_packet(heritage, &packet, &fd);
		fd_close(&fd);
	}
}

struct heritage *heritage_begin(struct gateway *gateway, int trunk_fd, void (*on_begin)(void *context),
				void (*on_end)(void *context), void *context)
{
	struct heritage *heritage = mem_alloc(sizeof(*heritage));

	fd_set_nonblocking(trunk_fd, true);
	*heritage = (struct heritage){ .gateway = gateway, .fd = trunk_fd, .coming = ADOPTION_INIT, .on_begin = on_begin,
				       .on_end = on_end, .context = context };
	heritage->readable = event_new(gateway->base, trunk_fd, EV_READ | EV_PERSIST,
				       heritage_on_readable, heritage);
	event_add(heritage->readable, NULL);
	return heritage;
}

void heritage_end(struct heritage *heritage)
{
	if (!heritage)
		return;
	for (size_t i = 0; i < heritage->n_holds; i++) {
		while (heritage->holds[i].n)
			free_one(heritage, &heritage->holds[i]);
		free(heritage->holds[i].label);
	}
	free(heritage->holds);
	tally_close(heritage->gateway);
	adoption_release(&heritage->coming);
	event_free(heritage->readable);
	fd_close(&heritage->fd);
	free(heritage);
}
