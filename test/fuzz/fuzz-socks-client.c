/* test/fuzz/fuzz-socks-client.c - what a proxy may answer to a client. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/socket.h>
#include <unistd.h>

#include "net/socks.h"
#include "test/fuzz/harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int fds[2];

	/* 4096 bytes fit into any socket's buffer, so nobody waits. */
	if (len > 4096 || socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		return 0;
	claim(write(fds[1], data, len) == (ssize_t)len);
	shutdown(fds[1], SHUT_WR);
	socks_handshake(fds[0], "farm1", 3632, deadline_after_ms(10000), NULL);
	close(fds[0]);
	close(fds[1]);
	return 0;
}
