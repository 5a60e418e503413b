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

/*
 * What version 3 brings is too much to collect: each file and link is handed over when it is whole. body is
 * the file as it came, one LZO block or nothing. Return -1 with err set to end the request.
 */
struct request_files {
	int (*dir)(void *context, const char *cdir, struct err *err);		/* once, before all others */
	int (*file)(void *context, const char *name, const struct buf *body, struct err *err);
	int (*link)(void *context, const char *name, const char *target, struct err *err);
	void *context;
};

/* Collects a request from walk events. Without `files`, version 3 is ERR_PROTOCOL. */
struct request {
	uint32_t version;
	struct argv argv;
	char *cdir;			/* version 3: the client's working directory */
	struct buf source;		/* DOTI as it came; expand it with compress.h when version is 2 */
	const struct request_files *files;	/* borrowed; set it after request_init() */
	/* private */
	struct walk walk;
	struct buf word, body;
	char *name;
};

void request_init(struct request *request, const struct walk_limits *limits);
void request_release(struct request *request);
/* Feeds bytes: 1 when complete (*n_used of them belong to it), 0 for more, -1 with ERR_PROTOCOL. */
int request_feed(struct request *request, const char *in, size_t len, size_t *n_used, struct err *err);

#endif
