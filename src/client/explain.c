/* client/explain.c - see explain.h. The rules are those of a real job: scan and plan. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "client/farm.h"
#include "client/native.h"
#include "client/plan.h"
#include "client/preprocess.h"
#include "client/survey.h"
#include "compiler/commands.h"
#include "compiler/response.h"
#include "compiler/rewrite.h"
#include "state/refusal.h"

enum { HOST_MS = 2000 };	/* one host may keep us waiting for so long */

static void show_what_is_sent(struct scan *scan, const struct settings *settings)
{
	autoargv preprocess = ARGV_INIT, server = ARGV_INIT;
	autofree char *here = NULL, *there = NULL, *dir = getcwd(NULL, 0);
	struct scan_place place = { .dir = dir };
	struct err err = ERR_INIT;

	if (settings->rewrite_cross)
		rewrite_command(&scan->command, NULL, NATIVE_TRIPLE);
	scan->family = family_of_name(scan->command.words[0]);
	if (scan->has_native && native_resolve(scan, &err) < 0) {
		printf("option: %s: the job would run here\n", err.text);
		return;
	}
	place.kind = preprocess_best_kind(scan);
	scan_server_command(scan, &place, &server);
	there = argv_printable(&server);
	if (!language_is_preprocessed(scan->language)) {
		scan_preprocess_command(scan, place.kind, &preprocess);
		here = argv_printable(&preprocess);
		printf("preprocess here: %s\n", here);
	}
	printf("compile there: %s\n", there);
}

/* The place that a job would be given first. */
static void show_hosts(const struct host_list *list, const char *compiler,
		       const struct settings *settings, bool *any, bool *here_first)
{
	*any = *here_first = false;
	for (size_t i = 0; i < list->n_hosts; i++) {
		enum refusal refusal = refusal_get(&list->hosts[i], compiler, settings->backoff_s);
		struct err err = ERR_INIT;
		struct survey survey;

		if (refusal != REFUSAL_NONE) {
			refusal_explain(&list->hosts[i], compiler, refusal, &err);
			printf("host %s\n", err.text);
			continue;
		}
		survey_host(&survey, &list->hosts[i], settings, deadline_after_ms(HOST_MS));
		printf("host %s: %s\n", list->hosts[i].text, survey.text);
		if (survey.usable && !*any)
			*here_first = survey.is_here;
		*any |= survey.usable;
	}
}

static int verdict(bool remote, const char *text)
{
	printf("verdict: %s: %s\n", remote ? "remote" : "local", text);
	return remote ? 0 : 1;
}

static int explain_hosts(const char *compiler, const struct settings *settings)
{
	const char *without = settings->fallback ? "it is compiled here" :
						   "with DISTCC_FALLBACK=0 the job fails";
	struct host_list list = HOST_LIST_INIT;
	autofree char *source = NULL;
	struct err err = ERR_INIT, nobody = ERR_INIT;
	bool any, here_first;

	if (farm_load(&list, &source, &nobody, &err) < 0) {
		printf("hosts: %s\n", err.text);
		printf("verdict: local: there is no usable host list; %s\n", without);
		return 1;
	}
	printf("hosts: %zu, from %s\n", list.n_hosts, source);
	if (nobody.code != ERR_NONE)
		printf("hosts: %s\n", nobody.text);
	show_hosts(&list, compiler, settings, &any, &here_first);
	host_list_release(&list);
	if (!any) {
		printf("verdict: local: no host is usable now; %s\n", without);
		return 1;
	}
	return here_first ? verdict(false, "it is this machine's turn first, as the list wants it") :
			    verdict(true, "it goes to the first of these hosts that has a free slot");
}

int explain_run(const struct argv *command, const struct settings *settings)
{
	autofree char *printable = argv_printable(command);
	autoargv expanded = ARGV_INIT;
	struct scan scan;
	struct plan plan;
	int status;

	scan_command(&scan, response_is_used(command) && response_expand(command, &expanded) ? &expanded : command);
	plan = plan_compile(&scan, settings);
	printf("command: %s\n", printable);
	if (plan.where == PLAN_REMOTE) {
		printf("rule: distributable: one source, one object, and nothing that only this machine has\n");
		show_what_is_sent(&scan, settings);
		status = explain_hosts(scan.command.words[0], settings);
	} else {
		printf("rule: reason=%s detail=%s: %s\n", plan.reason, plan.detail, plan.explanation);
		status = verdict(false, "by its nature; no host is asked");
	}
	scan_release(&scan);
	return status;
}
