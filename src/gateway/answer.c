/* gateway/answer.c - see answer.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/answer.h"

#include <sys/wait.h>

#include "gateway/intake.h"
#include "wire/version.h"

enum { NO_COMPILER = ERR_NO_COMPILER << 8 };

void answer_init(struct answer *answer, struct spool_pool *pool)
{
	spool_init(&answer->spool, pool);
	answer->head.n = 0;
}

void answer_release(struct answer *answer)
{
	spool_release(&answer->spool);
}

void answer_clear(struct answer *answer)
{
	struct spool_pool *pool = answer->spool.pool;

	answer_release(answer);
	answer_init(answer, pool);
}

static int take(void *context, const struct walk_event *event, struct err *err)
{
	struct answer *answer = context;

	(void)err;
	if (event->kind == WALK_BODY && event->token == WALK_DOTO)
		object_head_add(&answer->head, event->data, event->len);
	return 0;
}

int answer_add(struct answer *answer, uint32_t version, const char *bytes, size_t len, struct err *err)
{
	size_t n_used;
	int whole;

	if (!answer->spool.size)
		walk_reply_init(&answer->walk, version, &intake_limits);
	whole = walk_feed(&answer->walk, bytes, len, &n_used, take, answer, err);
	if (whole < 0 || spool_add(&answer->spool, bytes, n_used, err) < 0)
		return -1;
	return whole;
}

enum verdict answer_verdict(const struct answer *answer, const char *object)
{
	int status = (int)walk_status(&answer->walk);
	bool is_compressed = answer->walk.version >= PROTOCOL_LZO;

	if (status == NO_COMPILER)
		return VERDICT_NO_COMPILER;
	if (WIFSIGNALED(status))
		return VERDICT_KILLED;
	if (status)
		return VERDICT_ERROR;
	return object && object_is_other(&answer->head, is_compressed, object) ? VERDICT_OTHER_OBJECT : VERDICT_OBJECT;
}

bool verdict_is_of_server(enum verdict verdict)
{
	return verdict > VERDICT_ERROR;
}

const char *verdict_text(enum verdict verdict)
{
	static const char *const texts[] = {
		[VERDICT_NO_COMPILER] = "it has no such compiler",
		[VERDICT_OTHER_OBJECT] = "its compiler makes objects for another machine",
		[VERDICT_KILLED] = "its compiler was killed",
	};

	return texts[verdict];
}
