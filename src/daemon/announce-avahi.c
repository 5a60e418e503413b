/*
 * daemon/announce-avahi.c - see announce.h.
 *
 * The records are those that servers of distcc 3.4 were seen to publish, and "features" beside them, for
 * gateways.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/announce.h"

#include <avahi-client/client.h>
#include <avahi-client/publish.h>
#include <avahi-common/alternative.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-common/simple-watch.h>
#include <avahi-common/timeval.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/str.h"
#include "net/service.h"

enum { RETRY_MS = 10000 };		/* to reach D-Bus */

struct announcement {
	AvahiSimplePoll *poll;
	AvahiClient *client;
	AvahiEntryGroup *group;
	char *name;			/* of the service; another one after a collision */
	char *machine, *version;	/* of cc; NULL: there is none */
	char *subtype;			/* of clients that look for the same compiler, or NULL */
	int port, jobs;
	bool warned;
};

bool announce_is_built_in(void)
{
	return true;
}

/* ------------------------------------------------------------------ what is said */

static AvahiStringList *make_records(const struct announcement *a)
{
	AvahiStringList *records = avahi_string_list_new("txtvers=1", "distcc=" PACKAGE_VERSION,
							 "gnuhost=" GNU_HOST, "features=lzo,pump", NULL);

	records = avahi_string_list_add_printf(records, "cpus=%d", (int)sysconf(_SC_NPROCESSORS_ONLN));
	records = avahi_string_list_add_printf(records, "jobs=%d", a->jobs);
	if (a->version)
		records = avahi_string_list_add_printf(records, "cc_version=%s", a->version);
	if (a->machine)
		records = avahi_string_list_add_printf(records, "cc_machine=%s", a->machine);
	return records;
}

/* ------------------------------------------------------------------ saying it */

static void rename_service(struct announcement *a)
{
	char *other = avahi_alternative_service_name(a->name);

	log_info("another server of the network is called '%s'", a->name);
	free(a->name);
	a->name = mem_strdup(other);
	avahi_free(other);
}

static void publish(struct announcement *a);

static void on_group(AvahiEntryGroup *group, AvahiEntryGroupState state, void *context)
{
	struct announcement *a = context;

	/* called from within avahi_entry_group_new(), too */
	a->group = group;
	if (state == AVAHI_ENTRY_GROUP_ESTABLISHED) {
		log_info("announced as '%s'", a->name);
	} else if (state == AVAHI_ENTRY_GROUP_COLLISION) {
		rename_service(a);
		publish(a);
	} else if (state == AVAHI_ENTRY_GROUP_FAILURE) {
		log_warning("--zeroconf: %s", avahi_strerror(avahi_client_errno(a->client)));
	}
}

static int fill_group(struct announcement *a, AvahiStringList *records)
{
	int failure;

	do {
		failure = avahi_entry_group_add_service_strlst(a->group, AVAHI_IF_UNSPEC,
							       AVAHI_PROTO_UNSPEC, 0, a->name,
							       SERVICE_TYPE, NULL, NULL,
							       (uint16_t)a->port, records);
		if (failure == AVAHI_ERR_COLLISION)
			rename_service(a);
	} while (failure == AVAHI_ERR_COLLISION);
	if (!failure && a->subtype)
		failure = avahi_entry_group_add_service_subtype(a->group, AVAHI_IF_UNSPEC,
								AVAHI_PROTO_UNSPEC, 0, a->name,
								SERVICE_TYPE, NULL, a->subtype);
	return failure ? failure : avahi_entry_group_commit(a->group);
}

static void publish(struct announcement *a)
{
	AvahiStringList *records = make_records(a);
	int failure = 0;

	if (!a->group && !avahi_entry_group_new(a->client, on_group, a))
		failure = avahi_client_errno(a->client);
	else
		avahi_entry_group_reset(a->group);
	if (!failure)
		failure = fill_group(a, records);
	if (failure)
		log_warning("--zeroconf: %s", avahi_strerror(failure));
	avahi_string_list_free(records);
}

static void warn_once(struct announcement *a, const char *why)
{
	if (!a->warned)
		log_warning("--zeroconf: this server is not announced: %s", why);
	a->warned = true;
}

static void begin(struct announcement *a);

static void on_again(AvahiTimeout *timeout, void *context)
{
	avahi_simple_poll_get(((struct announcement *)context)->poll)->timeout_free(timeout);
	begin(context);
}

static void begin_later(struct announcement *a, unsigned ms)
{
	const AvahiPoll *poll = avahi_simple_poll_get(a->poll);
	struct timeval when;

	avahi_elapse_time(&when, ms, 0);
	poll->timeout_new(poll, &when, on_again, a);
}

static void on_client(AvahiClient *client, AvahiClientState state, void *context)
{
	struct announcement *a = context;

	/* called from within avahi_client_new(), too */
	a->client = client;
	switch (state) {
	case AVAHI_CLIENT_S_RUNNING:
		a->warned = false;
		publish(a);
		break;
	case AVAHI_CLIENT_S_COLLISION:
	case AVAHI_CLIENT_S_REGISTERING:
		/* the machine's own name changes; the records go with it */
		if (a->group)
			avahi_entry_group_reset(a->group);
		break;
	case AVAHI_CLIENT_CONNECTING:
		warn_once(a, "no avahi-daemon is running");
		a->group = NULL;
		break;
	case AVAHI_CLIENT_FAILURE:
		/* a client whose daemon has ended is of no more use; a new one waits for the next daemon */
		if (avahi_client_errno(client) != AVAHI_ERR_DISCONNECTED)
			warn_once(a, avahi_strerror(avahi_client_errno(client)));
		begin_later(a, avahi_client_errno(client) == AVAHI_ERR_DISCONNECTED ? 0 : RETRY_MS);
		break;
	}
}

static void begin(struct announcement *a)
{
	int failure = 0;

	if (a->client)
		avahi_client_free(a->client);
	a->client = NULL;
	a->group = NULL;
	if (!avahi_client_new(avahi_simple_poll_get(a->poll), AVAHI_CLIENT_NO_FAIL, on_client, a, &failure)) {
		a->client = NULL;
		warn_once(a, avahi_strerror(failure));
		begin_later(a, RETRY_MS);
	}
}

static char *host_name(void)
{
	char name[256] = "";

	if (gethostname(name, sizeof(name) - 1) < 0 || !name[0])
		return mem_strdup("localhost");
	return mem_strdup(name);
}

_Noreturn void announce_run(int port, int jobs, pid_t parent)
{
	autofree char *host = host_name();
	struct announcement a = { .port = port, .jobs = jobs };

	if (proc_die_with_parent(SIGKILL, parent) < 0)
		_exit(1);
	a.name = str_format("distcc@%s", host);
	a.machine = service_ask_compiler("-dumpmachine");
	a.version = service_ask_compiler("-dumpversion");
	if (a.machine && a.version)
		a.subtype = service_subtype(a.machine, a.version);
	a.poll = avahi_simple_poll_new();
	if (!a.poll)
		_exit(1);
	begin(&a);
	avahi_simple_poll_loop(a.poll);
	_exit(1);
}
