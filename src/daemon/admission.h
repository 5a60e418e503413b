/* daemon/admission.h - clients that have to prove who they are before they may ask (--auth). */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_ADMISSION_H
#define DAEMON_ADMISSION_H

#include <stdbool.h>

#include "base/argv.h"
#include "base/err.h"
#include "net/auth.h"

struct admission {
	bool required;			/* --auth */
	char *whitelist, *blacklist;	/* files, or NULL; not both */
	struct argv names;		/* of that file */
	struct auth_service *service;	/* after admission_open() */
};

/* Reads the list, and finds the key of DISTCCD_PRINCIPAL: as the user that will serve. ERR_AUTH. */
int admission_open(struct admission *admission, struct err *err);
void admission_release(struct admission *admission);

/* A principal's realm does not count. Pure. */
bool admission_allows(const struct admission *admission, const char *principal);

/* The first byte of a client that knows of --auth, and the answer to it. */
#define ADMISSION_GREETING '*'
/* The same on a connection that nobody has looked at yet. */
int admission_greet(const struct auth_ends *ends, struct err *err);

/* Behind the greeting: the client's proof, and the verdict. ERR_AUTH, ERR_DENIED: not on the list; ERR_IO, ERR_TIMEOUT. */
int admission_check(const struct admission *admission, const struct auth_ends *ends, struct err *err);

#endif
