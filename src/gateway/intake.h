/*
 * gateway/intake.h - a client's request as it comes in: checked, and kept until it is answered. No I/O but
 * its spool's.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_INTAKE_H
#define GATEWAY_INTAKE_H

#include <stdbool.h>

#include "gateway/spool.h"
#include "wire/walk.h"

struct intake {
	struct walk walk;
	struct spool spool;
	bool ready;			/* DOTI or NFIL seen: the client's preprocessor is done */
	bool whole;
	char argv0[64];			/* the compiler that the request names, cut to fit */
	size_t argv0_len;
	bool argv0_whole;
};

/* What a gateway takes of one job, in either direction: walk_limits_default, but 1 GiB for a whole message. */
extern const struct walk_limits intake_limits;

void intake_init(struct intake *intake, struct spool_pool *pool);
void intake_release(struct intake *intake);
/* ERR_PROTOCOL: the bytes are no request, or follow its end; ERR_IO: they cannot be kept. */
int intake_add(struct intake *intake, const char *bytes, size_t len, struct err *err);

#endif
