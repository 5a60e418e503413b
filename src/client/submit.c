/* client/submit.c - see submit.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/submit.h"

#include <stdint.h>

#include "base/fd.h"
#include "base/mem.h"
#include "wire/compress.h"
#include "wire/request.h"
#include "wire/version.h"

enum { CHUNK = 65536 };

int submit_send(int fd, int protocol, const struct argv *command, const char *text, size_t text_len, int idle_ms,
		struct err *err)
{
	autobuf head = BUF_INIT;
	autobuf packed = BUF_INIT;
	struct iovec vec[2];

	request_encode_head(&head, (uint32_t)protocol, NULL, command);
	if (protocol == PROTOCOL_LZO) {
		if (lzo_compress(&packed, text, text_len, err) < 0)
			return -1;
		text = packed.data;
		text_len = packed.len;
	}
	if (request_encode_token(&head, "DOTI", text_len, err) < 0)
		return -1;
	vec[0] = (struct iovec){ head.data, head.len };
	vec[1] = (struct iovec){ (void *)(uintptr_t)text, text_len };
	return fd_writev_full(fd, vec, text_len ? 2 : 1, idle_ms, err);
}

int submit_send_whole(int fd, const struct buf *request, int idle_ms, struct err *err)
{
	return fd_write_full(fd, request->data, request->len, idle_ms, err);
}

int submit_receive(int fd, int protocol, const struct buf *begin, int idle_ms, struct reply *reply,
		   struct err *err)
{
	autofree char *chunk = mem_alloc(CHUNK);
	size_t n_used;
	int complete = 0;

	reply_init(reply, (uint32_t)protocol, &walk_limits_default, protocol == PROTOCOL_PUMP);
	if (begin && begin->len)
		complete = reply_feed(reply, begin->data, begin->len, &n_used, err);
	while (complete == 0) {
		ssize_t n = fd_read_some(fd, chunk, CHUNK, idle_ms, err);

		if (n < 0)
			return err_prefix(err, "waiting for the reply");
		if (n == 0)
			return err_set(err, ERR_TRUNCATED, walk_started(&reply->walk) ? "the reply ended in the middle" :
				       "the server closed without an answer: it may not allow this client or this compiler");
		complete = reply_feed(reply, chunk, (size_t)n, &n_used, err);
	}
	return complete < 0 ? -1 : 0;
}
