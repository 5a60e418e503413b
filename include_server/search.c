/* include_server/search.c - see search.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include_server/search.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { BUCKETS_FIRST = 256, BUCKETS_MAX = 1 << 16 };

/* A directory in which a name was not, as it was then. */
struct absence {
	struct dir *dir;
	const struct observation *seen;
};

struct resolution {
	struct resolution *next;
	uint32_t hash;
	const char *name;
	size_t len;
	const struct dir *beside;
	size_t start;
	struct found found;
	size_t n_absences;
	struct absence absences[];
};

struct search {
	struct search *next;
	uint32_t hash;
	size_t n_dirs, n_quote;
	struct dir **dirs;
	bool *absolute;
	struct resolution **buckets;	/* in each the newest comes first: it replaces what was there */
	uint32_t n_buckets, n_resolutions;
};

struct dir *path_dir_of(struct world *world, const struct dir *cwd, const char *name)
{
	char full[PATH_MAX];
	size_t len;

	while (name[0] == '.' && name[1] == '/')
		for (name += 2; *name == '/'; name++)
			;
	if (name[0] == '/')
		return world_dir(world, name, strlen(name));
	if (!*name || strcmp(name, ".") == 0)
		return world_dir(world, cwd->name, cwd->len);
	len = strlen(name);
	if (cwd->len + len + 2 > sizeof(full))
		return world_dir(world, "/", 1);
	memcpy(full, cwd->name, cwd->len);
	full[cwd->len] = '/';
	memcpy(full + cwd->len + 1, name, len);
	return world_dir(world, full, cwd->len + 1 + len);
}

static bool same_dir(struct view *view, struct dir *a, struct dir *b)
{
	const struct observation *sa = view_dir(view, a), *sb = view_dir(view, b);

	return sa->id.dev == sb->id.dev && sa->id.ino == sb->id.ino;
}

static bool contains(struct view *view, struct dir **dirs, size_t from, size_t to, struct dir *dir)
{
	for (size_t i = from; i < to; i++)
		if (same_dir(view, dirs[i], dir))
			return true;
	return false;
}

static void add_all(struct path *path, struct view *view, const struct argv *names)
{
	for (size_t i = 0; i < names->n; i++) {
		struct dir *dir = path_dir_of(view->world, path->cwd, names->words[i]);

		if (view_dir(view, dir)->kind == KIND_DIRECTORY) {
			path->absolute[path->n_dirs] = names->words[i][0] == '/';
			path->dirs[path->n_dirs++] = dir;
		}
	}
}

/* Within from..n_dirs: a directory counts where it stands first; one that stands in `later` counts there. */
static void drop_doubles(struct path *path, struct view *view, size_t from, struct dir **later,
			 size_t n_later)
{
	size_t n = from;

	for (size_t i = from; i < path->n_dirs; i++)
		if (!contains(view, path->dirs, from, n, path->dirs[i]) &&
		    !contains(view, later, 0, n_later, path->dirs[i])) {
			path->absolute[n] = path->absolute[i];
			path->dirs[n++] = path->dirs[i];
		}
	path->n_dirs = n;
}

static struct search *find_search(struct world *world, const struct path *path)
{
	uint32_t hash = hash_bytes(HASH_SEED + (uint32_t)path->n_quote, (const char *)path->dirs,
				   path->n_dirs * sizeof(struct dir *));
	struct search *search;

	pthread_mutex_lock(&world->lock);
	for (search = world->searches[hash % SEARCH_BUCKETS]; search; search = search->next)
		if (search->hash == hash && search->n_dirs == path->n_dirs &&
		    search->n_quote == path->n_quote &&
		    (!path->n_dirs ||
		     (memcmp(search->dirs, path->dirs, path->n_dirs * sizeof(struct dir *)) == 0 &&
		      memcmp(search->absolute, path->absolute, path->n_dirs * sizeof(bool)) == 0)))
			break;
	if (!search) {
		search = arena_alloc(&world->arena, sizeof(*search));
		search->dirs = arena_alloc(&world->arena, path->n_dirs * sizeof(struct dir *) + 1);
		search->absolute = arena_alloc(&world->arena, path->n_dirs * sizeof(bool) + 1);
		if (path->n_dirs) {
			memcpy(search->dirs, path->dirs, path->n_dirs * sizeof(struct dir *));
			memcpy(search->absolute, path->absolute, path->n_dirs * sizeof(bool));
		}
		search->n_dirs = path->n_dirs;
		search->n_quote = path->n_quote;
		search->n_buckets = BUCKETS_FIRST;
		search->buckets = arena_alloc(&world->arena, BUCKETS_FIRST * sizeof(struct resolution *));
		search->hash = hash;
		search->next = world->searches[hash % SEARCH_BUCKETS];
		world->searches[hash % SEARCH_BUCKETS] = search;
	}
	pthread_mutex_unlock(&world->lock);
	return search;
}

void path_make(struct path *path, struct view *view, const struct command *command, struct dir *cwd,
	       struct arena *arena)
{
	const struct toolchain *toolchain = view->toolchain;
	size_t n = command->quote.n + command->angle.n + command->system.n + command->after.n +
		   toolchain->n_dirs;
	struct path last = { .cwd = cwd };

	*path = (struct path){ .cwd = cwd };
	path->dirs = arena_alloc(arena, (n + 1) * sizeof(struct dir *));
	path->absolute = arena_alloc(arena, n + 1);
	last.dirs = arena_alloc(arena, (n + 1) * sizeof(struct dir *));
	last.absolute = arena_alloc(arena, n + 1);
	/* The system's part first: a directory that is in it keeps its place there (gcc's rule). */
	add_all(&last, view, &command->system);
	for (size_t i = 0; !command->nostdinc && i < toolchain->n_dirs; i++) {
		struct dir *dir = world_dir(view->world, toolchain->real_dirs[i],
					    strlen(toolchain->real_dirs[i]));

		last.absolute[last.n_dirs] = true;
		if (view_dir(view, dir)->kind == KIND_DIRECTORY)
			last.dirs[last.n_dirs++] = dir;
	}
	add_all(&last, view, &command->after);
	drop_doubles(&last, view, 0, NULL, 0);
	add_all(path, view, &command->quote);
	drop_doubles(path, view, 0, last.dirs, last.n_dirs);
	path->n_quote = path->n_dirs;
	add_all(path, view, &command->angle);
	drop_doubles(path, view, path->n_quote, last.dirs, last.n_dirs);
	for (size_t i = 0; i < last.n_dirs; i++) {
		path->absolute[path->n_dirs] = last.absolute[i];
		path->dirs[path->n_dirs++] = last.dirs[i];
	}
	path->search = find_search(view->world, path);
}

/* Does what was found out earlier still hold for this request? */
static bool still_holds(struct view *view, const struct resolution *resolution)
{
	for (size_t i = 0; i < resolution->n_absences; i++) {
		const struct absence *absence = &resolution->absences[i];

		if (!absence->seen->trusted || view_dir(view, absence->dir) != absence->seen)
			return false;
	}
	return !resolution->found.entry || view_entry(view, resolution->found.entry)->kind == KIND_FILE;
}

static struct resolution *recall(struct world *world, struct search *search, uint32_t hash,
				 const struct dir *beside, size_t start, const char *name,
				 size_t len)
{
	struct resolution *resolution;

	pthread_mutex_lock(&world->lock);
	resolution = search->buckets[hash % search->n_buckets];
	while (resolution && (resolution->hash != hash || resolution->len != len ||
			      resolution->beside != beside || resolution->start != start ||
			      memcmp(resolution->name, name, len) != 0))
		resolution = resolution->next;
	pthread_mutex_unlock(&world->lock);
	return resolution;
}

/* The lock is held. Their order in a bucket stays. */
static void grow(struct world *world, struct search *search)
{
	uint32_t n = search->n_buckets * 4;
	struct resolution **buckets = arena_alloc(&world->arena, n * sizeof(*buckets));

	for (uint32_t i = 0; i < search->n_buckets; i++) {
		struct resolution *next;

		for (struct resolution *one = search->buckets[i]; one; one = next) {
			struct resolution **last = &buckets[one->hash % n];

			while (*last)
				last = &(*last)->next;
			next = one->next;
			one->next = NULL;
			*last = one;
		}
	}
	search->buckets = buckets;
	search->n_buckets = n;
}

static void remember(struct world *world, struct search *search, struct resolution *made)
{
	pthread_mutex_lock(&world->lock);
	if (search->n_resolutions++ > search->n_buckets && search->n_buckets < BUCKETS_MAX)
		grow(world, search);
	made->next = search->buckets[made->hash % search->n_buckets];
	search->buckets[made->hash % search->n_buckets] = made;
	pthread_mutex_unlock(&world->lock);
}

/* Tries one directory; notes what the absence depends on. */
static struct entry *try_dir(struct view *view, struct dir *dir, const char *name, size_t len,
			     struct absence *absences,
			     size_t *n_absences)
{
	struct dir *in;
	struct entry *entry = view_find(view, dir, name, len, &in);

	if (!entry) {
		absences[*n_absences].dir = in;
		absences[(*n_absences)++].seen = view_dir(view, in);
	}
	return entry;
}

struct found path_find(struct path *path, struct view *view, struct dir *beside, size_t start,
		       const char *name, size_t len)
{
	struct world *world = view->world;
	uint32_t hash = hash_bytes(HASH_SEED + (uint32_t)start + (beside ? beside->id * 31 : 0), name, len);
	struct resolution *old = recall(world, path->search, hash, beside, start, name, len), *made;
	struct found found = { NULL, -1 };
	autofree struct absence *absences = NULL;
	size_t n_absences = 0;

	if (old && still_holds(view, old))
		return old->found;
	absences = mem_array(path->n_dirs + 2, sizeof(*absences));
	if (name[0] == '/') {
		found.entry = try_dir(view, path->cwd, name, len, absences, &n_absences);
	} else {
		if (beside)
			found.entry = try_dir(view, beside, name, len, absences, &n_absences);
		for (size_t i = start; i < path->n_dirs && !found.entry; i++) {
			found.entry = try_dir(view, path->dirs[i], name, len, absences, &n_absences);
			found.at = (int)i;
		}
	}
	if (!found.entry)
		found.at = -1;
	/* In a directory that is being written to, an absence cannot be recalled: nothing is kept. */
	for (size_t i = 0; i < n_absences; i++)
		if (!absences[i].seen->trusted)
			return found;
	pthread_mutex_lock(&world->lock);
	made = arena_alloc(&world->arena, sizeof(*made) + n_absences * sizeof(struct absence));
	*made = (struct resolution){ .hash = hash, .name = arena_text(&world->arena, name, len), .len = len, .beside = beside,
				     .start = start, .found = found, .n_absences = n_absences };
	if (n_absences)
		memcpy(made->absences, absences, n_absences * sizeof(struct absence));
	pthread_mutex_unlock(&world->lock);
	remember(world, path->search, made);
	return found;
}
