/* include_server/arena.c - see arena.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include_server/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_BLOCK = 512, BLOCK_SIZE = 32768, ALIGN = alignof(max_align_t) };

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	alignas(max_align_t) char bytes[];
};

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->head;
	void *result;

	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!block || block->size - block->used < size) {
		/* Most arenas are a header's and stay small; each block is twice as big as the last. */
		size_t wanted = block ? block->size * 2 : FIRST_BLOCK;
		size_t room = wanted > BLOCK_SIZE ? BLOCK_SIZE : wanted;

		if (room < size)
			room = size;
		block = mem_alloc(sizeof(*block) + room);
		block->size = room;
		arena->total += room;
		/* A big object must not hide a half-empty block. */
		if (size > BLOCK_SIZE / 4 && arena->head) {
			block->next = arena->head->next;
			arena->head->next = block;
		} else {
			block->next = arena->head;
			arena->head = block;
		}
	}
	result = block->bytes + block->used;
	block->used += size;
	return memset(result, 0, size);
}

char *arena_text(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	if (len)
		memcpy(copy, text, len);
	return copy;
}

void arena_clear(struct arena *arena)
{
	struct arena_block *keep = arena->head;

	if (!keep)
		return;
	arena->head = keep->next;
	arena_release(arena);
	if (keep->size > BLOCK_SIZE) {
		free(keep);
		return;
	}
	keep->next = NULL;
	keep->used = 0;
	*arena = (struct arena){ keep, keep->size };
}

void arena_release(struct arena *arena)
{
	while (arena->head) {
		struct arena_block *next = arena->head->next;

		free(arena->head);
		arena->head = next;
	}
	arena->total = 0;
}
