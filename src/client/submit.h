/* client/submit.h - one request to a server and its reply, over whatever connection. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_SUBMIT_H
#define CLIENT_SUBMIT_H

#include "base/argv.h"
#include "base/err.h"
#include "wire/reply.h"

/* Head, token and text in as few writes as can be; text is compressed for protocol 2. */
int submit_send(int fd, int protocol, const struct argv *command, const char *text, size_t text_len, int idle_ms,
		struct err *err);

/* A request that is made already, to its last byte. */
int submit_send_whole(int fd, const struct buf *request, int idle_ms, struct err *err);

/* Reads the whole reply; `begin` holds bytes of it that were received already. Any error is a fault
 * of the way or of the server, never of the job. */
int submit_receive(int fd, int protocol, const struct buf *begin, int idle_ms, struct reply *reply,
		   struct err *err);

#endif
