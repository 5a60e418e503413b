/* test/fuzz/fuzz-reply.c - the first byte is version and wish; what is decoded can be encoded and decoded again. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/fuzz/harness.h"
#include "wire/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct reply reply, again;
	struct buf out = BUF_INIT;
	size_t at = 2, n_used;
	int result = 0;

	if (len < 2)
		return 0;
	reply_init(&reply, data[0] % 3 + 1, &walk_limits_default, data[0] & 4);
	while (result == 0 && at < len) {
		size_t piece = data[1] % 64 + 1, room = len - at < piece ? len - at : piece;

		result = reply_feed(&reply, (const char *)data + at, room, &n_used, NULL);
		claim(n_used <= room);
		at += n_used;
	}
	if (result == 1) {
		reply_init(&again, reply.version, &walk_limits_default, true);
		claim(reply_encode(&out, &reply, NULL) == 0);
		claim(reply_feed(&again, out.data, out.len, &n_used, NULL) == 1 && n_used == out.len);
		claim(again.status == reply.status && again.serr.len == reply.serr.len && again.object.len == reply.object.len);
		reply_release(&again);
	}
	buf_release(&out);
	reply_release(&reply);
	return 0;
}
