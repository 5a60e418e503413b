/*
 * client/pump.c - see pump.h.
 *
 * The include server's protocol is that of distcc 3.4: CDIR, ARGC, ARGV... there, ARGC, ARGV... back. The
 * names that come back are compressed copies, links and placeholders in its mirror.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sock.h"
#include "compiler/deps.h"
#include "compiler/options.h"
#include "compiler/rewrite.h"
#include "hosts/source.h"
#include "wire/request.h"
#include "wire/version.h"

#define PLACEHOLDER "/forcing_technique_271828"

enum {
	ANSWER_MS = 10000,		/* the include server's own limit for one analysis is a second */
	NAMES_MAX = 1000000,
	NAME_LEN_MAX = 2 * PATH_MAX,
	COPY_MAX = 512 << 20,
	NOTES_MAX = 1 << 20
};

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

char *pump_visible_name(const char *name)
{
	char *visible;

	for (int i = 0; i < 3 && name[0] == '/'; i++) {
		const char *slash = strchr(name + 1, '/');

		if (!slash)
			break;
		name = slash;
	}
	visible = mem_strdup(name);
	if (str_ends_with(visible, ".abs"))
		visible[strlen(visible) - 4] = '\0';
	if (str_ends_with(visible, ".lzo"))
		visible[strlen(visible) - 4] = '\0';
	return visible;
}

/* --------------------------------------------------------------- notes beside the socket */

/* The file NAME in the socket's directory; NULL unless the socket is called "socket", as pump calls it. */
static char *note_path(const char *name)
{
	const char *port = env_get("INCLUDE_SERVER_PORT");

	if (!port || !str_ends_with(port, "/socket"))
		return NULL;
	return str_format("%.*s%s", (int)(strlen(port) - strlen("socket")), port, name);
}

static char *unit_line(const struct scan *scan)
{
	autofree char *cwd = getcwd(NULL, 0);

	return str_format("%s\t%s\n", cwd ? cwd : "?", scan->command.words[scan->input_at]);
}

static bool unit_is_known(const struct scan *scan)
{
	autofree char *path = note_path("plain_units"), *line = unit_line(scan);
	autobuf notes = BUF_INIT;

	if (!path || access(path, F_OK) < 0 || file_read(path, NOTES_MAX, &notes, NULL) < 0 || !notes.data)
		return false;
	for (const char *at = notes.data; (at = strstr(at, line)); at++)
		if (at == notes.data || at[-1] == '\n')
			return true;
	return false;
}

static void append(const char *path, const char *text)
{
	autoclose int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666) : -1;

	if (fd >= 0)
		fd_write_full(fd, text, strlen(text), -1, NULL);
}

static off_t n_discrepancies(const char *path)
{
	struct stat st;

	return path && stat(path, &st) == 0 ? st.st_size : 0;
}

void pump_remember(const struct scan *scan)
{
	autofree char *counter = note_path("discrepancy_counter"),
		      *units = note_path("plain_units"), *line = unit_line(scan);

	append(units, line);
	append(counter, "@");
	if (n_discrepancies(counter) == env_int("DISTCC_MAX_DISCREPANCY", 1))
		log_warning("now using plain distcc, possibly due to inconsistent file system changes during build");
}

/* --------------------------------------------------------------- asking */

static int read_token(int fd, const char *name, uint32_t max, uint32_t *value, struct err *err)
{
	char token[TOKEN_LEN];

	if (fd_read_full(fd, token, sizeof(token), ANSWER_MS, err) < 0 ||
	    token_decode(token, name, value, err) < 0)
		return -1;
	return *value > max ? err_set(err, ERR_PROTOCOL, "%s is %u", name, *value) : 0;
}

static int ask(struct argv *names, const struct argv *command, struct err *err)
{
	const char *port = env_get("INCLUDE_SERVER_PORT");
	autofree char *cwd = getcwd(NULL, 0);
	autobuf request = BUF_INIT;
	autoclose int fd = -1;
	struct sock_addr addr;
	uint32_t n, len;

	if (!cwd)
		return err_sys(err, ERR_NO_FILE, "cannot tell the working directory");
	if (sock_addr_unix(&addr, port, err) < 0 ||
	    sock_connect(&addr, deadline_after_ms(ANSWER_MS), &fd, err) < 0)
		return -1;
	request_encode_head(&request, 0, cwd, command);
	/* a request to the include server has no DIST */
	if (fd_write_full(fd, request.data + TOKEN_LEN, request.len - TOKEN_LEN, ANSWER_MS, err) < 0 ||
	    read_token(fd, "ARGC", NAMES_MAX, &n, err) < 0)
		return -1;
	while (n--) {
		char name[NAME_LEN_MAX + 1];

		if (read_token(fd, "ARGV", NAME_LEN_MAX, &len, err) < 0 ||
		    fd_read_full(fd, name, len, ANSWER_MS, err) < 0)
			return -1;
		name[len] = '\0';
		argv_add(names, name);
	}
	return 0;
}

/* --------------------------------------------------------------- the request */

enum entry_kind { ENTRY_FILE, ENTRY_LINK, ENTRY_SYSTEM_DIR, ENTRY_PLACEHOLDER };

/* A link of many "../" and its own name: it leads to the server's own directory. */
static bool leads_to_itself(const char *target, const char *visible)
{
	size_t n = 0, depth = 0;

	for (; strncmp(target, "../", 3) == 0; target += 3)
		n++;
	for (const char *p = visible; *p; p++)
		depth += *p == '/';
	return n > depth && strcmp(target, visible + 1) == 0;
}

static int look_at(const char *name, const char *visible, enum entry_kind *kind,
		   char target[PATH_MAX], struct err *err)
{
	ssize_t len;
	struct stat st;

	if (str_ends_with(visible, PLACEHOLDER)) {
		*kind = ENTRY_PLACEHOLDER;
		return 0;
	}
	if (lstat(name, &st) < 0)
		return err_sys(err, ERR_IO, "stat '%s' failed", name);
	*kind = ENTRY_FILE;
	if (!S_ISLNK(st.st_mode))
		return 0;
	len = readlink(name, target, PATH_MAX - 1);
	if (len < 0)
		return err_sys(err, ERR_IO, "cannot read the link '%s'", name);
	target[len] = '\0';
	*kind = leads_to_itself(target, visible) ? ENTRY_SYSTEM_DIR : ENTRY_LINK;
	return 0;
}

static int add_entry(struct pump *pump, const char *name, struct err *err)
{
	autofree char *visible = pump_visible_name(name);
	autobuf copy = BUF_INIT;
	char target[PATH_MAX];
	enum entry_kind kind;
	const char *token = "FILE";

	if (look_at(name, visible, &kind, target, err) < 0)
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
	autofree char *counter = note_path("discrepancy_counter");
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
	if (n_discrepancies(counter) >= env_int("DISTCC_MAX_DISCREPANCY", 1)) {
		err_set(err, ERR_FAILED,
			"compilations of this build have failed on a server and succeeded here");
		return "discrepancies";
	}
	if (unit_is_known(scan)) {
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
	if (ask(&pump->mirror, &scan->command, err) < 0) {
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

/* --------------------------------------------------------------- --scan-includes */

static int show_entry(const char *name, struct err *err)
{
	autofree char *visible = pump_visible_name(name);
	static const char *const words[] = { "FILE", "SYMLINK", "SYSTEMDIR", "DIRECTORY" };
	char target[PATH_MAX];
	enum entry_kind kind;

	if (look_at(name, visible, &kind, target, err) < 0)
		return -1;
	if (kind == ENTRY_PLACEHOLDER)
		visible[strlen(visible) - strlen(PLACEHOLDER)] = '\0';
	printf("%-9s %s\n", words[kind], visible);
	return 0;
}

static int scan_includes(struct scan *scan, const struct settings *settings, const struct host_list *hosts)
{
	struct pump pump = PUMP_INIT;
	struct err err = ERR_INIT;
	bool wanted = false;
	int status = 0;

	for (size_t i = 0; i < hosts->n_hosts; i++)
		wanted |= pump_is_wanted(&hosts->hosts[i]);
	if (settings->rewrite_cross)
		rewrite_command(&scan->command, NULL, NATIVE_TRIPLE);
	if (wanted)
		pump_prepare(&pump, scan, &err);
	if (!wanted || (pump.plain_because && !pump.is_unreachable &&
			strcmp(pump.plain_because, "include-server-gave-up") != 0)) {
		log_error("'--scan_includes' specified, but distcc wouldn't have used include server "
			  "(make sure hosts list includes ',cpp' option?)%s%s", err.text[0] ? ": " : "", err.text);
		status = ERR_FAILED;
	} else if (!pump.mirror.n) {
		log_error("failed to get includes from include server: %s", err.text);
		status = 1;
	}
	err_clear(&err);
	for (size_t i = 0; status == 0 && i < pump.mirror.n; i++) {
		if (show_entry(pump.mirror.words[i], &err) < 0) {
			log_error("%s", err.text);
			status = ERR_IO;
		}
	}
	pump_release(&pump);
	return status;
}

int pump_scan_includes(const struct argv *command, const struct settings *settings)
{
	struct host_list hosts = HOST_LIST_INIT;
	autofree char *source = NULL;
	struct scan scan;
	struct err err = ERR_INIT;
	int status = ERR_NO_HOSTS;

	scan_command(&scan, command);
	if (scan.verdict != SCAN_DISTRIBUTABLE) {
		log_error("this command is not distributed (%s: %s)", scan.reason, scan.explanation);
		status = ERR_FAILED;
	} else if (hosts_load(&hosts, &source, &err) < 0) {
		log_error("%s", err.text);
	} else {
		status = scan_includes(&scan, settings, &hosts);
	}
	host_list_release(&hosts);
	scan_release(&scan);
	return status;
}
