/*
 * gateway/poll.h - asking servers for what they publish, gently: those that get jobs, now and then, and
 * one that does not answer ever more seldom. Nothing waits for an answer.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_POLL_H
#define GATEWAY_POLL_H

#include "gateway/state.h"

enum {
	STATS_EVERY_MS = 10000,
	STATS_ANSWER_MS = 2000,		/* from connecting to the whole answer */
	STATS_AGAIN_MS = 60000,		/* after a failure; twice as long after each one more */
	STATS_AGAIN_MAX_MS = 960000
};

/* It gets a job, or may soon: asks if it is time. Harmless for servers that are not reached by TCP. */
void poll_look(struct gateway *gateway, struct server *server);
/* Gives up what is under way. */
void poll_end(struct server *server);

#endif
