/* daemon/peer.c - see peer.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/peer.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"

void peer_describe(struct peer *peer, int fd)
{
	struct sock_addr own = { .len = sizeof(own.storage) };
	char address[SOCK_TEXT_MAX];

	peer->address.len = sizeof(peer->address.storage);
	if (getpeername(fd, (struct sockaddr *)&peer->address.storage, &peer->address.len) < 0) {
		snprintf(peer->text, sizeof(peer->text), "NOTSOCKET");
		peer->address.storage.ss_family = AF_UNSPEC;
	} else if (peer->address.storage.ss_family == AF_UNIX) {
		/* a client's end has no name; ours has the name of the place that it came to */
		if (getsockname(fd, (struct sockaddr *)&own.storage, &own.len) < 0)
			own.storage.ss_family = AF_UNSPEC;
		sock_addr_format(&own, address);
		snprintf(peer->text, sizeof(peer->text), "UNIX-DOMAIN %s",
			 strncmp(address, "unix:", 5) == 0 ? address + 5 : address);
	} else {
		sock_addr_format(&peer->address, peer->text);
	}
}

bool peer_is_admitted(const struct peer *peer, const struct access *access, int fd)
{
	bool admitted = true;

	if (peer->address.storage.ss_family == AF_UNIX)
		admitted = access_admits_local(access, fd);
	else if (peer->address.storage.ss_family != AF_UNSPEC)
		admitted = access_admits_address(access, &peer->address);
	if (!admitted)
		log_error("connection from client '%s' denied by access list", peer->text);
	return admitted;
}
