/*
 * client/main.c - distcc: which form was it called in?
 *
 * A program name with "distcc" in it takes a command (explicit), options and sources (implicit: "cc"
 * is put before them) or one of its own options. Any other name is a masquerade: that compiler,
 * found further down PATH, is the command.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/argv.h"
#include "base/log.h"
#include "base/path.h"
#include "base/signals.h"
#include "base/str.h"
#include "client/ccache.h"
#include "client/doctor.h"
#include "client/explain.h"
#include "client/includes.h"
#include "client/job.h"
#include "client/local.h"
#include "client/masquerade.h"
#include "client/settings.h"
#include "client/summary.h"
#include "client/usage.h"
#include "compiler/language.h"
#include "state/jobnote.h"

/* A compiler that runs here gets the signal and tidies up; then we end by it, too. */
static bool on_end(int signal_number)
{
	if (local_forward_signal(signal_number))
		return false;
	jobnote_remove();
	return true;
}

static bool needs_a_compiler(const char *word)
{
	return word[0] == '-' || language_is_distributable(language_of_file(word)) ||
	       str_equal(path_extension(word), ".o");
}

static int missing_operand(const char *program, const char *what)
{
	fprintf(stderr, "%s: missing %s\nTry '%s --help' for more information.\n", program, what, program);
	return ERR_USAGE;
}

/* Children that are distcc again must know it. */
static void raise_guard(int level)
{
	char text[2] = { (char)('0' + (level + 1 > 9 ? 9 : level + 1)), '\0' };

	setenv("_DISTCC_SAFEGUARD", text, 1);
}

static int fail(const struct err *err)
{
	log_error("%s", err->text);
	return err_exit_status(err);
}

static int run(struct argv *command, bool path_tweaked,
	       int (*handle)(const struct argv *, const struct settings *))
{
	struct settings settings;
	struct err err = ERR_INIT;

	if (settings_read(&settings, &err) < 0)
		return fail(&err);
	if (settings.guard_level - path_tweaked > 0) {
		log_critical("distcc seems to have invoked itself recursively!");
		return ERR_RECURSION;
	}
	raise_guard(settings.guard_level);
	return handle(command, &settings);
}

static int summarize(const char *file)
{
	struct err err = ERR_INIT;

	return summary_print(file, &err) < 0 ? fail(&err) : 0;
}

static int examine(char *const *compilers)
{
	struct settings settings;
	struct err err = ERR_INIT;

	if (settings_read(&settings, &err) < 0)
		return fail(&err);
	raise_guard(settings.guard_level);
	return doctor_run(compilers, &settings);
}

int main(int argc, char **argv)
{
	autoargv command = ARGV_INIT;
	int (*handle)(const struct argv *, const struct settings *) = job_run;
	bool path_tweaked = false;
	int first = 1;

	signals_catch_end(on_end);
	settings_open_log();
	if (argc < 1)
		return missing_operand("distcc", "program name");
	if (strstr(path_base(argv[0]), "distcc")) {
		if (argc < 2)
			return missing_operand(argv[0], "option/operand");
		if (usage_run(argv[1]))
			return 0;
		if (str_equal(argv[1], "--summary"))
			return summarize(argv[2]);
		if (str_equal(argv[1], "--doctor"))
			return examine(argv + 2);
		if (str_equal(argv[1], "--explain")) {
			if (argc < 3)
				return missing_operand(argv[0], "operand");
			handle = explain_run;
			first = 2;
		}
		if (str_equal(argv[1], "--scan-includes")) {
			if (argc < 3)
				return missing_operand(argv[0], "operand");
			handle = includes_show;
			first = 2;
		}
		if (needs_a_compiler(argv[first]))
			argv_add(&command, "cc");
		argv_add_all(&command, argv + first);
		if (ccache_is_first(&command)) {
			if (handle == job_run)
				ccache_become(&command, argv[0]);
			else
				argv_remove(&command, 0, 1);	/* the question is what becomes of the rest */
		}
		masquerade_pass_by(&command);
	} else {
		path_tweaked = masquerade_leave(argv[0]);
		argv_add(&command, path_base(argv[0]));
		argv_add_all(&command, argv + 1);
	}
	return run(&command, path_tweaked, handle);
}
