/*
 * gateway/http.h - the page, its news, /metrics and /status.json over HTTP. Off by default.
 *
 * It must not get in the way of a job: its events come after all others, its connections and what
 * waits in them are bounded, answers that take thought are rendered four times a second at most and
 * shared. It only answers; there is nothing that a request could change.
 *
 *   accept -> HEAD --request--> ANSWERING --all written--> closed
 *               |                   |
 *               |                   +--/live--> WATCHING --too slow, or gone--> closed
 *               +--too long, too slow, not ours--> ANSWERING (an error)
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_HTTP_H
#define GATEWAY_HTTP_H

#include "base/err.h"
#include "gateway/options.h"
#include "gateway/state.h"
#include "gateway/succession.h"

/* "/PATH", "NAME:PORT" or NULL: where --http serves. Yours to free. */
char *http_place(const struct options *options);
/* Takes the socket of --http over from the gateway that is replaced, or opens it, before privileges drop; without
 * --http *fd stays as it is. */
int http_listen(const struct options *options, struct succession *succession, int *fd, struct err *err);
/* Removes its file, if it has one. */
void http_remove(const struct options *options);

struct http;
/* Takes listen_fd over. */
struct http *http_open(struct gateway *gateway, int listen_fd);
void http_close(struct http *http);

/* Another gateway serves the page from now on, and our figures are there. Those who have not asked yet are
 * handed over, what is being answered goes on: http_is_done() says when that has ended. */
void http_retire(struct http *http,
		 void (*hand_over)(void *context, int fd, const char *bytes, size_t len),
		 void *context);
bool http_is_done(const struct http *http);
/* One that was handed over, with what it has said so far. Takes fd over; http may be NULL. */
void http_adopt(struct http *http, int fd, const char *bytes, size_t len);

#endif
