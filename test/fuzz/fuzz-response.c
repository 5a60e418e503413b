/* test/fuzz/fuzz-response.c - the text of a response file. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "compiler/response.h"
#include "test/fuzz/harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	autoargv words = ARGV_INIT;
	size_t n_bytes = 0;

	response_split((const char *)data, len, &words);
	for (size_t i = 0; i < words.n; i++)
		n_bytes += strlen(words.words[i]);
	claim(n_bytes <= len && words.n <= len);
	return 0;
}
