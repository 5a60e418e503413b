/* test/fuzz/fuzz-query.c - what a client asks the include server: any bytes, and any beginning of them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/mem.h"
#include "include_server/query.h"
#include "test/fuzz/harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf in = { (char *)(uintptr_t)data, len, len };
	struct err err = ERR_INIT;
	int whole = query_parse(&in, NULL, NULL, &err);

	claim(whole == 0 || whole == 1 || (whole == -1 && err.code == ERR_PROTOCOL));
	if (whole == 1) {
		autofree char *cwd = NULL;
		autoargv words = ARGV_INIT;

		claim(query_parse(&in, &cwd, &words, NULL) == 1);
		claim(cwd && strlen(cwd) <= len && words.n <= len);
	}
	/* A beginning is never refused where the whole is not, and complete only from where the whole is. */
	for (in.len = 0; in.len < len && in.len < 300; in.len++) {
		int part = query_parse(&in, NULL, NULL, NULL);

		claim(whole < 0 || part == 0 || (part == 1 && whole == 1));
	}
	return 0;
}
