/* client/usage.c - see usage.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "base/log.h"
#include "base/mem.h"
#include "client/farm.h"
#include "client/survey.h"
#include "net/auth.h"

enum { GATEWAY_ANSWER_MS = 1000 };

static void show_version(void)
{
	/* No build date: the same source must give the same program. */
	printf("distcc " PACKAGE_VERSION " " GNU_HOST "\n"
	       "  (protocols 1, 2 and 3) (default port 3632)\n"
	       "  built from release " PACKAGE_VERSION "\n"
	       "Copyright (C) 2026 the distcc authors\n"
	       "distcc comes with ABSOLUTELY NO WARRANTY. It is free software, and you may use,\n"
	       "modify and redistribute it under the terms of the GNU General Public License,\n"
	       "version 2 or later.\n");
	fputs(ZEROCONF_LINE, stdout);
	if (auth_is_built())
		printf("Built with GSS-API support for mutual authentication.\n");
}

static void show_help(void)
{
	show_version();
	printf("\n"
	       "Usage:\n"
	       "   distcc [COMPILER] [compile options] -o OBJECT -c SOURCE\n"
	       "   distcc --explain [COMPILER] [compile options]\n"
	       "   distcc --scan-includes [COMPILER] [compile options]\n"
	       "   distcc --help | --version | --show-hosts | -j | --doctor [COMPILER...] | --summary [LOGFILE]\n"
	       "\n"
	       "   --help          this text\n"
	       "   --version       version and licence\n"
	       "   --show-hosts    the hosts that are used, one a line\n"
	       "   -j              how many jobs all hosts together take at once\n"
	       "   --show-principal  the server's principal for ,auth (in builds with GSS-API)\n"
	       "   --scan-includes CMD   the files that pump mode would send for CMD; runs nothing\n"
	       "   --explain CMD   where CMD would be compiled, and why; runs nothing\n"
	       "   --doctor        tries each host with a real compile; exit status 0 if all is well\n"
	       "   --summary       of a build with DISTCC_LOG: how many jobs ran where, and why\n"
	       "\n"
	       "A program name without \"distcc\" in it (a link named gcc, say) stands for that compiler.\n"
	       "\n"
	       "Environment:\n"
	       "   DISTCC_HOSTS       the host list; else DISTCC_DIR/hosts or ~/.distcc/hosts,\n"
	       "                      else " SYSCONFDIR "/distcc/hosts\n"
	       "   DISTCC_FALLBACK=0  fail instead of compiling here when the farm cannot be used\n"
	       "   DISTCC_VERBOSE=1   say everything, with the reason of each local compile\n"
	       "   DISTCC_LOG         file for messages; default stderr\n"
	       "   DISTCC_DIR         per-user directory, default ~/.distcc\n"
	       "   DISTCC_SSH         program to run instead of ssh\n"
	       "\n"
	       "Hosts:\n"
	       "   unix:/PATH[/LIMIT][,OPTION...]         a distcc-gateway, or with ,raw a distccd\n"
	       "   HOST[:PORT][/LIMIT][,OPTION...]        TCP; the default port is 3632\n"
	       "   [USER]@HOST[/LIMIT][:COMMAND][,OPTION] ssh\n"
	       "   localhost[/LIMIT]                      this machine\n"
	       "   +zeroconf                              servers that announce themselves\n"
	       "\n"
	       "make -jN starts N jobs at once. distcc(1) has the rest.\n");
}

/* False for other hosts, and for a gateway that is silent. */
static bool ask_gateway(const struct host_spec *host, int *slots, char features[64])
{
	return survey_gateway(host, deadline_after_ms(GATEWAY_ANSWER_MS), slots, features, NULL) == 0;
}

static void show_host(const struct host_spec *host)
{
	char features[64];
	int slots;

	if (ask_gateway(host, &slots, features))
		printf("unix:%s/%d%s%s\n", host->path, slots, *features ? "," : "", features);
	else
		printf("%s\n", host->text);
}

static int slots_of(const struct host_spec *host)
{
	char features[64];
	int slots;

	if (ask_gateway(host, &slots, features))
		return host->has_limit && host->limit < slots ? host->limit : slots;
	return host->limit;
}

/* Both exit 0 even without a list: wrappers look at the output only. */
static void show_hosts(bool only_count)
{
	struct host_list list = HOST_LIST_INIT;
	autofree char *source = NULL;
	struct err err = ERR_INIT, nobody = ERR_INIT;
	long total = 0;

	if (farm_load(&list, &source, &nobody, &err) < 0) {
		log_critical("Failed to get host list: %s", err.text);
		return;
	}
	if (nobody.code != ERR_NONE)
		log_warning("%s", nobody.text);
	for (size_t i = 0; i < list.n_hosts; i++) {
		if (only_count)
			total += slots_of(&list.hosts[i]);
		else
			show_host(&list.hosts[i]);
	}
	if (only_count)
		printf("%ld\n", total);
	host_list_release(&list);
}

static void show_principal(void)
{
	const char *principal = env_get("DISTCC_PRINCIPAL");

	if (principal)
		printf("Principal is\t: %s\n", principal);
	else
		printf("Principal\t: Not Set.\n");
}

bool usage_run(const char *word)
{
	if (strcmp(word, "--help") == 0)
		show_help();
	else if (strcmp(word, "--version") == 0)
		show_version();
	else if (strcmp(word, "--show-hosts") == 0)
		show_hosts(false);
	else if (strcmp(word, "-j") == 0)
		show_hosts(true);
	else if (auth_is_built() && strcmp(word, "--show-principal") == 0)
		show_principal();
	else
		return false;
	return true;
}
