/*
 * include_server/trace.c - see trace.h.
 *
 * Of a header's notes the first about each thing is what it asked, unless it was the one that changed it;
 * and the state of all that it changed, at its end, is what came of it. Headers that a header includes
 * are part of it, and have traces of their own.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include_server/trace.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"

static const size_t NOT_RECORDED = SIZE_MAX;

enum {
	TRACES_MAX = 16,			/* of one header: for what was included before it */
	/* of all: sources must leave room for what they share */
	HEADER_BYTES_MAX = 24 << 20, SOURCE_BYTES_MAX = 8 << 20,
	/* A header whose circumstances never come again is not recorded for ever. */
	TRIES_FIRST = 24, TRIES_A_HIT = 4,
	TALLY_SYMBOLS = 0, TALLY_FILES, TALLY_DIRS, TALLY_ENTRIES,
	ASKED = 1, CHANGED = 2, NEEDED = 4, NEEDED_ABSOLUTELY = 8, FLAG_BITS = 4
};

void tracer_release(struct tracer *tracer)
{
	free(tracer->notes.at);
	free(tracer->scratch);
	for (size_t i = 0; i < sizeof(tracer->tallies) / sizeof(tracer->tallies[0]); i++)
		free(tracer->tallies[i].at);
}

static uintptr_t definition_of(const struct slot *slot)
{
	return (uintptr_t)slot->macro | slot->maybe;
}

static bool is_once(const struct tracer *tracer, uint32_t number)
{
	return number < *tracer->n_once && (*tracer->once)[number] == *tracer->pass;
}

/* --------------------------------------------------------------- replaying */

/* Each source defines its _GNU_SOURCE anew. */
static bool same_macro(uintptr_t a, uintptr_t b)
{
	return a == b || (a > 1 && b > 1 && (a & 1) == (b & 1) &&
			  macro_equal((const struct macro *)(a & ~(uintptr_t)1),
				      (const struct macro *)(b & ~(uintptr_t)1)));
}

static bool macros_are_as_then(struct macros *macros, const struct trace *trace)
{
	for (size_t i = 0; i < trace->n_reads; i++)
		if (!same_macro(definition_of(macros_slot(macros, trace->reads.ids[i])),
				trace->reads.values[i]))
			return false;
	return true;
}

static bool files_are_as_then(struct tracer *tracer, const struct trace *trace)
{
	for (size_t i = 0; i < trace->n_onces; i++)
		if (is_once(tracer, trace->onces[i].number) != trace->onces[i].value)
			return false;
	for (size_t i = 0; i < trace->n_dirs; i++)
		if (view_dir(tracer->view, trace->dirs[i].dir) != trace->dirs[i].seen)
			return false;
	for (size_t i = 0; i < trace->n_entries; i++)
		if (view_entry(tracer->view, trace->entries[i].entry) != trace->entries[i].seen)
			return false;
	return true;
}

static void apply(struct tracer *tracer, const struct trace *trace)
{
	for (size_t i = 0; i < trace->n_reads && tracer->notes.n_wanted; i++)
		note_number(&tracer->notes, NOTE_READ, trace->reads.ids[i], trace->reads.values[i]);
	for (size_t i = 0; i < trace->n_onces && tracer->notes.n_wanted; i++)
		note_number(&tracer->notes, NOTE_ONCE_READ, trace->onces[i].number, trace->onces[i].value);
	for (size_t i = 0; i < trace->n_writes; i++) {
		struct slot *slot = macros_slot(tracer->macros, trace->writes.ids[i]);

		slot->macro = (struct macro *)(trace->writes.values[i] & ~(uintptr_t)1);
		slot->maybe = trace->writes.values[i] & 1;
		note_number(&tracer->notes, NOTE_WRITE, trace->writes.ids[i], 0);
	}
	tracer->macros->steps += trace->n_reads + trace->n_writes;
}

static bool same_key(const struct trace_key *a, const struct trace_key *b)
{
	return a->entry == b->entry && a->file == b->file && a->search == b->search &&
	       a->toolchain == b->toolchain && a->at == b->at &&
		a->absolute == b->absolute && a->is_source == b->is_source;
}

/* Those of the header, borrowed. */
static size_t borrow_all(struct world *world, const struct trace_key *key, struct trace *all[TRACES_MAX])
{
	size_t n = 0;

	pthread_mutex_lock(&world->lock);
	for (struct trace *trace = key->entry->traces; trace && n < TRACES_MAX; trace = trace->next) {
		if (same_key(&trace->key, key)) {
			trace->n_users++;
			all[n++] = trace;
		}
	}
	pthread_mutex_unlock(&world->lock);
	return n;
}

/* The lock is held. */
static void release(struct trace *trace)
{
	if (--trace->n_users == 0)
		free(trace);
}

void trace_give_back(struct world *world, struct trace *trace)
{
	pthread_mutex_lock(&world->lock);
	release(trace);
	pthread_mutex_unlock(&world->lock);
}

/* To the front: what fits often is tried first, and goes last. */
static void prefer(struct trace *trace)
{
	struct trace **at = &trace->key.entry->traces;

	while (*at && *at != trace)
		at = &(*at)->next;
	if (!*at)
		return;		/* it was dropped meanwhile */
	*at = trace->next;
	trace->next = trace->key.entry->traces;
	trace->key.entry->traces = trace;
}

struct trace *trace_replay(struct tracer *tracer, const struct trace_key *key, int depth, int depth_max)
{
	struct world *world = tracer->view->world;
	struct trace *all[TRACES_MAX], *fits = NULL;
	size_t n = borrow_all(world, key, all);

	for (size_t i = 0; i < n && !fits; i++)
		if (depth + all[i]->depth <= depth_max &&
		    macros_are_as_then(tracer->macros, all[i]) && files_are_as_then(tracer, all[i]))
			fits = all[i];
	if (fits)
		apply(tracer, fits);
	pthread_mutex_lock(&world->lock);
	for (size_t i = 0; i < n; i++)
		if (all[i] != fits)
			release(all[i]);
	if (fits) {
		key->entry->n_replays++;
		prefer(fits);
	}
	pthread_mutex_unlock(&world->lock);
	return fits;
}

/* --------------------------------------------------------------- recording */

size_t trace_begin(struct tracer *tracer, const struct trace_key *key)
{
	struct world *world = tracer->view->world;
	const struct entry *entry = key->entry;
	bool promising;

	pthread_mutex_lock(&world->lock);
	promising = (key->is_source || world->trace_bytes[false] < HEADER_BYTES_MAX) && entry->n_recordings <
			     TRIES_FIRST + TRIES_A_HIT * entry->n_replays;
	pthread_mutex_unlock(&world->lock);
	if (!promising)
		return NOT_RECORDED;
	if (!tracer->notes.n_wanted++)
		tracer->notes.n = tracer->notes.spoiled = 0;
	return tracer->notes.n;
}

/* The flags of one thing in the recording at hand. */
static uint32_t *flags_of(struct tracer *tracer, int which, uint32_t id)
{
	struct tally *tally = &tracer->tallies[which];

	if (id >= tally->n) {
		uint32_t more = (id + 8192) & ~4095u;

		tally->at = mem_resize(tally->at, more, sizeof(uint32_t));
		memset(tally->at + tally->n, 0, (more - tally->n) * sizeof(uint32_t));
		tally->n = more;
	}
	if (tally->at[id] >> FLAG_BITS != tracer->stamp)
		tally->at[id] = tracer->stamp << FLAG_BITS;
	return &tally->at[id];
}

/* Was it clear? */
static bool raise_flag(uint32_t *flags, uint32_t flag)
{
	bool was_clear = !(*flags & flag);

	*flags |= flag;
	return was_clear;
}

static void take_note(struct tracer *tracer, struct trace *trace, const struct note *note)
{
	const struct dir *dir = note->subject;
	const struct entry *entry = note->subject;
	uint32_t *flags;

	switch (note->kind) {
	case NOTE_READ:
		if (!(*(flags = flags_of(tracer, TALLY_SYMBOLS, note->number)) & (ASKED | CHANGED))) {
			*flags |= ASKED;
			trace->reads.ids[trace->n_reads] = note->number;
			trace->reads.values[trace->n_reads++] = note->value;
		}
		break;
	case NOTE_WRITE:
		if (raise_flag(flags_of(tracer, TALLY_SYMBOLS, note->number), CHANGED))
			trace->writes.ids[trace->n_writes++] = note->number;
		break;
	case NOTE_ONCE_READ:
		if (!(*(flags = flags_of(tracer, TALLY_FILES, note->number)) & (ASKED | CHANGED))) {
			*flags |= ASKED;
			trace->onces[trace->n_onces].number = note->number;
			trace->onces[trace->n_onces++].value = note->value != 0;
		}
		break;
	case NOTE_ONCE_WRITE:
		if (raise_flag(flags_of(tracer, TALLY_FILES, note->number), CHANGED))
			trace->entered[trace->n_entered++] = note->number;
		break;
	case NOTE_DIR:
		if (raise_flag(flags_of(tracer, TALLY_DIRS, dir->id), ASKED)) {
			trace->dirs[trace->n_dirs].dir = (struct dir *)(uintptr_t)dir;
			trace->dirs[trace->n_dirs++].seen = (const struct observation *)note->value;
		}
		break;
	case NOTE_ENTRY:
		if (raise_flag(flags_of(tracer, TALLY_ENTRIES, entry->id), ASKED)) {
			trace->entries[trace->n_entries].entry = (struct entry *)(uintptr_t)entry;
			trace->entries[trace->n_entries++].seen = (const struct observation *)note->value;
		}
		break;
	case NOTE_NEEDED:
		if (raise_flag(flags_of(tracer, TALLY_ENTRIES, entry->id),
			       note->value ? NEEDED_ABSOLUTELY : NEEDED)) {
			trace->needed[trace->n_needed].entry = (struct entry *)(uintptr_t)entry;
			trace->needed[trace->n_needed++].absolute = note->value != 0;
		}
		break;
	}
}

static size_t size_of_lists(const struct trace *trace)
{
	return (trace->n_reads + trace->n_writes) * (sizeof(uintptr_t) + sizeof(uint32_t)) +
	       trace->n_onces * sizeof(*trace->onces) + trace->n_entered * sizeof(*trace->entered) +
	       trace->n_dirs * sizeof(*trace->dirs) + trace->n_entries * sizeof(*trace->entries) +
	       trace->n_needed * sizeof(*trace->needed);
}

/* One behind the other: those first whose elements are as big as pointers. */
static void place_lists(struct trace *trace, char *at)
{
	trace->dirs = (void *)at;
	at += trace->n_dirs * sizeof(*trace->dirs);
	trace->entries = (void *)at;
	at += trace->n_entries * sizeof(*trace->entries);
	trace->needed = (void *)at;
	at += trace->n_needed * sizeof(*trace->needed);
	trace->reads.values = (void *)at;
	at += trace->n_reads * sizeof(uintptr_t);
	trace->writes.values = (void *)at;
	at += trace->n_writes * sizeof(uintptr_t);
	trace->reads.ids = (void *)at;
	at += trace->n_reads * sizeof(uint32_t);
	trace->writes.ids = (void *)at;
	at += trace->n_writes * sizeof(uint32_t);
	trace->onces = (void *)at;
	at += trace->n_onces * sizeof(*trace->onces);
	trace->entered = (void *)at;
}

/* Lists in the scratch that have room for all notes, and are empty. */
static void draft_begin(struct tracer *tracer, struct trace *draft, const struct note *from, const struct note *end)
{
	size_t counts[NOTE_NEEDED + 1] = { 0 }, size;

	for (const struct note *at = from; at < end; at++)
		counts[at->kind]++;
	*draft = (struct trace){
		.n_reads = counts[NOTE_READ], .n_writes = counts[NOTE_WRITE], .n_onces = counts[NOTE_ONCE_READ],
			.n_entered = counts[NOTE_ONCE_WRITE], .n_dirs = counts[NOTE_DIR],
		.n_entries = counts[NOTE_ENTRY], .n_needed = counts[NOTE_NEEDED],
	};
	size = size_of_lists(draft);
	if (size > tracer->scratch_size) {
		tracer->scratch = mem_resize(tracer->scratch, size, 1);
		tracer->scratch_size = size;
	}
	place_lists(draft, tracer->scratch);
	draft->n_reads = draft->n_writes = draft->n_onces = draft->n_entered = draft->n_dirs = 0;
	draft->n_entries = draft->n_needed = 0;
}

static void copy_list(void *to, const void *from, size_t n, size_t size)
{
	if (n)
		memcpy(to, from, n * size);
}

static struct trace *keep_draft(const struct trace *draft)
{
	size_t size = sizeof(*draft) + size_of_lists(draft);
	struct trace *trace = mem_resize(NULL, size, 1);

	*trace = *draft;
	trace->bytes = size;
	place_lists(trace, (char *)(trace + 1));
	copy_list(trace->reads.ids, draft->reads.ids, draft->n_reads, sizeof(uint32_t));
	copy_list(trace->reads.values, draft->reads.values, draft->n_reads, sizeof(uintptr_t));
	copy_list(trace->writes.ids, draft->writes.ids, draft->n_writes, sizeof(uint32_t));
	copy_list(trace->writes.values, draft->writes.values, draft->n_writes, sizeof(uintptr_t));
	copy_list(trace->onces, draft->onces, draft->n_onces, sizeof(*draft->onces));
	copy_list(trace->entered, draft->entered, draft->n_entered, sizeof(*draft->entered));
	copy_list(trace->dirs, draft->dirs, draft->n_dirs, sizeof(*draft->dirs));
	copy_list(trace->entries, draft->entries, draft->n_entries, sizeof(*draft->entries));
	copy_list(trace->needed, draft->needed, draft->n_needed, sizeof(*draft->needed));
	return trace;
}

static void take_notes(struct tracer *tracer, const struct trace_key *key, size_t start, struct trace *draft)
{
	const struct note *from = tracer->notes.at + start, *end = tracer->notes.at + tracer->notes.n;

	draft_begin(tracer, draft, from, end);
	if (++tracer->stamp >= UINT32_MAX >> FLAG_BITS) {
		for (size_t i = 0; i < sizeof(tracer->tallies) / sizeof(tracer->tallies[0]); i++)
			memset(tracer->tallies[i].at, 0, tracer->tallies[i].n * sizeof(uint32_t));
		tracer->stamp = 1;
	}
	for (const struct note *at = from; at < end; at++)
		take_note(tracer, draft, at);
	if (key->is_source)
		draft->n_writes = 0;
	for (size_t i = 0; i < draft->n_writes; i++)
		draft->writes.values[i] = definition_of(macros_slot(tracer->macros, draft->writes.ids[i]));
}

/* What was seen can be asked again, and an absence is vouched for by its directory. */
static bool can_be_checked(const struct trace *trace)
{
	for (size_t i = 0; i < trace->n_dirs; i++)
		if (!trace->dirs[i].seen->trusted)
			return false;
	for (size_t i = 0; i < trace->n_entries; i++)
		if (!trace->entries[i].seen->trusted)
			return false;
	return true;
}

/* The lock is held. It is no longer in its entry's list. */
static void drop(struct world *world, struct trace *trace)
{
	world->trace_bytes[trace->key.is_source] -= trace->bytes;
	if (trace->key.is_source)
		DL_DELETE2(world->source_traces, trace, older, younger);
	release(trace);
}

/* The lock is held. A source that was compiled long ago will not be compiled once more soon. */
static void drop_oldest_source(struct world *world)
{
	struct trace *trace = world->source_traces, **at = &trace->key.entry->traces;

	while (*at != trace)
		at = &(*at)->next;
	*at = trace->next;
	drop(world, trace);
}

/* The lock is held. */
static void keep(struct world *world, struct trace *trace)
{
	struct trace **at = &trace->key.entry->traces;

	trace->next = *at;
	*at = trace;
	world->trace_bytes[trace->key.is_source] += trace->bytes;
	if (trace->key.is_source)
		DL_APPEND2(world->source_traces, trace, older, younger);
	for (int i = 0; i < TRACES_MAX && *at; i++)
		at = &(*at)->next;
	while (*at) {
		struct trace *dropped = *at;

		*at = dropped->next;
		drop(world, dropped);
	}
	while (world->trace_bytes[true] > SOURCE_BYTES_MAX)
		drop_oldest_source(world);
}

void trace_end(struct tracer *tracer, const struct trace_key *key, size_t start, int depth, bool worth)
{
	struct world *world = tracer->view->world;
	struct trace draft, *trace;

	if (start == NOT_RECORDED)
		return;
	tracer->notes.n_wanted--;
	if (!worth || tracer->notes.spoiled > start)
		return;
	take_notes(tracer, key, start, &draft);
	draft.key = *key;
	draft.n_users = 1;
	draft.depth = depth;
	trace = can_be_checked(&draft) ? keep_draft(&draft) : NULL;
	pthread_mutex_lock(&world->lock);
	key->entry->n_recordings++;
	if (trace)
		keep(world, trace);
	pthread_mutex_unlock(&world->lock);
}

void traces_free(struct trace *traces)
{
	while (traces) {
		struct trace *next = traces->next;

		free(traces);
		traces = next;
	}
}
