/* test/fuzz/fuzz-walk.c - the first byte chooses request or reply; a walk in pieces sees what one at once sees. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/fuzz/harness.h"
#include "wire/walk.h"

struct seen {
	int result;		/* 1 end, 0 more, -1 */
	size_t used, n_tokens, n_body;
};

static struct seen walk_all(int kind, const char *in, size_t len, size_t piece)
{
	struct seen seen = { 0 };
	struct walk walk;
	struct walk_event event;

	if (kind == 0)
		walk_request_init(&walk, &walk_limits_default);
	else
		walk_reply_init(&walk, (uint32_t)kind, &walk_limits_default);
	for (;;) {
		size_t room = len - seen.used < piece ? len - seen.used : piece;
		ssize_t n = walk_step(&walk, in + seen.used, room, &event, NULL);

		if (n < 0) {
			seen.result = -1;
			return seen;
		}
		claim((size_t)n <= room);
		seen.used += (size_t)n;
		claim(walk_total(&walk) == seen.used);
		seen.n_tokens += event.kind == WALK_TOKEN;
		if (event.kind == WALK_BODY) {
			claim(event.len > 0 && event.data >= in && event.data + event.len <= in + seen.used);
			seen.n_body += event.len;
		}
		if (event.kind == WALK_END || (event.kind == WALK_MORE && seen.used == len)) {
			seen.result = walk_ended(&walk);
			return seen;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct seen whole, pieces;

	if (len < 2)
		return 0;
	whole = walk_all(data[0] % 4, (const char *)data + 2, len - 2, len);
	pieces = walk_all(data[0] % 4, (const char *)data + 2, len - 2, data[1] % 32 + 1);
	claim(whole.result == pieces.result && whole.n_tokens == pieces.n_tokens);
	claim(whole.result < 0 || (whole.used == pieces.used && whole.n_body == pieces.n_body));
	return 0;
}
