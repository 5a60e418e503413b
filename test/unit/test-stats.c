/* test/unit/test-stats.c - the statistics that programs read. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "base/mem.h"
#include "daemon/stats.h"

static const struct load idle = {
	.running = 1, .average = { 0.5, -1, 0.25 }, .max_rss_name = "(python3)", .max_rss_kib = 7, .io_rate = -1, .free_space_mib = 9, .free_memory_mib = -1,
};

static void job(struct stats *stats, enum job_class class, int64_t ms, const char *input, int64_t now_ms)
{
	struct job_outcome outcome = { .class = class, .ms = ms };

	str_copy(outcome.compiler, sizeof(outcome.compiler), "gcc");
	str_copy(outcome.input, sizeof(outcome.input), input);
	stats_job(stats, &outcome, now_ms);
}

static void assert_line(struct stats *stats, int64_t now_ms, const char *line)
{
	autobuf text = BUF_INIT;
	autofree char *whole = str_format("\n%s\n", line);

	stats_format(stats, 3, &idle, "none", now_ms, &text);
	if (!strstr(text.data, whole))
		fail_msg("'%s' is not in: %s", line, text.data);
}

static void a_fresh_server_tells_nothing_yet(void **state)
{
	struct stats stats;

	(void)state;
	stats_init(&stats, 0);
	assert_line(&stats, 0, "dcc_longest_job none\ndcc_longest_job_compiler none\ndcc_longest_job_time_msecs -1\ndcc_max_kids 3");
	assert_line(&stats, 0, "dcc_load1 0.50\ndcc_load2 -1\ndcc_load3 0.25");
	assert_line(&stats, 0, "dcc_free_space 9 MB\ndcc_free_mem -1");
	stats_release(&stats);
}

static void each_class_has_its_counter(void **state)
{
	struct stats stats;

	(void)state;
	stats_init(&stats, 0);
	for (int class = 0; class < JOB_N_CLASSES; class++)
		for (int n = 0; n <= class; n++)
			job(&stats, (enum job_class)class, 1, "x.c", 1);
	assert_line(&stats, 2, "dcc_rej_bad_req 5\ndcc_rej_overload 6\ndcc_compile_ok 1\ndcc_compile_error 2\ndcc_compile_timeout 3\n"
			       "dcc_cli_disconnect 4\ndcc_other 7");
	/* refusals are no compiles */
	assert_line(&stats, 2, "dcc_num_compiles1 10");
	stats_release(&stats);
}

static void the_longest_good_job_is_named(void **state)
{
	struct stats stats;

	(void)state;
	stats_init(&stats, 0);
	job(&stats, JOB_OK, 50, "long.c", 60);
	job(&stats, JOB_OK, 5, "short.c", 70);
	job(&stats, JOB_ERROR, 500, "bad.c", 600);
	assert_line(&stats, 700, "dcc_longest_job long.c\ndcc_longest_job_compiler gcc\ndcc_longest_job_time_msecs 50");
	stats_release(&stats);
}

static void old_compiles_leave_the_windows(void **state)
{
	struct stats stats;

	(void)state;
	stats_init(&stats, 0);
	job(&stats, JOB_OK, 5, "a.c", 1000);
	assert_line(&stats, 57000, "dcc_num_compiles1 1\ndcc_num_compiles2 1\ndcc_num_compiles3 1");
	assert_line(&stats, 58001, "dcc_num_compiles1 0\ndcc_num_compiles2 1\ndcc_num_compiles3 1");
	assert_line(&stats, 300000, "dcc_num_compiles1 0\ndcc_num_compiles2 0\ndcc_num_compiles3 1");
	assert_line(&stats, 896000, "dcc_num_compiles3 0");
	stats_release(&stats);
}

static void jobs_at_once_are_averaged_over_the_minute_before_last(void **state)
{
	struct stats stats;

	(void)state;
	stats_init(&stats, 0);
	/* three jobs that fill the first minute, and one that fills half of it */
	for (int i = 0; i < 3; i++)
		job(&stats, JOB_OK, 60000, "a.c", 60000);
	job(&stats, JOB_OK, 30000, "b.c", 60000);
	assert_line(&stats, 59000, "dcc_avg_kids1 0");
	assert_line(&stats, 120000, "dcc_avg_kids1 3\ndcc_avg_kids2 0");
	stats_release(&stats);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(a_fresh_server_tells_nothing_yet),
		CHECK(each_class_has_its_counter),
		CHECK(the_longest_good_job_is_named),
		CHECK(old_compiles_leave_the_windows),
		CHECK(jobs_at_once_are_averaged_over_the_minute_before_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
