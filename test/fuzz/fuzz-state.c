/* test/fuzz/fuzz-state.c - files of a state directory that any program may have written: the notes that monitors
 * read, and what a compiler is kept to have said of its machine. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/argv.h"
#include "base/mem.h"
#include "compiler/machine.h"
#include "state/jobnote.h"
#include "test/fuzz/harness.h"

static void read_note(const uint8_t *data, size_t len)
{
	struct job_note note;
	const char *complaint;

	if (!jobnote_decode(data, len, &note, &complaint))
		return;
	claim(!complaint);
	claim(strnlen(note.file, sizeof(note.file)) < sizeof(note.file));
	claim(strnlen(note.host, sizeof(note.host)) < sizeof(note.host));
	claim(note.phase <= JOB_DONE && strcmp(job_phase_name(note.phase), "Unknown") != 0);
}

static void read_answer(enum compiler_family family, const uint8_t *data, size_t len)
{
	autofree char *text = mem_strndup((const char *)data, len);
	autoargv words = ARGV_INIT;

	if (machine_answer(family, text, strlen(text), &words))
		claim(words.n && !words.words[words.n]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	read_note(data, len);
	read_answer(FAMILY_GCC, data, len);
	read_answer(FAMILY_CLANG, data, len);
	return 0;
}
