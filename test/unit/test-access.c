/* test/unit/test-access.c - who may connect. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <netinet/in.h>

#include "base/mem.h"
#include "daemon/access.h"

static bool admits(const struct access *access, const char *host)
{
	struct err err = ERR_INIT;
	struct sock_addr *addrs;
	size_t n_addrs;
	bool admitted;

	assert_ok(sock_resolve(host, 1, &addrs, &n_addrs, &err));
	admitted = access_admits_address(access, &addrs[0]);
	free(addrs);
	return admitted;
}

static bool rule_admits(const char *rule, const char *host)
{
	struct err err = ERR_INIT;
	struct access access = { 0 };
	bool admitted;

	assert_ok(access_add_network(&access, rule, &err));
	admitted = admits(&access, host);
	access_release(&access);
	return admitted;
}

static void no_rules_admit_everybody(void **state)
{
	struct access access = { 0 };

	(void)state;
	assert_true(admits(&access, "203.0.113.9"));
}

static void the_leading_bits_decide(void **state)
{
	(void)state;
	assert_true(rule_admits("192.0.2.1", "192.0.2.1"));
	assert_false(rule_admits("192.0.2.1", "192.0.2.2"));
	assert_true(rule_admits("192.0.2.77/24", "192.0.2.1"));
	assert_false(rule_admits("192.0.2.0/24", "192.0.3.1"));
	assert_true(rule_admits("192.0.2.16/28", "192.0.2.31"));
	assert_false(rule_admits("192.0.2.16/28", "192.0.2.32"));
	assert_true(rule_admits("192.0.2.0/0", "203.0.113.9"));
	assert_true(rule_admits("2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(rule_admits("2001:db8::/33", "2001:db8:8000::1"));
}

static void families_do_not_mix(void **state)
{
	(void)state;
	assert_false(rule_admits("0.0.0.0/0", "2001:db8::1"));
	assert_false(rule_admits("::/0", "192.0.2.1"));
}

static void a_mapped_address_is_judged_as_ipv4(void **state)
{
	(void)state;
	assert_true(rule_admits("192.0.2.0/24", "::ffff:192.0.2.9"));
	assert_false(rule_admits("192.0.2.0/24", "::ffff:192.0.3.9"));
	assert_true(rule_admits("::ffff:192.0.2.9", "192.0.2.9"));
}

static void a_name_is_resolved(void **state)
{
	(void)state;
	assert_true(rule_admits("localhost", "localhost"));
	assert_false(rule_admits("localhost", "192.0.2.1"));
}

static void private_networks_are_seven(void **state)
{
	static const char *const in[] = { "192.168.7.1", "10.9.8.7", "172.31.0.1", "127.0.0.9", "fe80::1", "fd00::1", "::1" };
	static const char *const out[] = { "192.169.0.1", "11.0.0.1", "172.32.0.1", "8.8.8.8", "2001:db8::1", "::2" };
	struct access access = { 0 };

	(void)state;
	access_add_private(&access);
	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		assert_true(admits(&access, in[i]));
	for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++)
		assert_false(admits(&access, out[i]));
	access_release(&access);
}

static void a_mask_that_cannot_be_read_never_means_everybody(void **state)
{
	static const char *const bad[] = { "10.0.0.0/abc", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "::1/129" };
	struct access access = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;

		assert_fails(access_add_network(&access, bad[i], &err), ERR_USAGE, "invalid mask");
	}
	assert_int_equal(access.n_rules, 0);
	access_release(&access);
}

static void no_address_is_an_error(void **state)
{
	struct access access = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_fails(access_add_network(&access, "/8", &err), ERR_USAGE, "can't parse internet address");
	assert_fails(access_add_network(&access, "300.1.1.1/8", &err), ERR_USAGE, "can't parse internet address");
	access_release(&access);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(no_rules_admit_everybody),
		CHECK(the_leading_bits_decide),
		CHECK(families_do_not_mix),
		CHECK(a_mapped_address_is_judged_as_ipv4),
		CHECK(a_name_is_resolved),
		CHECK(private_networks_are_seven),
		CHECK(a_mask_that_cannot_be_read_never_means_everybody),
		CHECK(no_address_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
