/* test/unit/test-colours.c - gcc's messages in other colours. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "client/colours.h"

#define SGR(colour) "\033[" colour "m\033[K"

static const char given[] = SGR("01") "a.c:1:2:" SGR("") " " SGR("01;35") "warning: " SGR("") "unused \u2018" SGR("01") "x" SGR("") "\u2019\n";

static void each_thing_gets_its_colour(void **state)
{
	static const struct { const char *colours, *text; } rows[] = {
		{ "", "a.c:1:2: warning: unused \u2018x\u2019\n" },
		{ "error=1", given },
		{ "warnin=1:warnings=2", given },
		{ "warning=1;2", SGR("01") "a.c:1:2:" SGR("") " " SGR("1;2") "warning: " SGR("") "unused \u2018" SGR("01") "x" SGR("") "\u2019\n" },
		{ "note=3:quote=4:locus=", SGR("") "a.c:1:2:" SGR("") " " SGR("01;35") "warning: " SGR("") "unused \u2018" SGR("4") "x" SGR("") "\u2019\n" },
		{ "warning:next", given },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf messages = { (char *)given, sizeof(given) - 1, 0 };
		autobuf out = BUF_INIT;

		colours_convert(&out, &messages, rows[i].colours);
		buf_add(&out, "", 1);
		assert_string_equal(out.data, rows[i].text);
	}
}

static void what_is_cut_off_stays(void **state)
{
	static const char *const texts[] = { "\033[", "\033[01", "a\033[01m", "\033[m\033[", "\033" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct buf messages = { (char *)texts[i], strlen(texts[i]), 0 };
		autobuf out = BUF_INIT;

		colours_convert(&out, &messages, "error=1");
		buf_add(&out, "", 1);
		assert_string_equal(out.data, texts[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(each_thing_gets_its_colour),
		CHECK(what_is_cut_off_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
