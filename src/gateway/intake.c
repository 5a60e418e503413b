/* gateway/intake.c - see intake.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/intake.h"

#include <string.h>

const struct walk_limits intake_limits = {
	.argc_max = 65536, .word_max = 131072, .words_total_max = 8 << 20, .bulk_max = 1U << 30,
	.total_max = 1U << 30, .files_max = 100000,
};

void intake_init(struct intake *intake, struct spool_pool *pool)
{
	memset(intake, 0, sizeof(*intake));
	spool_init(&intake->spool, pool);
	walk_request_init(&intake->walk, &intake_limits);
}

void intake_release(struct intake *intake)
{
	spool_release(&intake->spool);
}

static void take_first_word(struct intake *intake, const struct walk_event *event)
{
	size_t room = sizeof(intake->argv0) - 1 - intake->argv0_len;
	size_t n = event->len < room ? event->len : room;

	if (event->token != WALK_ARGV || intake->argv0_whole)
		return;
	if (event->kind == WALK_BODY) {
		memcpy(intake->argv0 + intake->argv0_len, event->data, n);
		intake->argv0_len += n;
	}
	intake->argv0_whole = event->kind == WALK_BODY ? event->last : !event->has_body;
}

static int take(void *context, const struct walk_event *event, struct err *err)
{
	struct intake *intake = context;

	(void)err;
	if (event->kind == WALK_TOKEN && (event->token == WALK_DOTI || event->token == WALK_NFIL))
		intake->ready = true;
	take_first_word(intake, event);
	return 0;
}

int intake_add(struct intake *intake, const char *bytes, size_t len, struct err *err)
{
	size_t n_used = 0;
	int whole = 1;

	if (!intake->whole && (whole = walk_feed(&intake->walk, bytes, len, &n_used, take, intake, err)) < 0)
		return -1;
	if (n_used < len)
		return err_set(err, ERR_PROTOCOL, "%zu bytes follow the request", len - n_used);
	if (spool_add(&intake->spool, bytes, len, err) < 0)
		return -1;
	intake->whole = whole;
	return 0;
}
