/* daemon/options.c - see options.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/options.h"

#include <grp.h>
#include <limits.h>
#include <popt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "base/mem.h"
#include "base/str.h"
#include "wire/version.h"

enum { JOBS_MAX = 10000, PORT_DEFAULT = 3632, NICE_DEFAULT = 5, IO_TIMEOUT_S = 300,
       QUEUE_DEFAULT = 256, MIN_MEMORY_MIB = 64 };

/* ------------------------------------------------------------------ one function for each kind of value */

#define AT(member) offsetof(struct options, member)

typedef int parse_fn(struct options *options, const char *text, size_t offset, struct err *err);

static void *field(struct options *options, size_t offset)
{
	return (char *)options + offset;
}

static int set_true(struct options *options, const char *text, size_t offset, struct err *err)
{
	(void)text;
	(void)err;
	*(bool *)field(options, offset) = true;
	return 0;
}

static int set_text(struct options *options, const char *text, size_t offset, struct err *err)
{
	char **to = field(options, offset);

	(void)err;
	free(*to);
	*to = mem_strdup(text);
	return 0;
}

static int set_int(struct options *options, const char *text, size_t offset, struct err *err)
{
	int64_t number;

	if (!str_to_int(text, INT_MIN, INT_MAX, &number))
		return err_set(err, ERR_USAGE, "invalid numeric value");
	*(int *)field(options, offset) = (int)number;
	return 0;
}

static int set_seconds(struct options *options, const char *text, size_t offset, struct err *err)
{
	int *to = field(options, offset);

	if (set_int(options, text, offset, err) < 0)
		return -1;
	if (*to < 0)
		*to = 0;
	return 0;
}

static int set_mode(struct options *options, const char *text, size_t offset, struct err *err)
{
	(void)text;
	(void)err;
	options->mode = (enum daemon_mode)offset;
	return 0;
}

static int set_action(struct options *options, const char *text, size_t offset, struct err *err)
{
	(void)text;
	(void)err;
	options->action = (int)offset;
	return 0;
}

static int set_jobs(struct options *options, const char *text, size_t offset, struct err *err)
{
	if (set_int(options, text, offset, err) < 0)
		return -1;
	if (options->jobs < 1 || options->jobs > JOBS_MAX)
		return err_set(err, ERR_USAGE, "from 1 to %d jobs are possible", JOBS_MAX);
	return 0;
}

static int set_port(struct options *options, const char *text, size_t offset, struct err *err)
{
	if (set_int(options, text, offset, err) < 0)
		return -1;
	if (options->port < 1 || options->port > 65535)
		return err_set(err, ERR_USAGE, "port number out of range: %s", text);
	return 0;
}

static int set_stats_port(struct options *options, const char *text, size_t offset, struct err *err)
{
	(void)offset;
	if (set_int(options, text, AT(stats_port), err) < 0)
		return -1;
	if (options->stats_port < 1 || options->stats_port > 65535)
		return err_set(err, ERR_USAGE, "port number out of range: %s", text);
	return 0;
}

static int set_oom_score(struct options *options, const char *text, size_t offset, struct err *err)
{
	(void)offset;
	if (set_int(options, text, AT(oom_score), err) < 0)
		return -1;
	if (options->oom_score < -1000 || options->oom_score > 1000)
		return err_set(err, ERR_USAGE, "'%s': from -1000 to 1000", text);
	return 0;
}

static int add_listen(struct options *options, const char *text, size_t offset, struct err *err)
{
	(void)offset;
	if (str_starts_with(text, "unix:") && text[5] != '/')
		return err_set(err, ERR_USAGE, "'%s': unix: needs an absolute path; abstract sockets do not reach into a sandbox", text);
	options->listen = mem_resize(options->listen, options->n_listen + 1, sizeof(char *));
	options->listen[options->n_listen++] = mem_strdup(text);
	return 0;
}

static int set_gateway(struct options *options, const char *text, size_t offset, struct err *err)
{
	(void)offset;
	if (!str_starts_with(text, "unix:/"))
		return err_set(err, ERR_USAGE, "'%s' is no unix:/PATH", text);
	free(options->gateway);
	options->gateway = mem_strdup(text + strlen("unix:"));
	return 0;
}

static int add_network(struct options *options, const char *text, size_t offset, struct err *err)
{
	(void)offset;
	return access_add_network(&options->access, text, err);
}

static int find_group(const char *text, gid_t *gid, struct err *err)
{
	struct group *group = getgrnam(text);
	int64_t number;

	if (!group && !str_to_int(text, 0, UINT32_MAX - 1, &number))
		return err_set(err, ERR_USAGE, "no such group: '%s'", text);
	*gid = group ? group->gr_gid : (gid_t)number;
	return 0;
}

static int set_socket_group(struct options *options, const char *text, size_t offset, struct err *err)
{
	(void)offset;
	return find_group(text, &options->socket_gid, err);
}

static int add_group(struct options *options, const char *text, size_t offset, struct err *err)
{
	gid_t gid = (gid_t)-1;

	(void)offset;
	if (find_group(text, &gid, err) < 0)
		return -1;
	access_add_gid(&options->access, gid);
	return 0;
}

static int add_user(struct options *options, const char *text, size_t offset, struct err *err)
{
	struct passwd *user = getpwnam(text);
	int64_t number;

	(void)offset;
	if (!user && !str_to_int(text, 0, UINT32_MAX - 1, &number))
		return err_set(err, ERR_USAGE, "no such user: '%s'", text);
	access_add_uid(&options->access, user ? user->pw_uid : (uid_t)number);
	return 0;
}

static int set_socket_mode(struct options *options, const char *text, size_t offset, struct err *err)
{
	char *end;
	unsigned long mode = strtoul(text, &end, 8);

	(void)offset;
	if (*end || end == text || mode > 0777)
		return err_set(err, ERR_USAGE, "'%s': an octal mode up to 0777", text);
	options->socket_mode = (mode_t)mode;
	return 0;
}

static int set_sandbox(struct options *options, const char *text, size_t offset, struct err *err)
{
	static const char *const names[] = { [CONFINE_AUTO] = "auto", [CONFINE_REQUIRE] = "require",
					     [CONFINE_OFF] = "off" };

	(void)offset;
	for (int i = 0; i < 3; i++) {
		if (strcmp(text, names[i]) == 0) {
			options->sandbox = (enum confine_mode)i;
			return 0;
		}
	}
	return err_set(err, ERR_USAGE, "'%s': auto, require or off", text);
}

static int add_path(struct options *options, const char *text, size_t offset, struct err *err)
{
	if (text[0] != '/')
		return err_set(err, ERR_USAGE, "'%s': an absolute path is needed", text);
	argv_add(field(options, offset), text);
	return 0;
}

static int add_socket(struct options *options, const char *text, size_t offset, struct err *err)
{
	const char *colon = strrchr(text, ':');
	int64_t port;

	(void)offset;
	if (!str_starts_with(text, "unix:/") &&
	    !(colon && colon != text && str_to_int(colon + 1, 1, 65535, &port)))
		return err_set(err, ERR_USAGE, "'%s': unix:/PATH or HOST:PORT is needed", text);
	argv_add(&options->sockets, text);
	return 0;
}

static int set_list_compilers(struct options *options, const char *text, size_t offset, struct err *err)
{
	(void)offset;
	if (text && strcmp(text, "json") != 0)
		return err_set(err, ERR_USAGE, "'%s': json, or nothing", text);
	options->action = DAEMON_LIST_COMPILERS;
	options->list_as_json = text;
	return 0;
}

static int set_log_level(struct options *options, const char *text, size_t offset, struct err *err)
{
	(void)offset;
	(void)err;
	/* as distcc 3.4: a server starts all the same */
	if (!log_level_parse(text, &options->log_level))
		log_warning("invalid --log-level argument \"%s\"", text);
	return 0;
}

static int set_verbose(struct options *options, const char *text, size_t offset, struct err *err)
{
	(void)text;
	(void)offset;
	(void)err;
	options->log_level = LOG_LEVEL_DEBUG;
	return 0;
}

static int set_wizard(struct options *options, const char *text, size_t offset, struct err *err)
{
	(void)text;
	(void)offset;
	(void)err;
	options->mode = MODE_STANDALONE;
	options->no_detach = options->no_fork = options->log_stderr = true;
	options->log_level = LOG_LEVEL_DEBUG;
	return 0;
}

static int ignore(struct options *options, const char *text, size_t offset, struct err *err)
{
	(void)options;
	(void)text;
	(void)offset;
	(void)err;
	return 0;
}

/* ------------------------------------------------------------------ the table */

static const struct option_spec {
	const char *name;
	char letter;
	const char *argument;
	parse_fn *parse;
	size_t offset;			/* of the member, or a value for set_mode and set_action */
	const char *help;
} specs[] = {
	{ "help", 0, NULL, set_action, DAEMON_HELP, "this text" },
	{ "version", 0, NULL, set_action, DAEMON_VERSION, "version and licence" },
	{ "daemon", 0, NULL, set_mode, MODE_STANDALONE, "serve on sockets of its own" },
	{ "inetd", 0, NULL, set_mode, MODE_INETD, "serve one job on stdin and stdout" },
	{ "no-detach", 0, NULL, set_true, AT(no_detach), "stay in the foreground" },
	{ "no-fork", 0, NULL, set_true, AT(no_fork), "serve one job after the other in this process" },
	{ "jobs", 'j', "N", set_jobs, AT(jobs), "jobs at once; default processors + 2" },
	{ "port", 'p', "PORT", set_port, AT(port), "TCP port; default 3632" },
	{ "listen", 0, "ADDRESS|unix:PATH", add_listen, 0, "listen there (repeatable); default all IPv4 addresses" },
	{ "socket-mode", 0, "OCTAL", set_socket_mode, 0, "mode of unix sockets; default 0666" },
	{ "socket-group", 0, "GROUP", set_socket_group, 0, "group of unix sockets" },
	{ "allow", 'a', "NET", add_network, 0, "serve IP clients in NET, ADDRESS[/BITS] (repeatable)" },
	{ "allow-private", 0, NULL, set_true, AT(allow_private), "serve private networks (the default)" },
	{ "allow-user", 0, "USER", add_user, 0, "serve this user on unix sockets (repeatable); default everybody" },
	{ "allow-group", 0, "GROUP", add_group, 0, "serve members of GROUP on unix sockets (repeatable)" },
	{ "sandbox", 0, "auto|require|off", set_sandbox, 0, "confine compilers: as far as possible (the default), wholly or not at all, not" },
	{ "job-memory", 0, "MIB", set_seconds, AT(job_memory_mib), "address space of each compiler process; default: the machine's memory" },
	{ "no-view", 0, NULL, set_true, AT(no_view), "map the paths of version 3 jobs, also where they could have a file system of their own" },
	{ "compiler-prefix", 0, "PROGRAM", set_text, AT(prefix), "run each compiler through PROGRAM, as ccache" },
	{ "tool", 0, "PATH", add_path, AT(tools), "what wrappers and the prefix program may run besides (repeatable)" },
	{ "cache-dir", 0, "DIR", add_path, AT(caches), "a directory that the prefix program may write (repeatable)" },
	{ "cache-socket", 0, "unix:PATH|HOST:PORT", add_socket, 0, "a storage that it may connect to (repeatable)" },
	{ "list-compilers", 0, "json", set_list_compilers, 0, "the compilers that are served, and what they lead to" },
	{ "enable-tcp-insecure", 0, NULL, set_true, AT(insecure), "run whatever compiler a client names" },
	{ "make-me-a-botnet", 0, NULL, set_true, AT(insecure), "the old name of --enable-tcp-insecure" },
	{ "job-lifetime", 0, "SECONDS", set_seconds, AT(job_lifetime_s), "end compiles that run longer" },
	{ "lifetime", 0, "SECONDS", set_seconds, AT(lifetime_s), "end the server after this time" },
	{ "nice", 'N', "N", set_int, AT(nice), "lower the priority by N; default 5" },
	{ "user", 0, "USER", set_text, AT(user), "run as USER if started by root; default distcc, else distccd" },
	{ "pid-file", 'P', "FILE", set_text, AT(pid_file), "write the process id there" },
	{ "log-file", 0, "FILE", set_text, AT(log_file), "append messages to FILE instead of syslog" },
	{ "log-stderr", 0, NULL, set_true, AT(log_stderr), "messages to stderr" },
	{ "log-level", 0, "LEVEL", set_log_level, 0, "critical, error, warning, notice (default), info or debug" },
	{ "verbose", 0, NULL, set_verbose, 0, "the same as --log-level=debug" },
	{ "wizard", 'W', NULL, set_wizard, 0, "--daemon --no-detach --no-fork --log-stderr --verbose" },
	{ "no-fifo", 0, NULL, ignore, 0, "accepted, without effect" },
	{ "stats", 0, NULL, set_true, AT(stats), "tell statistics over HTTP" },
	{ "stats-port", 0, "PORT", set_stats_port, 0, "there; default 3633" },
	{ "queue", 0, "N", set_seconds, AT(queue), "connections that may wait for a worker, before more are turned away; default 256" },
	{ "min-memory", 0, "MIB", set_seconds, AT(min_memory_mib), "turn jobs away when less memory is free; default 64, 0: never" },
	{ "gateway", 0, "unix:PATH", set_gateway, 0, "let the distcc-gateway of this machine schedule the jobs with its own" },
	{ "sysroot", 0, "DIR", set_text, AT(sysroot), "accept -specs=FILE if DIR/FILE exists" },
	{ "oom-score-adj", 0, "N", set_oom_score, 0, "how soon the kernel ends compilers when memory is short, -1000 to 1000" },
	{ "zeroconf", 0, NULL, set_true, AT(zeroconf), "announce the server on the local network, by avahi" },
	{ "auth", 0, NULL, set_true, AT(admission.required), "serve only clients that authenticate (GSS-API)" },
	{ "whitelist", 0, "FILE", set_text, AT(admission.whitelist), "with --auth: only these principals, one a line" },
	{ "blacklist", 0, "FILE", set_text, AT(admission.blacklist), "with --auth: all but these" },
	{ "show-principal", 0, NULL, set_action, DAEMON_SHOW_PRINCIPAL, "what DISTCCD_PRINCIPAL says" },
};
enum { N_SPECS = sizeof(specs) / sizeof(specs[0]) };

static void make_popt_table(struct poptOption table[N_SPECS + 1])
{
	memset(table, 0, sizeof(*table) * (N_SPECS + 1));
	for (int i = 0; i < N_SPECS; i++) {
		table[i].longName = specs[i].name;
		table[i].shortName = specs[i].letter;
		table[i].argInfo = specs[i].argument ? POPT_ARG_STRING : POPT_ARG_NONE;
		if (specs[i].parse == set_list_compilers)
			table[i].argInfo |= POPT_ARGFLAG_OPTIONAL;
		table[i].val = i + 1;
	}
}

static int parse_all(struct options *options, poptContext context, struct err *err)
{
	bool after_allow = false;
	const char *word;
	int value;

	while ((value = poptGetNextOpt(context)) > 0) {
		const struct option_spec *spec = &specs[value - 1];
		autofree char *argument = poptGetOptArg(context);

		if (spec->parse(options, argument, spec->offset, err) < 0)
			return err_prefix(err, "--%s", spec->name);
		after_allow |= spec->parse == add_network;
	}
	if (value < -1)
		return err_set(err, ERR_USAGE, "%s: %s", poptBadOption(context, 0), poptStrerror(value));
	/* "--allow A B C", as unit files write it, means all three. Other words mean nothing, as ever. */
	while ((word = poptGetArg(context)))
		if (after_allow && access_add_network(&options->access, word, NULL) < 0)
			log_warning("'%s' is ignored", word);
	return 0;
}

static bool listens_on_tcp(const struct options *options)
{
	for (size_t i = 0; i < options->n_listen; i++)
		if (!str_starts_with(options->listen[i], "unix:"))
			return true;
	return options->n_listen == 0;
}

/* atoi() takes garbage for 0, and 0 cannot be meant. */
static int read_environment(struct options *options, struct err *err)
{
	const char *value = env_get("DISTCC_IO_TIMEOUT");
	int seconds = value ? env_int("DISTCC_IO_TIMEOUT", 0) : IO_TIMEOUT_S;

	if (seconds <= 0)
		return err_set(err, ERR_USAGE, "Bad DISTCC_IO_TIMEOUT value: %s", value);
	options->io_idle_ms = seconds > INT_MAX / 1000 ? INT_MAX : seconds * 1000;
	return 0;
}

int options_parse(struct options *options, int argc, const char **argv, struct err *err)
{
	struct poptOption table[N_SPECS + 1];
	int n_processors = (int)sysconf(_SC_NPROCESSORS_ONLN);
	poptContext context;
	int result;

	memset(options, 0, sizeof(*options));
	options->port = PORT_DEFAULT;
	options->nice = NICE_DEFAULT;
	options->jobs = (n_processors > 0 ? n_processors : 1) + 2;
	options->queue = QUEUE_DEFAULT;
	options->min_memory_mib = MIN_MEMORY_MIB;
	options->stats_port = DISTCC_STATS_PORT;
	options->oom_score = INT_MIN;
	options->socket_mode = 0666;
	options->socket_gid = (gid_t)-1;
	options->log_level = LOG_LEVEL_NOTICE;
	make_popt_table(table);
	context = poptGetContext("distccd", argc, argv, table, 0);
	result = parse_all(options, context, err);
	poptFreeContext(context);
	if (result < 0 || options->action != DAEMON_SERVE)
		return result;
	if (read_environment(options, err) < 0)
		return -1;
	if (options->admission.whitelist && options->admission.blacklist)
		return err_set(err, ERR_USAGE, "--whitelist and --blacklist exclude each other");
	/* a list that nobody is compared with would look like protection */
	if (!options->admission.required && (options->admission.whitelist || options->admission.blacklist))
		return err_set(err, ERR_USAGE, "--whitelist and --blacklist need --auth");
	if (options->allow_private)
		access_add_private(&options->access);
	/* Open to everybody is never what nobody said. (inetd's own rules are its caller's.) */
	if (options->mode != MODE_INETD && !options->access.n_rules && listens_on_tcp(options)) {
		log_info("no --allow option: serving private networks only");
		access_add_private(&options->access);
	}
	return 0;
}

void options_release(struct options *options)
{
	for (size_t i = 0; i < options->n_listen; i++)
		free(options->listen[i]);
	free(options->listen);
	access_release(&options->access);
	argv_release(&options->tools);
	argv_release(&options->caches);
	argv_release(&options->sockets);
	free(options->inner_program);
	admission_release(&options->admission);
	free(options->gateway);
	free(options->prefix);
	free(options->sysroot);
	free(options->user);
	free(options->pid_file);
	free(options->log_file);
}

void options_print_help(void)
{
	printf("Usage: distccd [OPTION...]\n"
	       "Compiles for distcc clients.\n\n");
	for (int i = 0; i < N_SPECS; i++) {
		autofree char *left = str_format("--%s%s%s", specs[i].name, specs[i].argument ? " " : "", specs[i].argument ? specs[i].argument : "");

		if (specs[i].letter)
			printf("  -%c, %-28s %s\n", specs[i].letter, left, specs[i].help);
		else
			printf("      %-28s %s\n", left, specs[i].help);
	}
}

const char *const *options_names(size_t *n)
{
	static const char *names[N_SPECS];

	for (int i = 0; i < N_SPECS; i++)
		names[i] = specs[i].name;
	*n = N_SPECS;
	return names;
}
