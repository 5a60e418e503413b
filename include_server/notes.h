/*
 * include_server/notes.h - what the walk through a header asks and changes, in order, while somebody wants to know.
 *
 * One list for a unit; a header's notes are those from its beginning to its end, with those of the
 * headers that it includes in between.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_NOTES_H
#define INCLUDE_SERVER_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"

enum note_kind {
	/* by number: a walk notes thousands */
	NOTE_READ,		/* symbol; value: its definition */
	NOTE_WRITE,		/* symbol */
	NOTE_ONCE_READ,		/* file; value: may it not be entered again? */
	NOTE_ONCE_WRITE,	/* file */
	/* by address */
	NOTE_DIR,		/* directory; value: what was seen */
	NOTE_ENTRY,		/* name in a directory; value: what was seen */
	NOTE_NEEDED		/* name in a directory; value: is it named absolutely? */
};

struct note {
	enum note_kind kind;
	uint32_t number;
	const void *subject;
	uintptr_t value;
};

struct notes {
	int n_wanted;		/* how many headers are being recorded; 0: nothing is noted */
	struct note *at;
	size_t n, capacity;
	size_t spoiled;		/* what began before this one cannot be replayed */
};

static inline void notes_add(struct notes *notes, const struct note *note)
{
	if (!notes->n_wanted)
		return;
	if (notes->n == notes->capacity) {
		notes->capacity = notes->capacity ? notes->capacity * 2 : 4096;
		notes->at = mem_resize(notes->at, notes->capacity, sizeof(*notes->at));
	}
	notes->at[notes->n++] = *note;
}

static inline void note(struct notes *notes, enum note_kind kind, const void *subject, uintptr_t value)
{
	notes_add(notes, &(struct note){ kind, 0, subject, value });
}

static inline void note_number(struct notes *notes, enum note_kind kind, uint32_t number, uintptr_t value)
{
	notes_add(notes, &(struct note){ kind, number, NULL, value });
}

/* Something that has no note: the headers at hand are walked each time. */
static inline void notes_spoil(struct notes *notes)
{
	notes->spoiled = notes->n + 1;
}

#endif
