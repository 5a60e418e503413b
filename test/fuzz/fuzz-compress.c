/* test/fuzz/fuzz-compress.c - blocks of LZO1X from a peer, and the bound on what comes out. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "test/fuzz/harness.h"
#include "wire/compress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum { BOUND = 100000 };
	struct buf out = BUF_INIT, packed = BUF_INIT, again = BUF_INIT;

	if (lzo_expand(&out, data, len, BOUND, NULL) == 0) {
		claim(out.len <= BOUND);
		claim(lzo_compress(&packed, out.data, out.len, NULL) == 0);
		claim(lzo_expand(&again, packed.data, packed.len, BOUND, NULL) == 0);
		claim(again.len == out.len && (!out.len || memcmp(again.data, out.data, out.len) == 0));
	}
	buf_release(&out);
	buf_release(&packed);
	buf_release(&again);
	return 0;
}
