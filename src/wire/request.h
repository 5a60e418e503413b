/* wire/request.h - a request as values: what a client builds and a server gets. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef WIRE_REQUEST_H
#define WIRE_REQUEST_H

#include <stdint.h>

#include "base/argv.h"
#include "base/err.h"
#include "base/str.h"
#include "wire/walk.h"

/* The words that go before the bulk: DIST, CDIR (version 3 only, else NULL), ARGC, ARGV... */
void request_encode_head(struct buf *out, uint32_t version, const char *cdir, const struct argv *argv);

/* One token that announces len bytes, for DOTI and for the rest of version 3. ERR_IO when len does
 * not fit the protocol's 32 bits. */
int request_encode_token(struct buf *out, const char *name, uint64_t len, struct err *err);

/* Collects a request of version 1 or 2 from walk events; version 3 is ERR_PROTOCOL here for now. */
struct request {
	uint32_t version;
	struct argv argv;
	struct buf source;		/* DOTI as it came; expand it with compress.h when version is 2 */
	/* private */
	struct walk walk;
	struct buf word;
};

void request_init(struct request *request, const struct walk_limits *limits);
void request_release(struct request *request);
/* Feeds bytes: 1 when complete (*n_used of them belong to it), 0 for more, -1 with ERR_PROTOCOL. */
int request_feed(struct request *request, const char *in, size_t len, size_t *n_used, struct err *err);

#endif
