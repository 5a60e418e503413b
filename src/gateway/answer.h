/*
 * gateway/answer.h - a server's answer as it comes in: checked, kept until it is whole, and judged. No I/O
 * but its spool's.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_ANSWER_H
#define GATEWAY_ANSWER_H

#include <stdbool.h>

#include "gateway/object.h"
#include "gateway/spool.h"
#include "wire/walk.h"

struct answer {
	struct walk walk;
	struct spool spool;
	struct object_head head;	/* of the object in it */
};

/* What the compiler thinks of the source, or what the server lacks? */
enum verdict {
	VERDICT_OBJECT,			/* status 0 */
	VERDICT_ERROR,			/* the source's */
	VERDICT_NO_COMPILER,		/* "failed to exec": another server may have it */
	VERDICT_OTHER_OBJECT,		/* certainly not what the client can use */
	VERDICT_KILLED			/* out of memory, or an administrator */
};

void answer_init(struct answer *answer, struct spool_pool *pool);
void answer_release(struct answer *answer);
/* Released, and as new. */
void answer_clear(struct answer *answer);
/* version: the request's. 1: it is whole, and what follows it is nobody's; 0: more is to come.
 * ERR_PROTOCOL: it is none; ERR_IO: it cannot be kept. */
int answer_add(struct answer *answer, uint32_t version, const char *bytes, size_t len, struct err *err);
/* Of a whole one. object: how its object must begin (object.h), or NULL. */
enum verdict answer_verdict(const struct answer *answer, const char *object);
/* Does it say something about the server, so that another may do better? */
bool verdict_is_of_server(enum verdict verdict);
/* "it has no such compiler": of those; NULL: there is nothing to say against the server. */
const char *verdict_text(enum verdict verdict);

#endif
