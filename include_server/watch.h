/*
 * include_server/watch.h - the kernel tells what changes (inotify), so that nothing need be asked for each request.
 *
 * A generation is a span of time in which nothing that is watched has changed. What was found by
 * stat(2) after its names were put under watch holds for as long as the generation lasts: the kernel
 * queues an event before the system call that makes the change returns. Where that is not sure - a
 * network file system, no /proc, a limit - nothing is watched, and every request asks.
 *
 * Any thread; each call takes the lock.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_WATCH_H
#define INCLUDE_SERVER_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct watch;

/* NULL where the kernel has no such thing for us: all functions take that for "nothing is watched". */
struct watch *watch_new(void);
void watch_free(struct watch *watch);

struct moment {
	uint64_t generation;	/* 0: nothing is watched */
	uint64_t epoch;		/* what was put under watch in another epoch must be put there again */
};
/* Takes in what has happened until now. */
struct moment watch_now(struct watch *watch);

/*
 * Each name that leads to an absolute path, symbolic links and their targets included; true when all of
 * them are watched. *dir is the watch of the directory itself, -1 where the way ends earlier.
 */
bool watch_way(struct watch *watch, const char *path, int *dir);
/* A name in such a directory, whether it exists or not. */
bool watch_name(struct watch *watch, int dir, const char *name);
/* A file's content, by whatever name it is changed. */
bool watch_file(struct watch *watch, const char *path);

#endif
