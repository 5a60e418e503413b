/* net/auth.h - proving to a server with --auth who we are, before the request (doc/protocol-gssapi.txt). */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_AUTH_H
#define NET_AUTH_H

#include <stdbool.h>

#include "base/err.h"

bool auth_is_built(void);

/*
 * On a connected stream. name is the server's own name for itself (",auth=NAME"); NULL: looked up from
 * the address. ERR_TIMEOUT: the server does not ask for it; ERR_DENIED: it knows us and does not let us
 * in; ERR_AUTH: no ticket, or not the server that we mean; ERR_CONNECT: the address has no name.
 */
int auth_prove(int fd, const char *name, int idle_ms, struct err *err);

#endif
