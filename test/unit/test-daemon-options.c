/* test/unit/test-daemon-options.c - the command line of distccd. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <limits.h>
#include <stdio.h>

#include "base/fd.h"
#include "daemon/options.h"

static int parse(struct options *options, struct err *err, const char *a, const char *b)
{
	const char *argv[] = { "distccd", a, b, NULL };

	return options_parse(options, b ? 3 : a ? 2 : 1, argv, err);
}

static void both_ways_to_give_a_value_are_the_same(void **state)
{
	struct err err = ERR_INIT;
	struct options options;

	(void)state;
	assert_ok(parse(&options, &err, "--jobs", "7"));
	assert_int_equal(options.jobs, 7);
	options_release(&options);
	assert_ok(parse(&options, &err, "--jobs=8", NULL));
	assert_int_equal(options.jobs, 8);
	options_release(&options);
	assert_ok(parse(&options, &err, "-j9", NULL));
	assert_int_equal(options.jobs, 9);
	options_release(&options);
}

static void values_out_of_range_are_errors(void **state)
{
	static const char *const bad[] = {
		"--jobs=0", "--jobs=x", "--port=80000", "--port=0", "--stats-port=65536", "--allow=10.0.0.0/99", "--sandbox=on", "--bogus",
		"--socket-mode=999", "--listen=unix:@abstract", "--oom-score-adj=2000", "--tool=relative", "--list-compilers=xml", "--port",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;
		struct options options;

		if (parse(&options, &err, bad[i], NULL) >= 0)
			fail_msg("%s is accepted", bad[i]);
		assert_int_equal(err.code, ERR_USAGE);
		options_release(&options);
	}
}

static void without_a_word_only_private_networks_are_served(void **state)
{
	struct err err = ERR_INIT;
	struct options options;

	(void)state;
	assert_ok(parse(&options, &err, "--daemon", NULL));
	assert_int_equal(options.access.n_rules, 7);
	assert_int_equal(options.sandbox, CONFINE_AUTO);
	assert_int_equal(options.nice, 5);
	assert_int_equal(options.port, 3632);
	assert_int_equal(options.stats_port, 3633);
	assert_int_equal(options.oom_score, INT_MIN);
	options_release(&options);
}

static void inetd_leaves_access_to_its_caller(void **state)
{
	struct err err = ERR_INIT;
	struct options options;

	(void)state;
	assert_ok(parse(&options, &err, "--inetd", NULL));
	assert_int_equal(options.access.n_rules, 0);
	options_release(&options);
}

static void wizard_is_five_options(void **state)
{
	struct err err = ERR_INIT;
	struct options options;

	(void)state;
	assert_ok(parse(&options, &err, "-W", NULL));
	assert_true(options.no_detach && options.no_fork && options.log_stderr);
	assert_int_equal(options.mode, MODE_STANDALONE);
	assert_int_equal(options.log_level, LOG_LEVEL_DEBUG);
	options_release(&options);
}

static void a_list_of_compilers_is_an_action(void **state)
{
	struct err err = ERR_INIT;
	struct options options;

	(void)state;
	assert_ok(parse(&options, &err, "--list-compilers", NULL));
	assert_int_equal(options.action, DAEMON_LIST_COMPILERS);
	assert_false(options.list_as_json);
	options_release(&options);
	assert_ok(parse(&options, &err, "--list-compilers=json", NULL));
	assert_true(options.list_as_json);
	options_release(&options);
}

/* What --help lists, the manual explains. */
static void the_manual_mentions_every_option(void **state)
{
	struct err err = ERR_INIT;
	struct buf manual = BUF_INIT;
	size_t n;

	(void)state;
	assert_ok(file_read(TEST_SRCDIR "/doc/man/distccd.1", 1 << 20, &manual, &err));
	for (const char *const *name = options_names(&n); n > 0; n--, name++) {
		char wanted[80] = "\\-\\-";
		size_t len = strlen(wanted);

		for (const char *at = *name; *at && len < sizeof(wanted) - 3; at++) {
			if (*at == '-')
				wanted[len++] = '\\';
			wanted[len++] = *at;
		}
		if (!strstr(manual.data, wanted))
			fail_msg("--%s is not in the manual", *name);
	}
	buf_release(&manual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(both_ways_to_give_a_value_are_the_same),
		CHECK(values_out_of_range_are_errors),
		CHECK(without_a_word_only_private_networks_are_served),
		CHECK(inetd_leaves_access_to_its_caller),
		CHECK(wizard_is_five_options),
		CHECK(a_list_of_compilers_is_an_action),
		CHECK(the_manual_mentions_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
