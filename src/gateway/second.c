/* gateway/second.c - see second.h. A relay of its own that borrows the request. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/second.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

struct second {
	struct relay relay;
	struct feed_job seen;
};

static void second_end(struct relay *relay, const char *reason)
{
	struct relay *other = relay->second;

	feed_attempt_abandoned(&relay->gateway->feed, other->seen, reason, clock_now_ms());
	relay->second = NULL;
	intake_init(&other->request, &relay->gateway->pool);
	other->via = NULL;
	relay_release(other);
	free((struct second *)(void *)other);
}

/* The first attempt may have failed while there was hope in this one. */
static void second_on_fault(void *context, enum relay_fault kind, const char *why)
{
	struct relay *first = context;

	/* the log names the last server */
	if (!first->server)
		str_copy(first->from, sizeof(first->from), first->second->from);
	second_end(first, relay_fault_word(kind));
	if (!first->server)
		first->on_fault(first->context, kind, why);
}

static void second_on_answered(void *context)
{
	struct relay *first = context, *other = first->second;

	if (verdict_is_of_server(answer_verdict(&other->answer, other->object))) {
		second_on_fault(first, FAULT_REFUSED, "its second attempt found no compiler that works");
		return;
	}
	relay_take_answer(first, other);
	second_end(first, "overtaken");
	first->on_answered(first->context);
}

void second_start(struct relay *relay, struct server *server)
{
	struct second *second = mem_alloc(sizeof(*second));
	struct relay *other = &second->relay;

	relay_init(other, relay->gateway);
	other->times = relay->times;
	other->via = relay->via;
	other->toolchain = relay->toolchain;
	other->object = relay->object;
	feed_job_tried_again(&relay->gateway->feed, relay->seen, &second->seen, server->label, clock_now_ms());
	other->seen = &second->seen;
	other->request = relay->request;
	other->waited_from_ms = clock_now_ms();
	other->on_fault = second_on_fault;
	other->on_answered = second_on_answered;
	other->context = relay;
	relay->second = other;
	relay->end_second = second_end;
	log_info("job=%llu outcome=late server=%s second=%s", (unsigned long long)relay->seen->id,
		 relay->server->label, server->label);
	relay_start(other, server);
}
