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

enum control_operation {
	CONTROL_ADD = 1, CONTROL_DRAIN, CONTROL_REMOVE, CONTROL_RELOAD,
	/* of a gateway that starts with --replace: succession.h */
	CONTROL_REPLACE, CONTROL_COMMIT
};

enum control_kind {
	CONTROL_SENTENCE,
	CONTROL_LISTENER, CONTROL_INHERITED_LISTENER,	/* REPLACE: a path (or the page's ADDRESS:PORT)
							 * and its socket; any number */
	CONTROL_SELF,					/* REPLACE: the control socket; the last */
	CONTROL_TRUNK,					/* COMMIT: the line to the loop */
	CONTROL_CHANGES					/* COMMIT, if it says "changes", before the line: a file with
							 * farm_format_changes() */
};

enum { CONTROL_TEXT_MAX = 1024, CONTROL_ANSWER_MS = 10000 };

struct control_request {
	uint32_t operation;
	char text[CONTROL_TEXT_MAX];	/* ADD, DRAIN, REMOVE: the host; COMMIT: "changes", or nothing */
};

struct control_answer {
	int32_t ok;
	uint32_t kind;
	char text[CONTROL_TEXT_MAX];	/* one sentence: what is so now, or why not */
};

/* ---- of the one who asks */

/* ERR_CONNECT: nobody there, or not the same user's gateway. */
int control_connect(const char *path, int *fd, struct err *err);
int control_send(int fd, enum control_operation operation, const char *text, struct err *err);
/* *answer_fd is what came with the answer, or -1; NULL takes none. ERR_DENIED with the gateway's
 * sentence if it is no. */
int control_recv(int fd, struct control_answer *answer, int *answer_fd, struct err *err);

/* ---- of the one who is asked */

/* Makes the directory if it is missing; refuses one that others can look into. ERR_BIND. */
int control_listen(const char *path, int *fd, struct err *err);

struct control;
struct control_visitor;
/* The answer goes with *fd, if that is set; it is closed afterwards. */
typedef void control_request_fn(void *context, struct control_visitor *visitor,
				const struct control_request *request,
				struct control_answer *answer, int *fd);
/* Answers that go before the last one. fd stays the caller's. */
void control_say(struct control_visitor *visitor, const struct control_answer *answer, int fd);

/* Takes listen_fd over. */
struct control *control_open(struct event_base *base, int listen_fd, control_request_fn *on_request,
			     void *context);
void control_close(struct control *control);
/* The listening socket, for a successor. Nobody is accepted here any more after _leave; those who
 * are here get their answers. */
int control_listener(const struct control *control);
void control_leave(struct control *control);

#endif
