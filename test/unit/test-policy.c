/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who gets a descriptor, row by row of the table in gateway/policy.c, and who may connect. */
#include "test/unit/check.h"

#include "gateway/policy.h"

enum { NONE = 0, UNIX = 1, TLS = 2, BPF = 4, ALL = 7 };
enum { WANTS_RELAY = 1, WANTS_FD = 2, WANTS_BOTH = 3, WANTS_NONE = 0 };

static const struct {
	enum pass_fds mode;
	int proofs;
	enum passed_kind kind;
	uid_t uid;
	int wish;
	enum handing handing;
	const char *reason;
} rows[] = {
	{ PASS_FDS_NEVER, ALL, PASSED_TCP, 1000, WANTS_BOTH, HANDING_RELAY, "mode-never" },
	{ PASS_FDS_NEVER, ALL, PASSED_UNIX_SERVER, 1000, WANTS_BOTH, HANDING_RELAY, "mode-never" },
	{ PASS_FDS_NEVER, ALL, PASSED_SSH, 1000, WANTS_BOTH, HANDING_RELAY, "mode-never" },
	{ PASS_FDS_NEVER, ALL, PASSED_TCP, 1000, WANTS_FD, HANDING_REFUSE, "mode-never" },
	{ PASS_FDS_NEVER, ALL, PASSED_GATEWAY, 1000, WANTS_BOTH, HANDING_RELAY, "mode-never" },
	{ PASS_FDS_AUTO, ALL, PASSED_GATEWAY, 1000, WANTS_BOTH, HANDING_RELAY, "server-is-a-gateway" },
	{ PASS_FDS_ALWAYS, ALL, PASSED_GATEWAY, 1000, WANTS_BOTH, HANDING_RELAY, "server-is-a-gateway" },
	{ PASS_FDS_ALWAYS, ALL, PASSED_GATEWAY, 1000, WANTS_FD, HANDING_REFUSE, "server-is-a-gateway" },
	{ PASS_FDS_ALWAYS, NONE, PASSED_TCP, 1000, WANTS_BOTH, HANDING_FD, "mode-always" },
	{ PASS_FDS_ALWAYS, NONE, PASSED_TCP, 0, WANTS_BOTH, HANDING_FD, "mode-always" },
	{ PASS_FDS_ALWAYS, NONE, PASSED_SSH, 1000, WANTS_FD, HANDING_FD, "mode-always" },
	{ PASS_FDS_ALWAYS, NONE, PASSED_UNIX_SERVER, 0, WANTS_FD, HANDING_FD, "mode-always" },
	{ PASS_FDS_ALWAYS, NONE, PASSED_TCP, 1000, WANTS_RELAY, HANDING_RELAY, "client-wants-relay" },
	{ PASS_FDS_AUTO, UNIX, PASSED_SSH, 1000, WANTS_BOTH, HANDING_FD, "proved-af-unix" },
	{ PASS_FDS_AUTO, UNIX, PASSED_UNIX_SERVER, 0, WANTS_BOTH, HANDING_FD, "proved-af-unix" },
	{ PASS_FDS_AUTO, TLS | BPF, PASSED_SSH, 1000, WANTS_BOTH, HANDING_RELAY, "not-proved" },
	{ PASS_FDS_AUTO, TLS | BPF, PASSED_UNIX_SERVER, 1000, WANTS_FD, HANDING_REFUSE, "not-proved" },
	{ PASS_FDS_AUTO, ALL, PASSED_TCP, 0, WANTS_BOTH, HANDING_RELAY, "peer-is-root" },
	{ PASS_FDS_AUTO, ALL, PASSED_TCP, 0, WANTS_FD, HANDING_REFUSE, "peer-is-root" },
	{ PASS_FDS_AUTO, TLS, PASSED_TCP, 1000, WANTS_BOTH, HANDING_FD, "proved-tls-ulp" },
	{ PASS_FDS_AUTO, BPF, PASSED_TCP, 1000, WANTS_BOTH, HANDING_FD, "proved-cgroup-bpf" },
	{ PASS_FDS_AUTO, BPF, PASSED_TCP, 1000, WANTS_RELAY, HANDING_RELAY, "client-wants-relay" },
	{ PASS_FDS_AUTO, UNIX, PASSED_TCP, 1000, WANTS_BOTH, HANDING_RELAY, "not-proved" },
	{ PASS_FDS_AUTO, NONE, PASSED_TCP, 1000, WANTS_FD, HANDING_REFUSE, "not-proved" },
	{ PASS_FDS_AUTO, ALL, PASSED_TCP, 1000, WANTS_NONE, HANDING_REFUSE, "proved-tls-ulp" },
};

static void each_row_of_the_table_holds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct proof_result proofs[PROOF_N] = {
			[PROOF_AF_UNIX] = { .holds = rows[i].proofs & UNIX },
			[PROOF_TLS_ULP] = { .holds = rows[i].proofs & TLS },
			[PROOF_CGROUP_BPF] = { .holds = rows[i].proofs & BPF },
		};
		struct handing_wish wish = { .allow_fd = rows[i].wish & WANTS_FD, .allow_relay = rows[i].wish & WANTS_RELAY };
		const char *reason = "unset";
		enum handing handing = policy_handing(rows[i].mode, proofs, rows[i].kind, rows[i].uid, wish, &reason);

		if (handing != rows[i].handing || strcmp(reason, rows[i].reason) != 0)
			fail_msg("row %zu: %d %s, expected %d %s", i, handing, reason, rows[i].handing, rows[i].reason);
	}
}

static bool in_group_seven(void *context, gid_t gid)
{
	++*(int *)context;
	return gid == 7;
}

static void everybody_is_admitted_without_a_list(void **state)
{
	struct admission admission = { 0 };
	int asked = 0;

	(void)state;
	assert_true(policy_admits(&admission, 65534, 65534, in_group_seven, &asked));
	assert_int_equal(asked, 0);
}

static void a_listed_user_or_group_is_admitted_and_nobody_else(void **state)
{
	uid_t uids[] = { 250, 1000 };
	gid_t seven[] = { 9, 7 }, nine[] = { 9 };
	struct admission by_uid = { .uids = uids, .n_uids = 2 };
	struct admission by_gid = { .gids = seven, .n_gids = 2 };
	struct admission by_both = { .uids = uids, .n_uids = 2, .gids = nine, .n_gids = 1 };
	int asked = 0;

	(void)state;
	assert_true(policy_admits(&by_uid, 1000, 65534, in_group_seven, &asked));
	assert_false(policy_admits(&by_uid, 0, 65534, in_group_seven, &asked));
	assert_true(policy_admits(&by_gid, 0, 65534, in_group_seven, &asked));
	assert_true(policy_admits(&by_both, 250, 65534, in_group_seven, &asked));
	assert_false(policy_admits(&by_both, 251, 65534, in_group_seven, &asked));
}

static void the_overflow_uid_matches_no_entry(void **state)
{
	uid_t uids[] = { 65534 };
	struct admission admission = { .uids = uids, .n_uids = 1 };
	int asked = 0;

	(void)state;
	assert_false(policy_admits(&admission, 65534, 65534, in_group_seven, &asked));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(each_row_of_the_table_holds),
		CHECK(everybody_is_admitted_without_a_list),
		CHECK(a_listed_user_or_group_is_admitted_and_nobody_else),
		CHECK(the_overflow_uid_matches_no_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
