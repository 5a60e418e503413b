/*
 * wire/walk.h - the order of tokens in a request and in a reply, as a machine fed with bytes.
 *
 * It does no I/O and stores no bodies, so the server, the client and the relay use the same one:
 * whoever calls decides what to do with the pieces. Each length and count is checked against
 * walk_limits before anybody allocates.
 *
 *   request 1, 2   DIST ARGC ARGV*argc DOTI
 *   request 3      DIST CDIR ARGC ARGV*argc NFIL (NAME (FILE | LINK))*nfil
 *   reply          DONE STAT SERR SOUT DOTO [DOTD]     DOTD: version 3 and status 0
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef WIRE_WALK_H
#define WIRE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "wire/token.h"

enum walk_token {
	WALK_DIST, WALK_CDIR, WALK_ARGC, WALK_ARGV, WALK_DOTI, WALK_NFIL, WALK_NAME, WALK_FILE, WALK_LINK,
	WALK_DONE, WALK_STAT, WALK_SERR, WALK_SOUT, WALK_DOTO, WALK_DOTD,
	WALK_N_TOKENS
};

/* Bounds on what a peer may announce. */
struct walk_limits {
	uint32_t argc_max;		/* words; 0 words is always refused */
	uint32_t word_max;		/* bytes of one ARGV, CDIR, NAME or LINK */
	uint64_t words_total_max;	/* bytes of all of them together */
	uint32_t bulk_max;		/* bytes on the wire of one DOTI, FILE, SERR, SOUT, DOTO or DOTD */
	uint64_t total_max;		/* bytes of the whole message */
	uint32_t files_max;		/* NFIL */
};
/* 65536 words, 128 KiB, 8 MiB, 1 GiB, 4 GiB, 100000 */
extern const struct walk_limits walk_limits_default;

enum walk_kind {
	WALK_MORE,		/* all input used up, nothing to report yet */
	WALK_TOKEN,		/* a token and its value; a body of value bytes follows if has_body */
	WALK_BODY,		/* the next piece of the body of the token reported last */
	WALK_END		/* the message is complete; bytes after it are not consumed */
};

struct walk_event {
	enum walk_kind kind;
	enum walk_token token;
	uint32_t value;
	bool has_body;
	const char *data;	/* WALK_BODY: inside the caller's input, len > 0 */
	size_t len;
	/* WALK_BODY: the body ends with this piece. A body of length 0 has no piece. */
	bool last;
};

struct walk {
	/* private */
	const struct walk_limits *limits;
	bool is_reply;
	uint32_t version;		/* of a reply: what DONE must say */
	enum walk_token expected;
	char partial[TOKEN_LEN];
	size_t n_partial;
	enum walk_token current;
	uint32_t body_left;
	uint32_t argc_left, files_left;
	uint32_t status;
	uint64_t words_total, total;
	bool started, ended, failed;
};

void walk_request_init(struct walk *walk, const struct walk_limits *limits);
/* version: what was sent in DIST and must come back in DONE. */
void walk_reply_init(struct walk *walk, uint32_t version, const struct walk_limits *limits);

/*
 * Takes bytes from the input until there is something to report and returns how many it took
 * (0..len). Call it until WALK_MORE (feed more) or WALK_END. ERR_PROTOCOL for anything out of
 * order or out of bounds, and forever after. DIST must be 1, 2 or 3; words hold no NUL bytes.
 */
ssize_t walk_step(struct walk *walk, const char *in, size_t len, struct walk_event *event, struct err *err);

/*
 * For those who keep what they are fed: takes bytes and gives each event to take() until the message
 * is complete (1) or the input is used up (0); *n_used says how many it took. -1 as walk_step(), or
 * when take() says so.
 */
typedef int walk_take_fn(void *context, const struct walk_event *event, struct err *err);
int walk_feed(struct walk *walk, const char *in, size_t len, size_t *n_used, walk_take_fn *take,
	      void *context, struct err *err);

bool walk_ended(const struct walk *walk);
bool walk_started(const struct walk *walk);		/* has it seen a byte? */
uint32_t walk_version(const struct walk *walk);		/* of a request: after DIST was seen */
uint32_t walk_status(const struct walk *walk);		/* of a reply: after STAT was seen */
uint64_t walk_total(const struct walk *walk);		/* bytes consumed so far */
const char *walk_token_name(enum walk_token token);

#endif
