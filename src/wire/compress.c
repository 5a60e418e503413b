/* wire/compress.c - see compress.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/compress.h"

#include <lzo/lzo1x.h>
#include <stdint.h>

#include "base/mem.h"

/* The format allows some 255 : 1, real code has 4 : 1. */
enum { EXPAND_FIRST_GUESS = 6, EXPAND_MIN = 4096 };

int lzo_compress(struct buf *out, const void *bytes, size_t len, struct err *err)
{
	autofree void *work = NULL;
	lzo_uint n = 0;

	if (!len)
		return 0;
	/* the worst case of the algorithm, from its documentation */
	if (len > UINT32_MAX - len / 16 - 67)
		return err_set(err, ERR_IO, "%zu bytes are too many for the protocol", len);
	/* not cleared: the algorithm does that, as far as it goes */
	work = mem_resize(NULL, LZO1X_1_MEM_COMPRESS, 1);
	if (lzo1x_1_compress(bytes, len, (unsigned char *)buf_reserve(out, len + len / 16 + 67), &n,
			     work) != LZO_E_OK)
		return err_set(err, ERR_FAILED, "LZO1X1 compression failed");
	out->len += n;
	out->data[out->len] = '\0';
	return 0;
}

int lzo_expand(struct buf *out, const void *bytes, size_t len, size_t max_len, struct err *err)
{
	size_t room = len > max_len / EXPAND_FIRST_GUESS ? max_len : len * EXPAND_FIRST_GUESS;

	if (!len)
		return 0;
	if (room < EXPAND_MIN)
		room = EXPAND_MIN;
	for (;;) {
		lzo_uint n;
		int result;

		if (room > max_len)
			room = max_len;
		n = room;
		result = lzo1x_decompress_safe(bytes, len, (unsigned char *)buf_reserve(out, room), &n, NULL);
		if (result == LZO_E_OK) {
			out->len += n;
			out->data[out->len] = '\0';
			return 0;
		}
		if (result != LZO_E_OUTPUT_OVERRUN)
			return err_set(err, ERR_PROTOCOL, "LZO1X1 decompression failed: %d", result);
		if (room == max_len)
			return err_set(err, ERR_PROTOCOL, "more than %zu bytes after decompression", max_len);
		room = room > max_len / 4 ? max_len : room * 4;
	}
}

size_t lzo_expand_head(void *out, size_t room, const void *bytes, size_t len)
{
	lzo_uint n = room;

	/* "Input overrun", "output overrun": n says how far it came. */
	return len && lzo1x_decompress_safe(bytes, len, out, &n, NULL) != LZO_E_ERROR ? n : 0;
}
