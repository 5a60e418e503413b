/*
 * monitor/distccmon-text.c - the jobs that run now: of this user's clients, or of a gateway's.
 *
 * Called as distcc 3.4's is, it prints what that printed. The rest is asked for by options.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/env.h"
#include "base/log.h"
#include "base/mem.h"
#include "monitor/gateway.h"
#include "monitor/jobs.h"

struct settings {
	double delay_s;			/* 0: once */
	bool from_gateway, json, events, help, version;
	char *gateway;			/* as given, or NULL */
};

enum { OPTION_GATEWAY = 1, OPTION_JSON, OPTION_EVENTS, OPTION_HELP, OPTION_VERSION };

static const char usage[] =
	"usage: distccmon-text [DELAY]\n"
	"       distccmon-text --gateway[=unix:PATH] [--json | --events] [DELAY]\n"
	"\n"
	"Displays current compilation jobs in text form.\n"
	"\n"
	"If delay is specified, repeatedly updates after that many (fractional)\n"
	"seconds.  Otherwise, runs just once.\n"
	"\n"
	"  --gateway[=unix:PATH]  the jobs of all builds that use this distcc-gateway; default: the\n"
	"                         first one in the host list, else /run/distcc-gw/socket\n"
	"  --json                 one object a line\n"
	"  --events               what happened instead of what is: with DELAY nothing is missed\n"
	"  --help, --version\n";

/* popt takes "-1" for an option, which is right: there is no negative delay. */
static bool take_delay(poptContext context, double *delay_s)
{
	const char *text = poptGetArg(context);
	char *end;

	if (!text || !*text)
		return !poptPeekArg(context);
	*delay_s = strtod(text, &end);
	return !*end && *delay_s >= 0 && *delay_s < 1e9 && !poptPeekArg(context);
}

static bool parse(struct settings *settings, int argc, const char **argv)
{
	const struct poptOption table[] = {
		{ "gateway", 0, POPT_ARG_STRING | POPT_ARGFLAG_OPTIONAL, NULL, OPTION_GATEWAY, NULL, NULL },
		{ "json", 0, POPT_ARG_NONE, NULL, OPTION_JSON, NULL, NULL },
		{ "events", 0, POPT_ARG_NONE, NULL, OPTION_EVENTS, NULL, NULL },
		{ "help", 0, POPT_ARG_NONE, NULL, OPTION_HELP, NULL, NULL },
		{ "version", 0, POPT_ARG_NONE, NULL, OPTION_VERSION, NULL, NULL },
		POPT_TABLEEND
	};
	poptContext context = poptGetContext("distccmon-text", argc, argv, table, 0);
	int value;
	bool good;

	while ((value = poptGetNextOpt(context)) > 0) {
		settings->from_gateway |= value == OPTION_GATEWAY || value == OPTION_EVENTS;
		settings->json |= value == OPTION_JSON;
		settings->events |= value == OPTION_EVENTS;
		settings->help |= value == OPTION_HELP;
		settings->version |= value == OPTION_VERSION;
		if (value == OPTION_GATEWAY) {
			free(settings->gateway);
			settings->gateway = poptGetOptArg(context);
		}
	}
	good = value == -1 && take_delay(context, &settings->delay_s);
	poptFreeContext(context);
	return good;
}

static void open_log(void)
{
	const char *file = env_get("DISTCC_LOG");

	log_set_program("distccmon-text");
	log_set_level(env_bool("DISTCC_VERBOSE", false) ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING);
	if (file)
		log_to_file(file);
}

static void pause_for(double delay_s)
{
	struct timespec time = { (time_t)delay_s, (long)((delay_s - (double)(time_t)delay_s) * 1e9) };

	while (nanosleep(&time, &time) < 0)
		;
}

static int show_all(const struct settings *settings, struct err *err)
{
	autofree char *path = NULL;
	uint64_t seq = 0;

	if (settings->from_gateway && gateway_find(settings->gateway, &path, err) < 0)
		return -1;
	for (;;) {
		int result = settings->events ? gateway_print_events(path, &seq, err) :
			     path             ? gateway_print_jobs(path, settings->json, err) :
						jobs_print(settings->json, err);

		if (result < 0)
			return -1;
		if (fflush(stdout) != 0 || ferror(stdout))
			return err_sys(err, ERR_IO, "cannot write");
		if (settings->delay_s <= 0)
			return 0;
		pause_for(settings->delay_s);
	}
}

int main(int argc, char **argv)
{
	struct settings settings = { .delay_s = 0 };
	struct err err = ERR_INIT;

	open_log();
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	if (!parse(&settings, argc, (const char **)(uintptr_t)argv)) {
		fputs(usage, stderr);
		free(settings.gateway);
		return 1;
	}
	if (settings.help)
		fputs(usage, stdout);
	else if (settings.version)
		puts("distccmon-text " PACKAGE_VERSION " " GNU_HOST);
	else if (show_all(&settings, &err) < 0)
		log_error("%s", err.text);
	free(settings.gateway);
	return err_exit_status(&err);
}
