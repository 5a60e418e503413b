/* gateway/options.c - see options.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/options.h"

#include <grp.h>
#include <popt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "hosts/spec.h"

static int parse_id(const char *text, bool is_group, long *id, struct err *err)
{
	struct passwd *user = is_group ? NULL : getpwnam(text);
	struct group *group = is_group ? getgrnam(text) : NULL;
	int64_t number;

	if (user)
		*id = user->pw_uid;
	else if (group)
		*id = group->gr_gid;
	else if (str_to_int(text, 0, UINT32_MAX - 1, &number))
		*id = (long)number;
	else
		return err_set(err, ERR_USAGE, "no such %s: '%s'", is_group ? "group" : "user", text);
	return 0;
}

/* the same rules for paths as in a host list */
static int parse_path(const char *text, char **path, struct err *err)
{
	struct host_spec spec;

	if (!str_starts_with(text, "unix:"))
		return err_set(err, ERR_USAGE, "'%s': unix:/PATH is needed", text);
	if (host_spec_parse(&spec, text, err) < 0)
		return -1;
	*path = mem_strdup(spec.path);
	host_spec_release(&spec);
	return 0;
}

static int parse_listen(struct options *options, const char *text, struct err *err)
{
	char *path;

	if (parse_path(text, &path, err) < 0)
		return -1;
	options->listen_paths = mem_resize(options->listen_paths, options->n_listen_paths + 1,
					   sizeof(char *));
	options->listen_paths[options->n_listen_paths++] = path;
	return 0;
}

static int parse_control(struct options *options, const char *text, struct err *err)
{
	free(options->control_path);
	options->control_path = NULL;
	return parse_path(text, &options->control_path, err);
}

/* NAME:PORT; an IPv6 address stands in brackets, as in a host list. */
static int parse_http(struct options *options, const char *text, struct err *err)
{
	const char *colon = strrchr(text, ':');
	int64_t port;

	free(options->http_name);
	free(options->http_path);
	options->http_name = options->http_path = NULL;
	if (str_starts_with(text, "unix:"))
		return parse_path(text, &options->http_path, err);
	if (!colon || colon == text || !str_to_int(colon + 1, 1, 65535, &port))
		return err_set(err, ERR_USAGE, "'%s': ADDRESS:PORT or unix:/PATH is needed", text);
	if (text[0] == '[' && colon[-1] == ']' && colon - text > 2)
		options->http_name = mem_strndup(text + 1, (size_t)(colon - text) - 2);
	else if (text[0] != '[' && !memchr(text, ':', (size_t)(colon - text)))
		options->http_name = mem_strndup(text, (size_t)(colon - text));
	else
		return err_set(err, ERR_USAGE, "'%s': an IPv6 address stands in brackets", text);
	options->http_port = (int)port;
	return 0;
}

static int take_host(struct options *options, int action, const char *text)
{
	free(options->host);
	options->host = mem_strdup(text);
	options->action = action;
	return 0;
}

static int parse_add(struct options *options, const char *text, struct err *err)
{
	(void)err;
	return take_host(options, GATEWAY_ADD, text);
}

static int parse_drain(struct options *options, const char *text, struct err *err)
{
	(void)err;
	return take_host(options, GATEWAY_DRAIN, text);
}

static int parse_remove(struct options *options, const char *text, struct err *err)
{
	(void)err;
	return take_host(options, GATEWAY_REMOVE, text);
}

static int parse_reload(struct options *options, const char *text, struct err *err)
{
	(void)err;
	return take_host(options, GATEWAY_RELOAD, text);
}

static int parse_check(struct options *options, const char *text, struct err *err)
{
	(void)err;
	return take_host(options, GATEWAY_CHECK, text);
}

static int parse_hosts(struct options *options, const char *text, struct err *err)
{
	(void)err;
	free(options->hosts_file);
	options->hosts_file = mem_strdup(text);
	return 0;
}

static int parse_pass_fds(struct options *options, const char *text, struct err *err)
{
	static const char *const names[] = { "never", "auto", "always" };

	for (int i = 0; i < 3; i++) {
		if (strcmp(names[i], text) == 0) {
			options->pass_fds = (enum pass_fds)i;
			return 0;
		}
	}
	return err_set(err, ERR_USAGE, "'%s': never, auto or always", text);
}

static int parse_mode(struct options *options, const char *text, struct err *err)
{
	char *end;
	unsigned long mode = strtoul(text, &end, 8);

	if (*end || end == text || mode > 0777)
		return err_set(err, ERR_USAGE, "'%s': an octal mode up to 0777", text);
	options->socket_mode = (mode_t)mode;
	return 0;
}

static int parse_socket_group(struct options *options, const char *text, struct err *err)
{
	long id = -1;

	if (parse_id(text, true, &id, err) < 0)
		return -1;
	options->socket_gid = (gid_t)id;
	return 0;
}

static int parse_allow_user(struct options *options, const char *text, struct err *err)
{
	struct admission *admission = &options->admission;
	long id = -1;

	if (parse_id(text, false, &id, err) < 0)
		return -1;
	admission->uids = mem_resize(admission->uids, admission->n_uids + 1, sizeof(uid_t));
	admission->uids[admission->n_uids++] = (uid_t)id;
	return 0;
}

static int parse_allow_group(struct options *options, const char *text, struct err *err)
{
	struct admission *admission = &options->admission;
	long id = -1;

	if (parse_id(text, true, &id, err) < 0)
		return -1;
	admission->gids = mem_resize(admission->gids, admission->n_gids + 1, sizeof(gid_t));
	admission->gids[admission->n_gids++] = (gid_t)id;
	return 0;
}

static int parse_user_connections(struct options *options, const char *text, struct err *err)
{
	int64_t n;

	if (!str_to_int(text, 1, INT32_MAX, &n))
		return err_set(err, ERR_USAGE, "'%s': a number from 1 on", text);
	options->user_connections = (unsigned)n;
	return 0;
}

enum { USER_MIB_DEFAULT = 4096, USER_MIB_MAX = 1 << 30 };

static int parse_user_mib(struct options *options, const char *text, struct err *err)
{
	int64_t n;

	if (!str_to_int(text, 1, USER_MIB_MAX, &n))
		return err_set(err, ERR_USAGE, "'%s': MiB, from 1 to %d", text, USER_MIB_MAX);
	options->user_mib = (unsigned)n;
	return 0;
}

static int parse_stats_port(struct options *options, const char *text, struct err *err)
{
	int64_t port;

	if (!str_to_int(text, 0, 65535, &port))
		return err_set(err, ERR_USAGE, "'%s': a port, or 0 for none", text);
	options->stats_port = (int)port;
	return 0;
}

static int parse_subuid(struct options *options, const char *text, struct err *err)
{
	(void)err;
	free(options->subuid_file);
	options->subuid_file = mem_strdup(text);
	return 0;
}

static int parse_user(struct options *options, const char *text, struct err *err)
{
	(void)err;
	free(options->user);
	options->user = mem_strdup(text);
	return 0;
}

static int parse_daemon(struct options *options, const char *text, struct err *err)
{
	(void)text;
	(void)err;
	options->daemon = true;
	return 0;
}

static int parse_no_detach(struct options *options, const char *text, struct err *err)
{
	(void)text;
	(void)err;
	options->daemon = false;
	return 0;
}

static int parse_pid_file(struct options *options, const char *text, struct err *err)
{
	(void)err;
	free(options->pid_file);
	options->pid_file = mem_strdup(text);
	return 0;
}

static int parse_log_file(struct options *options, const char *text, struct err *err)
{
	(void)err;
	free(options->log_file);
	options->log_file = mem_strdup(text);
	return 0;
}

static int parse_log_stderr(struct options *options, const char *text, struct err *err)
{
	(void)text;
	(void)err;
	options->log_stderr = true;
	return 0;
}

static int parse_log_level(struct options *options, const char *text, struct err *err)
{
	if (!log_level_parse(text, &options->log_level))
		return err_set(err, ERR_USAGE, "'%s' is no log level", text);
	return 0;
}

static int parse_verbose(struct options *options, const char *text, struct err *err)
{
	(void)text;
	(void)err;
	options->log_level = LOG_LEVEL_DEBUG;
	return 0;
}

static int parse_status(struct options *options, const char *text, struct err *err)
{
	if (!text || strcmp(text, "text") == 0)
		options->action = GATEWAY_STATUS_TEXT;
	else if (strcmp(text, "json") == 0)
		options->action = GATEWAY_STATUS_JSON;
	else
		return err_set(err, ERR_USAGE, "'%s': text or json", text);
	return 0;
}

static int parse_build(struct options *options, const char *text, struct err *err)
{
	(void)err;
	free(options->build);
	options->build = mem_strdup(text);
	return 0;
}

static int parse_force(struct options *options, const char *text, struct err *err)
{
	(void)text;
	(void)err;
	options->force = true;
	return 0;
}

static int parse_replace(struct options *options, const char *text, struct err *err)
{
	(void)text;
	(void)err;
	options->replace = true;
	return 0;
}

static int parse_help(struct options *options, const char *text, struct err *err)
{
	(void)text;
	(void)err;
	options->action = GATEWAY_HELP;
	return 0;
}

static int parse_version(struct options *options, const char *text, struct err *err)
{
	(void)text;
	(void)err;
	options->action = GATEWAY_VERSION;
	return 0;
}

struct option_spec {
	const char *name;
	char letter;
	const char *argument;		/* NULL: none; "[X]": may be left out */
	int (*parse)(struct options *options, const char *text, struct err *err);
	const char *help;
};

static const struct option_spec specs[] = {
	{ "listen", 0, "unix:PATH", parse_listen, "listen there (repeatable); default unix:/run/distcc-gw/socket" },
	{ "hosts", 0, "FILE", parse_hosts, "the servers; default DISTCC_GATEWAY_HOSTS, " SYSCONFDIR "/distcc/gateway.hosts, .../hosts" },
	{ "pass-fds", 0, "never|auto|always", parse_pass_fds, "hand connections to clients instead of relaying; default never" },
	{ "socket-mode", 0, "OCTAL", parse_mode, "mode of the socket; default 0666" },
	{ "socket-group", 0, "GROUP", parse_socket_group, "group of the socket" },
	{ "allow-user", 0, "USER", parse_allow_user, "serve this user (repeatable); default everybody" },
	{ "allow-group", 0, "GROUP", parse_allow_group, "serve the members of this group (repeatable)" },
	{ "user-connections", 0, "N", parse_user_connections, "of one user at once; default half of the descriptors" },
	{ "user-mib", 0, "N", parse_user_mib, "of one user's requests kept at once; default 4096" },
	{ "stats-port", 0, "PORT", parse_stats_port, "where servers publish their load; default 3633, 0: do not ask" },
	{ "subuid", 0, "FILE", parse_subuid, "whose ids are whose, see subuid(5); default /etc/subuid" },
	{ "user", 0, "USER", parse_user, "run as USER; default distcc, else distccd" },
	{ "daemon", 0, NULL, parse_daemon, "detach once the socket can be connected to" },
	{ "no-detach", 0, NULL, parse_no_detach, "stay in the foreground (the default)" },
	{ "pid-file", 'P', "FILE", parse_pid_file, "write the process id there" },
	{ "log-file", 0, "FILE", parse_log_file, "append messages to FILE" },
	{ "log-stderr", 0, NULL, parse_log_stderr, "messages to stderr (the default in the foreground)" },
	{ "log-level", 0, "LEVEL", parse_log_level, "critical, error, warning, notice (default), info or debug" },
	{ "verbose", 0, NULL, parse_verbose, "the same as --log-level=debug" },
	{ "status", 0, "[text|json]", parse_status, "ask the gateway that runs, and print what it says" },
	{ "check", 0, NULL, parse_check, "say whether a gateway could start with these options and this host list" },
	{ "add", 0, "HOST", parse_add, "add an entry to the list of the gateway that runs, or change it" },
	{ "drain", 0, "HOST", parse_drain, "give no more jobs to HOST; it stays in the list" },
	{ "remove", 0, "HOST", parse_remove, "take HOST out of the list; its jobs are finished" },
	{ "reload", 0, NULL, parse_reload, "read the host list again, as on SIGHUP, and say what came of it" },
	{ "replace", 0, NULL, parse_replace, "take the place of the gateway that runs; no client notices" },
	{ "control", 0, "unix:PATH", parse_control, "the administrator's socket; default: beside the directory of --listen" },
	{ "http", 0, "ADDRESS:PORT|unix:PATH", parse_http, "serve a live page, /metrics and /status.json there; default: nowhere" },
	{ "build", 0, "LABEL", parse_build, "with --status: what this build came to (its DISTCC_BUILD)" },
	{ "force", 0, NULL, parse_force, "accept a place where others could replace the socket" },
	{ "help", 0, NULL, parse_help, "this text" },
	{ "version", 0, NULL, parse_version, "version and licence" },
};
enum { N_SPECS = sizeof(specs) / sizeof(specs[0]) };

static void make_popt_table(struct poptOption table[N_SPECS + 1])
{
	memset(table, 0, sizeof(*table) * (N_SPECS + 1));
	for (int i = 0; i < N_SPECS; i++) {
		table[i].longName = specs[i].name;
		table[i].shortName = specs[i].letter;
		table[i].argInfo = specs[i].argument ? POPT_ARG_STRING : POPT_ARG_NONE;
		if (specs[i].argument && specs[i].argument[0] == '[')
			table[i].argInfo |= POPT_ARGFLAG_OPTIONAL;
		table[i].val = i + 1;
	}
}

static void set_defaults(struct options *options)
{
	memset(options, 0, sizeof(*options));
	options->socket_mode = 0666;
	options->socket_gid = (gid_t)-1;
	options->user_mib = USER_MIB_DEFAULT;
	options->stats_port = STATS_PORT_DEFAULT;
	options->log_level = LOG_LEVEL_NOTICE;
}

int options_parse(struct options *options, int argc, const char **argv, struct err *err)
{
	struct poptOption table[N_SPECS + 1];
	poptContext context;
	int value, result = 0;

	set_defaults(options);
	make_popt_table(table);
	context = poptGetContext("distcc-gateway", argc, argv, table, 0);
	while (result == 0 && (value = poptGetNextOpt(context)) > 0) {
		autofree char *argument = poptGetOptArg(context);

		result = specs[value - 1].parse(options, argument, err);
		if (result < 0)
			err_prefix(err, "--%s", specs[value - 1].name);
	}
	if (result == 0 && value < -1)
		result = err_set(err, ERR_USAGE, "%s: %s", poptBadOption(context, 0), poptStrerror(value));
	if (result == 0 && poptPeekArg(context))
		result = err_set(err, ERR_USAGE, "'%s': there are only options", poptPeekArg(context));
	poptFreeContext(context);
	if (result == 0 && !options->n_listen_paths) {
		options->listen_is_default = true;
		result = parse_listen(options, "unix:/run/distcc-gw/socket", err);
	}
	if (result == 0 && !options->control_path) {
		const char *path = options->listen_paths[0];
		autofree char *dir = path_dir(path);

		options->control_is_default = true;
		options->control_path = str_format("%s-control/%s", dir, path_base(path));
	}
	return result;
}

void options_release(struct options *options)
{
	for (size_t i = 0; i < options->n_listen_paths; i++)
		free(options->listen_paths[i]);
	free(options->listen_paths);
	free(options->control_path);
	free(options->host);
	free(options->hosts_file);
	free(options->admission.uids);
	free(options->admission.gids);
	free(options->user);
	free(options->subuid_file);
	free(options->pid_file);
	free(options->log_file);
	free(options->build);
	free(options->http_name);
	free(options->http_path);
}

void options_print_help(void)
{
	printf("Usage: distcc-gateway [OPTION...]\n"
	       "Schedules the compile jobs of this machine's builds over the servers of the farm.\n\n");
	for (int i = 0; i < N_SPECS; i++) {
		const char *argument = specs[i].argument ? specs[i].argument : "";
		bool optional = *argument == '[';
		autofree char *left = optional ? str_format("--%s[=%.*s]", specs[i].name, (int)strlen(argument) - 2, argument + 1) :
			str_format("--%s%s%s", specs[i].name, *argument ? "=" : "", argument);

		printf("  %-34s %s\n", left, specs[i].help);
	}
}
