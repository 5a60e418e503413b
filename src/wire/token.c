/* wire/token.c - see token.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/token.h"

#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static const char digits[] = "0123456789abcdef";

void token_encode(char *out, const char *name, uint32_t value)
{
	memcpy(out, name, TOKEN_NAME_LEN);
	for (int i = 0; i < 8; i++)
		out[TOKEN_NAME_LEN + i] = digits[value >> (28 - 4 * i) & 15];
}

/* strtoul() would also take blanks, signs and "0x", as stock does; nobody sends those. */
static bool value_decode(const char *in, uint32_t *value)
{
	uint32_t sum = 0;

	for (int i = 0; i < 8; i++) {
		int digit = str_hex_digit(in[i]);

		if (digit < 0)
			return false;
		sum = sum << 4 | (uint32_t)digit;
	}
	*value = sum;
	return true;
}

static int fail(const char *in, const char *expected, struct err *err)
{
	autofree char *got = mem_strndup(in, TOKEN_LEN);
	autofree char *quoted = str_quote(got);

	return err_set(err, ERR_PROTOCOL, "expected %s%s, got %s", expected ? "token " : "a token",
		       expected ? expected : "", quoted);
}

int token_decode_any(const char *in, char name[TOKEN_NAME_LEN + 1], uint32_t *value, struct err *err)
{
	uint32_t decoded;

	for (int i = 0; i < TOKEN_NAME_LEN; i++)
		if (in[i] < 'A' || in[i] > 'Z')
			return fail(in, NULL, err);
	if (!value_decode(in + TOKEN_NAME_LEN, &decoded))
		return fail(in, NULL, err);
	memcpy(name, in, TOKEN_NAME_LEN);
	name[TOKEN_NAME_LEN] = '\0';
	*value = decoded;
	return 0;
}

int token_decode(const char *in, const char *name, uint32_t *value, struct err *err)
{
	if (memcmp(in, name, TOKEN_NAME_LEN) != 0 || !value_decode(in + TOKEN_NAME_LEN, value))
		return fail(in, name, err);
	return 0;
}
