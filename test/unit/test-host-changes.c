/* test/unit/test-host-changes.c - what an administrator may do to the host list (gateway/farm.h). */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "base/mem.h"
#include "gateway/farm.h"
#include "gateway/server.h"

static char *own_path[] = { "/run/own/socket" };
static const struct options options = { .listen_paths = own_path, .n_listen_paths = 1 };

static struct farm farm_of(const char *text)
{
	struct farm farm = FARM_INIT(&options);
	struct err err = ERR_INIT;

	assert_ok(host_list_parse(&farm.list, text, &err));
	return farm;
}
#define autofarm __attribute__((cleanup(farm_release))) struct farm

/* The servers, one after the other, with a '!' behind those that are drained. */
static char *servers_of(const struct farm *farm)
{
	autobuf out = BUF_INIT;

	for (size_t i = 0; i < farm->list.n_hosts; i++)
		buf_add_format(&out, "%s%s%s", i ? " " : "", farm->list.hosts[i].text, farm->list.hosts[i].down ? "!" : "");
	return buf_steal(&out);
}

static const struct {
	const char *before;
	char what;			/* + add, - remove, / drain */
	const char *host, *after;	/* NULL: refused */
	const char *says;
} rows[] = {
	{ "a/4", '+', "b/2", "a/4 b/2", NULL },
	{ "a/4 b", '+', "a:3632/9,lzo", "a:3632/9,lzo b", NULL },	/* the same server */
	{ "a/4", '+', "a:99", "a/4 a:99", NULL },
	{ "a/4", '+', "@a", "a/4 @a", NULL },
	{ "a,down b", '+', "a", "a b", NULL },				/* back again */
	{ "a/4", '+', "b/none", NULL, "bad limit" },
	{ "a/4", '+', "unix:/run/own/socket", NULL, "own socket" },
	{ "a/4", '+', "b,auth", NULL, "',auth' is not supported" },
	{ "a/4 b", '/', "a", "a/4! b", NULL },
	{ "a/4 b", '/', "a/4", "a/4! b", NULL },
	{ "a/4 b", '/', "A:3632", "a/4! b", NULL },
	{ "a a:99 me@a", '/', "a", "a! a:99! me@a!", NULL },
	{ "a a:99", '/', "a:99", "a a:99!", NULL },
	{ "a localhost/2", '/', "localhost", NULL, "no host 'localhost' in the list; there are: a localhost/2" },
	{ "a", '/', "b", NULL, "no host 'b' in the list; there are: a" },
	{ "a b", '-', "a", "b", NULL },
	{ "a b localhost/2", '-', "localhost", "a b", NULL },
	{ "unix:/s,raw b", '-', "unix:/s", "b", NULL },
	{ "a localhost/2", '-', "a", NULL, "it names no server" },
	{ "a b", '-', "c", NULL, "no host 'c'" },
};

static void wishes_change_the_list_or_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autofarm farm = farm_of(rows[i].before);
		uint32_t generation = farm.generation;
		struct err err = ERR_INIT;
		int result = rows[i].what == '+' ? farm_add(&farm, rows[i].host, &err) :
			     rows[i].what == '/' ? farm_drain(&farm, rows[i].host, &err) : farm_remove(&farm, rows[i].host, &err);
		autofree char *after = servers_of(&farm);

		if (rows[i].after) {
			if (result < 0)
				fail_msg("row %zu: %s", i, err.text);
			assert_string_equal(after, rows[i].after);
			assert_int_equal(farm.generation, generation + 1);
			continue;
		}
		assert_int_equal(result, -1);
		if (!strstr(err.text, rows[i].says))
			fail_msg("row %zu: '%s' instead of '%s'", i, err.text, rows[i].says);
		assert_int_equal(farm.generation, generation);
	}
}

/* The loop finds an entry by its place, so the parent's list and the text must agree. */
static void the_text_makes_the_same_list(void **state)
{
	autofarm farm = farm_of("a/4,lzo --localslots=3 +zeroconf me@b/2:/x/distccd,down --localslots_cpp=5 localhost/9 unix:/s,raw --randomize c");
	struct host_list again = HOST_LIST_INIT;
	autobuf text = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_ok(farm_drain(&farm, "c", &err));
	farm_format(&farm, &text);
	assert_ok(host_list_parse(&again, text.data, &err));
	assert_int_equal(again.n_hosts, farm.list.n_hosts);
	for (size_t i = 0; i < again.n_hosts; i++) {
		autofree char *mine = server_label(&farm.list.hosts[i]), *theirs = server_label(&again.hosts[i]);

		assert_string_equal(theirs, mine);
		assert_int_equal(again.hosts[i].limit, farm.list.hosts[i].limit);
		assert_int_equal(again.hosts[i].down, farm.list.hosts[i].down);
	}
	assert_int_equal(again.localslots, 3);
	assert_int_equal(again.localslots_cpp, 5);
	assert_true(again.zeroconf && again.randomize);
	host_list_release(&again);
}

static struct farm farm_read(const char *text)
{
	struct farm farm = farm_of(text);
	struct err err = ERR_INIT;

	assert_ok(host_list_parse(&farm.source, text, &err));
	return farm;
}

static const struct {
	const char *source;
	const char *add[2], *drain, *remove;
	size_t n;
	const char *changes;
	const char *next, *after;	/* what the successor reads, and has in the end */
	size_t n_kept;
} successions[] = {
	{ "a/4 b", { NULL }, NULL, NULL, 0, NULL, "a/9", "a/9", 0 },
	{ "a/4 b", { "c/2", NULL }, NULL, NULL, 1, "add c/2\n", "a/4 b", "a/4 b c/2", 1 },
	{ "a/4 b", { "a/9,lzo", NULL }, "b", NULL, 2, "add a/9,lzo\ndrain b:3632\n", "a/4 b d", "a/9,lzo b! d", 2 },
	{ "a/4 b", { "c", "@c" }, "c", "a", 5, "add c\ndrain c:3632\nadd @c\ndrain @c\nremove a:3632\n", "a b", "b c! @c!", 5 },
	{ "a/4 b,down", { "b", NULL }, NULL, NULL, 1, "add b\n", "a b,down", "a b", 1 },
	{ "a b localhost/2", { "localhost/5", NULL }, NULL, "b", 2, "add localhost/5\nremove b:3632\n", "a localhost/2", "a localhost/5", 1 },
	{ "a b", { NULL }, NULL, "a", 1, "remove a:3632\n", "a", "a", 0 },	/* it would be the last */
};

static void changes_are_made_in_the_successors_list_too(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(successions) / sizeof(successions[0]); i++) {
		autofarm old = farm_read(successions[i].source), new = farm_read(successions[i].next);
		autobuf changes = BUF_INIT, again = BUF_INIT;
		autofree char *after = NULL;
		struct err err = ERR_INIT;

		for (int j = 0; j < 2 && successions[i].add[j]; j++)
			assert_ok(farm_add(&old, successions[i].add[j], &err));
		if (successions[i].drain)
			assert_ok(farm_drain(&old, successions[i].drain, &err));
		if (successions[i].remove)
			assert_ok(farm_remove(&old, successions[i].remove, &err));
		assert_int_equal(farm_format_changes(&old, &changes), successions[i].n);
		if (!successions[i].changes) {
			assert_int_equal(changes.len, 0);
			continue;
		}
		assert_string_equal(changes.data, successions[i].changes);
		assert_int_equal(farm_apply_changes(&new, changes.data), successions[i].n_kept);
		after = servers_of(&new);
		assert_string_equal(after, successions[i].after);
		/* and for the next one: what was changed in this list */
		assert_int_equal(farm_format_changes(&new, &again), successions[i].n_kept);
	}
}

static void what_makes_no_sense_is_left_out(void **state)
{
	autofarm farm = farm_read("a b");
	autofree char *after = NULL;

	(void)state;
	assert_int_equal(farm_apply_changes(&farm, "\nadd\nadd x/none\nrename a\ndrain z\nremove b\nadd -oX@y\n"), 1);
	after = servers_of(&farm);
	assert_string_equal(after, "a");
}

/* Slots in use stay in use; an answer to a question under the old number would find nobody. */
static void a_changed_entry_keeps_what_is_known_of_its_server(void **state)
{
	struct host_spec spec;
	struct err err = ERR_INIT;
	struct server *server;

	(void)state;
	assert_ok(host_spec_parse(&spec, "a/4", &err));
	server = server_new(&spec, 1, 0);
	server->in_flight = 3;
	server->n_done = 5;
	server->resolving = server->draining = true;
	assert_ok(host_spec_parse(&spec, "a/9,lzo", &err));
	server_update(server, &spec, 2, 7);
	assert_int_equal(server_slots(server), 9);
	assert_true(server->spec.lzo);
	assert_int_equal(server->generation, 2);
	assert_int_equal(server->index, 7);
	assert_int_equal(server->in_flight, 3);
	assert_int_equal(server->n_done, 5);
	assert_false(server->resolving);
	assert_false(server->draining);
	server_free(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(wishes_change_the_list_or_nothing),
		CHECK(the_text_makes_the_same_list),
		CHECK(changes_are_made_in_the_successors_list_too),
		CHECK(what_makes_no_sense_is_left_out),
		CHECK(a_changed_entry_keeps_what_is_known_of_its_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
