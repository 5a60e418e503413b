/* monitor/jobs.c - see jobs.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/jobs.h"

#include <stdio.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "state/jobnote.h"

static void warn(const char *text)
{
	log_warning("%s", text);
}

static void print_json(const struct job_note *note)
{
	autobuf line = BUF_INIT;

	buf_add_format(&line, "{\"pid\": %ld, \"phase\": \"%s\", \"file\": ", note->pid,
		       job_phase_name(note->phase));
	json_add_string(&line, note->file);
	buf_add_str(&line, ", \"server\": ");
	json_add_string(&line, note->host);
	buf_add_format(&line, ", \"slot\": %d}", note->slot);
	puts(line.data);
}

int jobs_print(bool json, struct err *err)
{
	autofree struct job_note *notes = NULL;
	size_t n_notes = 0;

	if (jobnote_list(&notes, &n_notes, warn, err) < 0)
		return -1;
	for (size_t i = 0; i < n_notes; i++) {
		if (notes[i].phase == JOB_DONE)
			continue;
		if (json)
			print_json(&notes[i]);
		else
			printf("%6ld  %-10.10s  %-30.30s %24.24s[%d]\n", notes[i].pid,
			       job_phase_name(notes[i].phase), notes[i].file, notes[i].host,
			       notes[i].slot);
	}
	if (!json)
		putchar('\n');
	return 0;
}
