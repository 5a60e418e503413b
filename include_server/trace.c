/*
 * include_server/trace.c - see trace.h.
 *
 * Of a header's notes the first about each thing is what it asked, unless it was the one that changed it;
 * and the state of all that it changed, at its end, is what came of it. Headers that a header includes
 * are part of it, and have traces of their own.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include_server/trace.h"

#include <string.h>

#include "base/mem.h"

enum {
	TRACES_MAX = 16,			/* of one header: for what was included before it */
	TRACE_BYTES_MAX = 24 << 20,		/* of all */
	/* A header whose circumstances never come again is not recorded for ever. */
	TRIES_FIRST = 24, TRIES_A_HIT = 4,
	TALLY_SYMBOLS = 0, TALLY_FILES, TALLY_DIRS, TALLY_ENTRIES,
	ASKED = 1, CHANGED = 2, NEEDED = 4, NEEDED_ABSOLUTELY = 8, FLAG_BITS = 4
};

void tracer_release(struct tracer *tracer)
{
	free(tracer->notes.at);
	for (size_t i = 0; i < sizeof(tracer->tallies) / sizeof(tracer->tallies[0]); i++)
		free(tracer->tallies[i].at);
}

static uintptr_t definition_of(const struct slot *slot)
{
	return (uintptr_t)slot->macro | slot->maybe;
}

static bool is_once(const struct tracer *tracer, const struct file *file)
{
	return file->number < *tracer->n_once && (*tracer->once)[file->number] == *tracer->pass;
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
		if (!same_macro(definition_of(macros_slot(macros, trace->reads[i].symbol)),
				trace->reads[i].value))
			return false;
	return true;
}

static bool files_are_as_then(struct tracer *tracer, const struct trace *trace)
{
	for (size_t i = 0; i < trace->n_onces; i++)
		if (is_once(tracer, trace->onces[i].file) != trace->onces[i].value)
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
		note(&tracer->notes, NOTE_READ, trace->reads[i].symbol, trace->reads[i].value);
	for (size_t i = 0; i < trace->n_onces && tracer->notes.n_wanted; i++)
		note(&tracer->notes, NOTE_ONCE_READ, trace->onces[i].file, trace->onces[i].value);
	for (size_t i = 0; i < trace->n_writes; i++) {
		struct slot *slot = macros_slot(tracer->macros, trace->writes[i].symbol);

		slot->macro = (struct macro *)(trace->writes[i].value & ~(uintptr_t)1);
		slot->maybe = trace->writes[i].value & 1;
		note(&tracer->notes, NOTE_WRITE, trace->writes[i].symbol, 0);
	}
	tracer->macros->steps += trace->n_reads + trace->n_writes;
}

static bool same_key(const struct trace_key *a, const struct trace_key *b)
{
	return a->entry == b->entry && a->file == b->file && a->search == b->search &&
	       a->toolchain == b->toolchain && a->at == b->at &&
		a->absolute == b->absolute;
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

static void free_trace(struct trace *trace)
{
	free(trace->reads);
	free(trace->writes);
	free(trace->onces);
	free(trace->entered);
	free(trace->dirs);
	free(trace->entries);
	free(trace->needed);
	free(trace);
}

/* The lock is held. */
static void release(struct trace *trace)
{
	if (--trace->n_users == 0)
		free_trace(trace);
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

size_t trace_begin(struct tracer *tracer)
{
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

/* Lists of the greatest size that they can have, filled: the caller shortens them. */
static void take_note(struct tracer *tracer, struct trace *trace, const struct note *note)
{
	const struct symbol *symbol = note->subject;
	const struct file *file = note->subject;
	const struct dir *dir = note->subject;
	const struct entry *entry = note->subject;
	uint32_t *flags;

	switch (note->kind) {
	case NOTE_READ:
		if (!(*(flags = flags_of(tracer, TALLY_SYMBOLS, symbol->id)) & (ASKED | CHANGED))) {
			*flags |= ASKED;
			trace->reads[trace->n_reads].symbol = (struct symbol *)(uintptr_t)symbol;
			trace->reads[trace->n_reads++].value = note->value;
		}
		break;
	case NOTE_WRITE:
		if (raise_flag(flags_of(tracer, TALLY_SYMBOLS, symbol->id), CHANGED))
			trace->writes[trace->n_writes++].symbol = (struct symbol *)(uintptr_t)symbol;
		break;
	case NOTE_ONCE_READ:
		if (!(*(flags = flags_of(tracer, TALLY_FILES, file->number)) & (ASKED | CHANGED))) {
			*flags |= ASKED;
			trace->onces[trace->n_onces].file = (struct file *)(uintptr_t)file;
			trace->onces[trace->n_onces++].value = note->value != 0;
		}
		break;
	case NOTE_ONCE_WRITE:
		if (raise_flag(flags_of(tracer, TALLY_FILES, file->number), CHANGED))
			trace->entered[trace->n_entered++] = (struct file *)(uintptr_t)file;
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

static struct trace *make(struct tracer *tracer, const struct trace_key *key, size_t start)
{
	struct trace *trace = mem_alloc(sizeof(*trace));
	const struct note *from = tracer->notes.at + start, *end = tracer->notes.at + tracer->notes.n;
	size_t counts[NOTE_NEEDED + 1] = { 0 };

	trace->key = *key;
	trace->n_users = 1;
	for (const struct note *at = from; at < end; at++)
		counts[at->kind]++;
	trace->reads = mem_array(counts[NOTE_READ] + 1, sizeof(*trace->reads));
	trace->writes = mem_array(counts[NOTE_WRITE] + 1, sizeof(*trace->writes));
	trace->onces = mem_array(counts[NOTE_ONCE_READ] + 1, sizeof(*trace->onces));
	trace->entered = mem_array(counts[NOTE_ONCE_WRITE] + 1, sizeof(*trace->entered));
	trace->dirs = mem_array(counts[NOTE_DIR] + 1, sizeof(*trace->dirs));
	trace->entries = mem_array(counts[NOTE_ENTRY] + 1, sizeof(*trace->entries));
	trace->needed = mem_array(counts[NOTE_NEEDED] + 1, sizeof(*trace->needed));
	if (++tracer->stamp >= UINT32_MAX >> FLAG_BITS) {
		for (size_t i = 0; i < sizeof(tracer->tallies) / sizeof(tracer->tallies[0]); i++)
			memset(tracer->tallies[i].at, 0, tracer->tallies[i].n * sizeof(uint32_t));
		tracer->stamp = 1;
	}
	for (const struct note *at = from; at < end; at++)
		take_note(tracer, trace, at);
	for (size_t i = 0; i < trace->n_writes; i++)
		trace->writes[i].value = definition_of(macros_slot(tracer->macros, trace->writes[i].symbol));
	return trace;
}

/* Gives back what the lists have too much. */
static void shorten(struct trace *trace)
{
	trace->reads = mem_resize(trace->reads, trace->n_reads + 1, sizeof(*trace->reads));
	trace->writes = mem_resize(trace->writes, trace->n_writes + 1, sizeof(*trace->writes));
	trace->onces = mem_resize(trace->onces, trace->n_onces + 1, sizeof(*trace->onces));
	trace->entered = mem_resize(trace->entered, trace->n_entered + 1, sizeof(*trace->entered));
	trace->dirs = mem_resize(trace->dirs, trace->n_dirs + 1, sizeof(*trace->dirs));
	trace->entries = mem_resize(trace->entries, trace->n_entries + 1, sizeof(*trace->entries));
	trace->needed = mem_resize(trace->needed, trace->n_needed + 1, sizeof(*trace->needed));
	trace->bytes = sizeof(*trace) + trace->n_reads * sizeof(*trace->reads) + trace->n_writes *
		sizeof(*trace->writes) +
		trace->n_onces * sizeof(*trace->onces) + trace->n_entered *
			sizeof(*trace->entered) + trace->n_dirs * sizeof(*trace->dirs) +
		trace->n_entries * sizeof(*trace->entries) + trace->n_needed * sizeof(*trace->needed);
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

/* The lock is held. */
static void keep(struct world *world, struct trace *trace)
{
	struct trace **at = &trace->key.entry->traces;

	trace->next = *at;
	*at = trace;
	world->trace_bytes += trace->bytes;
	for (int i = 0; i < TRACES_MAX && *at; i++)
		at = &(*at)->next;
	while (*at) {
		struct trace *dropped = *at;

		*at = dropped->next;
		world->trace_bytes -= dropped->bytes;
		release(dropped);
	}
}

void trace_end(struct tracer *tracer, const struct trace_key *key, size_t start, int depth, bool worth)
{
	struct world *world = tracer->view->world;
	struct entry *entry = key->entry;
	struct trace *trace;

	tracer->notes.n_wanted--;
	if (!worth || tracer->notes.spoiled > start)
		return;
	pthread_mutex_lock(&world->lock);
	worth = world->trace_bytes < TRACE_BYTES_MAX &&
		entry->n_recordings < TRIES_FIRST + TRIES_A_HIT * entry->n_replays;
	entry->n_recordings++;
	pthread_mutex_unlock(&world->lock);
	if (!worth)
		return;
	trace = make(tracer, key, start);
	trace->depth = depth;
	shorten(trace);
	if (!can_be_checked(trace)) {
		free_trace(trace);
		return;
	}
	pthread_mutex_lock(&world->lock);
	keep(world, trace);
	pthread_mutex_unlock(&world->lock);
}

void traces_free(struct trace *traces)
{
	while (traces) {
		struct trace *next = traces->next;

		free_trace(traces);
		traces = next;
	}
}
