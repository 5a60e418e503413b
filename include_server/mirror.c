/* include_server/mirror.c - see mirror.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include_server/mirror.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/tmp.h"
#include "wire/compress.h"

#define PLACEHOLDER "forcing_technique_271828"

enum { FILE_BYTES_MAX = 256 << 20 };

/* One name in the mirror: a copy, a link or a placeholder. */
struct mirrored {
	struct mirrored *next;
	uint32_t hash;
	/* "c/real/path" + "\n" + spelling, "l/path" + "\n" + target, "p/dir" */
	char *key;
	char *name;			/* in the mirror; NULL while it has none */
	struct identity id;		/* a copy: of what */
	bool trusted;
};

int mirror_init(struct mirror *mirror, const char *area, struct err *err)
{
	*mirror = (struct mirror){ .arena = ARENA_INIT, .pid = (int)getpid() };
	if (area[0] != '/')
		return err_set(err, ERR_USAGE, "DISTCC_CLIENT_TMP must start with '/'.");
	pthread_mutex_init(&mirror->lock, NULL);
	mirror->area = mem_strdup(area);
	mirror->table = mem_array(MIRROR_BUCKETS, sizeof(struct mirrored *));
	return 0;
}

/* The part of a root that is ours to remove: without the padding. */
static void remove_root(const struct mirror *mirror, struct mirror_root *root)
{
	char *end;

	if (!root->path)
		return;
	end = strchr(root->path + strlen(mirror->area) + 1, '/');
	if (end)
		*end = '\0';
	tmp_dir_remove(root->path, NULL);
	free(root->path);
	fd_close(&root->lock_fd);
}

void mirror_release(struct mirror *mirror)
{
	for (int i = 0; i < MIRROR_ROOTS_MAX; i++) {
		remove_root(mirror, &mirror->copies[i]);
		remove_root(mirror, &mirror->links[i]);
	}
	free(mirror->area);
	free(mirror->table);
	arena_release(&mirror->arena);
	pthread_mutex_destroy(&mirror->lock);
}

/*
 * Another server that starts takes a root without a lock for one whose owner was killed: a process id says
 * nothing, since it may be one of another namespace. The lock, or -1: it was quicker than us.
 */
static int lock_root(const char *root)
{
	autoclose int fd = open(root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat ours, there;
	int locked = -1;

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &ours) == 0 &&
	    lstat(root, &there) == 0 && ours.st_ino == there.st_ino) {
		locked = fd;
		fd = -1;
	}
	return locked;
}

/* mkdtemp(3) wants its X at the end; the name must end with the pid and the number. The lock, or -1. */
static int make_unique(char *root)
{
	char *x = strstr(root, "XXXXXX.include_server-");
	unsigned long seed = (unsigned long)getpid() * 2654435761u ^ (unsigned long)clock_now_us();

	for (int attempt = 0; attempt < 1000; attempt++) {
		for (int i = 0; i < 6; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			x[i] = "abcdefghijklmnopqrstuvwxyz0123456789"[(seed >> 33) % 36];
		}
		if (mkdir(root, 0700) == 0) {
			int lock_fd = lock_root(root);

			if (lock_fd >= 0)
				return lock_fd;
			rmdir(root);
		} else if (errno != EEXIST) {
			break;
		}
	}
	return -1;
}

/* A name of exactly three components, whatever the area: clients count them. */
static char *make_root(struct mirror *mirror, int *lock_fd, struct err *err)
{
	int depth = 0;
	char *root;

	for (const char *p = mirror->area; *p; p++)
		depth += *p == '/' && p[1] && p[1] != '/';
	root = str_format("%s%sdistccXXXXXX.include_server-%d-%d", mirror->area,
			  str_ends_with(mirror->area, "/") ? "" : "/", mirror->pid,
			  ++mirror->n_roots);
	*lock_fd = make_unique(root);
	if (*lock_fd < 0) {
		err_sys(err, ERR_IO, "cannot make '%s'", root);
		free(root);
		return NULL;
	}
	for (depth++; depth < 3; depth++) {
		char *deeper = str_format("%s/padding", root);

		free(root);
		root = deeper;
		if (mkdir(root, 0700) < 0) {
			err_sys(err, ERR_IO, "cannot make '%s'", root);
			free(root);
			fd_close(lock_fd);
			return NULL;
		}
	}
	return root;
}

static char *root_of(struct mirror *mirror, struct mirror_root *roots, int i, struct err *err)
{
	if (!roots[i].path)
		roots[i].path = make_root(mirror, &roots[i].lock_fd, err);
	return roots[i].path;
}

/* Makes the directories above `name`, below root. 0; 1 when something else is in the way; -1. */
static int make_parents(const char *root, char *name, struct err *err)
{
	for (char *slash = name + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		struct stat st;

		*slash = '\0';
		if (lstat(name, &st) == 0) {
			if (!S_ISDIR(st.st_mode)) {
				*slash = '/';
				return 1;
			}
		} else if (mkdir(name, 0700) < 0 && errno != EEXIST) {
			return err_sys(err, ERR_IO, "cannot make '%s'", name);
		}
		*slash = '/';
	}
	return 0;
}

/* The lock is held. */
static struct mirrored *find(struct mirror *mirror, const char *key)
{
	uint32_t hash = hash_bytes(HASH_SEED, key, strlen(key));
	struct mirrored *found;

	for (found = mirror->table[hash % MIRROR_BUCKETS]; found; found = found->next)
		if (found->hash == hash && strcmp(found->key, key) == 0)
			return found;
	found = arena_alloc(&mirror->arena, sizeof(*found));
	found->hash = hash;
	found->key = arena_text(&mirror->arena, key, strlen(key));
	found->next = mirror->table[hash % MIRROR_BUCKETS];
	mirror->table[hash % MIRROR_BUCKETS] = found;
	return found;
}

/* --------------------------------------------------------------- copies */

/* 0, *fd: a new file, its directories made. 1: something else is in the way. There are no links in a root for copies. */
static int make_file(const char *root, char *name, int *fd, struct err *err)
{
	int way = 0;

	*fd = open(name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (*fd < 0 && errno == ENOENT) {
		way = make_parents(root, name, err);
		if (way == 0)
			*fd = open(name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	}
	if (*fd >= 0 || way)
		return way;
	if (errno == EEXIST || errno == ENOTDIR || errno == ENAMETOOLONG)
		return 1;
	return err_sys(err, ERR_IO, "cannot make '%s'", name);
}

/* The first root in which no other variant of the file has this name yet, and *fd to write it. The lock is held. */
static int place_copy(struct mirror *mirror, struct mirrored *copy, const char *real,
		      const char *suffix, int *fd, struct err *err)
{
	for (int i = 0; i < MIRROR_ROOTS_MAX; i++) {
		const char *root = root_of(mirror, mirror->copies, i, err);
		autofree char *name = NULL;

		if (!root)
			return -1;
		name = str_format("%s%s%s", root, real, suffix);
		switch (make_file(root, name, fd, err)) {
		case 0:
			copy->name = arena_text(&mirror->arena, name, strlen(name));
			return 0;
		case 1:
			continue;
		default:
			return -1;
		}
	}
	return err_set(err, ERR_FAILED, "'%s' has too many names", real);
}

/* "#line 1" makes diagnostics, __FILE__ and debug sections show the client's name of the file. */
static void add_line_directive(struct buf *text, const char *spelling)
{
	buf_add_str(text, "#line 1 \"");
	for (; *spelling; spelling++) {
		if (*spelling == '"' || *spelling == '\\')
			buf_add(text, "\\", 1);
		buf_add(text, spelling, 1);
	}
	buf_add_str(text, "\"\n");
}

static int read_as_seen(const struct needed *needed, struct buf *text, struct err *err)
{
	static const char bom[] = "\xef\xbb\xbf";
	autobuf bytes = BUF_INIT;
	autoclose int fd = open(needed->entry->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct observation now;
	size_t skip = 0;

	if (fd < 0 || fd_read_all(fd, FILE_BYTES_MAX, &bytes, err) < 0)
		return err_set(err, ERR_GONE, "'%s' cannot be read any more", needed->entry->path);
	observe(needed->entry->path, &now);
	if (!observation_same(&now, needed->seen))
		return err_set(err, ERR_GONE, "'%s' has changed meanwhile", needed->entry->path);
	if (needed->spelling) {
		if (bytes.len >= 3 && memcmp(bytes.data, bom, 3) == 0) {
			buf_add(text, bom, 3);
			skip = 3;
		}
		add_line_directive(text, needed->spelling);
	}
	if (bytes.len > skip)
		buf_add(text, bytes.data + skip, bytes.len - skip);
	return 0;
}

/* A file that clients may be reading is replaced as a whole. */
static int replace_copy(struct mirror *mirror, const char *name, const struct buf *packed, struct err *err)
{
	autofree char *temporary = NULL;
	autoclose int fd = -1;

	pthread_mutex_lock(&mirror->lock);
	temporary = str_format("%s/.new-%lu", mirror->copies[0].path, ++mirror->n_temporary);
	pthread_mutex_unlock(&mirror->lock);
	fd = open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0 || fd_write_full(fd, packed->data, packed->len, -1, err) < 0 ||
	    rename(temporary, name) < 0) {
		err_sys(err, ERR_IO, "cannot write '%s'", name);
		unlink(temporary);
		return -1;
	}
	return 0;
}

/* new_fd: nobody has been told of the file yet; or -1. */
static int write_copy(struct mirror *mirror, const char *name, int new_fd, const struct buf *text, struct err *err)
{
	static const char nothing[] = { 0x11, 0, 0 };	/* LZO's end marker alone: an empty file */
	autobuf packed = BUF_INIT;

	if (text->len == 0)
		buf_add(&packed, nothing, sizeof(nothing));
	else if (lzo_compress(&packed, text->data, text->len, err) < 0)
		return -1;
	if (new_fd < 0)
		return replace_copy(mirror, name, &packed, err);
	if (fd_write_full(new_fd, packed.data, packed.len, -1, err) < 0)
		return err_sys(err, ERR_IO, "cannot write '%s'", name);
	return 0;
}

/* The lock is held. */
static struct mirrored *find_copy(struct mirror *mirror, const struct needed *needed)
{
	struct entry *entry = needed->entry;
	struct mirrored **known = &entry->copies[needed->spelling != NULL];

	if (entry->copied != entry->real)
		entry->copies[0] = entry->copies[1] = NULL;
	entry->copied = entry->real;
	/* A spelling is the entry's own path. */
	if (!*known) {
		autofree char *key = str_format("c%s\n%s", entry->real,
						needed->spelling ? needed->spelling : "");

		*known = find(mirror, key);
	}
	return *known;
}

int mirror_copy(struct mirror *mirror, const struct needed *needed, const char **name, struct err *err)
{
	autobuf text = BUF_INIT;
	struct mirrored *copy;
	autoclose int new_fd = -1;
	int result = 0;

	pthread_mutex_lock(&mirror->lock);
	copy = find_copy(mirror, needed);
	if (copy->name && copy->trusted && identity_equal(&copy->id, &needed->seen->id)) {
		*name = copy->name;
		pthread_mutex_unlock(&mirror->lock);
		return 0;
	}
	if (!copy->name)
		result = place_copy(mirror, copy, needed->entry->real,
				    needed->spelling ? ".lzo.abs" : ".lzo", &new_fd, err);
	pthread_mutex_unlock(&mirror->lock);
	if (result < 0 || read_as_seen(needed, &text, err) < 0 ||
	    write_copy(mirror, copy->name, new_fd, &text, err) < 0)
		return -1;
	pthread_mutex_lock(&mirror->lock);
	copy->id = needed->seen->id;
	copy->trusted = needed->seen->trusted;
	*name = copy->name;
	pthread_mutex_unlock(&mirror->lock);
	return 0;
}

/* --------------------------------------------------------------- links and placeholders */

/* The lock is held. */
static int place_link(struct mirror *mirror, struct mirrored *link, const char *path,
		      const char *target, struct err *err)
{
	for (int i = 0; i < MIRROR_ROOTS_MAX; i++) {
		const char *root = root_of(mirror, mirror->links, i, err);
		autofree char *name = NULL;
		int way;

		if (!root)
			return -1;
		name = str_format("%s%s", root, path);
		way = make_parents(root, name, err);
		if (way < 0)
			return -1;
		if (way == 1)
			continue;
		if (symlink(target, name) == 0) {
			link->name = arena_text(&mirror->arena, name, strlen(name));
			return 0;
		}
		if (errno != EEXIST)
			return err_sys(err, ERR_IO, "cannot make the link '%s'", name);
	}
	return err_set(err, ERR_FAILED, "the link '%s' changes too often", path);
}

int mirror_link(struct mirror *mirror, const char *path, const char *target, const char **name,
		struct err *err)
{
	autofree char *key = str_format("l%s\n%s", path, target);
	struct mirrored *link;
	int result = 0;

	pthread_mutex_lock(&mirror->lock);
	link = find(mirror, key);
	if (!link->name)
		result = place_link(mirror, link, path, target, err);
	*name = link->name;
	pthread_mutex_unlock(&mirror->lock);
	return result;
}

int mirror_placeholder(struct mirror *mirror, const char *dir, const char **name, struct err *err)
{
	autofree char *key = str_format("p%s", dir);
	autofree char *path = NULL;
	const char *root;
	struct mirrored *placeholder;
	int result = 0;

	pthread_mutex_lock(&mirror->lock);
	placeholder = find(mirror, key);
	root = root_of(mirror, mirror->copies, 0, err);
	if (!root) {
		result = -1;
	} else if (!placeholder->name) {
		autoclose int fd = -1;

		path = str_format("%s%s/" PLACEHOLDER, root, strcmp(dir, "/") == 0 ? "" : dir);
		result = make_parents(root, path, err) == 0 ? 0 : -1;
		if (result == 0)
			fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		if (fd < 0)
			result = err_sys(err, ERR_IO, "cannot make '%s'", path);
		else
			placeholder->name = arena_text(&mirror->arena, path, strlen(path));
	}
	*name = placeholder->name;
	pthread_mutex_unlock(&mirror->lock);
	return result;
}
