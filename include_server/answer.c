/* include_server/answer.c - see answer.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include_server/answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "include_server/memo.h"
#include "wire/request.h"

enum {
	ATTEMPTS = 3,			/* files that change while they are copied */
	/* of a server's temporary directory: system links must climb out of it */
	ROOT_DEPTH_MAX = 20
};

void answers_init(struct answers *answers, struct mirror *mirror, bool force_dirs)
{
	*answers = (struct answers){ .mirror = mirror, .force_dirs = force_dirs };
	pthread_mutex_init(&answers->lock, NULL);
	answers->watch = watch_new();
	answers->world = world_new(answers->watch);
}

void answers_release(struct answers *answers)
{
	world_free(answers->world);
	watch_free(answers->watch);
	pthread_mutex_destroy(&answers->lock);
}

/* --------------------------------------------------------------- the world and its end */

static struct world *enter_world(struct answers *answers)
{
	struct world *world;

	pthread_mutex_lock(&answers->lock);
	if (world_bytes(answers->world) > WORLD_BYTES_MAX) {
		if (answers->world->n_users == 0)
			world_free(answers->world);
		answers->world = world_new(answers->watch);
	}
	world = answers->world;
	world->n_users++;
	pthread_mutex_unlock(&answers->lock);
	return world;
}

static void leave_world(struct answers *answers, struct world *world)
{
	pthread_mutex_lock(&answers->lock);
	if (--world->n_users == 0 && world != answers->world)
		world_free(world);
	pthread_mutex_unlock(&answers->lock);
}

/* --------------------------------------------------------------- composing */

struct names {
	const char **at;
	size_t n, capacity;
};

static void add_name(struct names *names, const char *name)
{
	if (names->n == names->capacity) {
		names->capacity = names->capacity ? names->capacity * 2 : 64;
		names->at = mem_resize(names->at, names->capacity, sizeof(*names->at));
	}
	names->at[names->n++] = name;
}

static bool is_within(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && (path[len] == '/' || !path[len]);
}

/* Does a file that is sent make this directory exist? */
static bool is_made(const struct analysis *a, const char *dir)
{
	size_t len = strlen(dir);

	for (size_t i = 0; i < a->n_needed; i++)
		if (strncmp(a->needed[i].entry->real, dir, len) == 0 && a->needed[i].entry->real[len] == '/')
			return true;
	return false;
}

/* Do any two of the files have the same inode? Seldom, so that the rest need not be compared. */
static bool any_twins(const struct needed *needed, size_t n)
{
	size_t size = 64;
	autofree ino_t *table = NULL;

	while (size < 2 * n)
		size *= 2;
	table = mem_array(size, sizeof(*table));
	for (size_t i = 0; i < n; i++) {
		ino_t ino = needed[i].seen->id.ino;
		size_t at = ino & (size - 1);

		while (table[at] && table[at] != ino)
			at = (at + 1) & (size - 1);
		if (table[at])
			return true;
		table[at] = ino;
	}
	return false;
}

/* One file by two names is sent once, with the absolute one if there is one. */
static bool is_sent_as_another(const struct analysis *a, size_t i)
{
	const struct needed *it = &a->needed[i];

	for (size_t k = 0; k < a->n_needed; k++) {
		const struct needed *other = &a->needed[k];

		if (k != i && other->seen->id.ino == it->seen->id.ino &&
		    strcmp(other->entry->real, it->entry->real) == 0 &&
		    ((other->spelling && !it->spelling) || (!other->spelling == !it->spelling && k < i)))
			return true;
	}
	return false;
}

static int add_copies(struct answers *answers, const struct analysis *a, struct names *names, struct err *err)
{
	bool has_twins = any_twins(a->needed, a->n_needed);

	for (size_t i = 0; i < a->n_needed; i++) {
		const char *name;

		if (has_twins && is_sent_as_another(a, i))
			continue;
		if (mirror_copy(answers->mirror, &a->needed[i], &name, err) < 0)
			return -1;
		add_name(names, name);
	}
	return 0;
}

/* The compiler's own directories are the server's: a link climbs out of the server's temporary root. */
static int add_system_links(struct answers *answers, const struct analysis *a, struct names *names,
			    struct err *err)
{
	for (size_t i = 0; i < a->toolchain->n_dirs; i++) {
		const char *dir = a->toolchain->real_dirs[i], *name;
		autobuf target = BUF_INIT;
		int depth = ROOT_DEPTH_MAX;
		bool below = false;

		/* Within another one's link there is nothing to make. */
		for (size_t k = 0; k < a->toolchain->n_dirs && !below; k++) {
			size_t len = strlen(a->toolchain->real_dirs[k]);

			below = k != i && strncmp(dir, a->toolchain->real_dirs[k], len) == 0 &&
				(dir[len] == '/' || (!dir[len] && k < i));
		}
		if (below || dir[1] == '\0')
			continue;
		for (const char *p = dir; *p; p++)
			depth += *p == '/';
		while (depth--)
			buf_add_str(&target, "../");
		buf_add_str(&target, dir + 1);
		if (mirror_link(answers->mirror, dir, target.data, &name, err) < 0)
			return -1;
		add_name(names, name);
	}
	return 0;
}

static int add_link(struct answers *answers, const struct analysis *a, const struct link *link,
		    struct names *names, struct err *err)
{
	const char *name;

	if (view_is_system_path(&a->view, link->name))
		return 0;
	if (mirror_link(answers->mirror, link->name, link->target, &name, err) < 0)
		return -1;
	for (size_t i = names->n; i-- > 0;)
		if (names->at[i] == name)
			return 0;
	add_name(names, name);
	return 0;
}

/* For each directory through which a file was reached: its links, and itself if nothing is sent in it. */
static int add_way(struct answers *answers, const struct analysis *a, const struct needed *needed,
		   struct names *names,
		   struct err *err)
{
	const struct dir *dir = needed->entry->dir;
	const struct layout *layout = dir->layout;
	const char *name;

	if (!layout)
		return err_set(err, ERR_GONE, "'%s' has changed meanwhile", dir->name);
	for (const struct link *link = layout->links; link; link = link->next)
		if (add_link(answers, a, link, names, err) < 0)
			return -1;
	for (size_t i = 0; answers->force_dirs && i < layout->n_dirs; i++) {
		bool doubled = false;

		/* most often it is just above the file */
		if ((!needed->entry->link && is_within(layout->real, layout->dirs[i])) ||
		    is_made(a, layout->dirs[i]) || view_is_system_path(&a->view, layout->dirs[i]))
			continue;
		if (mirror_placeholder(answers->mirror, layout->dirs[i], &name, err) < 0)
			return -1;
		for (size_t k = names->n; k-- > 0 && !doubled;)
			doubled = names->at[k] == name;
		if (!doubled)
			add_name(names, name);
	}
	return 0;
}

static int compose(struct answers *answers, const struct analysis *a, struct names *names, struct err *err)
{
	const struct dir *last = NULL;

	names->n = 0;
	if (add_copies(answers, a, names, err) < 0 || add_system_links(answers, a, names, err) < 0)
		return -1;
	if (!names->n)
		return err_set(err, ERR_USAGE,
			       "nothing is to be sent: the source is in a directory of the system");
	for (size_t i = 0; i < a->n_needed; i++) {
		struct entry *entry = a->needed[i].entry;

		if (entry->link && add_link(answers, a, entry->link, names, err) < 0)
			return -1;
		if (entry->dir != last && add_way(answers, a, &a->needed[i], names, err) < 0)
			return -1;
		last = entry->dir;
	}
	return 0;
}

static void encode(const char *const *names, size_t n, struct buf *reply)
{
	request_encode_token(reply, "ARGC", n, NULL);
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(names[i]);

		request_encode_token(reply, "ARGV", len, NULL);
		buf_add(reply, names[i], len);
	}
}

/* --------------------------------------------------------------- answering */

/* Do all facts hold? Then also for how long they need not be looked at, unless the kernel tells of a change. */
static bool look_at_facts(struct memo *memo, struct moment now)
{
	bool all_watched = now.generation != 0;
	int64_t until_ms = INT64_MAX;

	for (size_t i = 0; i < memo->n_facts; i++) {
		const struct observation *fact = memo->facts[i];

		if (!observation_holds(fact, now))
			return false;
		if (fact->lazy) {
			int64_t next_ms = atomic_load_explicit(&fact->confirmed_ms,
							       memory_order_relaxed) +
					  LAZY_MS;

			until_ms = next_ms < until_ms ? next_ms : until_ms;
		} else if (atomic_load_explicit(&fact->held_in, memory_order_relaxed) != now.generation) {
			all_watched = false;
		}
	}
	if (all_watched) {
		atomic_store_explicit(&memo->until_ms, until_ms, memory_order_relaxed);
		atomic_store_explicit(&memo->held_in, now.generation, memory_order_release);
	}
	return true;
}

static bool memo_holds(struct memo *memo, struct moment now)
{
	if (now.generation && atomic_load_explicit(&memo->held_in, memory_order_acquire) == now.generation &&
	    clock_now_ms() < atomic_load_explicit(&memo->until_ms, memory_order_relaxed))
		return true;
	return look_at_facts(memo, now);
}

bool answer_remembered(struct answers *answers, const char *key, size_t key_len, struct buf *reply)
{
	struct world *world = enter_world(answers);
	struct memo *memo = memo_borrow(world, key, key_len);
	bool holds = memo && memo_holds(memo, watch_now(answers->watch));

	if (holds) {
		encode(memo->names, memo->n_names, reply);
		atomic_fetch_add(&answers->n_requests, 1);
		atomic_fetch_add(&answers->n_remembered, 1);
	}
	if (memo)
		memo_give_back(world, memo);
	leave_world(answers, world);
	return holds;
}

static int find_out(struct answers *answers, struct world *world, struct analysis *a,
		    const char *cwd, const struct argv *argv, const char *key, size_t key_len,
		    struct buf *reply, struct err *err)
{
	struct names names = { NULL, 0, 0 };
	int result = -1;

	for (int i = 0; i < ATTEMPTS && result < 0; i++) {
		err_clear(err);
		if (analysis_run(a, world, cwd, argv, err) < 0)
			break;
		result = compose(answers, a, &names, err);
		if (result < 0 && err->code != ERR_GONE)
			break;
	}
	if (result == 0) {
		encode(names.at, names.n, reply);
		if (a->view.all_trusted && a->toolchain->program.trusted) {
			const struct observation **facts = mem_array(a->view.n_facts + 1, sizeof(*facts));

			memcpy(facts, a->view.facts, a->view.n_facts * sizeof(*facts));
			facts[a->view.n_facts] = &a->toolchain->program;
			memo_keep(world, key, key_len, facts, a->view.n_facts + 1, names.at, names.n);
			free(facts);
		}
	}
	free(names.at);
	return result;
}

int answer(struct answers *answers, struct analysis *analysis, const char *cwd, const struct argv *argv,
	   const char *key, size_t key_len, struct buf *reply, struct err *err)
{
	struct world *world = enter_world(answers);
	int result;

	atomic_fetch_add(&answers->n_requests, 1);
	result = find_out(answers, world, analysis, cwd, argv, key, key_len, reply, err);
	if (result < 0)
		atomic_fetch_add(&answers->n_given_up, 1);
	leave_world(answers, world);
	return result;
}
