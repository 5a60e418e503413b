/*
 * include_server/watch.c - see watch.h.
 *
 * Directories are watched for names that come and go, files for their content. Directories of a build are
 * full of other things (objects, dependency files): an event counts only when somebody asked for its
 * name. Mounts hide names without an event; /proc/self/mountinfo tells of them.
 *
 * A file that is changed through a mapping is noticed when its writer closes it, at the latest.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include_server/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "include_server/arena.h"
#include "include_server/symbol.h"

enum {
	NAMES_MAX = 400000,		/* beyond it all begins anew */
	FIRST_NAMES = 4096,
	LINKS_MAX = 40,			/* the kernel's own limit for one path */
	EVENT_BYTES = 16384,
	DIR_EVENTS = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
		IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR,
	FILE_EVENTS = IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF,
	/* what is watched is no longer what it was */
	LOST = IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT | IN_Q_OVERFLOW
};

/* Local file systems, whose changes are all made through this kernel and by the name at hand. */
static const unsigned long local_types[] = {
	0xef53,		/* ext2, ext3, ext4 */
	0x01021994,	/* tmpfs */
	0x58465342,	/* xfs */
	0x9123683e,	/* btrfs */
	0xf2f52010,	/* f2fs */
};

struct watched_name {
	struct watched_name *next;
	uint32_t hash;
	int dir;
	bool leads_on;			/* a directory or a link on somebody's way */
	char name[];
};

struct watch {
	pthread_mutex_t lock;
	int fd, mounts_fd;
	bool broken;
	struct moment now;
	struct arena arena;
	struct watched_name **names;
	size_t n_buckets, n_names;
	bool *known;			/* by watch descriptor: it is on a local file system */
	size_t n_known;
};

/* --------------------------------------------------------------- beginning and end */

static void forget_all(struct watch *watch)
{
	fd_close(&watch->fd);
	free(watch->names);
	free(watch->known);
	arena_release(&watch->arena);
	watch->names = NULL;
	watch->known = NULL;
	watch->n_buckets = watch->n_names = watch->n_known = 0;
	watch->now.epoch++;
	watch->now.generation++;
}

static bool begin(struct watch *watch)
{
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd < 0)
		return false;
	watch->n_buckets = FIRST_NAMES;
	watch->names = mem_array(watch->n_buckets, sizeof(struct watched_name *));
	return true;
}

/* From here on everybody asks the file system. */
static void give_up(struct watch *watch)
{
	forget_all(watch);
	watch->broken = true;
}

struct watch *watch_new(void)
{
	struct watch *watch = mem_alloc(sizeof(*watch));

	*watch = (struct watch){ .fd = -1, .mounts_fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC),
				 .now = { 1, 1 }, .arena = ARENA_INIT };
	pthread_mutex_init(&watch->lock, NULL);
	if (watch->mounts_fd < 0 || !begin(watch)) {
		watch_free(watch);
		return NULL;
	}
	return watch;
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	forget_all(watch);
	fd_close(&watch->mounts_fd);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}

/* --------------------------------------------------------------- names */

static struct watched_name *find_name(const struct watch *watch, int dir, const char *name, uint32_t *hash)
{
	struct watched_name *found;

	*hash = hash_bytes(HASH_SEED ^ (uint32_t)dir, name, strlen(name));
	for (found = watch->names[*hash & (watch->n_buckets - 1)]; found; found = found->next)
		if (found->hash == *hash && found->dir == dir && strcmp(found->name, name) == 0)
			break;
	return found;
}

static void grow(struct watch *watch)
{
	size_t n = watch->n_buckets * 2;
	struct watched_name **buckets = mem_array(n, sizeof(*buckets)), *next;

	for (size_t i = 0; i < watch->n_buckets; i++) {
		for (struct watched_name *name = watch->names[i]; name; name = next) {
			next = name->next;
			name->next = buckets[name->hash & (n - 1)];
			buckets[name->hash & (n - 1)] = name;
		}
	}
	free(watch->names);
	watch->names = buckets;
	watch->n_buckets = n;
}

static bool add_name(struct watch *watch, int dir, const char *name, bool leads_on)
{
	uint32_t hash;
	struct watched_name *found = find_name(watch, dir, name, &hash);

	if (!found) {
		if (watch->n_names >= NAMES_MAX)
			return false;
		if (watch->n_names >= watch->n_buckets)
			grow(watch);
		found = arena_alloc(&watch->arena, sizeof(*found) + strlen(name) + 1);
		found->hash = hash;
		found->dir = dir;
		strcpy(found->name, name);
		found->next = watch->names[hash & (watch->n_buckets - 1)];
		watch->names[hash & (watch->n_buckets - 1)] = found;
		watch->n_names++;
	}
	found->leads_on |= leads_on;
	return true;
}

/* --------------------------------------------------------------- watches */

static bool is_local(const char *path)
{
	struct statfs fs;

	if (statfs(path, &fs) < 0)
		return false;
	for (size_t i = 0; i < sizeof(local_types) / sizeof(local_types[0]); i++)
		if ((unsigned long)fs.f_type == local_types[i])
			return true;
	return false;
}

/* The watch of this directory or file; -1 where there can be none. */
static int add_watch(struct watch *watch, const char *path, uint32_t events)
{
	int descriptor = inotify_add_watch(watch->fd, path, events);

	if (descriptor < 0) {
		if (errno == ENOSPC || errno == ENOMEM)
			give_up(watch);
		return -1;
	}
	if ((size_t)descriptor >= watch->n_known) {
		size_t more = ((size_t)descriptor + 1024) & ~(size_t)511;

		watch->known = mem_resize(watch->known, more, sizeof(bool));
		memset(watch->known + watch->n_known, 0, (more - watch->n_known) * sizeof(bool));
		watch->n_known = more;
	}
	if (!watch->known[descriptor]) {
		if (!is_local(path)) {
			inotify_rm_watch(watch->fd, descriptor);
			return -1;
		}
		watch->known[descriptor] = true;
	}
	return descriptor;
}

/*
 * As the kernel walks, from the root. Each directory is watched before its names are looked at: what
 * changes afterwards makes an event.
 */
static bool walk(struct watch *watch, const char *path, int *dir)
{
	char here[PATH_MAX] = "/", rest[PATH_MAX], name[NAME_MAX + 1], target[PATH_MAX];
	int n_links = 0;

	if (path[0] != '/' || strlen(path) >= sizeof(rest))
		return false;
	strcpy(rest, path);
	for (char *at = rest;;) {
		size_t n, len = strlen(here);
		struct stat st;
		ssize_t target_len;

		at += strspn(at, "/");
		n = strcspn(at, "/");
		*dir = add_watch(watch, here, DIR_EVENTS);
		if (*dir < 0)
			return false;
		if (!n)
			return true;
		if (n > NAME_MAX || len + n + 2 > sizeof(here))
			return false;
		if (n == 1 && at[0] == '.') {
			at += n;
			continue;
		}
		if (n == 2 && at[0] == '.' && at[1] == '.') {
			char *slash = strrchr(here, '/');

			slash[slash == here] = '\0';
			at += n;
			continue;
		}
		memcpy(name, at, n);
		name[n] = '\0';
		at += n;
		if (!add_name(watch, *dir, name, true))
			return false;
		if (len > 1)
			here[len++] = '/';
		strcpy(here + len, name);
		if (lstat(here, &st) < 0 || (!S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode))) {
			*dir = -1;	/* not there, or a file: that it stays so is what is watched */
			return true;
		}
		if (!S_ISLNK(st.st_mode))
			continue;
		target_len = readlink(here, target, sizeof(target) - 1);
		if (target_len < 0 || ++n_links > LINKS_MAX ||
		    (size_t)target_len + strlen(at) + 2 > sizeof(target))
			return false;
		target[target_len] = '\0';
		strcat(target, at);
		strcpy(rest, target);
		at = rest;
		if (target[0] == '/')
			strcpy(here, "/");
		else
			here[len > 1 ? len - 1 : 1] = '\0';
	}
}

/* When there are too many names those that are needed come back by themselves. */
static bool make_room(struct watch *watch)
{
	if (watch->n_names >= NAMES_MAX) {
		forget_all(watch);
		watch->broken = !begin(watch);
	}
	return !watch->broken;
}

bool watch_way(struct watch *watch, const char *path, int *dir)
{
	bool all;

	*dir = -1;
	if (!watch)
		return false;
	pthread_mutex_lock(&watch->lock);
	all = make_room(watch) && walk(watch, path, dir);
	pthread_mutex_unlock(&watch->lock);
	return all;
}

bool watch_name(struct watch *watch, int dir, const char *name)
{
	bool added;

	if (!watch || dir < 0)
		return false;
	pthread_mutex_lock(&watch->lock);
	added = make_room(watch) && add_name(watch, dir, name, false);
	pthread_mutex_unlock(&watch->lock);
	return added;
}

bool watch_file(struct watch *watch, const char *path)
{
	bool added;

	if (!watch)
		return false;
	pthread_mutex_lock(&watch->lock);
	added = !watch->broken && add_watch(watch, path, FILE_EVENTS) >= 0;
	pthread_mutex_unlock(&watch->lock);
	return added;
}

/* --------------------------------------------------------------- events */

static void take_event(struct watch *watch, const struct inotify_event *event)
{
	struct watched_name *name = NULL;
	uint32_t hash;

	if (event->mask & IN_IGNORED) {
		/* also after we have refused it, which means nothing */
		if (event->wd < 0 || (size_t)event->wd >= watch->n_known || !watch->known[event->wd])
			return;
		watch->known[event->wd] = false;
	}
	if (event->mask & LOST) {
		watch->now.epoch++;
		watch->now.generation++;
		return;
	}
	if (event->len) {
		name = find_name(watch, event->wd, event->name, &hash);
		if (!name)
			return;
	}
	/* a way may lead elsewhere now */
	if (name && name->leads_on)
		watch->now.epoch++;
	watch->now.generation++;
}

static void take_events(struct watch *watch)
{
	union {
		struct inotify_event first;
		char bytes[EVENT_BYTES];
	} events;
	ssize_t len;

	while ((len = read(watch->fd, &events, sizeof(events))) > 0) {
		for (ssize_t at = 0; at < len;) {
			const struct inotify_event *event = (const void *)(events.bytes + at);

			take_event(watch, event);
			at += (ssize_t)(sizeof(*event) + event->len);
		}
	}
	if (len < 0 && errno != EAGAIN && errno != EINTR)
		give_up(watch);
}

struct moment watch_now(struct watch *watch)
{
	struct moment now = { 0, 0 };

	if (!watch)
		return now;
	pthread_mutex_lock(&watch->lock);
	if (!watch->broken) {
		struct pollfd polled[2] = { { watch->fd, POLLIN, 0 }, { watch->mounts_fd, POLLPRI, 0 } };
		int n = poll(polled, 2, 0);

		if (n > 0 && polled[1].revents & (POLLPRI | POLLERR)) {
			watch->now.epoch++;
			watch->now.generation++;
		}
		if (n > 0 && polled[0].revents)
			take_events(watch);
		else if (n < 0)
			give_up(watch);
	}
	if (!watch->broken)
		now = watch->now;
	pthread_mutex_unlock(&watch->lock);
	return now;
}
