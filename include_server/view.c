/* include_server/view.c - see view.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include_server/view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

enum { FILE_BUCKETS = 4096, FILE_BYTES_MAX = 256 << 20, READ_ATTEMPTS = 3 };

void view_start(struct view *view, struct world *world)
{
	view->world = world;
	view->now = watch_now(world->watch);
	view->toolchain = NULL;
	view->n_facts = 0;
	view->all_trusted = true;
	if (++view->stamp == 0)
		view->stamp = 1;
}

void view_release(struct view *view)
{
	free(view->dirs);
	free(view->entries);
	free(view->facts);
}

static struct mark *mark_of(struct mark **marks, uint32_t *n, uint32_t id)
{
	if (id >= *n) {
		uint32_t more = (id + 2048) & ~1023u;

		*marks = mem_resize(*marks, more, sizeof(struct mark));
		memset(*marks + *n, 0, (more - *n) * sizeof(struct mark));
		*n = more;
	}
	return *marks + id;
}

static void add_fact(struct view *view, const struct observation *seen)
{
	if (!seen->trusted)
		view->all_trusted = false;
	if (view->n_facts == view->capacity) {
		view->capacity = view->capacity ? view->capacity * 2 : 256;
		view->facts = mem_resize(view->facts, view->capacity, sizeof(*view->facts));
	}
	view->facts[view->n_facts++] = seen;
}

static bool within(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && (path[n] == '/' || !path[n] || (n && dir[n - 1] == '/'));
}

bool view_is_system_path(const struct view *view, const char *real)
{
	for (size_t i = 0; view->toolchain && i < view->toolchain->n_dirs; i++)
		if (within(real, view->toolchain->real_dirs[i]))
			return true;
	return false;
}

bool view_is_system(const struct view *view, struct entry *entry)
{
	uintptr_t judged = atomic_load_explicit(&entry->judged, memory_order_relaxed);

	if ((judged & ~(uintptr_t)1) != (uintptr_t)view->toolchain) {
		judged = (uintptr_t)view->toolchain | view_is_system_path(view, entry->real);
		atomic_store_explicit(&entry->judged, judged, memory_order_relaxed);
	}
	return judged & 1;
}

static bool is_held(const struct observation *seen, struct moment now)
{
	return now.generation && seen &&
	       atomic_load_explicit(&seen->held_in, memory_order_relaxed) == now.generation;
}

/* It was made after its names were put under watch. */
static void hold(const struct observation *seen, struct moment now)
{
	struct observation *kept = (struct observation *)(uintptr_t)seen;

	if (!now.generation || !seen->trusted)
		return;
	atomic_store_explicit(&kept->epoch, now.epoch, memory_order_relaxed);
	atomic_store_explicit(&kept->held_in, now.generation, memory_order_relaxed);
}

bool observation_holds(const struct observation *seen, struct moment moment)
{
	struct observation now;

	if (is_held(seen, moment))
		return true;
	if (seen->lazy &&
	    clock_now_ms() - atomic_load_explicit(&seen->confirmed_ms, memory_order_relaxed) <
		    LAZY_MS)
		return true;
	observe(seen->path, &now);
	if (!observation_same(&now, seen))
		return false;
	if (seen->lazy)
		atomic_store_explicit(&((struct observation *)(uintptr_t)seen)->confirmed_ms,
				      clock_now_ms(), memory_order_relaxed);
	else if (atomic_load_explicit(&seen->epoch, memory_order_relaxed) == moment.epoch)
		hold(seen, moment);
	return true;
}

/* The old observation if nothing changed, else a new one; the world's lock is held. */
static struct observation *update(struct world *world, struct observation *old, const char *path,
				  const struct observation *now)
{
	if (old && old->trusted == now->trusted && observation_same(old, now) &&
	    (old->trusted || now->kind == KIND_ABSENT)) {
		atomic_store_explicit(&old->confirmed_ms, clock_now_ms(), memory_order_relaxed);
		return old;
	}
	return world_keep(world, path, now);
}

static struct dir *parent_of(struct world *world, const struct dir *dir)
{
	const char *slash = strrchr(dir->name, '/');

	if (!slash || dir->len <= 1)
		return NULL;
	return world_dir(world, dir->name, slash == dir->name ? 1 : (size_t)(slash - dir->name));
}

/* Are all names that lead to this directory watched from now on? *descriptor is its own watch, for its names. */
static bool watch_dir(struct view *view, struct dir *dir, int *descriptor)
{
	struct world *world = view->world;
	bool known, watched;

	if (!view->now.generation)
		return false;
	pthread_mutex_lock(&world->lock);
	known = dir->way_epoch == view->now.epoch;
	watched = dir->way_is_watched;
	*descriptor = dir->watch;
	pthread_mutex_unlock(&world->lock);
	if (known)
		return watched;
	watched = watch_way(world->watch, dir->name, descriptor);
	pthread_mutex_lock(&world->lock);
	dir->way_epoch = view->now.epoch;
	dir->way_is_watched = watched;
	dir->watch = *descriptor;
	pthread_mutex_unlock(&world->lock);
	return watched;
}

static const struct observation *look_at_dir(struct view *view, struct dir *dir)
{
	struct world *world = view->world;
	struct mark *mark = mark_of(&view->dirs, &view->n_dirs, dir->id);
	const struct observation *seen;
	struct observation *old, *anchor_seen, now;
	struct dir *anchor;

	if (mark->stamp == view->stamp)
		return mark->seen;
	pthread_mutex_lock(&world->lock);
	old = dir->seen;
	anchor = dir->anchor;
	anchor_seen = dir->anchor_seen;
	pthread_mutex_unlock(&world->lock);
	if (is_held(old, view->now)) {
		seen = old;
		add_fact(view, seen);
	/* Absent while the directory above it is unchanged: no need to ask. */
	} else if (old && old->kind == KIND_ABSENT && anchor && anchor_seen->trusted &&
		   view_dir(view, anchor) == anchor_seen) {
		seen = old;
	} else {
		int descriptor;
		bool watched = watch_dir(view, dir, &descriptor);

		anchor = parent_of(world, dir);
		anchor_seen = NULL;
		observe(dir->name, &now);
		if (now.kind == KIND_ABSENT && anchor)
			anchor_seen = (struct observation *)(uintptr_t)view_dir(view, anchor);
		else
			anchor = NULL;
		/* The directory above was looked at after us, if now: then once more, in that order. */
		if (anchor)
			observe(dir->name, &now);
		pthread_mutex_lock(&world->lock);
		dir->seen = update(world, dir->seen, dir->name, &now);
		dir->anchor = now.kind == KIND_ABSENT ? anchor : NULL;
		dir->anchor_seen = anchor_seen;
		seen = dir->seen;
		pthread_mutex_unlock(&world->lock);
		if (watched && (seen->kind == KIND_DIRECTORY || seen->kind == KIND_ABSENT))
			hold(seen, view->now);
		if (seen->kind != KIND_ABSENT || !anchor)
			add_fact(view, seen);
	}
	mark = mark_of(&view->dirs, &view->n_dirs, dir->id);
	*mark = (struct mark){ view->stamp, seen };
	return seen;
}

const struct observation *view_dir(struct view *view, struct dir *dir)
{
	const struct observation *seen = look_at_dir(view, dir);

	note(view->notes, NOTE_DIR, dir, (uintptr_t)seen);
	return seen;
}

/*
 * Looks at a file whose name is watched; true if its content is watched, too. A watch that is new comes
 * before the look that counts.
 */
static bool observe_watched(struct view *view, struct entry *entry, struct observation *now)
{
	struct world *world = view->world;
	ino_t ino;
	bool known;

	observe(entry->path, now);
	ino = now->id.ino;
	if (now->kind == KIND_ABSENT)
		return true;
	if (now->kind != KIND_FILE)
		return false;
	pthread_mutex_lock(&world->lock);
	known = entry->file_epoch == view->now.epoch && entry->file_ino == ino;
	pthread_mutex_unlock(&world->lock);
	if (known)
		return true;
	if (!watch_file(world->watch, entry->path))
		return false;
	pthread_mutex_lock(&world->lock);
	entry->file_epoch = view->now.epoch;
	entry->file_ino = ino;
	pthread_mutex_unlock(&world->lock);
	observe(entry->path, now);
	return now->kind == KIND_FILE && now->id.ino == ino;
}

static const struct observation *look_at_entry(struct view *view, struct entry *entry)
{
	struct world *world = view->world;
	struct mark *mark = mark_of(&view->entries, &view->n_entries, entry->id);
	const struct observation *dir_seen, *seen = NULL;
	struct observation now;

	if (mark->stamp == view->stamp)
		return mark->seen;
	dir_seen = view_dir(view, entry->dir);
	mark = mark_of(&view->entries, &view->n_entries, entry->id);
	if (dir_seen->kind != KIND_DIRECTORY) {
		*mark = (struct mark){ view->stamp, dir_seen };
		return dir_seen;
	}
	pthread_mutex_lock(&world->lock);
	if ((entry->absent_in == dir_seen && dir_seen->trusted) || is_held(entry->seen, view->now))
		seen = entry->seen;
	else if (entry->seen && entry->seen->lazy && entry->dir_seen == dir_seen && dir_seen->trusted &&
		 clock_now_ms() - atomic_load_explicit(&entry->seen->confirmed_ms,
						       memory_order_relaxed) < LAZY_MS)
		seen = entry->seen;
	pthread_mutex_unlock(&world->lock);
	if (!seen) {
		bool lazy = view_is_system_path(view, entry->path);
		int descriptor;
		bool watched = watch_dir(view, entry->dir, &descriptor) &&
			       watch_name(world->watch, descriptor, entry->base);

		if (watched && !lazy)
			watched = observe_watched(view, entry, &now);
		else
			observe(entry->path, &now);
		now.lazy = lazy && now.kind == KIND_FILE;
		pthread_mutex_lock(&world->lock);
		entry->seen = update(world, entry->seen, entry->path, &now);
		/* A directory that is held may have changed unseen, by names that nobody watches. */
		entry->absent_in = now.kind == KIND_ABSENT && (watched || !is_held(dir_seen, view->now)) ? dir_seen : NULL;
		entry->dir_seen = dir_seen;
		seen = entry->seen;
		pthread_mutex_unlock(&world->lock);
		if (watched && !now.lazy)
			hold(seen, view->now);
	}
	/* An absence is vouched for by its directory. */
	if (seen->kind != KIND_ABSENT)
		add_fact(view, seen);
	*mark = (struct mark){ view->stamp, seen };
	return seen;
}

const struct observation *view_entry(struct view *view, struct entry *entry)
{
	const struct observation *seen = look_at_entry(view, entry);

	note(view->notes, NOTE_ENTRY, entry, (uintptr_t)seen);
	return seen;
}

struct entry *view_find(struct view *view, struct dir *dir, const char *name, size_t len, struct dir **in)
{
	char full[PATH_MAX];
	const char *slash = memrchr(name, '/', len);
	struct entry *entry;
	char base[NAME_MAX + 1];
	size_t base_len = slash ? len - (size_t)(slash + 1 - name) : len;

	*in = dir;
	if (!len || base_len == 0 || base_len > NAME_MAX || dir->len + len + 2 > sizeof(full) ||
	    memchr(name, '\0', len))
		return NULL;
	if (slash && name[0] == '/') {
		*in = dir = world_dir(view->world, name, slash == name ? 1 : (size_t)(slash - name));
	} else if (slash) {
		memcpy(full, dir->name, dir->len);
		full[dir->len] = '/';
		memcpy(full + dir->len + 1, name, (size_t)(slash - name));
		*in = dir = world_dir(view->world, full, dir->len + 1 + (size_t)(slash - name));
	}
	if (view_dir(view, dir)->kind != KIND_DIRECTORY)
		return NULL;
	memcpy(base, name + len - base_len, base_len);
	base[base_len] = '\0';
	entry = world_entry(view->world, dir, base);
	return view_entry(view, entry)->kind == KIND_FILE ? entry : NULL;
}

/* --------------------------------------------------------------- contents */

static struct file *find_file(struct world *world, const struct identity *id)
{
	struct file *file = world->files[id->ino % FILE_BUCKETS];

	while (file && !(file->trusted && identity_equal(&file->id, id)))
		file = file->next;
	return file;
}

/* Reads and scans it; 0 with *file NULL when it was another file by then. */
static int load(struct view *view, const struct observation *seen, struct file **file, struct err *err)
{
	autobuf text = BUF_INIT;
	autoclose int fd = open(seen->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	struct world *world = view->world;
	struct file *made;

	*file = NULL;
	if (fd < 0)
		return err_sys(err, ERR_NO_FILE, "cannot read '%s'", seen->path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	if (st.st_ino != seen->id.ino || st.st_size != seen->id.size)
		return 0;
	buf_reserve(&text, (size_t)st.st_size + 1);
	if (fd_read_all(fd, FILE_BYTES_MAX, &text, err) < 0)
		return err_prefix(err, "'%s'", seen->path);
	made = mem_alloc(sizeof(*made));
	made->id = seen->id;
	made->trusted = seen->trusted;
	source_scan(&made->source, &world->symbols, text.data ? text.data : "", text.len);
	pthread_mutex_lock(&world->lock);
	*file = seen->trusted ? find_file(world, &seen->id) : NULL;
	if (!*file) {
		made->number = world->n_files++;
		made->next = world->files[made->id.ino % FILE_BUCKETS];
		world->files[made->id.ino % FILE_BUCKETS] = made;
		world->file_bytes += sizeof(*made) + made->source.arena.total +
				     made->source.n_ops * sizeof(struct op);
		*file = made;
		made = NULL;
	}
	pthread_mutex_unlock(&world->lock);
	if (made) {
		source_release(&made->source);
		free(made);
	}
	return 0;
}

struct file *view_file(struct view *view, struct entry *entry, struct err *err)
{
	struct world *world = view->world;
	struct file *file;

	for (int i = 0; i < READ_ATTEMPTS; i++) {
		const struct observation *seen = view_entry(view, entry);

		if (seen->kind != KIND_FILE) {
			err_set(err, ERR_NO_FILE, "'%s' has gone", entry->path);
			return NULL;
		}
		pthread_mutex_lock(&world->lock);
		/* what is not trusted was observed for this request alone */
		file = entry->file_seen == seen ? entry->file : NULL;
		if (!file && seen->trusted)
			file = find_file(world, &seen->id);
		pthread_mutex_unlock(&world->lock);
		if (!file && load(view, seen, &file, err) < 0)
			return NULL;
		if (file) {
			pthread_mutex_lock(&world->lock);
			entry->file = file;
			entry->file_seen = seen;
			pthread_mutex_unlock(&world->lock);
			return file;
		}
		mark_of(&view->entries, &view->n_entries, entry->id)->stamp = view->stamp - 1;
	}
	err_set(err, ERR_NO_FILE, "'%s' changes while it is read", entry->path);
	return NULL;
}

bool view_real(struct view *view, struct entry *entry)
{
	const struct observation *seen = view_entry(view, entry);
	const struct layout *layout = world_layout(view->world, entry->dir, view_dir(view, entry->dir));
	struct world *world = view->world;
	char path[PATH_MAX], real[PATH_MAX];
	struct stat st;

	if (!layout || seen->kind != KIND_FILE)
		return false;
	pthread_mutex_lock(&world->lock);
	if (entry->real && entry->real_dev == seen->id.dev && entry->real_ino == seen->id.ino && !entry->link &&
	    str_starts_with(entry->real, layout->real)) {
		pthread_mutex_unlock(&world->lock);
		return true;
	}
	pthread_mutex_unlock(&world->lock);
	if (strlen(layout->real) + strlen(entry->base) + 2 > sizeof(path))
		return false;
	strcpy(path, strcmp(layout->real, "/") == 0 ? "" : layout->real);
	strcat(path, "/");
	strcat(path, entry->base);
	if (lstat(path, &st) < 0 || (S_ISLNK(st.st_mode) && !realpath(path, real)))
		return false;
	pthread_mutex_lock(&world->lock);
	if (entry->link && S_ISLNK(st.st_mode) && str_equal(entry->link->name, path) &&
	    str_equal(entry->link->target, real)) {
		pthread_mutex_unlock(&world->lock);
		return true;
	}
	entry->link = NULL;
	if (S_ISLNK(st.st_mode)) {
		entry->link = arena_alloc(&world->arena, sizeof(struct link));
		entry->link->name = arena_text(&world->arena, path, strlen(path));
		entry->link->target = arena_text(&world->arena, real, strlen(real));
		entry->real = entry->link->target;
	} else {
		entry->real = arena_text(&world->arena, path, strlen(path));
	}
	atomic_store_explicit(&entry->judged, 0, memory_order_relaxed);
	entry->real_dev = seen->id.dev;
	entry->real_ino = seen->id.ino;
	pthread_mutex_unlock(&world->lock);
	return true;
}
