/*
 * gateway/relay.h - one job between a client and a server: the request is kept until it is
 * answered, and the answer until it is whole.
 *
 *   IDLE --start--> DIALLING --connected--> RUNNING --whole answer--> ANSWERED
 *     ^                 |                      |
 *     +---- fault ------+----------------------+      (the owner queues the job again; the kept
 *                                                      request is sent to the next server)
 *
 * The server's slot is held from start to the end of the connection towards it.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_RELAY_H
#define GATEWAY_RELAY_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "gateway/answer.h"
#include "gateway/dial.h"
#include "gateway/intake.h"
#include "gateway/patience.h"
#include "gateway/state.h"

enum relay_state { RELAY_IDLE, RELAY_DIALLING, RELAY_RUNNING, RELAY_ANSWERED };

enum relay_fault {
	FAULT_TRANSPORT,		/* the server or the way to it */
	FAULT_LOOP,			/* it is a gateway through which the job has come already */
	/* it took the request and closed, or has no such compiler, or another */
	FAULT_REFUSED,
	FAULT_JOB			/* its compiler was killed, or our disk is full: nobody is blamed */
};
/* One word, for machines. */
const char *relay_fault_word(enum relay_fault fault);

struct relay {
	const struct relay_times *times;
	/* once from a server that looked stuck: the next one gets all the time */
	bool was_moved;
	struct gateway *gateway;
	enum relay_state state;
	struct server *server;		/* whose slot is held, or NULL */
	char *via;			/* gateways that the job has come through, or NULL */
	const char *toolchain;		/* borrowed from the job: refusals are remembered by it */
	const char *object;		/* ... and how its object must begin (object.h), or NULL */
	bool handing;			/* the connection is to be passed on, not relayed */
	bool here;			/* no server at all: the client does it on this machine */
	bool guarded;			/* handing: on a socket from the larder */
	bool is_probe;			/* of a server that was down: its end is news in any case */
	int server_fd;
	char from[64];			/* our end of it: what the server's log names as its client */
	struct feed_job *seen;		/* borrowed: whose slot is given back */
	/* a question to the helper about server_fd that is not answered yet */
	uint32_t helper_serial;
	struct dial dial;		/* on the way to server_fd */
	struct event *readable, *writable, *timer;

	struct intake request;
	int64_t started_ms;		/* it has the slot */
	int64_t waited_from_ms;		/* when the server had all it needs from us: its own time starts */
	uint64_t request_sent;
	int64_t progress_at_ms;		/* the server last took or sent something */

	struct answer answer;

	struct relay *second;		/* another attempt at the same request, or NULL (second.h) */
	void (*end_second)(struct relay *relay, const char *reason);
	/* Is there another server for this job, now (PICK_FOUND) or later (PICK_WAIT)? NULL: never. */
	enum pick_result (*elsewhere)(void *context);
	/* The server lets the job wait, and there is no second attempt: second_start() may begin one. NULL: never. */
	void (*on_late)(void *context);
	/* handing only: server_fd is connected */
	void (*on_connected)(void *context);
	void (*on_fault)(void *context, enum relay_fault fault, const char *why);
	/* the answer is whole; the slot is free again */
	void (*on_answered)(void *context);
	void *context;
};

void relay_init(struct relay *relay, struct gateway *gateway);
void relay_release(struct relay *relay);		/* closes towards the server at once and wholly */

/* Checks, keeps and forwards bytes of the client. ERR_PROTOCOL: they are no request, or follow its
 * end; ERR_IO: they cannot be kept. */
int relay_add_request(struct relay *relay, const char *bytes, size_t len, struct err *err);
/* A granted slot: connects and sends what is there. May call back before it returns. */
void relay_start(struct relay *relay, struct server *server);
/* Ends the connection towards the server and frees its slot; the kept request stays. */
void relay_detach(struct relay *relay);
/* What the second attempt was answered is the answer; the first one ends. The caller tells on_answered. */
void relay_take_answer(struct relay *relay, struct relay *other);

#endif
