/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is charged for a job, how much that user may have, and what an administrator has given a process. */
#include "test/unit/check.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "gateway/complaint.h"
#include "gateway/quota.h"
#include "gateway/subuid.h"
#include "gateway/weight.h"

static bool find(const char *name, uid_t *uid)
{
	*uid = 1000;
	return strcmp(name, "alice") == 0;
}

static void ids_that_were_lent_are_their_owner(void **state)
{
	struct subuids subuids = SUBUIDS_INIT;

	(void)state;
	subuids_parse(&subuids, "alice:100000:65536\n1001:165536:10\n", find);
	assert_int_equal(subuids.n, 2);
	assert_int_equal(subuids_owner(&subuids, 99999), 99999);
	assert_int_equal(subuids_owner(&subuids, 100000), 1000);
	assert_int_equal(subuids_owner(&subuids, 165535), 1000);
	assert_int_equal(subuids_owner(&subuids, 165536), 1001);
	assert_int_equal(subuids_owner(&subuids, 165546), 165546);
	assert_int_equal(subuids_owner(&subuids, 0), 0);
	subuids_release(&subuids);
	assert_int_equal(subuids_owner(&subuids, 100000), 100000);
}

static void lines_that_make_no_sense_are_passed_over(void **state)
{
	static const char *const lines[] = {
		"", "alice", "alice:", "alice:1", "alice:x:10", "alice:100:0", "alice:100:-1", "alice:0:10", "bob:100:10", ":100:10",
		"alice:100:10:", "alice:4294967000:4294967000", "alice:-1:10", "#alice:100:10",
	};
	struct subuids subuids = SUBUIDS_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		subuids_parse(&subuids, lines[i], find);
	assert_int_equal(subuids.n, 0);
	/* and do not hide the next one */
	subuids_parse(&subuids, "bob:1:1\n\nalice:200:10", find);
	assert_int_equal(subuids_owner(&subuids, 209), 1000);
	subuids_release(&subuids);
}

static void a_file_that_is_not_there_is_empty(void **state)
{
	struct subuids subuids = SUBUIDS_INIT;

	(void)state;
	subuids_load(&subuids, "/nonexistent/subuid");
	assert_int_equal(subuids.n, 0);
	subuids_release(&subuids);
}

static void each_user_has_a_limit_and_meets_it_once(void **state)
{
	struct quota *quotas = NULL;
	bool is_news;

	(void)state;
	assert_true(quota_enter(&quotas, 1, 2, &is_news));
	assert_true(quota_enter(&quotas, 1, 2, &is_news));
	assert_false(is_news);
	assert_false(quota_enter(&quotas, 1, 2, &is_news));
	assert_true(is_news);
	assert_false(quota_enter(&quotas, 1, 2, &is_news));
	assert_false(is_news);
	assert_true(quota_enter(&quotas, 2, 2, &is_news));
	for (int i = 0; i < 3; i++)
		quota_leave(&quotas, 1, 0);
	assert_true(quota_enter(&quotas, 1, 2, &is_news));
	quota_leave(&quotas, 1, 0);
	quota_leave(&quotas, 1, 0);
	quota_leave(&quotas, 2, 0);
	assert_null(quotas);
	quota_leave(&quotas, 3, 0);
}

static void bytes_are_counted_until_their_connection_ends(void **state)
{
	struct quota *quotas = NULL;
	bool is_news;

	(void)state;
	quota_enter(&quotas, 1, 9, &is_news);
	quota_enter(&quotas, 1, 9, &is_news);
	quota_enter(&quotas, 2, 9, &is_news);
	assert_true(quota_keep(&quotas, 1, 60, 100, &is_news));
	assert_false(is_news);
	assert_false(quota_keep(&quotas, 1, 60, 100, &is_news));
	assert_true(is_news);
	assert_false(quota_keep(&quotas, 1, 1, 100, &is_news));
	assert_false(is_news);
	assert_true(quota_keep(&quotas, 2, 100, 100, &is_news));
	quota_leave(&quotas, 1, 61);
	assert_true(quota_keep(&quotas, 1, 40, 100, &is_news));
	quota_leave(&quotas, 1, 100);
	quota_leave(&quotas, 2, 100);
	assert_null(quotas);
}

static void a_flood_is_a_few_lines_and_a_number(void **state)
{
	struct complaint *complaints = NULL;
	unsigned n_left_out;

	(void)state;
	for (int i = 0; i < COMPLAINTS_MAX; i++)
		assert_true(complaint_is_due(&complaints, 1, 1000 + i, &n_left_out));
	for (int i = 0; i < 5000; i++)
		assert_false(complaint_is_due(&complaints, 1, 2000, &n_left_out));
	assert_true(complaint_is_due(&complaints, 2, 2000, &n_left_out));
	assert_int_equal(n_left_out, 0);
	/* a new user later: the second is forgotten, of the first something is still to be said */
	assert_true(complaint_is_due(&complaints, 3, 2000 + COMPLAINTS_MS, &n_left_out));
	assert_int_equal(HASH_COUNT(complaints), 2);
	assert_true(complaint_is_due(&complaints, 1, 2000 + COMPLAINTS_MS, &n_left_out));
	assert_int_equal(n_left_out, 5000);
	assert_true(complaint_is_due(&complaints, 1, 2001 + COMPLAINTS_MS, &n_left_out));
	assert_int_equal(n_left_out, 0);
	complaints_release(&complaints);
	assert_null(complaints);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void the_weight_is_that_of_the_nearest_group_that_has_any(void **state)
{
	(void)state;
	assert_int_equal(mkdir("user", 0755) | mkdir("user/build", 0755) | mkdir("user/build/leaf", 0755), 0);
	put("user/cpu.weight", "300\n");
	put("user/build/cpu.weight", "50\n");
	put("cpu.weight", "7\n");
	assert_int_equal(weight_below(".", "0::/user/build/leaf\n"), 50);
	assert_int_equal(weight_below(".", "4:cpu:/elsewhere\n0::/user\n"), 300);
	/* what has none of its own is one among equals */
	assert_int_equal(weight_below(".", "0::/\n"), WEIGHT_USUAL);
	assert_int_equal(weight_below(".", "0::/gone\n"), WEIGHT_USUAL);
	assert_int_equal(weight_below(".", ""), WEIGHT_USUAL);
	/* of a namespace that does not show it */
	assert_int_equal(weight_below(".", "0::/../user\n"), WEIGHT_USUAL);
	put("user/build/cpu.weight", "0\n");
	assert_int_equal(weight_below(".", "0::/user/build\n"), WEIGHT_USUAL);
}

static void a_process_of_a_foreign_namespace_has_the_usual_weight(void **state)
{
	(void)state;
	assert_int_equal(weight_of(0), WEIGHT_USUAL);
	assert_in_range(weight_of(getpid()), 1, WEIGHT_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(ids_that_were_lent_are_their_owner),
		CHECK(lines_that_make_no_sense_are_passed_over),
		CHECK(a_file_that_is_not_there_is_empty),
		CHECK(each_user_has_a_limit_and_meets_it_once),
		CHECK(a_flood_is_a_few_lines_and_a_number),
		CHECK(bytes_are_counted_until_their_connection_ends),
		CHECK_IN_DIR(the_weight_is_that_of_the_nearest_group_that_has_any),
		CHECK(a_process_of_a_foreign_namespace_has_the_usual_weight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
