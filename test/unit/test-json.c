/* test/unit/test-json.c - every text becomes JSON. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "base/json.h"

static void texts_are_quoted_and_what_is_no_utf8_is_taken_for_latin1(void **state)
{
	static const struct {
		const char *text, *json;
	} rows[] = {
		{ NULL, "\"\"" }, { "", "\"\"" }, { "a b", "\"a b\"" }, { "\"\\", "\"\\\"\\\\\"" }, { "\n\x01\x7f", "\"\\u000a\\u0001\\u007f\"" },
		{ "h\xc3\xa9", "\"h\xc3\xa9\"" }, { "\xe2\x82\xac", "\"\xe2\x82\xac\"" }, { "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"" },
		{ "\xe9t", "\"\\u00e9t\"" }, { "\xc3", "\"\\u00c3\"" }, { "\xe2\x82", "\"\\u00e2\\u0082\"" },
		{ "\xc0\x80", "\"\\u00c0\\u0080\"" }, { "\xe0\x80\x80", "\"\\u00e0\\u0080\\u0080\"" },
		{ "\xed\xa0\x80", "\"\\u00ed\\u00a0\\u0080\"" }, { "\xf4\x90\x80\x80", "\"\\u00f4\\u0090\\u0080\\u0080\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autobuf out = BUF_INIT;

		json_add_string(&out, rows[i].text);
		assert_string_equal(out.data, rows[i].json);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CHECK(texts_are_quoted_and_what_is_no_utf8_is_taken_for_latin1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
