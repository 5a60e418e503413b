/* test/unit/test-log.c - one line for one event, and nobody forges one. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* What log_at() writes for one call, by way of a pipe. */
static char *logged(enum log_level level, const char *text)
{
	autobuf out = BUF_INIT;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	log_to_fd(fds[1]);
	log_at(level, "%s", text);
	log_to_fd(2);
	close(fds[1]);
	assert_int_equal(fd_read_all(fds[0], 1 << 20, &out, NULL), 0);
	close(fds[0]);
	return buf_steal(&out);
}

static void a_line_names_program_process_and_severity(void **state)
{
	static const struct { enum log_level level; const char *severity; } rows[] = {
		{ LOG_LEVEL_CRITICAL, "CRITICAL! " }, { LOG_LEVEL_ERROR, "ERROR: " }, { LOG_LEVEL_WARNING, "Warning: " },
		{ LOG_LEVEL_NOTICE, "" }, { LOG_LEVEL_INFO, "" }, { LOG_LEVEL_DEBUG, "" },
	};

	(void)state;
	log_set_program("checker");
	log_set_level(LOG_LEVEL_DEBUG);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autofree char *line = logged(rows[i].level, "text");
		autofree char *expected = str_format("checker[%ld] %stext\n", (long)getpid(), rows[i].severity);

		assert_string_equal(line, expected);
	}
}

static void what_is_below_the_level_is_not_written(void **state)
{
	autofree char *shown = NULL, *hidden = NULL;

	(void)state;
	log_set_level(LOG_LEVEL_WARNING);
	shown = logged(LOG_LEVEL_WARNING, "x");
	hidden = logged(LOG_LEVEL_NOTICE, "x");
	assert_true(str_ends_with(shown, "x\n"));
	assert_string_equal(hidden, "");
}

static void control_characters_cannot_forge_a_line(void **state)
{
	autofree char *line = logged(LOG_LEVEL_ERROR, "a\nchecker[1] ERROR: forged\r\033[2J\x7f\tend\xc3\xa4");

	(void)state;
	assert_true(str_ends_with(line, "a\\012checker[1] ERROR: forged\\015\\033[2J\\177\tend\xc3\xa4\n"));
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void a_long_line_is_cut_and_still_ends(void **state)
{
	char text[10000];
	autofree char *plain = NULL, *escaped = NULL;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	plain = logged(LOG_LEVEL_ERROR, text);
	assert_in_range(strlen(plain), 4000, 4091);
	assert_true(str_ends_with(plain, "x\n"));
	memset(text, '\001', sizeof(text) - 1);
	escaped = logged(LOG_LEVEL_ERROR, text);
	assert_in_range(strlen(escaped), 4000, 4091);
	assert_true(str_ends_with(escaped, "\\001\n"));
}

static char tapped[64];

static void tap(void *context, enum log_level level, const char *line)
{
	snprintf(context, sizeof(tapped), "%d %s", level, strchr(line, ' ') + 1);
}

static void a_tap_hears_what_the_level_hides(void **state)
{
	autofree char *line = NULL;

	(void)state;
	log_set_level(LOG_LEVEL_WARNING);
	log_set_tap(tap, tapped);
	line = logged(LOG_LEVEL_DEBUG, "quiet");
	log_set_tap(NULL, NULL);
	assert_string_equal(line, "");
	assert_string_equal(tapped, "7 quiet\n");
}

static void a_file_is_appended_to_and_errno_survives(void **state)
{
	autobuf text = BUF_INIT;
	int next = fcntl(2, F_DUPFD_CLOEXEC, 0);

	(void)state;
	close(next);		/* the number that the file will have: a program never closes its log */
	log_set_level(LOG_LEVEL_WARNING);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(log_to_file("log"), 0);
		errno = ERANGE;
		log_error("line %d", i);
		assert_int_equal(errno, ERANGE);
		log_to_fd(2);
		assert_int_equal(close(next), 0);
	}
	assert_int_equal(file_read("log", 1000, &text, NULL), 0);
	assert_non_null(strstr(text.data, "ERROR: line 0\nchecker["));
	assert_true(str_ends_with(text.data, "ERROR: line 1\n"));
	assert_int_equal(log_to_file("no/such/dir"), -1);
	assert_int_equal(errno, ENOENT);
}

static void the_names_of_levels(void **state)
{
	enum log_level level = LOG_LEVEL_INFO;

	(void)state;
	assert_true(log_level_parse("err", &level) && level == LOG_LEVEL_ERROR);
	assert_true(log_level_parse("critical", &level) && level == LOG_LEVEL_CRITICAL);
	assert_true(log_level_parse("debug", &level) && level == LOG_LEVEL_DEBUG);
	assert_false(log_level_parse("loud", &level));
	assert_int_equal(level, LOG_LEVEL_DEBUG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(a_line_names_program_process_and_severity),
		CHECK(what_is_below_the_level_is_not_written),
		CHECK(control_characters_cannot_forge_a_line),
		CHECK(a_long_line_is_cut_and_still_ends),
		CHECK(a_tap_hears_what_the_level_hides),
		CHECK_IN_DIR(a_file_is_appended_to_and_errno_survives),
		CHECK(the_names_of_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
