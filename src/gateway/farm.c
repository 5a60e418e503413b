/* gateway/farm.c - see farm.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/farm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "gateway/listen.h"
#include "gateway/server.h"
#include "net/browse.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif

void farm_release(struct farm *farm)
{
	host_list_release(&farm->list);
	host_list_release(&farm->source);
}

/* ------------------------------------------------------------------ what is a good list */

static bool is_own_socket(const struct options *options, const char *path)
{
	for (size_t i = 0; i < options->n_listen_paths; i++)
		if (strcmp(options->listen_paths[i], path) == 0)
			return true;
	return options->listen_is_default && strcmp(path, LISTEN_LINK) == 0;
}

int farm_check(const struct host_list *list, const struct options *options, struct err *err)
{
	size_t n_servers = 0;

	for (size_t i = 0; i < list->n_hosts; i++) {
		const struct host_spec *spec = &list->hosts[i];

		if (spec->kind == HOST_UNIX && is_own_socket(options, spec->path))
			return err_set(err, ERR_HOSTSPEC, "host '%s' is this gateway's own socket: that would be a loop", spec->text);
		if (spec->auth)
			return err_set(err, ERR_HOSTSPEC,
				       "host '%s': ',auth' is not supported in this build",
				       spec->text);
		n_servers += spec->kind != HOST_LOCAL;
	}
	if (list->zeroconf && !browse_is_built_in())
		return err_set(err, ERR_HOSTSPEC, "+zeroconf is not supported in this build (avahi-client was missing, or --without-avahi)");
	if (!n_servers && !list->zeroconf)
		return err_set(err, ERR_HOSTSPEC, "it names no server");
	return 0;
}

/* ------------------------------------------------------------------ from its source */

static int read_source(const struct farm *farm, struct buf *text, char name[FARM_NAME_MAX], struct err *err)
{
	static const char *const places[] = { SYSCONFDIR "/distcc/gateway.hosts",
					      SYSCONFDIR "/distcc/hosts" };
	const char *value = env_get("DISTCC_GATEWAY_HOSTS"), *path = farm->options->hosts_file;

	if (!path && value) {
		str_copy(name, FARM_NAME_MAX, "$DISTCC_GATEWAY_HOSTS");
		buf_add_str(text, value);
		return 0;
	}
	for (size_t i = 0; !path && i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], R_OK) == 0)
			path = places[i];
	if (!path)
		return err_set(err, ERR_HOSTSPEC, "no host list: use --hosts FILE, set DISTCC_GATEWAY_HOSTS, or write %s", places[0]);
	str_copy(name, FARM_NAME_MAX, path);
	return file_read(path, HOST_LIST_MAX, text, err);
}

static void copy_list(struct host_list *to, const struct host_list *from)
{
	*to = *from;
	to->hosts = mem_array(from->n_hosts + 1, sizeof(*to->hosts));
	for (size_t i = 0; i < from->n_hosts; i++)
		host_spec_copy(&to->hosts[i], &from->hosts[i]);
}

int farm_load(struct farm *farm, struct err *err)
{
	struct host_list list = HOST_LIST_INIT;
	char name[FARM_NAME_MAX];
	autobuf text = BUF_INIT;

	if (read_source(farm, &text, name, err) < 0)
		return -1;
	if (host_list_parse(&list, text.len ? text.data : "", err) < 0 ||
	    farm_check(&list, farm->options, err) < 0) {
		host_list_release(&list);
		return err_prefix(err, "%s", name);
	}
	farm_release(farm);
	farm->list = list;
	copy_list(&farm->source, &list);
	farm->generation++;
	str_copy(farm->name, sizeof(farm->name), name);
	return 0;
}

void farm_format(const struct farm *farm, struct buf *out)
{
	const struct host_list *list = &farm->list;

	buf_add_format(out, "--localslots=%d\n--localslots_cpp=%d\n", list->localslots, list->localslots_cpp);
	if (list->randomize)
		buf_add_str(out, "--randomize\n");
	if (list->zeroconf)
		buf_add_str(out, "+zeroconf\n");
	for (size_t i = 0; i < list->n_hosts; i++)
		buf_add_format(out, "%s%s\n", list->hosts[i].text, list->hosts[i].down && !strstr(list->hosts[i].text, ",down") ? ",down" : "");
}

/* ------------------------------------------------------------------ from an administrator */

static bool is_meant(const struct host_spec *spec, const char *host)
{
	autofree char *label = server_label(spec);

	return strcmp(spec->text, host) == 0 || strcasecmp(label, host) == 0 ||
	       (spec->name && strcasecmp(spec->name, host) == 0);
}

static bool is_same_server(const struct host_spec *a, const struct host_spec *b)
{
	autofree char *label_a = server_label(a), *label_b = server_label(b);

	return a->kind == b->kind && strcasecmp(label_a, label_b) == 0;
}

/* The changed copy takes the list's place, if a gateway can work with it. */
static int adopt(struct farm *farm, struct host_list *list, struct err *err)
{
	if (farm_check(list, farm->options, err) < 0) {
		host_list_release(list);
		return -1;
	}
	host_list_release(&farm->list);
	farm->list = *list;
	farm->generation++;
	return 0;
}

int farm_add(struct farm *farm, const char *host, struct err *err)
{
	struct host_list list;
	struct host_spec spec;

	if (host_spec_parse(&spec, host, err) < 0)
		return -1;
	copy_list(&list, &farm->list);
	for (size_t i = 0; i < list.n_hosts; i++) {
		if (!is_same_server(&list.hosts[i], &spec))
			continue;
		host_spec_release(&list.hosts[i]);
		list.hosts[i] = spec;
		return adopt(farm, &list, err);
	}
	list.hosts[list.n_hosts++] = spec;
	return adopt(farm, &list, err);
}

static int find_nothing(const struct farm *farm, const char *host, struct err *err)
{
	autofree char *quoted = str_quote(host);
	autobuf known = BUF_INIT;

	for (size_t i = 0; i < farm->list.n_hosts && known.len < 200; i++)
		buf_add_format(&known, " %s", farm->list.hosts[i].text);
	return err_set(err, ERR_HOSTSPEC, "no host %s in the list; there are:%s", quoted, known.data);
}

int farm_drain(struct farm *farm, const char *host, struct err *err)
{
	size_t n_found = 0;

	for (size_t i = 0; i < farm->list.n_hosts; i++) {
		if (farm->list.hosts[i].kind != HOST_LOCAL && is_meant(&farm->list.hosts[i], host)) {
			farm->list.hosts[i].down = true;
			n_found++;
		}
	}
	if (!n_found)
		return find_nothing(farm, host, err);
	farm->generation++;
	return 0;
}

int farm_remove(struct farm *farm, const char *host, struct err *err)
{
	struct host_list list;
	size_t n_kept = 0;

	copy_list(&list, &farm->list);
	for (size_t i = 0; i < list.n_hosts; i++) {
		if (is_meant(&list.hosts[i], host))
			host_spec_release(&list.hosts[i]);
		else
			list.hosts[n_kept++] = list.hosts[i];
	}
	if (n_kept == list.n_hosts) {
		host_list_release(&list);
		return find_nothing(farm, host, err);
	}
	list.n_hosts = n_kept;
	if (adopt(farm, &list, err) < 0)
		return err_prefix(err, "without '%s' the list would be of no use", host);
	return 0;
}

/* ------------------------------------------------------------------ for a successor */

static const struct host_spec *find_same(const struct host_list *list, const struct host_spec *spec)
{
	for (size_t i = 0; i < list->n_hosts; i++)
		if (is_same_server(&list->hosts[i], spec))
			return &list->hosts[i];
	return NULL;
}

static void add_change(struct buf *out, const char *word, const struct host_spec *spec, const char *text)
{
	autofree char *label = text ? NULL : server_label(spec);

	buf_add_format(out, "%s %s\n", word, text ? text : label);
}

size_t farm_format_changes(const struct farm *farm, struct buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < farm->list.n_hosts; i++) {
		const struct host_spec *spec = &farm->list.hosts[i], *before = find_same(&farm->source, spec);
		bool added = !before || strcmp(before->text, spec->text) != 0;
		bool drained = spec->down && !strstr(spec->text, ",down");

		if (added)
			add_change(out, "add", spec, spec->text);
		if (drained)
			add_change(out, "drain", spec, NULL);
		n += (size_t)added + (size_t)drained;
	}
	for (size_t i = 0; i < farm->source.n_hosts; i++) {
		if (find_same(&farm->list, &farm->source.hosts[i]))
			continue;
		add_change(out, "remove", &farm->source.hosts[i], NULL);
		n++;
	}
	return n;
}

static int apply_change(struct farm *farm, const char *word, const char *host, struct err *err)
{
	if (strcmp(word, "add") == 0)
		return farm_add(farm, host, err);
	if (strcmp(word, "drain") == 0)
		return farm_drain(farm, host, err);
	if (strcmp(word, "remove") == 0)
		return farm_remove(farm, host, err);
	return err_set(err, ERR_USAGE, "'%s' is a change that this release does not know", word);
}

size_t farm_apply_changes(struct farm *farm, const char *changes)
{
	autofree char *copy = mem_strdup(changes);
	char *rest = copy, *line;
	size_t n = 0;

	while ((line = strsep(&rest, "\n"))) {
		struct err err = ERR_INIT;
		char *host = strchr(line, ' ');

		if (!host)
			continue;
		*host++ = '\0';
		if (apply_change(farm, line, host, &err) == 0)
			n++;
		else
			log_notice("of the gateway that is replaced, --%s=%s is not kept: %s", line,
				   host, err.text);
	}
	return n;
}
