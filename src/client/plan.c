/* client/plan.c - see plan.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/plan.h"

struct plan plan_compile(const struct scan *scan, const struct settings *settings)
{
	if (settings->guard_level > 0)
		return (struct plan){ PLAN_LOCAL, "nested", "", "another distcc runs this one" };
	if (scan->verdict == SCAN_LOCAL_CPP)
		return (struct plan){ PLAN_LOCAL_CPP, scan->reason, scan->reason_word, scan->explanation };
	if (scan->verdict == SCAN_LOCAL)
		return (struct plan){ PLAN_LOCAL, scan->reason, scan->reason_word, scan->explanation };
	if (settings->local_because)
		return (struct plan){ PLAN_LOCAL, "environment", settings->local_because,
				      "a variable that changes what the compiler does" };
	if (settings->exact && scan->needs.debug)
		return (struct plan){ PLAN_LOCAL, "exact", "DISTCC_EXACT",
				      "debug sections tell how a source was preprocessed" };
	return (struct plan){ PLAN_REMOTE, NULL, "", NULL };
}

enum verdict plan_after_failure(const struct settings *settings)
{
	return settings->fallback && !settings->skip_local_retry ? VERDICT_RETRY_LOCALLY : VERDICT_FINAL;
}
