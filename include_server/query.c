/* include_server/query.c - see query.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include_server/query.h"

#include "base/mem.h"
#include "wire/token.h"

enum { WORDS_MAX = 65536 };

/* One token with its body: 1, 0 for more, -1. */
static int take(const struct buf *in, size_t *at, const char *name, bool has_body, uint32_t *value,
		struct err *err)
{
	if (in->len - *at < TOKEN_LEN)
		return 0;
	if (token_decode(in->data + *at, name, value, err) < 0)
		return -1;
	if (has_body && *value > QUERY_BYTES_MAX)
		return err_set(err, ERR_PROTOCOL, "%s of %u bytes", name, *value);
	if (has_body && in->len - *at - TOKEN_LEN < *value)
		return 0;
	*at += TOKEN_LEN;
	return 1;
}

int query_parse(const struct buf *in, char **cwd, struct argv *argv, struct err *err)
{
	size_t at = 0;
	uint32_t value, n_words;
	int result = take(in, &at, "CDIR", true, &value, err);

	if (result <= 0)
		return result;
	if (argv)
		*cwd = mem_strndup(in->data + at, value);
	at += value;
	result = take(in, &at, "ARGC", false, &n_words, err);
	if (result <= 0)
		return result;
	if (n_words > WORDS_MAX)
		return err_set(err, ERR_PROTOCOL, "%u words", n_words);
	for (uint32_t i = 0; i < n_words; i++) {
		result = take(in, &at, "ARGV", true, &value, err);
		if (result <= 0)
			return result;
		if (argv) {
			autofree char *word = mem_strndup(in->data + at, value);

			argv_add(argv, word);
		}
		at += value;
	}
	return 1;
}
