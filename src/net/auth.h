/*
 * net/auth.h - proving who one is before a request: ",auth" in clients, --auth in servers
 * (doc/protocol-gssapi.txt).
 */
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

/* The server's side. principal: DISTCCD_PRINCIPAL, "service@host" or another name whose key is in the
 * key table. NULL with ERR_AUTH: there is no such key, or no library. Never closed: a process has one. */
struct auth_service;
struct auth_service *auth_service_open(const char *principal, struct err *err);

struct auth_ends {
	int in_fd, out_fd, idle_ms;
};
/* Behind the two bytes of greeting. *principal is who the client is, realm included, and yours to free. The
 * verdict, 'y' or 'n', is the caller's to send. ERR_AUTH, ERR_IO, ERR_TIMEOUT, ERR_PROTOCOL. */
int auth_accept(const struct auth_service *service, const struct auth_ends *ends, char **principal,
		struct err *err);

#endif
