/* gateway/channel.c - see channel.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <uthash.h>

#include "base/fd.h"
#include "base/fdpass.h"
#include "base/mem.h"

struct question {
	uint32_t serial;
	channel_answer_fn *on_answer;
	void *context;
	UT_hash_handle hh;
};

struct channel {
	int fd;
	struct event *readable;
	struct question *questions;
	uint32_t last_serial;
	channel_answer_fn *on_unasked;
	void (*on_gone)(void *context);
	void *context;
};

static void dispatch(struct channel *channel, const struct helper_answer *answer, int *fd)
{
	struct question *question;

	if (answer->serial == 0) {
		channel->on_unasked(channel->context, answer, fd);
		return;
	}
	HASH_FIND(hh, channel->questions, &answer->serial, sizeof(answer->serial), question);
	if (!question)
		return;
	HASH_DEL(channel->questions, question);
	question->on_answer(question->context, answer, fd);
	free(question);
}

static void channel_on_readable(evutil_socket_t sock, short what, void *context)
{
	struct channel *channel = context;
	struct helper_answer answer;

	(void)what;
	for (;;) {
		int fd = -1;
		ssize_t n = fdpass_recv((int)sock, &answer, sizeof(answer), &fd, NULL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n != (ssize_t)sizeof(answer)) {
			fd_close(&fd);
			channel->on_gone(channel->context);
			return;
		}
		dispatch(channel, &answer, &fd);
		fd_close(&fd);
	}
}

struct channel *channel_open(struct event_base *base, int fd, channel_answer_fn *on_unasked,
			     void (*on_gone)(void *context),
			     void *context)
{
	struct channel *channel = mem_alloc(sizeof(*channel));

	fd_set_nonblocking(fd, true);
	*channel = (struct channel){ .fd = fd, .on_unasked = on_unasked, .on_gone = on_gone, .context = context };
	channel->readable = event_new(base, fd, EV_READ | EV_PERSIST, channel_on_readable, channel);
	event_add(channel->readable, NULL);
	return channel;
}

void channel_close(struct channel *channel)
{
	struct question *question, *next;

	HASH_ITER(hh, channel->questions, question, next) {
		HASH_DEL(channel->questions, question);
		free(question);
	}
	event_free(channel->readable);
	free(channel);
}

uint32_t channel_ask(struct channel *channel, enum helper_operation operation, uint32_t generation, uint32_t index,
		     int fd, channel_answer_fn *on_answer, void *context)
{
	struct helper_request request = { operation, 0, generation, index };
	struct question *question;

	if (++channel->last_serial == 0)
		channel->last_serial = 1;
	request.serial = channel->last_serial;
	if (fdpass_send(channel->fd, &request, sizeof(request), fd) != (ssize_t)sizeof(request))
		return 0;
	if (!on_answer)
		return request.serial;
	question = mem_alloc(sizeof(*question));
	*question = (struct question){ .serial = request.serial, .on_answer = on_answer, .context = context };
	HASH_ADD(hh, channel->questions, serial, sizeof(question->serial), question);
	return request.serial;
}

void channel_cancel(struct channel *channel, uint32_t serial)
{
	struct question *question;

	HASH_FIND(hh, channel->questions, &serial, sizeof(serial), question);
	if (question) {
		HASH_DEL(channel->questions, question);
		free(question);
	}
}
