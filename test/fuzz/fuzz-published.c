/* test/fuzz/fuzz-published.c - what a server's statistics port may say to the gateway. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/published.h"
#include "test/fuzz/harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct published published = PUBLISHED_INIT;

	if (published_parse(&published, (const char *)data, len) < 0)
		return 0;
	published.at_ms = 1;
	claim(published.workers >= 0 && published.workers <= PUBLISHED_WORKERS_MAX);
	claim(published.running >= -1 && published.free_mib >= -1);
	claim(published_others(&published, 1) >= 0);
	claim(published_jobs_max(&published, 1) >= 1);
	return 0;
}
