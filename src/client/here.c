/* client/here.c - see here.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/here.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/env.h"
#include "base/log.h"

/* Children of a process under a lease must not wait for what their parent holds. */
#define MARKER "_DISTCC_LEASE"

enum { FIRST_WORD_MS = 5000 };		/* a gateway that lets us wait says so at once */

bool here_is_inherited(void)
{
	static int inherited = -1;

	if (inherited < 0)
		inherited = env_get(MARKER) != NULL;
	return inherited;
}

const char *here_session(void)
{
	static char text[48];
	struct stat st;

	if (!text[0])
		snprintf(text, sizeof(text), "%llx-%d",
			 stat("/proc/self/ns/pid", &st) == 0 ? (unsigned long long)st.st_ino : 0,
			 (int)getsid(0));
	return text;
}

int here_nice(void)
{
	int nice = getpriority(PRIO_PROCESS, 0);

	return nice < 0 ? 0 : nice > 19 ? 19 : nice;
}

static const struct host_spec *find_gateway(const struct host_list *hosts)
{
	for (size_t i = 0; i < hosts->n_hosts; i++)
		if (hosts->hosts[i].kind == HOST_UNIX && !hosts->hosts[i].raw && !hosts->hosts[i].down)
			return &hosts->hosts[i];
	return NULL;
}

bool here_take(struct here *here, const struct host_list *hosts, const char *kind, const char *source)
{
	const struct host_spec *gateway = find_gateway(hosts);
	struct lease_wish wish = { .kind = kind, .source = source, .allow_local = true,
				   .protocol_min = 1, .protocol_max = 1 };
	struct lease lease = LEASE_INIT;
	struct err err = ERR_INIT;

	if (here->is_held)
		return true;
	/* before asking: inherited is what we were started with, not what we set */
	if (here_is_inherited() || here->is_off || !gateway)
		return false;
	wish.build = env_get("DISTCC_BUILD");
	wish.session = here_session();
	wish.nice = here_nice();
	lease.patient_ms = lease.silence_ms;
	lease.silence_ms = FIRST_WORD_MS;
	if (lease_ask(&lease, gateway->path, &wish, &err) < 0 || lease_ready(&lease, 0, &err) < 0 ||
	    lease.mode != LEASE_LOCAL) {
		log_debug("no place for %s from '%s': %s", kind, gateway->text, err.text);
		here->is_off = true;
		lease_close(&lease);
		return false;
	}
	here_keep(here, &lease);
	return true;
}

void here_keep(struct here *here, struct lease *lease)
{
	here->lease = *lease;
	*lease = (struct lease)LEASE_INIT;
	here->is_held = true;
	here_is_inherited();
	setenv(MARKER, "1", 1);
}

void here_give(struct here *here, bool ok)
{
	if (!here->is_held)
		return;
	lease_result(&here->lease, ok ? "ok" : "compile-failed", 0, 0, 0, NULL);
	lease_close(&here->lease);
	here->lease = (struct lease)LEASE_INIT;
	here->is_held = false;
	unsetenv(MARKER);
}
