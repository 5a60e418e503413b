/* daemon/peer.h - who is at the other end of a connection. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_PEER_H
#define DAEMON_PEER_H

#include <stdbool.h>

#include "base/sock.h"
#include "daemon/access.h"

enum { PEER_TEXT_MAX = SOCK_TEXT_MAX + 16 };

struct peer {
	char text[PEER_TEXT_MAX];	/* "127.0.0.1:4711", "UNIX-DOMAIN /path", "NOTSOCKET" */
	struct sock_addr address;
};

void peer_describe(struct peer *peer, int fd);
/* By address, or by credentials on AF_UNIX; a pipe is admitted. A denial is logged as distcc 3.4 does. */
bool peer_is_admitted(const struct peer *peer, const struct access *access, int fd);

#endif
