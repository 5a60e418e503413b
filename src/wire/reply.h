/* wire/reply.h - a reply as values: what a server builds and a client gets. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef WIRE_REPLY_H
#define WIRE_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "wire/walk.h"

struct reply {
	uint32_t version;		/* 1, 2 or 3: how the four bodies are (to be) coded */
	int status;			/* as wait(2) gives it */
	struct buf serr, sout;		/* always expanded */
	struct buf object;		/* status 0 only */
	struct buf deps;		/* version 3 and status 0 only */
	/* private */
	struct walk walk;
	struct buf body;
	bool want_deps;
};

/* For receiving: want_deps false skips the body of DOTD. */
void reply_init(struct reply *reply, uint32_t version, const struct walk_limits *limits, bool want_deps);
void reply_release(struct reply *reply);
/* Feeds bytes: 1 when complete, 0 for more, -1 (ERR_PROTOCOL, ERR_IO for bad compressed data). */
int reply_feed(struct reply *reply, const char *in, size_t len, size_t *n_used, struct err *err);

/* For sending: the whole of it as bytes, compressed for versions 2 and 3. */
int reply_encode(struct buf *out, const struct reply *reply, struct err *err);

#endif
