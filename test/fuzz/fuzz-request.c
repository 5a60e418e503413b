/*
 * test/fuzz/fuzz-request.c - a request in pieces becomes the same values as one at once. Bit 5 of the first
 * byte: at a server that takes the files of version 3.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "test/fuzz/harness.h"
#include "wire/request.h"

/* What came by way of files, in its order. */
static void note(void *context, const char *text, size_t len)
{
	uint32_t *sum = context;

	for (size_t i = 0; i < len; i++)
		*sum = (*sum ^ (uint8_t)text[i]) * 16777619u;
	*sum = *sum * 16777619u + 1;
}

static int on_dir(void *context, const char *cdir, struct err *err)
{
	(void)err;
	note(context, cdir, strlen(cdir));
	return 0;
}

static int on_file(void *context, const char *name, const struct buf *body, struct err *err)
{
	(void)err;
	note(context, name, strlen(name));
	note(context, body->data, body->len);
	return 0;
}

static int on_link(void *context, const char *name, const char *target, struct err *err)
{
	(void)err;
	note(context, name, strlen(name));
	note(context, target, strlen(target));
	return 0;
}

static int feed(struct request *request, const char *in, size_t len, size_t piece, bool takes_files, uint32_t *sum)
{
	struct request_files files = { on_dir, on_file, on_link, sum };
	size_t at = 0, n_used;
	int result;

	request_init(request, &walk_limits_default);
	if (takes_files)
		request->files = &files;
	do {
		size_t room = len - at < piece ? len - at : piece;

		result = request_feed(request, in + at, room, &n_used, NULL);
		claim(n_used <= room);
		at += n_used;
	} while (result == 0 && at < len);
	request->files = NULL;
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct request whole, pieces;
	uint32_t sum_whole = 0, sum_pieces = 0;
	bool takes_files;
	int result;

	if (!len)
		return 0;
	takes_files = data[0] & 32;
	result = feed(&whole, (const char *)data + 1, len - 1, len, takes_files, &sum_whole);
	claim(result == feed(&pieces, (const char *)data + 1, len - 1, data[0] % 32 + 1, takes_files, &sum_pieces));
	claim(sum_whole == sum_pieces);
	if (result == 1) {
		claim(whole.argv.n == pieces.argv.n && whole.argv.n > 0 && whole.source.len == pieces.source.len);
		for (size_t i = 0; i < whole.argv.n; i++)
			claim(strcmp(whole.argv.words[i], pieces.argv.words[i]) == 0);
	}
	request_release(&whole);
	request_release(&pieces);
	return 0;
}
