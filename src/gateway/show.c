/* gateway/show.c - see show.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/show.h"

#include "base/fd.h"
#include "gateway/listing.h"
#include "gateway/metrics.h"
#include "gateway/status.h"
#include "net/gateway.h"

enum { ANSWER_MS = 5000 };

void show_render(struct buf *out, const struct gateway *gateway, const struct show_query *query)
{
	if (str_equal(query->what, "farm"))
		status_render_farm(out, gateway, query->json);
	else if (str_equal(query->what, "jobs"))
		listing_jobs(out, gateway, query->json);
	else if (str_equal(query->what, "events"))
		listing_events(out, &gateway->feed, query->since);
	else if (str_equal(query->what, "build"))
		listing_builds(out, &gateway->feed, query->build, query->json);
	else if (str_equal(query->what, "metrics"))
		metrics_render(out, gateway);
	else if (query->json)
		status_render_json(out, gateway);
	else
		status_render_text(out, gateway);
}

int show_print(const char *path, const char *what, bool json, const char *build, struct err *err)
{
	const struct gateway_question question = { .what = what, .format = json ? "json" : "text", .build = build };
	autobuf text = BUF_INIT;

	if (gateway_ask(path, &question, deadline_after_ms(ANSWER_MS), &text, err) < 0)
		return -1;
	return fd_write_full(1, text.data, text.len, -1, err);
}
