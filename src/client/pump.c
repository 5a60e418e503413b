/* client/pump.c - see pump.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/pump.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/mem.h"
#include "client/guesses.h"
#include "client/mirror.h"
#include "compiler/deps.h"
#include "compiler/options.h"
#include "wire/request.h"
#include "wire/version.h"

enum { COPY_MAX = 512 << 20 };

void pump_release(struct pump *pump)
{
	buf_release(&pump->request);
	argv_release(&pump->mirror);
	argv_release(&pump->sent);
	argv_release(&pump->system_dirs);
}

bool pump_is_wanted(const struct host_spec *host)
{
	if (host->cpp)
		return true;
	return host->kind == HOST_UNIX && !host->raw && env_get("INCLUDE_SERVER_PORT");
}

/* --------------------------------------------------------------- the request */

static int add_entry(struct pump *pump, const char *name, struct err *err)
{
	autofree char *visible = mirror_visible_name(name);
	autobuf copy = BUF_INIT;
	char target[PATH_MAX];
	enum entry_kind kind;
	const char *token = "FILE";

	if (mirror_look_at(name, visible, &kind, target, err) < 0)
		return -1;
	if (kind == ENTRY_FILE && file_read(name, COPY_MAX, &copy, err) < 0)
		return -1;
	if (kind == ENTRY_FILE)
		argv_add(&pump->sent, visible);
	if (kind == ENTRY_SYSTEM_DIR)
		argv_add(&pump->system_dirs, visible);
	if (kind == ENTRY_LINK || kind == ENTRY_SYSTEM_DIR) {
		token = "LINK";
		buf_add_str(&copy, target);
	}
	if (request_encode_token(&pump->request, "NAME", strlen(visible), err) < 0)
		return -1;
	buf_add_str(&pump->request, visible);
	if (request_encode_token(&pump->request, token, copy.len, err) < 0)
		return -1;
	if (copy.len)
		buf_add(&pump->request, copy.data, copy.len);
	return 0;
}

/* Is the name one that make(1) reads as it stands? */
static bool is_plain_target(const char *name)
{
	return !strpbrk(name, " \t$#:\\");
}

static struct option_match option_at(const struct scan *scan, size_t i)
{
	const char *word = scan->command.words[i];

	if (word[0] == '-' && word[1] && i != scan->input_at)
		return option_find(scan->command.words + i);
	return (struct option_match){ NULL, NULL, 1 };
}

/* Servers of distcc 3.4 understand a target as "-MT NAME" only; a name that needs no quotes is the same for -MQ. */
static void add_command(struct argv *out, const struct scan *scan)
{
	for (size_t i = 0; i < scan->command.n;) {
		struct option_match match = option_at(scan, i);

		if (match.row && match.row->meaning & OPT_DEPS_TARGET && match.argument) {
			argv_add(out, "-MT");
			argv_add(out, match.argument);
			i += match.n_words;
			continue;
		}
		for (size_t k = 0; k < match.n_words && i < scan->command.n; k++)
			argv_add(out, scan->command.words[i++]);
	}
}

static int make_request(struct pump *pump, const struct scan *scan, struct err *err)
{
	autofree char *cwd = getcwd(NULL, 0);
	autoargv command = ARGV_INIT;

	if (!cwd)
		return err_sys(err, ERR_NO_FILE, "cannot tell the working directory");
	add_command(&command, scan);
	if (scan->wants_deps && !scan->has_deps_target) {
		argv_add(&command, "-MT");
		argv_add(&command, scan->deps_target);
	}
	request_encode_head(&pump->request, PROTOCOL_PUMP, cwd, &command);
	if (request_encode_token(&pump->request, "NFIL", pump->mirror.n, err) < 0)
		return -1;
	for (size_t i = 0; i < pump->mirror.n; i++)
		if (add_entry(pump, pump->mirror.words[i], err) < 0)
			return -1;
	return 0;
}

/* --------------------------------------------------------------- may it be? */

/* Servers of distcc 3.4 put their temporary root before the arguments of some options, but not of these. */
static const char *option_in_the_way(const struct scan *scan)
{
	static const char *const names[] = {
		"--sysroot", "--sysroot=", "-isysroot", "-iwithprefixbefore", "-iprefix", "-cxx-isystem", "-F", "-iframework",
		"--gcc-toolchain=", "-imultilib",
	};
	int n_targets = 0;

	for (size_t i = 1; i < scan->command.n;) {
		struct option_match match = option_at(scan, i);

		for (size_t k = 0; match.row && k < sizeof(names) / sizeof(names[0]); k++)
			if (strcmp(match.row->name, names[k]) == 0)
				return match.row->name;
		/* of several targets they keep one */
		if (match.row && match.row->meaning & OPT_DEPS_TARGET &&
		    (n_targets++ || !match.argument ||
		     (strcmp(match.row->name, "-MQ") == 0 && !is_plain_target(match.argument))))
			return match.row->name;
		i += match.n_words;
	}
	return NULL;
}

static const char *obstacle(const struct scan *scan, struct err *err)
{
	static const char *const variables[] = { "CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH",
						 "OBJC_INCLUDE_PATH" };
	const char *port = env_get("INCLUDE_SERVER_PORT"), *option;

	if (language_is_preprocessed(scan->language)) {
		err_set(err, ERR_FAILED,
			"cannot use distcc_pump on already preprocessed file (such as emitted by ccache)");
		return "already-preprocessed";
	}
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		if (env_get(variables[i])) {
			err_set(err, ERR_FAILED, "a server would not know what %s says", variables[i]);
			return "include-path-variable";
		}
	}
	if (!port) {
		err_set(err, ERR_FAILED, "INCLUDE_SERVER_PORT not set - did you forget to run under 'pump'?");
		return "no-include-server";
	}
	if (guesses_are_doubted()) {
		err_set(err, ERR_FAILED,
			"compilations of this build have failed on a server and succeeded here");
		return "discrepancies";
	}
	if (guess_is_doubted(scan)) {
		err_set(err, ERR_FAILED, "this source was guessed wrongly before");
		return "remembered";
	}
	option = option_in_the_way(scan);
	if (option) {
		err_set(err, ERR_FAILED, "a server would not find the argument of %s", option);
		return "option";
	}
	if (scan->wants_deps && !scan->has_deps_target && !is_plain_target(scan->deps_target)) {
		err_set(err, ERR_FAILED, "the name '%s' is written differently in dependency files",
			scan->deps_target);
		return "dependency-target";
	}
	return NULL;
}

void pump_prepare(struct pump *pump, const struct scan *scan, struct err *err)
{
	if (pump->is_tried)
		return;
	pump->is_tried = true;
	pump->plain_because = obstacle(scan, err);
	if (pump->plain_because)
		return;
	if (mirror_ask(&pump->mirror, &scan->command, err) < 0) {
		err_prefix(err, "failed to talk to include server '%s'", env_get("INCLUDE_SERVER_PORT"));
		pump->is_unreachable = true;
		pump->plain_because = "include-server-silent";
	} else if (!pump->mirror.n) {
		err_set(err, ERR_FAILED, "include server gave up analyzing");
		pump->plain_because = "include-server-gave-up";
	} else if (make_request(pump, scan, err) < 0) {
		err_prefix(err, "the include server's copies");
		pump->is_unreachable = true;
		pump->plain_because = "include-server-copies";
	}
}

/* --------------------------------------------------------------- what was read */

static bool is_within(const char *path, const struct argv *dirs)
{
	for (size_t i = 0; i < dirs->n; i++) {
		size_t len = strlen(dirs->words[i]);

		if (strncmp(path, dirs->words[i], len) == 0 && path[len] == '/')
			return true;
	}
	return false;
}

static bool is_in(const char *path, const struct argv *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(path, list->words[i]) == 0)
			return true;
	return false;
}

/* What was read there must be here, and must have been sent unless it belongs to the compiler. */
static bool is_accounted_for(const struct pump *pump, const char *name)
{
	char real[PATH_MAX];

	if (is_in(name, &pump->sent))
		return true;
	return realpath(name, real) && (is_in(real, &pump->sent) || is_within(real, &pump->system_dirs));
}

bool pump_verify(const struct pump *pump, const struct buf *deps, char **which)
{
	autobuf name = BUF_INIT;
	const char *at = deps_names(deps);

	if (!at)
		return true;	/* a server that says nothing: nothing to compare */
	while (deps_next_name(&at, &name)) {
		if (!is_accounted_for(pump, name.data)) {
			*which = mem_strdup(name.data);
			return false;
		}
	}
	return true;
}
