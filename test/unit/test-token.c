/* test/unit/test-token.c - a name and a number in twelve bytes. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "wire/token.h"

static void a_token_is_written_in_lower_case_and_with_zeros(void **state)
{
	static const struct { uint32_t value; const char *bytes; } rows[] = {
		{ 0, "DOTO00000000" }, { 1, "DOTO00000001" }, { 0x350, "DOTO00000350" }, { 0xdeadbeef, "DOTOdeadbeef" }, { UINT32_MAX, "DOTOffffffff" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[TOKEN_LEN + 1] = "############";

		token_encode(out, "DOTO", rows[i].value);
		assert_string_equal(out, rows[i].bytes);
	}
}

static void a_token_is_read_in_either_case(void **state)
{
	static const struct { const char *bytes; uint32_t value; } rows[] = {
		{ "ARGC00000005", 5 }, { "ARGC0000000A", 10 }, { "ARGC0000000a", 10 }, { "ARGCFFFFffff", UINT32_MAX },
	};
	char name[TOKEN_NAME_LEN + 1];
	struct err err = ERR_INIT;
	uint32_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_ok(token_decode(rows[i].bytes, "ARGC", &value, &err));
		assert_int_equal(value, rows[i].value);
		assert_ok(token_decode_any(rows[i].bytes, name, &value, &err));
		assert_int_equal(value, rows[i].value);
		assert_string_equal(name, "ARGC");
	}
}

/* strtoul() takes these; nobody sends them. */
static void blanks_signs_and_prefixes_are_no_digits(void **state)
{
	static const char *const rows[] = {
		"ARGC       1", "ARGC+0000001", "ARGC-0000001", "ARGC0x000001", "ARGC0000000g", "ARGC0000000 ", "ARGC0000000\n", "ARGC0000000\0",
	};
	char name[TOKEN_NAME_LEN + 1] = "same";
	struct err err = ERR_INIT;
	uint32_t value = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_fails(token_decode(rows[i], "ARGC", &value, &err), ERR_PROTOCOL, "expected token ARGC, got 'ARGC");
		assert_fails(token_decode_any(rows[i], name, &value, &err), ERR_PROTOCOL, "expected a token, got 'ARGC");
	}
	assert_int_equal(value, 42);
	assert_string_equal(name, "same");
}

static void another_name_is_told_and_escaped(void **state)
{
	char name[TOKEN_NAME_LEN + 1] = "same";
	struct err err = ERR_INIT;
	uint32_t value = 42;

	(void)state;
	assert_fails(token_decode("ARGV00000001", "ARGC", &value, &err), ERR_PROTOCOL, "expected token ARGC, got 'ARGV00000001'");
	assert_fails(token_decode_any("GET / HTTP/1.1", name, &value, &err), ERR_PROTOCOL, "expected a token, got 'GET / HTTP/1'");
	assert_fails(token_decode_any("\n\033]0;x\a00001", name, &value, &err), ERR_PROTOCOL, "got '\\012\\033]0;x\\00700001'");
	assert_fails(token_decode_any("argc00000001", name, &value, &err), ERR_PROTOCOL, "got 'argc");
	assert_int_equal(value, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(a_token_is_written_in_lower_case_and_with_zeros),
		CHECK(a_token_is_read_in_either_case),
		CHECK(blanks_signs_and_prefixes_are_no_digits),
		CHECK(another_name_is_told_and_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
