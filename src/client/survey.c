/* client/survey.c - see survey.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/survey.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "net/dial.h"
#include "net/gateway.h"
#include "state/backoff.h"
#include "state/slots.h"

int survey_gateway(const struct host_spec *host, struct deadline deadline, int *slots,
		   char features[64], struct err *err)
{
	const struct gateway_question question = { .what = "farm", .format = "text" };
	autobuf text = BUF_INIT;
	char *line, *rest;

	if (host->kind != HOST_UNIX || host->raw)
		return err_set(err, ERR_FAILED, "'%s' is no gateway", host->text);
	if (gateway_ask(host->path, &question, deadline, &text, err) < 0)
		return -1;
	*slots = 0;
	features[0] = '\0';
	for (rest = text.data; rest && (line = strsep(&rest, "\n"));) {
		int64_t number;

		if (str_starts_with(line, "slots=") && str_to_int(line + 6, 0, 1 << 30, &number))
			*slots = (int)number;
		else if (str_starts_with(line, "features="))
			str_copy(features, 64, line + 9);
	}
	return 0;
}

static void look_at_gateway(struct survey *survey, const struct host_spec *host, struct deadline deadline)
{
	struct err err = ERR_INIT;
	char features[64];
	int slots;

	if (survey_gateway(host, deadline, &slots, features, &err) < 0) {
		str_copy(survey->text, sizeof(survey->text), err.text);
		return;
	}
	survey->usable = slots > 0;
	if (slots)
		snprintf(survey->text, sizeof(survey->text), "a gateway with %d slots%s%s", slots,
			 *features ? ", " : "", features);
	else
		snprintf(survey->text, sizeof(survey->text),
			 "a gateway without a usable server: see distcc-gateway --status there");
}

static void look_at_server(struct survey *survey, const struct host_spec *host, struct deadline deadline)
{
	autostream stream = STREAM_INIT;
	struct err err = ERR_INIT;

	if (dial(host, deadline, &stream, &err) < 0) {
		str_copy(survey->text, sizeof(survey->text), err.text);
		return;
	}
	survey->usable = true;
	if (host->limit > 0)
		snprintf(survey->text, sizeof(survey->text),
			 "accepts connections; %d of %d slots are taken", slots_count_taken(host),
			 host->limit);
	else
		snprintf(survey->text, sizeof(survey->text), "accepts connections");
}

void survey_host(struct survey *survey, const struct host_spec *host, const struct settings *settings,
		 struct deadline deadline)
{
	*survey = (struct survey){ .is_here = host->kind == HOST_LOCAL };
	if (host->down) {
		snprintf(survey->text, sizeof(survey->text), "marked ',down' in the list");
	} else if (backoff_is_disliked(host, settings->backoff_s)) {
		snprintf(survey->text, sizeof(survey->text),
			 "avoided: it failed less than %d s ago (DISTCC_BACKOFF_PERIOD=0 tries it now)", settings->backoff_s);
	} else if (host->kind == HOST_LOCAL) {
		survey->usable = true;
		snprintf(survey->text, sizeof(survey->text),
			 "this machine; %d of %d slots are taken", slots_count_taken(host),
			 host->limit);
	} else if (host->kind == HOST_SSH) {
		survey->usable = true;
		snprintf(survey->text, sizeof(survey->text),
			 "reached by ssh, which is not tried here; %d of %d slots are taken",
			 slots_count_taken(host), host->limit);
	} else if (host->kind == HOST_UNIX && !host->raw) {
		look_at_gateway(survey, host, deadline);
	} else {
		look_at_server(survey, host, deadline);
	}
}
