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

/* Opens the socket of --http, before privileges drop; without --http *fd stays as it is. replaces: a
 * gateway that is about to retire listens there, too, until then. */
int http_listen(const struct options *options, bool replaces, int *fd, struct err *err);
/* The other one has retired: the page's file, if it has one, is now ours. */
void http_settle(const struct options *options);
/* Removes its file, if it has one. settled: not the one of a start with `replaces` that failed. */
void http_remove(const struct options *options, bool settled);

struct http;
/* Takes listen_fd over. */
struct http *http_open(struct gateway *gateway, int listen_fd);
void http_close(struct http *http);

#endif
