/* gateway/job.c - see job.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/job.h"

#include <stdlib.h>
#include <string.h>

bool job_is_queued(const struct job *job)
{
	return job->build != NULL;
}

const char *job_toolchain(const struct job *job)
{
	return job->toolchain ? job->toolchain : job->compiler ? job->compiler : "";
}

void job_wish(const struct job *job, struct pick_wish *wish)
{
	*wish = (struct pick_wish){
		.toolchain = job_toolchain(job), .use = job->use, .protocol_min = job->protocol_min,
			.protocol_max = job->protocol_max,
		.size = job->size, .preferred = job->preferred, .tried = job->tried, .n_tried = job->n_tried,
	};
}

void job_release(struct job *job)
{
	free(job->compiler);
	free(job->source);
	free(job->use);
	free(job->object);
	free(job->toolchain);
	free(job->label);
	free(job->session);
	memset(job, 0, sizeof(*job));
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool job_is_alike(const struct job *a, const struct job *b)
{
	return a->kind == b->kind && !a->n_tried && !b->n_tried &&
	       a->protocol_min == b->protocol_min && a->protocol_max == b->protocol_max &&
	       a->allow_here == b->allow_here && same_text(a->use, b->use) &&
	       same_text(job_toolchain(a), job_toolchain(b));
}
