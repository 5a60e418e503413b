/* test/fuzz/fuzz-service.c - the TXT record of whoever announces a server on the network: strings, each after its length. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hosts/spec.h"
#include "net/service.h"
#include "test/fuzz/harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct service_text text = SERVICE_TEXT_INIT;
	size_t n;

	for (size_t at = 0; at < len; at += n) {
		n = data[at++];
		n = n < len - at ? n : len - at;
		service_text_add(&text, (const char *)data + at, n);
		claim(service_text_slots(&text) >= 1 && service_text_slots(&text) <= HOST_LIMIT_MAX);
		claim(!text.lzo || text.has_features);
	}
	return 0;
}
