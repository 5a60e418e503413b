/* gateway/trunk.c - see trunk.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/trunk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/fd.h"
#include "base/fdpass.h"
#include "base/mem.h"

enum { HEAD_LEN = offsetof(struct trunk_packet, text), AGAIN_MS = 10 };

struct item {
	char *bytes;
	size_t len;
	int fd;
	struct item *next;
};

struct trunk {
	int fd;
	struct item *first;
	struct event *writable, *again;
	void (*on_empty)(void *context);
	void (*on_broken)(void *context);
	void *context;
};

static void drop_first(struct trunk *trunk)
{
	struct item *item = trunk->first;

	LL_DELETE(trunk->first, item);
	fd_close(&item->fd);
	free(item->bytes);
	free(item);
}

static void trunk_send(struct trunk *trunk)
{
	static const struct timeval again = { 0, AGAIN_MS * 1000 };

	while (trunk->first) {
		struct item *item = trunk->first;

		if (fdpass_send(trunk->fd, item->bytes, item->len, item->fd) == (ssize_t)item->len) {
			drop_first(trunk);
			if (!trunk->first)
				trunk->on_empty(trunk->context);
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN || errno == ENOBUFS) {
			event_add(trunk->writable, NULL);
		} else if (errno == ETOOMANYREFS) {
			/* The kernel bounds the descriptors on their way; nothing tells when some have arrived. */
			event_add(trunk->again, &again);
		} else {
			trunk->on_broken(trunk->context);
		}
		return;
	}
}

static void trunk_on_room(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	trunk_send(context);
}

struct trunk *trunk_open(struct event_base *base, int fd, void (*on_empty)(void *context),
			 void (*on_broken)(void *context),
			 void *context)
{
	struct trunk *trunk = mem_alloc(sizeof(*trunk));

	fd_set_nonblocking(fd, true);
	*trunk = (struct trunk){ .fd = fd, .on_empty = on_empty, .on_broken = on_broken, .context = context };
	trunk->writable = event_new(base, fd, EV_WRITE, trunk_on_room, trunk);
	trunk->again = evtimer_new(base, trunk_on_room, trunk);
	event_add(trunk->writable, NULL);
	return trunk;
}

void trunk_close(struct trunk *trunk)
{
	if (!trunk)
		return;
	while (trunk->first)
		drop_first(trunk);
	event_free(trunk->writable);
	event_free(trunk->again);
	fd_close(&trunk->fd);
	free(trunk);
}

void trunk_put(struct trunk *trunk, const struct trunk_packet *head, int fd)
{
	struct item *item = mem_alloc(sizeof(*item));

	item->len = HEAD_LEN + head->len;
	item->bytes = mem_copy(head, item->len);
	item->fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	LL_APPEND(trunk->first, item);
	event_add(trunk->writable, NULL);
}

void trunk_put_text(struct trunk *trunk, enum trunk_kind kind, const char *text, size_t len)
{
	struct trunk_packet packet = { .kind = kind };

	for (size_t at = 0; at < len; at += packet.len) {
		packet.len = (uint32_t)(len - at < TRUNK_TEXT_MAX - 1 ? len - at : TRUNK_TEXT_MAX - 1);
		memcpy(packet.text, text + at, packet.len);
		trunk_put(trunk, &packet, -1);
	}
}

bool trunk_is_empty(const struct trunk *trunk)
{
	return !trunk->first;
}

int trunk_recv(int trunk_fd, struct trunk_packet *packet, int *fd)
{
	ssize_t n;

	do {
		n = fdpass_recv(trunk_fd, packet, sizeof(*packet) - 1, fd, NULL);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n < HEAD_LEN || (size_t)n != HEAD_LEN + packet->len) {
		fd_close(fd);
		return -1;
	}
	packet->text[packet->len] = '\0';
	return 1;
}
