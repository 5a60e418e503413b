/* daemon/entrance.c - see entrance.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/entrance.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/admission.h"
#include "wire/token.h"

enum { FIRST_TOKEN_MS = 15000 };

static void drop(struct entrance *entrance, size_t at)
{
	entrance->n_ready -= entrance->visitors[at].is_ready;
	entrance->n--;
	memmove(entrance->visitors + at, entrance->visitors + at + 1,
		(entrance->n - at) * sizeof(*entrance->visitors));
}

static void turn_away(struct entrance *entrance, size_t at)
{
	close(entrance->visitors[at].fd);
	drop(entrance, at);
}

/* The oldest silent one makes room: whoever speaks is never turned away for those who do not. */
static bool make_room(struct entrance *entrance)
{
	for (size_t i = 0; entrance->n >= ENTRANCE_MAX && i < entrance->n; i++) {
		if (!entrance->visitors[i].is_ready) {
			log_warning("connection from %s closed: too many are open and it is silent",
				    entrance->visitors[i].peer.text);
			turn_away(entrance, i);
		}
	}
	return entrance->n < ENTRANCE_MAX;
}

static bool admit(struct entrance *entrance, int fd)
{
	struct visitor visitor = { .fd = fd, .until_ms = clock_now_ms() + FIRST_TOKEN_MS };
	int whole = entrance->greets ? 1 : TOKEN_LEN;

	peer_describe(&visitor.peer, fd);
	if (!peer_is_admitted(&visitor.peer, entrance->access, fd) || !make_room(entrance))
		return false;
	log_info("connection from %s", visitor.peer.text);
	/* TCP then wakes us for a whole token only; a local peer's first byte has to do */
	setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &whole, sizeof(whole));
	entrance->visitors = mem_resize(entrance->visitors, entrance->n + 1, sizeof(visitor));
	entrance->visitors[entrance->n++] = visitor;
	return true;
}

int entrance_accept(struct entrance *entrance, int listener)
{
	int n = 0, fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		if (admit(entrance, fd))
			n++;
		else
			close(fd);
	}
	return n;
}

size_t entrance_watch(const struct entrance *entrance, struct pollfd *fds)
{
	size_t n = 0;

	for (size_t i = 0; i < entrance->n; i++)
		if (!entrance->visitors[i].is_ready)
			fds[n++] = (struct pollfd){ entrance->visitors[i].fd, POLLIN, 0 };
	return n;
}

static short revents_of(int fd, const struct pollfd *fds, size_t n_fds)
{
	for (size_t i = 0; i < n_fds; i++)
		if (fds[i].fd == fd)
			return fds[i].revents;
	return 0;
}

/* The byte that comes before all tokens with --auth is answered here: however busy the workers are, the
 * client waits for a second only. True when it stays. */
static bool greet(struct visitor *visitor)
{
	struct err err = ERR_INIT;
	int whole = TOKEN_LEN;

	if (admission_greet(&(struct auth_ends){ visitor->fd, visitor->fd, 0 }, &err) < 0) {
		log_warning("connection from %s closed: %s", visitor->peer.text, err.text);
		return false;
	}
	setsockopt(visitor->fd, SOL_SOCKET, SO_RCVLOWAT, &whole, sizeof(whole));
	visitor->is_greeted = true;
	return true;
}

/* True when it stays. */
static bool judge(struct entrance *entrance, struct visitor *visitor, short revents, int64_t now_ms,
		  int *n_turned)
{
	char token[TOKEN_LEN];
	int whole = 1;
	ssize_t n;

	if (visitor->is_ready)
		return true;
	n = revents ? recv(visitor->fd, token, sizeof(token), MSG_PEEK | MSG_DONTWAIT) : -1;
	if (n == 0 || (n < 0 && revents && errno != EAGAIN && errno != EINTR)) {
		log_info("connection from %s closed without a request", visitor->peer.text);
		return false;
	}
	if (n > 0 && entrance->greets && !visitor->is_greeted)
		return greet(visitor);
	if (n > 0) {
		if (entrance->n_ready >= entrance->queue_max) {
			log_warning("connection from %s turned away: all workers are busy and %zu wait already", visitor->peer.text,
				    entrance->queue_max);
			(*n_turned)++;
			return false;
		}
		setsockopt(visitor->fd, SOL_SOCKET, SO_RCVLOWAT, &whole, sizeof(whole));
		visitor->is_ready = true;
		entrance->n_ready++;
		return true;
	}
	if (now_ms < visitor->until_ms)
		return true;
	log_info("connection from %s closed: it said nothing for %d s", visitor->peer.text,
		 FIRST_TOKEN_MS / 1000);
	return false;
}

int entrance_look(struct entrance *entrance, const struct pollfd *fds, size_t n_fds)
{
	int64_t now_ms = clock_now_ms();
	int n_turned = 0;

	for (size_t i = 0; i < entrance->n;) {
		struct visitor *visitor = &entrance->visitors[i];

		if (judge(entrance, visitor, revents_of(visitor->fd, fds, n_fds), now_ms, &n_turned))
			i++;
		else
			turn_away(entrance, i);
	}
	return n_turned;
}

int entrance_take(struct entrance *entrance)
{
	for (size_t i = 0; i < entrance->n; i++) {
		int fd = entrance->visitors[i].fd;

		if (!entrance->visitors[i].is_ready)
			continue;
		drop(entrance, i);
		return fd;
	}
	return -1;
}

int entrance_wait_ms(const struct entrance *entrance)
{
	int64_t now_ms = clock_now_ms();

	/* they came in this order, and all have the same time */
	for (size_t i = 0; i < entrance->n; i++)
		if (!entrance->visitors[i].is_ready)
			return entrance->visitors[i].until_ms > now_ms ? (int)(entrance->visitors[i].until_ms - now_ms) : 0;
	return -1;
}

void entrance_release(struct entrance *entrance)
{
	while (entrance->n)
		turn_away(entrance, 0);
	free(entrance->visitors);
	entrance->visitors = NULL;
}
