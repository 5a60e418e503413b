/* test/fuzz/fuzz-lease.c - messages of the lease dialect, one after the other. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "test/fuzz/harness.h"
#include "wire/lease.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *in = (const char *)data;
	size_t n_used = 0;

	for (;;) {
		struct lease_message message = LEASE_MESSAGE_INIT;
		int found = lease_decode(in, len, &n_used, &message, NULL);

		if (found != 1) {
			claim(!message.text);
			return 0;
		}
		claim(n_used >= TOKEN_LEN && n_used <= len);
		for (size_t i = 0; i < message.n_pairs; i++) {
			claim(lease_get(&message, message.keys[i]) != NULL);
			lease_get_int(&message, message.keys[i], 0);
			lease_has_word(&message, message.keys[i], "1");
		}
		lease_message_release(&message);
		in += n_used;
		len -= n_used;
	}
}
