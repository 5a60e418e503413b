/* hosts/spec.c - see spec.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hosts/spec.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum { PORT_DEFAULT = 3632, PORT_MAX = 65535 };

void host_spec_release(struct host_spec *spec)
{
	free(spec->text);
	free(spec->name);
	free(spec->user);
	free(spec->command);
	free(spec->path);
	free(spec->auth_name);
	free(spec->use);
	free(spec->forward_to);
	*spec = (struct host_spec)HOST_SPEC_INIT;
}

void host_spec_copy(struct host_spec *to, const struct host_spec *from)
{
	*to = *from;
	to->text = mem_strdup(from->text);
	to->name = mem_strdup(from->name);
	to->user = mem_strdup(from->user);
	to->command = mem_strdup(from->command);
	to->path = mem_strdup(from->path);
	to->auth_name = mem_strdup(from->auth_name);
	to->use = mem_strdup(from->use);
	to->forward_to = mem_strdup(from->forward_to);
}

int host_spec_protocol(const struct host_spec *spec)
{
	return spec->cpp ? 3 : spec->lzo ? 2 : 1;
}

/* Digits at *at, which moves behind them. */
static int take_number(const char **at, int64_t min, int64_t max, const char *what, int *number,
		       struct err *err)
{
	size_t len = strspn(*at, "0123456789-+");
	autofree char *digits = mem_strndup(*at, len);
	int64_t value;

	if (!str_to_int(digits, min, max, &value))
		return err_set(err, ERR_HOSTSPEC, "bad %s '%s': a number from %lld to %lld is needed", what,
			       len ? digits : *at, (long long)min, (long long)max);
	*number = (int)value;
	*at += len;
	return 0;
}

static int take_limit(const char **at, struct host_spec *spec, struct err *err)
{
	(*at)++;
	spec->has_limit = true;
	return take_number(at, 1, HOST_LIMIT_MAX, "limit", &spec->limit, err);
}

/* --------------------------------------------------------------- options: one row each */

enum option_effect { SET_LZO, SET_CPP, SET_DOWN, SET_AUTH, SET_RAW, SET_FD, SET_RELAY, SET_USE, SET_FORWARD };

static const struct {
	const char *name;
	enum option_effect effect;
	bool has_value, value_required, unix_only;
} host_options[] = {
	{ "lzo", SET_LZO, false, false, false },
	{ "cpp", SET_CPP, false, false, false },
	{ "down", SET_DOWN, false, false, false },
	{ "auth", SET_AUTH, true, false, false },
	{ "raw", SET_RAW, false, false, true },
	{ "fd", SET_FD, false, false, true },
	{ "relay", SET_RELAY, false, false, true },
	{ "hosts", SET_USE, true, true, true },
	{ "forward", SET_FORWARD, true, false, false },
};

static void apply_option(struct host_spec *spec, enum option_effect effect, const char *value)
{
	switch (effect) {
	case SET_LZO: spec->lzo = true; break;
	case SET_CPP: spec->cpp = true; break;
	case SET_DOWN: spec->down = true; break;
	case SET_RAW: spec->raw = true; break;
	case SET_FD: spec->want_fd = true; break;
	case SET_RELAY: spec->want_relay = true; break;
	case SET_AUTH:
		spec->auth = true;
		free(spec->auth_name);
		spec->auth_name = mem_strdup(value);
		break;
	case SET_FORWARD:
		spec->forward = true;
		free(spec->forward_to);
		spec->forward_to = value && *value ? mem_strdup(value) : NULL;
		break;
	case SET_USE:
		free(spec->use);
		spec->use = mem_strdup(value);
		break;
	}
}

static int take_option(const char **at, struct host_spec *spec, struct err *err)
{
	/* a value may hold a slash; behind an option without one it begins a limit */
	size_t name_len = strcspn(*at, ",/="), len = (*at)[name_len] == '=' ? strcspn(*at, ",") : name_len;
	autofree char *word = mem_strndup(*at, len);
	char *value = strchr(word, '=');

	if (value)
		*value++ = '\0';
	for (size_t i = 0; i < sizeof(host_options) / sizeof(host_options[0]); i++) {
		if (strcmp(host_options[i].name, word) != 0)
			continue;
		if (host_options[i].unix_only && spec->kind != HOST_UNIX)
			return err_set(err, ERR_HOSTSPEC, "option ',%s' is for unix: hosts only", word);
		if ((value && !host_options[i].has_value) ||
		    (!(value && *value) && host_options[i].value_required))
			return err_set(err, ERR_HOSTSPEC, "option ',%s' %s", word,
				       value && *value ? "takes no value" : "needs a value");
		apply_option(spec, host_options[i].effect, value);
		*at += len;
		return 0;
	}
	return err_set(err, ERR_HOSTSPEC, "unrecognized option in host specification: ',%s'", word);
}

static int check_forward(const struct host_spec *spec, struct err *err)
{
	const char *to = spec->forward_to;
	int64_t port;

	if (spec->kind != HOST_SSH)
		return err_set(err, ERR_HOSTSPEC, "option ',forward' is for ssh hosts only");
	if (spec->command)
		return err_set(err, ERR_HOSTSPEC,
			       "with ',forward' no command is run: leave ':%s' out", spec->command);
	/* ssh takes "A:B" for two things, and a blank cannot be in an entry */
	if (to && (*to == '/' ? strchr(to, ':') != NULL : !str_to_int(to, 1, PORT_MAX, &port)))
		return err_set(err, ERR_HOSTSPEC, "',forward=%s': a port from 1 to %d or the /PATH of a socket is needed", to, PORT_MAX);
	return 0;
}

static int take_options(const char *at, struct host_spec *spec, struct err *err)
{
	while (*at == ',') {
		at++;
		if (take_option(&at, spec, err) < 0)
			return -1;
	}
	/* 3.4 passes over a limit behind the options; whoever writes one means it */
	if (*at == '/' && take_limit(&at, spec, err) < 0)
		return -1;
	if (*at)
		return err_set(err, ERR_HOSTSPEC, "cannot understand '%s' at the end", at);
	if (spec->cpp && !spec->lzo)
		return err_set(err, ERR_HOSTSPEC, "pump mode (',cpp') requires compression (',lzo')");
	if (spec->want_fd && (spec->want_relay || spec->raw))
		return err_set(err, ERR_HOSTSPEC, "',fd' excludes ',relay' and ',raw'");
	if (spec->forward && check_forward(spec, err) < 0)
		return -1;
	if (spec->raw && spec->use)
		return err_set(err, ERR_HOSTSPEC, "',hosts=' needs a lease, so it excludes ',raw'");
	return 0;
}

/* --------------------------------------------------------------- the kinds */

static int parse_local(struct host_spec *spec, const char *at, struct err *err)
{
	spec->kind = HOST_LOCAL;
	spec->name = mem_strdup("localhost");
	spec->limit = HOST_LIMIT_LOCAL;
	at += strlen("localhost");
	if (*at == '/' && take_limit(&at, spec, err) < 0)
		return -1;
	return take_options(at, spec, err);
}

/* unix:/path[/LIMIT][,OPTION...]: the path ends at the first ',', a last component of digits is the limit. */
static int parse_unix(struct host_spec *spec, const char *at, struct err *err)
{
	size_t len;
	const char *slash;

	spec->kind = HOST_UNIX;
	at += strlen("unix:");
	len = strcspn(at, ",");
	if (*at == '@')
		return err_set(err, ERR_HOSTSPEC, "abstract sockets belong to a network namespace and do not reach into a sandbox: use unix:/path");
	if (*at != '/')
		return err_set(err, ERR_HOSTSPEC,
			       "unix: needs an absolute path, as in unix:/run/distcc-gw/socket");
	spec->path = mem_strndup(at, len);
	slash = strrchr(spec->path, '/');
	if (slash != spec->path && slash[1] && strspn(slash + 1, "0123456789") == strlen(slash + 1)) {
		const char *digits = slash + 1;

		spec->has_limit = true;
		if (take_number(&digits, 1, HOST_LIMIT_MAX, "limit", &spec->limit, err) < 0)
			return -1;
		spec->path[slash - spec->path] = '\0';
	}
	if (strlen(spec->path) > HOST_UNIX_PATH_MAX)
		return err_set(err, ERR_HOSTSPEC,
			       "socket path of %zu bytes, at most %d are possible: use a shorter directory",
			       strlen(spec->path), HOST_UNIX_PATH_MAX);
	return take_options(at + len, spec, err);
}

static int parse_ssh(struct host_spec *spec, const char *at, struct err *err)
{
	size_t len = strcspn(at, "@");

	spec->kind = HOST_SSH;
	spec->limit = HOST_LIMIT_DEFAULT;
	spec->user = len ? mem_strndup(at, len) : NULL;
	at += len + 1;
	len = strcspn(at, "/:,");
	spec->name = mem_strndup(at, len);
	at += len;
	if (!*spec->name)
		return err_set(err, ERR_HOSTSPEC, "hostname is required in SSH host specification");
	if (*at == '/' && take_limit(&at, spec, err) < 0)
		return -1;
	if (*at == ':') {
		len = strcspn(++at, ",");
		spec->command = len ? mem_strndup(at, len) : NULL;
		at += len;
	}
	/* ssh looks for options behind the host, too */
	if (spec->name[0] == '-' || (spec->user && spec->user[0] == '-') ||
	    (spec->command && spec->command[0] == '-'))
		return err_set(err, ERR_HOSTSPEC,
			       "a user, host or command that begins with '-' would be an option of ssh");
	return take_options(at, spec, err);
}

static int parse_tcp(struct host_spec *spec, const char *at, struct err *err)
{
	bool bracket = *at == '[';
	size_t len = strcspn(at += bracket, bracket ? "]/," : "/:,");

	spec->kind = HOST_TCP;
	spec->limit = HOST_LIMIT_DEFAULT;
	spec->port = PORT_DEFAULT;
	spec->name = mem_strndup(at, len);
	at += len;
	if (bracket && *at++ != ']')
		return err_set(err, ERR_HOSTSPEC, "IPv6 Hostname requires closing ']'");
	if (!*spec->name)
		return err_set(err, ERR_HOSTSPEC, "hostname is required in tcp host specification");
	if (strchr(spec->name, '#'))
		return err_set(err, ERR_HOSTSPEC, "'#' in a host name: put a blank before a comment");
	/* the limit may stand before the port or after it */
	if (*at == '/' && take_limit(&at, spec, err) < 0)
		return -1;
	if (*at == ':') {
		at++;
		if (take_number(&at, 1, PORT_MAX, "port", &spec->port, err) < 0)
			return err_prefix(err, "invalid tcp port specification");
	}
	if (*at == '/' && take_limit(&at, spec, err) < 0)
		return -1;
	return take_options(at, spec, err);
}

static int parse_kind(struct host_spec *spec, const char *token, struct err *err)
{
	if (strcmp(token, "localhost") == 0 || str_starts_with(token, "localhost/"))
		return parse_local(spec, token, err);
	if (str_starts_with(token, "unix:"))
		return parse_unix(spec, token, err);
	if (str_starts_with(token, "--"))
		return err_set(err, ERR_HOSTSPEC, "this is no keyword of a host list");
	if (strchr(token, '@'))
		return parse_ssh(spec, token, err);
	return parse_tcp(spec, token, err);
}

int host_spec_parse(struct host_spec *spec, const char *token, struct err *err)
{
	*spec = (struct host_spec)HOST_SPEC_INIT;
	spec->text = mem_strdup(token);
	if (parse_kind(spec, token, err) < 0) {
		autofree char *quoted = str_quote(token);

		host_spec_release(spec);
		return err_prefix(err, "host %s", quoted);
	}
	return 0;
}

char *host_spec_file_stem(const struct host_spec *spec, const char *first_word)
{
	char *stem;

	switch (spec->kind) {
	case HOST_TCP:
		return str_format("%s_tcp_%s_%d", first_word, spec->name, spec->port);
	case HOST_SSH:
		return str_format("%s_ssh_%s", first_word, spec->name);
	case HOST_UNIX:
		stem = str_format("%s_unix_%s", first_word, spec->path);
		for (char *c = stem; *c; c++)
			if (*c == '/')
				*c = '_';
		return stem;
	case HOST_LOCAL:
		break;
	}
	return str_format("%s_localhost", first_word);
}
