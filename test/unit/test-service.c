/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What servers say of themselves on the network, as clients of distcc 3.4 understand it. */
#include "test/unit/check.h"

#include "hosts/spec.h"
#include "net/service.h"

static void a_record_says_slots_and_features(void **state)
{
	static const struct { const char *items[4]; int slots; bool lzo; } rows[] = {
		{ { NULL }, HOST_LIMIT_DEFAULT, false },
		{ { "jobs=7", "cpus=2" }, 7, false },
		{ { "jobs=0", "cpus=2" }, 4, false },
		{ { "jobs=x" }, 3, false },
		{ { "jobs" }, 3, false },
		{ { "cpus=64" }, HOST_LIMIT_DEFAULT, false },
		{ { "jobs=", "cpus=-1" }, 3, false },
		{ { "jobs=99999", "cpus=10000" }, HOST_LIMIT_MAX, false },
		{ { "JOBS=5", "jobs=6" }, 5, false },
		{ { "features=pump,lzo" }, HOST_LIMIT_DEFAULT, true },
		{ { "features=lzo2", "features=lzo" }, HOST_LIMIT_DEFAULT, false },
		{ { "=", "", "lzo", "x=jobs=3" }, HOST_LIMIT_DEFAULT, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct service_text text = SERVICE_TEXT_INIT;

		for (int k = 0; k < 4 && rows[i].items[k]; k++)
			service_text_add(&text, rows[i].items[k], strlen(rows[i].items[k]));
		assert_int_equal(service_text_slots(&text), rows[i].slots);
		assert_int_equal(text.lzo, rows[i].lzo);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(a_record_says_slots_and_features),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
