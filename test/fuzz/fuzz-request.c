/* test/fuzz/fuzz-request.c - a request in pieces becomes the same values as one at once. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "test/fuzz/harness.h"
#include "wire/request.h"

static int feed(struct request *request, const char *in, size_t len, size_t piece)
{
	size_t at = 0, n_used;
	int result;

	request_init(request, &walk_limits_default);
	do {
		size_t room = len - at < piece ? len - at : piece;

		result = request_feed(request, in + at, room, &n_used, NULL);
		claim(n_used <= room);
		at += n_used;
	} while (result == 0 && at < len);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct request whole, pieces;
	int result;

	if (!len)
		return 0;
	result = feed(&whole, (const char *)data + 1, len - 1, len);
	claim(result == feed(&pieces, (const char *)data + 1, len - 1, data[0] % 32 + 1));
	if (result == 1) {
		claim(whole.argv.n == pieces.argv.n && whole.argv.n > 0 && whole.source.len == pieces.source.len);
		for (size_t i = 0; i < whole.argv.n; i++)
			claim(strcmp(whole.argv.words[i], pieces.argv.words[i]) == 0);
	}
	request_release(&whole);
	request_release(&pieces);
	return 0;
}
