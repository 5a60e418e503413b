/* test/unit/test-settings.c - what the environment asks of the client; empty means unset. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "client/settings.h"

static const char *const names[] = {
	"DISTCC_FALLBACK", "DISTCC_SKIP_LOCAL_RETRY", "DISTCC_NO_REWRITE_CROSS", "DISTCC_NO_CROSS_REWRITE",
	"DISTCC_BACKOFF_PERIOD", "DISTCC_IO_TIMEOUT", "DISTCC_PAUSE_TIME_MSEC", "_DISTCC_SAFEGUARD", "DISTCC_LOG",
	"DISTCC_VERBOSE", "UNCACHED_ERR_FD", "DEPENDENCIES_OUTPUT", "COMPILER_PATH",
};

static struct err err;

static struct settings read_with(const char *name, const char *value)
{
	struct settings settings;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
	if (name)
		setenv(name, value, 1);
	assert_ok(settings_read(&settings, &err));
	return settings;
}

static void assert_defaults(struct settings settings)
{
	assert_true(settings.fallback);
	assert_false(settings.skip_local_retry);
	assert_true(settings.rewrite_cross);
	assert_int_equal(settings.backoff_s, 60);
	assert_int_equal(settings.io_idle_ms, 300000);
	assert_int_equal(settings.pause_ms, 1000);
	assert_int_equal(settings.guard_level, 0);
	assert_null(settings.local_because);
}

static void an_empty_environment_gives_the_defaults(void **state)
{
	(void)state;
	assert_defaults(read_with(NULL, NULL));
}

/* Portage exports empty variables. Only the guard differs: whatever it holds, somebody is above us. */
static void an_empty_variable_counts_as_unset(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], "_DISTCC_SAFEGUARD") != 0)
			assert_defaults(read_with(names[i], ""));
}

static void each_variable_has_its_effect(void **state)
{
	(void)state;
	assert_false(read_with("DISTCC_FALLBACK", "0").fallback);
	assert_true(read_with("DISTCC_FALLBACK", "no").fallback);
	assert_true(read_with("DISTCC_SKIP_LOCAL_RETRY", "0").skip_local_retry);
	assert_false(read_with("DISTCC_NO_REWRITE_CROSS", "0").rewrite_cross);
	assert_int_equal(read_with("DISTCC_BACKOFF_PERIOD", "0").backoff_s, 0);
	assert_int_equal(read_with("DISTCC_BACKOFF_PERIOD", "7").backoff_s, 7);
	assert_int_equal(read_with("DISTCC_IO_TIMEOUT", "2").io_idle_ms, 2000);
	assert_string_equal(read_with("DEPENDENCIES_OUTPUT", "f.d").local_because, "DEPENDENCIES_OUTPUT");
	assert_string_equal(read_with("COMPILER_PATH", "/x").local_because, "COMPILER_PATH");
}

static void numbers_beyond_sense_are_clamped(void **state)
{
	(void)state;
	assert_int_equal(read_with("DISTCC_PAUSE_TIME_MSEC", "-5").pause_ms, 1);
	assert_int_equal(read_with("DISTCC_PAUSE_TIME_MSEC", "99999999").pause_ms, 60000);
	assert_true(read_with("DISTCC_IO_TIMEOUT", "2147483647").io_idle_ms > 0);
}

static void a_timeout_that_cannot_be_meant_is_an_error(void **state)
{
	struct settings settings;

	(void)state;
	for (int i = 0; i < 3; i++) {
		const char *const bad[] = { "0", "-1", "soon" };

		setenv("DISTCC_IO_TIMEOUT", bad[i], 1);
		assert_fails(settings_read(&settings, &err), ERR_USAGE, "Bad DISTCC_IO_TIMEOUT value: ");
		assert_true(str_ends_with(err.text, bad[i]));
	}
	unsetenv("DISTCC_IO_TIMEOUT");
}

static void the_guard_is_a_number_or_one(void **state)
{
	(void)state;
	assert_int_equal(read_with("_DISTCC_SAFEGUARD", "1").guard_level, 1);
	assert_int_equal(read_with("_DISTCC_SAFEGUARD", "2").guard_level, 2);
	assert_int_equal(read_with("_DISTCC_SAFEGUARD", "0").guard_level, 1);
	assert_int_equal(read_with("_DISTCC_SAFEGUARD", "x").guard_level, 1);
}

static void the_log_file_or_the_descriptor_of_ccache_decides_where_lines_go(void **state)
{
	int pipe_fds[2];
	char text[200] = "", number[16];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(pipe_fds), 0);
	snprintf(number, sizeof(number), "%d", pipe_fds[1]);
	read_with("UNCACHED_ERR_FD", number);
	settings_open_log();
	assert_int_equal(log_get_level(), LOG_LEVEL_WARNING);
	log_warning("heard");
	n = read(pipe_fds[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	assert_non_null(strstr(text, "Warning: heard\n"));
	log_to_fd(2);
	close(pipe_fds[0]);
	close(pipe_fds[1]);

	read_with("DISTCC_VERBOSE", "1");
	settings_open_log();
	assert_int_equal(log_get_level(), LOG_LEVEL_DEBUG);
	read_with(NULL, NULL);
	settings_open_log();
	assert_int_equal(log_get_level(), LOG_LEVEL_WARNING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(an_empty_environment_gives_the_defaults),
		CHECK(an_empty_variable_counts_as_unset),
		CHECK(each_variable_has_its_effect),
		CHECK(numbers_beyond_sense_are_clamped),
		CHECK(a_timeout_that_cannot_be_meant_is_an_error),
		CHECK(the_guard_is_a_number_or_one),
		CHECK(the_log_file_or_the_descriptor_of_ccache_decides_where_lines_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
