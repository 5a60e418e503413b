/* test/fuzz/fuzz-messages.c - what a server's compiler said, merged with what was said here: "HERE\0SERVER". */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "client/messages.h"
#include "test/fuzz/harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct argv command = ARGV_INIT;
	static struct scan scan;
	const uint8_t *end = memchr(data, 0, len);
	size_t n_here = end ? (size_t)(end - data) : 0;
	struct buf here = BUF_INIT, server = BUF_INIT, out = BUF_INIT;

	if (!command.n) {
		argv_add(&command, "gcc");
		argv_add(&command, "-c");
		argv_add(&command, "x.c");
		scan_command(&scan, &command);
	}
	if (n_here)
		buf_add(&here, data, n_here);
	if (end && len > n_here + 1)
		buf_add(&server, end + 1, len - n_here - 1);
	messages_merge(&out, &here, &server, &scan);
	buf_release(&here);
	buf_release(&server);
	buf_release(&out);
	return 0;
}
