/* client/settings.h - what the environment asks of the client. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_SETTINGS_H
#define CLIENT_SETTINGS_H

#include <stdbool.h>

#include "base/err.h"

struct settings {
	bool fallback;			/* DISTCC_FALLBACK: compile here when the farm fails */
	bool skip_local_retry;		/* DISTCC_SKIP_LOCAL_RETRY: a server's failure is final */
	/* DISTCC_EXACT: here if a byte of the object or of a message could differ */
	bool exact;
	bool rewrite_cross;		/* not DISTCC_NO_REWRITE_CROSS */
	int backoff_s;			/* DISTCC_BACKOFF_PERIOD */
	int io_idle_ms;			/* DISTCC_IO_TIMEOUT: without a byte for so long a peer is dead */
	/* DISTCC_PAUSE_TIME_MSEC: a full host list is looked at again after this */
	int pause_ms;
	int guard_level;		/* _DISTCC_SAFEGUARD: how many distccs are above us */
	const char *local_because;	/* a variable that changes what compilers do, or NULL */
};

/* ERR_USAGE for a value that cannot be meant. */
int settings_read(struct settings *settings, struct err *err);

/* Sets up logging: DISTCC_LOG, else UNCACHED_ERR_FD, else stderr; DISTCC_VERBOSE. */
void settings_open_log(void);

#endif
