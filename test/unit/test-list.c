/* test/unit/test-list.c - the text of a host list, and where the client finds it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "hosts/list.h"
#include "hosts/source.h"

#define autolist __attribute__((cleanup(host_list_release))) struct host_list

static char *names(const struct host_list *list)
{
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < list->n_hosts; i++)
		buf_add_format(&out, "%s%s", i ? " " : "", list->hosts[i].text);
	return buf_steal(&out);
}

static const struct {
	const char *text, *names;
	bool randomize, zeroconf;
	int localslots, localslots_cpp;
} good[] = {
	{ "", "", false, false, 4, 8 },
	{ " \t\r\n\f\v", "", false, false, 4, 8 },
	{ "a b", "a b", false, false, 4, 8 },
	{ "a\r\nb/2\r\n", "a b/2", false, false, 4, 8 },		/* DOS line ends */
	{ "# nothing here\n", "", false, false, 4, 8 },
	{ "a # b c\nd #e", "a d", false, false, 4, 8 },
	{ "#a\rb", "b", false, false, 4, 8 },
	{ "h,lzo#x\nh/2#y", "h,lzo h/2", false, false, 4, 8 },
	{ "--randomize a b", "a b", true, false, 4, 8 },
	{ "a --randomizeXYZ", "a", true, false, 4, 8 },
	{ "--localslots=7 --localslots_cpp=9 a", "a", false, false, 7, 9 },
	{ "--localslots/7 --localslots_cpp/9", "", false, false, 7, 9 },
	{ "--localslots --localslots_cpp", "", false, false, 4, 8 },
	{ "+zeroconf a", "a", false, true, 4, 8 },
	{ "unix:/run/distcc-gw/socket,lzo localhost/2 [::1]:99 me@farm farm1,lzo,cpp",
	  "unix:/run/distcc-gw/socket,lzo localhost/2 [::1]:99 me@farm farm1,lzo,cpp", false, false, 4, 8 },
};

static void good_lists_give_their_hosts_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		autolist list = HOST_LIST_INIT;
		autofree char *seen = NULL;
		struct err err = ERR_INIT;

		assert_ok(host_list_parse(&list, good[i].text, &err));
		seen = names(&list);
		assert_string_equal(seen, good[i].names);
		assert_int_equal(list.randomize, good[i].randomize);
		assert_int_equal(list.zeroconf, good[i].zeroconf);
		assert_int_equal(list.localslots, good[i].localslots);
		assert_int_equal(list.localslots_cpp, good[i].localslots_cpp);
	}
}

static void a_bad_list_names_its_line_and_leaves_nothing(void **state)
{
	static const struct { const char *text, *words; } rows[] = {
		{ "a\nb\n\nc,zip\n", "line 4: host 'c,zip': unrecognized option" },
		{ "h: 99", "line 1: host 'h:': invalid tcp port specification" },
		{ "--localslots=0", "line 1: bad multiplier in '--localslots=0': a number from 1 to 10000 is needed" },
		{ "a\n--localslots_cpp=x", "line 2: bad multiplier" },
		{ "--localslot=3", "this is no keyword of a host list" },
		{ "h#comment", "put a blank before a comment" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autolist list = HOST_LIST_INIT;
		struct err err = ERR_INIT;

		assert_fails(host_list_parse(&list, rows[i].text, &err), ERR_HOSTSPEC, rows[i].words);
		assert_int_equal(list.n_hosts, 0);
		assert_null(list.hosts);
	}
}

static void parsing_again_replaces_the_list(void **state)
{
	autolist list = HOST_LIST_INIT;
	autofree char *seen = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_ok(host_list_parse(&list, "a b --randomize --localslots=9", &err));
	assert_ok(host_list_parse(&list, "c", &err));
	seen = names(&list);
	assert_string_equal(seen, "c");
	assert_false(list.randomize);
	assert_int_equal(list.localslots, 4);
}

static void shuffling_keeps_every_host_and_favours_none(void **state)
{
	int first[4] = { 0 };

	(void)state;
	for (unsigned seed = 1; seed <= 4000; seed++) {
		autolist list = HOST_LIST_INIT;
		struct err err = ERR_INIT;
		int sum = 0;

		assert_ok(host_list_parse(&list, "h0 h1 h2 h3", &err));
		host_list_shuffle(&list, seed);
		first[list.hosts[0].name[1] - '0']++;
		for (size_t i = 0; i < list.n_hosts; i++)
			sum += 1 << (4 * (list.hosts[i].name[1] - '0'));
		assert_int_equal(sum, 0x1111);
	}
	for (int i = 0; i < 4; i++)
		assert_in_range(first[i], 800, 1200);
}

static void write_file(const char *path, const char *text)
{
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void assert_loads(const char *wanted_source, const char *wanted_names)
{
	autolist list = HOST_LIST_INIT;
	autofree char *source = NULL, *seen = NULL;
	struct err err = ERR_INIT;

	assert_ok(hosts_load(&list, &source, &err));
	seen = names(&list);
	assert_string_equal(source, wanted_source);
	assert_string_equal(seen, wanted_names);
}

static void the_list_comes_from_the_first_place_that_has_one(void **state)
{
	autolist list = HOST_LIST_INIT;
	autofree char *source = NULL, *home_hosts = str_format("%s/.distcc/hosts", check_dir);
	struct err err = ERR_INIT;

	(void)state;
	setenv("HOME", check_dir, 1);
	setenv("DISTCC_DIR", "dir", 1);
	setenv("DISTCC_HOSTS", "from-variable", 1);
	assert_int_equal(mkdir("dir", 0755) | mkdir(".distcc", 0755), 0);
	write_file("dir/hosts", "from-dir\n");
	write_file(".distcc/hosts", "from-home\n");
	assert_loads("$DISTCC_HOSTS", "from-variable");
	setenv("DISTCC_HOSTS", "", 1);		/* set, and so a list: one without hosts */
	assert_loads("$DISTCC_HOSTS", "");
	unsetenv("DISTCC_HOSTS");
	assert_loads("dir/hosts", "from-dir");
	unsetenv("DISTCC_DIR");
	assert_loads(home_hosts, "from-home");
	write_file(".distcc/hosts", "good\nbad,zip\n");		/* a bad file is final */
	assert_fails(hosts_load(&list, &source, &err), ERR_HOSTSPEC, ".distcc/hosts: line 2: host 'bad,zip'");
	assert_string_equal(source, home_hosts);
}

static void found_hosts_come_where_the_word_stands(void **state)
{
	static const struct {
		const char *text, *found, *names;
	} rows[] = {
		{ "a +zeroconf b", "x/2 y", "a x/2 y b" },
		{ "+zeroconf", "x", "x" },
		{ "a b +zeroconf", "x", "a b x" },
		{ "+zeroconf a +zeroconf", "x", "x a" },
		{ "a +zeroconf", "# nobody\n", "a" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autolist list = HOST_LIST_INIT;
		autolist found = HOST_LIST_INIT;
		autofree char *text = NULL;
		struct err err = ERR_INIT;

		assert_ok(host_list_parse(&list, rows[i].text, &err));
		assert_ok(host_list_parse(&found, rows[i].found, &err));
		host_list_insert_found(&list, &found);
		text = names(&list);
		assert_string_equal(text, rows[i].names);
		assert_int_equal(found.n_hosts, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(found_hosts_come_where_the_word_stands),
		CHECK(good_lists_give_their_hosts_in_order),
		CHECK(a_bad_list_names_its_line_and_leaves_nothing),
		CHECK(parsing_again_replaces_the_list),
		CHECK(shuffling_keeps_every_host_and_favours_none),
		CHECK_IN_DIR(the_list_comes_from_the_first_place_that_has_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
