/* client/includes.c - see includes.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/includes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "client/mirror.h"
#include "client/pump.h"
#include "compiler/rewrite.h"
#include "hosts/source.h"

static int show_entry(const char *name, struct err *err)
{
	autofree char *visible = mirror_visible_name(name);
	static const char *const words[] = { "FILE", "SYMLINK", "SYSTEMDIR", "DIRECTORY" };
	char target[PATH_MAX];
	enum entry_kind kind;

	if (mirror_look_at(name, visible, &kind, target, err) < 0)
		return -1;
	if (kind == ENTRY_PLACEHOLDER)
		visible[strlen(visible) - strlen(MIRROR_PLACEHOLDER)] = '\0';
	printf("%-9s %s\n", words[kind], visible);
	return 0;
}

static int show(struct scan *scan, const struct settings *settings, const struct host_list *hosts)
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

int includes_show(const struct argv *command, const struct settings *settings)
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
		status = show(&scan, settings, &hosts);
	}
	host_list_release(&hosts);
	scan_release(&scan);
	return status;
}
