/* include_server/arena.h - memory that is given back all at once. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_ARENA_H
#define INCLUDE_SERVER_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *head;
	size_t total;			/* bytes held, for limits */
};
#define ARENA_INIT { NULL, 0 }

void *arena_alloc(struct arena *arena, size_t size);		/* zeroed, aligned for any object */
char *arena_text(struct arena *arena, const char *text, size_t len);	/* a copy, terminated */
void arena_release(struct arena *arena);
/* Keeps one block for the next use and gives the rest back. */
void arena_clear(struct arena *arena);

#endif
