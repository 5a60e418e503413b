/* client/attempt.h - one job at one host of the list: the way there, the request, the reply. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_ATTEMPT_H
#define CLIENT_ATTEMPT_H

#include <stdint.h>

#include "base/argv.h"
#include "client/here.h"
#include "client/settings.h"
#include "compiler/object.h"
#include "hosts/spec.h"
#include "state/jobnote.h"
#include "wire/reply.h"

enum outcome {
	OUTCOME_ANSWER,			/* reply holds what a compiler said */
	OUTCOME_HOST_FAULT,		/* the way or the host: another one may do */
	OUTCOME_LOCAL			/* this job must run here, whoever is asked; see local_reason */
};

struct attempt {
	const struct settings *settings;
	const struct argv *command;	/* for the server; borrowed */
	const char *source;		/* for scheduling and display; borrowed */
	/* Sets text and text_len and gives OUTCOME_ANSWER, or OUTCOME_LOCAL with local_reason set.
	 * Called when a place in the gateway's queue has been taken, and again for the next host. */
	enum outcome (*ensure_text)(void *context);
	void (*note)(void *context, enum job_phase phase, const char *host, int slot);	/* or NULL */
	void *context;
	/* Is the answer's object for the machine that it should be for? Else a gateway finds another server. Or NULL. */
	bool (*fits)(void *context);
	/* what a gateway is told of how it must begin; empty: nothing */
	char object[OBJECT_KIND_TEXT_MAX];
	/* a request of protocol 3, whole, to be sent instead of text; borrowed, or NULL */
	const struct buf *sources;
	const char *text;		/* borrowed; NULL until it is there */
	size_t text_len;
	struct reply reply;		/* released by the owner, also between attempts */
	char server[256];		/* who answered, for the log */
	uint64_t lease_id;		/* the gateway's number for this job, 0: none */
	const char *local_reason;
	/* gets the place on this machine that a grant may be; or NULL: none may */
	struct here *here;
};

/* With OUTCOME_HOST_FAULT one sentence in *err names host, cause and remedy. */
enum outcome attempt_at(struct attempt *attempt, const struct host_spec *host, int slot, struct err *err);

#endif
