/* include_server/world.c - see world.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include_server/world.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "include_server/memo.h"
#include "include_server/search.h"
#include "include_server/toolchain.h"
#include "include_server/trace.h"

enum {
	GIVEN_BUCKETS = 1024, DIR_BUCKETS = 4096, FILE_BUCKETS = 4096,
	SETTLED_NS = 30000000	/* some ticks of the slowest clock that stamps files */
};

bool identity_equal(const struct identity *a, const struct identity *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->mtime_ns == b->mtime_ns &&
		a->ctime_ns == b->ctime_ns;
}

bool observation_same(const struct observation *a, const struct observation *b)
{
	if (a->kind != b->kind)
		return false;
	/* A directory's size says nothing more, and on some file systems it changes by itself. */
	if (a->kind == KIND_DIRECTORY)
		return a->id.dev == b->id.dev && a->id.ino == b->id.ino && a->id.mtime_ns == b->id.mtime_ns &&
			a->id.ctime_ns == b->id.ctime_ns;
	return a->kind == KIND_ABSENT || identity_equal(&a->id, &b->id);
}

static int64_t ns(struct timespec time)
{
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/*
 * The kernel stamps files with a clock of some milliseconds' tick. Two changes within one tick look
 * alike, so a stamp is trusted only when it was old before we looked.
 */
void observe(const char *path, struct observation *seen)
{
	struct timespec now;
	struct stat st;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	*seen = (struct observation){ .path = path, .kind = KIND_ABSENT, .trusted = true };
	if (stat(path, &st) < 0)
		return;
	seen->kind = S_ISREG(st.st_mode) ? KIND_FILE : S_ISDIR(st.st_mode) ? KIND_DIRECTORY : KIND_OTHER;
	seen->id = (struct identity){ st.st_dev, st.st_ino, st.st_size, ns(st.st_mtim), ns(st.st_ctim) };
	seen->trusted = ns(now) - seen->id.ctime_ns > SETTLED_NS || ns(now) < seen->id.ctime_ns - 1000000000;
	if (ns(now) < seen->id.ctime_ns)
		seen->trusted = false;		/* another machine's clock, or one that was set back */
}

struct observation *world_keep(struct world *world, const char *path, const struct observation *seen)
{
	struct observation *kept = arena_alloc(&world->arena, sizeof(*kept));

	*kept = *seen;
	kept->path = path;
	atomic_store_explicit(&kept->confirmed_ms, clock_now_ms(), memory_order_relaxed);
	return kept;
}

struct dir *world_dir(struct world *world, const char *name, size_t len)
{
	uint32_t hash;
	struct dir *dir;

	while (len > 1 && name[len - 1] == '/')
		len--;
	hash = hash_bytes(HASH_SEED, name, len);
	pthread_mutex_lock(&world->lock);
	for (dir = world->dirs[hash % DIR_BUCKETS]; dir; dir = dir->next)
		if (dir->hash == hash && dir->len == len && memcmp(dir->name, name, len) == 0)
			break;
	if (!dir) {
		dir = arena_alloc(&world->arena, sizeof(*dir) + len + 1);
		dir->id = world->n_dirs++;
		dir->hash = hash;
		dir->len = len;
		memcpy(dir->name, name, len);
		dir->next = world->dirs[hash % DIR_BUCKETS];
		world->dirs[hash % DIR_BUCKETS] = dir;
	}
	pthread_mutex_unlock(&world->lock);
	return dir;
}

struct entry *world_entry(struct world *world, struct dir *dir, const char *base)
{
	size_t base_len = strlen(base);
	uint32_t hash = hash_bytes(dir->hash, base, base_len);
	struct entry *entry;

	pthread_mutex_lock(&world->lock);
	for (entry = world->entries[hash % ENTRY_BUCKETS]; entry; entry = entry->next)
		if (entry->hash == hash && entry->dir == dir && strcmp(entry->base, base) == 0)
			break;
	if (!entry) {
		char *path = arena_alloc(&world->arena, dir->len + base_len + 2);

		entry = arena_alloc(&world->arena, sizeof(*entry));
		memcpy(path, dir->name, dir->len);
		path[dir->len] = '/';
		memcpy(path + dir->len + 1, base, base_len);
		entry->path = path;
		entry->base = path + dir->len + 1;
		entry->id = world->n_entries++;
		entry->hash = hash;
		entry->dir = dir;
		entry->next = world->entries[hash % ENTRY_BUCKETS];
		world->entries[hash % ENTRY_BUCKETS] = entry;
	}
	pthread_mutex_unlock(&world->lock);
	return entry;
}

struct given_macro {
	struct given_macro *next;
	uint32_t hash;
	const char *text;
	struct macro *macro;
};

struct macro *world_macro(struct world *world, const char *text)
{
	size_t len = strlen(text);
	uint32_t hash = hash_bytes(HASH_SEED, text, len);
	struct given_macro *given;

	pthread_mutex_lock(&world->lock);
	for (given = world->given[hash % GIVEN_BUCKETS]; given; given = given->next)
		if (given->hash == hash && strcmp(given->text, text) == 0)
			break;
	if (!given) {
		given = arena_alloc(&world->arena, sizeof(*given));
		given->hash = hash;
		given->text = arena_text(&world->arena, text, len);
		given->macro = macro_parse(&world->arena, &world->symbols, given->text, len);
		given->next = world->given[hash % GIVEN_BUCKETS];
		world->given[hash % GIVEN_BUCKETS] = given;
	}
	pthread_mutex_unlock(&world->lock);
	return given->macro;
}

/* --------------------------------------------------------------- the way to a directory */

static void add_dir(struct world *world, struct layout *layout, const char *real, size_t *capacity)
{
	if (layout->n_dirs == *capacity) {
		const char **more;

		*capacity = *capacity ? *capacity * 2 : 8;
		more = arena_alloc(&world->arena, *capacity * sizeof(*more));
		if (layout->n_dirs)
			memcpy(more, layout->dirs, layout->n_dirs * sizeof(*more));
		layout->dirs = more;
	}
	layout->dirs[layout->n_dirs++] = arena_text(&world->arena, real, strlen(real));
}

static void add_link(struct world *world, struct layout *layout, const char *name, const char *target)
{
	struct link *link = arena_alloc(&world->arena, sizeof(*link));

	link->name = arena_text(&world->arena, name, strlen(name));
	link->target = arena_text(&world->arena, target, strlen(target));
	link->next = layout->links;
	layout->links = link;
}

/* Component by component, as the kernel goes; false if the way breaks off. */
static bool trace(struct world *world, struct layout *layout, const char *name)
{
	char here[PATH_MAX] = "", next[PATH_MAX], real[PATH_MAX];
	size_t capacity = 0;

	while (*name) {
		size_t n;
		struct stat st;

		while (*name == '/')
			name++;
		n = strcspn(name, "/");
		if (!n || (n == 1 && name[0] == '.')) {
			name += n;
			continue;
		}
		if (n == 2 && name[0] == '.' && name[1] == '.') {
			char *slash = strrchr(here, '/');

			if (slash)
				*slash = '\0';
			name += n;
			continue;
		}
		if (strlen(here) + n + 2 > sizeof(next))
			return false;
		strcpy(next, here);
		strcat(next, "/");
		strncat(next, name, n);
		if (lstat(next, &st) < 0)
			return false;
		if (S_ISLNK(st.st_mode)) {
			if (!realpath(next, real))
				return false;
			add_link(world, layout, next, real);
			strcpy(here, strcmp(real, "/") == 0 ? "" : real);
		} else {
			strcpy(here, next);
		}
		add_dir(world, layout, *here ? here : "/", &capacity);
		name += n;
	}
	layout->real = arena_text(&world->arena, *here ? here : "/", *here ? strlen(here) : 1);
	return true;
}

const struct layout *world_layout(struct world *world, struct dir *dir, const struct observation *seen)
{
	struct layout *layout;

	pthread_mutex_lock(&world->lock);
	layout = dir->layout;
	if (!layout || layout->dev != seen->id.dev || layout->ino != seen->id.ino) {
		layout = arena_alloc(&world->arena, sizeof(*layout));
		layout->dev = seen->id.dev;
		layout->ino = seen->id.ino;
		if (!trace(world, layout, dir->name))
			layout = NULL;
		dir->layout = layout;
	}
	pthread_mutex_unlock(&world->lock);
	return layout;
}

/* --------------------------------------------------------------- beginning and end */

struct world *world_new(struct watch *watch)
{
	static atomic_ulong last_serial;
	struct world *world = mem_alloc(sizeof(*world));

	world->watch = watch;
	world->serial = atomic_fetch_add(&last_serial, 1) + 1;
	symbols_init(&world->symbols);
	pthread_mutex_init(&world->lock, NULL);
	world->dirs = mem_array(DIR_BUCKETS, sizeof(struct dir *));
	world->entries = mem_array(ENTRY_BUCKETS, sizeof(struct entry *));
	world->files = mem_array(FILE_BUCKETS, sizeof(struct file *));
	world->searches = mem_array(SEARCH_BUCKETS, sizeof(struct search *));
	world->given = mem_array(GIVEN_BUCKETS, sizeof(struct given_macro *));
	world->memos = mem_array(MEMO_BUCKETS, sizeof(struct memo *));
	return world;
}

size_t world_bytes(struct world *world)
{
	size_t bytes;

	pthread_mutex_lock(&world->lock);
	bytes = world->arena.total + world->file_bytes;
	pthread_mutex_unlock(&world->lock);
	pthread_mutex_lock(&world->symbols.lock);
	bytes += world->symbols.arena.total + world->symbols.n_buckets * sizeof(struct symbol *);
	pthread_mutex_unlock(&world->symbols.lock);
	return bytes;
}

void world_free(struct world *world)
{
	if (!world)
		return;
	for (size_t i = 0; i < FILE_BUCKETS; i++) {
		struct file *next;

		for (struct file *file = world->files[i]; file; file = next) {
			next = file->next;
			source_release(&file->source);
			free(file);
		}
	}
	for (size_t i = 0; i < ENTRY_BUCKETS; i++)
		for (struct entry *entry = world->entries[i]; entry; entry = entry->next)
			traces_free(entry->traces);
	toolchains_free(world->toolchains);
	memos_free(world);
	free(world->dirs);
	free(world->entries);
	free(world->files);
	free(world->searches);
	free(world->memos);
	free(world->given);
	arena_release(&world->arena);
	symbols_release(&world->symbols);
	pthread_mutex_destroy(&world->lock);
	free(world);
}
