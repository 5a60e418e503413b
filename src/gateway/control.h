/*
 * gateway/control.h - the administrator's socket: who may ask a running gateway to change, and how.
 *
 * A SOCK_SEQPACKET socket, mode 0600, in a directory 0700 that belongs to whoever started the
 * gateway and is bound into no sandbox. The parent serves it, since what is said there changes
 * what the parent does for the loop. A question and an answer are one fixed struct each; the kernel
 * says whose they are, on both sides.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_CONTROL_H
#define GATEWAY_CONTROL_H

#include <event2/event.h>
#include <stdint.h>

#include "base/err.h"

enum control_operation { CONTROL_ADD = 1, CONTROL_DRAIN, CONTROL_REMOVE, CONTROL_RELOAD };

enum { CONTROL_TEXT_MAX = 1024, CONTROL_ANSWER_MS = 10000 };

struct control_request {
	uint32_t operation;
	char text[CONTROL_TEXT_MAX];	/* ADD, DRAIN, REMOVE: the host */
};

struct control_answer {
	int32_t ok;
	char text[CONTROL_TEXT_MAX];	/* one sentence: what is so now, or why not */
};

/* ---- of the one who asks */

/* ERR_CONNECT: nobody there, or not the same user's gateway. */
int control_connect(const char *path, int *fd, struct err *err);
/* Sends a request and waits for its answer. ERR_DENIED with the gateway's sentence if it is no. */
int control_ask(int fd, enum control_operation operation, const char *text, struct control_answer *answer, struct err *err);

/* ---- of the one who is asked */

/* Makes the directory if it is missing; refuses one that others can look into. ERR_BIND. */
int control_listen(const char *path, int *fd, struct err *err);

struct control;
typedef void control_request_fn(void *context, const struct control_request *request, struct control_answer *answer);

/* Takes listen_fd over. */
struct control *control_open(struct event_base *base, int listen_fd, control_request_fn *on_request, void *context);
void control_close(struct control *control);

#endif
