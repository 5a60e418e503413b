/* test/fuzz/fuzz-auth.c - GSS-API's tokens in the frames of the protocol, as they come from the other side. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/gssapi.h"
#include "test/fuzz/harness.h"
#include "wire/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf token = BUF_INIT;
	size_t at = 0;
	int fds[2];

	/* 4096 bytes fit into any socket's buffer, so nobody waits. */
	if (len > 4096 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return 0;
	claim(write(fds[1], data, len) == (ssize_t)len);
	shutdown(fds[1], SHUT_WR);
	while (gssapi_receive(fds[0], &token, 10000, NULL) == 0) {
		claim(token.len > 0 && at + TOKEN_LEN + token.len <= len);
		claim(memcmp(token.data, data + at + TOKEN_LEN, token.len) == 0);
		at += TOKEN_LEN + token.len;
	}
	buf_release(&token);
	close(fds[0]);
	close(fds[1]);
	return 0;
}
