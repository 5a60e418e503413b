/* test/unit/test-plan.c - each rule about where a job runs is a line here. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "client/plan.h"

static const struct settings usual = { .fallback = true };

static void a_distributable_scan_is_remote(void **state)
{
	struct scan scan = { .verdict = SCAN_DISTRIBUTABLE };
	struct plan plan = plan_compile(&scan, &usual);

	(void)state;
	assert_int_equal(plan.where, PLAN_REMOTE);
	assert_null(plan.reason);
}

static void the_scans_reason_is_passed_on(void **state)
{
	struct scan scan = { .verdict = SCAN_LOCAL, .reason = "option", .reason_word = "-save-temps", .explanation = "why" };
	struct plan plan = plan_compile(&scan, &usual);

	(void)state;
	assert_int_equal(plan.where, PLAN_LOCAL);
	assert_string_equal(plan.reason, "option");
	assert_string_equal(plan.detail, "-save-temps");
	assert_string_equal(plan.explanation, "why");
}

static void preprocessing_takes_slots_of_its_own_kind(void **state)
{
	struct scan scan = { .verdict = SCAN_LOCAL_CPP, .reason = "preprocess-only" };

	(void)state;
	assert_int_equal(plan_compile(&scan, &usual).where, PLAN_LOCAL_CPP);
}

static void a_variable_that_changes_compilers_keeps_the_job_here(void **state)
{
	struct scan scan = { .verdict = SCAN_DISTRIBUTABLE };
	struct settings settings = { .local_because = "COMPILER_PATH" };
	struct plan plan = plan_compile(&scan, &settings);

	(void)state;
	assert_int_equal(plan.where, PLAN_LOCAL);
	assert_string_equal(plan.reason, "environment");
	assert_string_equal(plan.detail, "COMPILER_PATH");
}

/* Also for what would be -E: the outer distcc holds the slot. */
static void below_another_distcc_everything_is_local(void **state)
{
	struct scan scan = { .verdict = SCAN_LOCAL_CPP };
	struct settings settings = { .guard_level = 1 };
	struct plan plan = plan_compile(&scan, &settings);

	(void)state;
	assert_int_equal(plan.where, PLAN_LOCAL);
	assert_string_equal(plan.reason, "nested");
}

static void a_servers_failure_is_final_or_decided_here(void **state)
{
	struct settings settings = { .fallback = true };

	(void)state;
	assert_int_equal(plan_after_failure(&settings), VERDICT_RETRY_LOCALLY);
	settings.skip_local_retry = true;
	assert_int_equal(plan_after_failure(&settings), VERDICT_FINAL);
	settings = (struct settings){ .fallback = false };
	assert_int_equal(plan_after_failure(&settings), VERDICT_FINAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(a_distributable_scan_is_remote),
		CHECK(the_scans_reason_is_passed_on),
		CHECK(preprocessing_takes_slots_of_its_own_kind),
		CHECK(a_variable_that_changes_compilers_keeps_the_job_here),
		CHECK(below_another_distcc_everything_is_local),
		CHECK(a_servers_failure_is_final_or_decided_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
