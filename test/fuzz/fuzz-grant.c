/* test/fuzz/fuzz-grant.c - what a gateway may answer to a client, or to a server, that waits for a place. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/gateway.h"
#include "test/fuzz/harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct lease lease = LEASE_INIT;
	struct err err = ERR_INIT;
	int fds[2];

	/* 4096 bytes fit into any socket's buffer, so nobody waits. */
	if (len > 4096 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return 0;
	claim(write(fds[1], data, len) == (ssize_t)len);
	shutdown(fds[1], SHUT_WR);
	lease.fd = fds[0];
	if (lease_ready(&lease, 100, &err) == 0) {
		claim(memchr(lease.server, 0, sizeof(lease.server)));
		claim(lease.protocol >= 1 && lease.protocol <= 3);
		claim(lease.mode != LEASE_FD || lease.job_fd >= 0);
		if (lease.mode == LEASE_RELAY && lease_await_reply(&lease, &err) < 0)
			claim(err.code != ERR_NONE && err.text[0]);
	} else {
		claim(err.code != ERR_NONE && err.text[0]);
	}
	lease_close(&lease);
	close(fds[1]);
	return 0;
}
