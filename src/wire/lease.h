/*
 * wire/lease.h - messages of the lease dialect between a client and the gateway.
 * doc/protocol-gateway.txt is the reference; this is the codec, without I/O.
 *
 *   client                                    gateway
 *   GATE 00000001                             (the greeting: a version, no payload)
 *   WANT kind= modes= proto= compiler= source= build= priority= [use=]
 *                                             WAIT position=        (any number, <= 20 s apart)
 *   REDY size=
 *                                             GRNT lease= server= mode= proto=    [+ a descriptor]
 *                                           / DENY reason= text=
 *   relay:  the distcc request                WAIT ...  then the distcc reply, or DENY
 *   fd:     RSLT result= sent= received= ms=  (ends the lease; transport-failed: GRNT or DENY again)
 *   local:  RSLT
 *   SHOW what= format= [build=] [since=]      TEXT ... TEXT 00000000
 *   NOTE where=local reason= source= build= ms=    (says and closes; there is no answer)
 *
 * A message is a token whose value is the length of a payload of lines "key=value\n". In values the
 * bytes below 0x20, 0x7f and '%' are written %XX. Unknown keys are ignored; a repeated key counts
 * once, the first. GATE has no payload; TEXT's payload is text and not pairs.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef WIRE_LEASE_H
#define WIRE_LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "wire/token.h"

enum {
	LEASE_VERSION = 1,
	LEASE_PAYLOAD_MAX = 65536,	/* a longer message is an error */
	LEASE_PAIRS_MAX = 64,
	LEASE_WAIT_EVERY_MS = 20000,	/* the gateway speaks at least this often while a client waits */
	LEASE_SILENCE_MS = 60000	/* a client that hears nothing for so long takes it for dead */
};

enum lease_token {
	/* client to gateway */
	LEASE_GATE, LEASE_WANT, LEASE_REDY, LEASE_RSLT, LEASE_SHOW, LEASE_NOTE, LEASE_HOPS,
	LEASE_GRNT, LEASE_DENY, LEASE_WAIT, LEASE_TEXT,				/* gateway to client */
	LEASE_N_TOKENS
};
const char *lease_token_name(enum lease_token token);

struct lease_message {
	enum lease_token token;
	uint32_t version;			/* GATE */
	size_t n_pairs;
	const char *keys[LEASE_PAIRS_MAX];	/* into text */
	const char *values[LEASE_PAIRS_MAX];	/* into text, decoded */
	char *text;				/* the decoded payload; TEXT: as it came */
	size_t text_len;
};
#define LEASE_MESSAGE_INIT { LEASE_GATE, 0, 0, { NULL }, { NULL }, NULL, 0 }
void lease_message_release(struct lease_message *message);
#define autolease __attribute__((cleanup(lease_message_release))) struct lease_message

/* Looks at the front of the input: 1 with a whole message in *message and its length in *n_used,
 * 0 when more bytes are needed, -1 with ERR_PROTOCOL (message untouched, nothing allocated). */
int lease_decode(const char *in, size_t len, size_t *n_used, struct lease_message *message, struct err *err);

const char *lease_get(const struct lease_message *message, const char *key);	/* NULL when absent */
int64_t lease_get_int(const struct lease_message *message, const char *key, int64_t default_value);
/* Is word one of the comma-separated words of key's value? */
bool lease_has_word(const struct lease_message *message, const char *key, const char *word);

/* Building: begin, any number of adds, end. The message is appended to out. */
struct lease_writer {
	struct buf *out;
	size_t start;
};
void lease_greet(struct buf *out);							/* GATE */
void lease_begin(struct lease_writer *writer, struct buf *out, enum lease_token token);
/* NULL or empty: left out */
void lease_add(struct lease_writer *writer, const char *key, const char *value);
void lease_add_int(struct lease_writer *writer, const char *key, int64_t value);
void lease_end(struct lease_writer *writer);
/* one TEXT; len 0 ends the series */
void lease_text(struct buf *out, const char *text, size_t len);

#endif
