/*
 * net/browse-avahi.c - see browse.h.
 *
 * A server is sighted once per network interface and protocol; sightings of one machine and port
 * make one host. avahi-client's D-Bus connection is the loop's own; only making it blocks, for one
 * question and answer on a local socket.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/browse.h"

#include <avahi-client/client.h>
#include <avahi-client/lookup.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-common/timeval.h>
#include <avahi-common/watch.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "hosts/spec.h"
#include "net/service.h"

enum {
	RETRY_S = 10,			/* to reach D-Bus */
	/* after a restart of avahi: what has not shown up again by then has gone */
	SWEEP_S = 5
};

struct sighting {
	struct browse *browse;
	AvahiIfIndex interface;
	AvahiProtocol protocol;
	char *service, *domain;		/* with the two above: which one it is */
	AvahiServiceResolver *resolver;	/* stays, and tells of changes */
	bool stale;			/* from before a restart */
	char *machine;			/* NULL until resolved, as the rest */
	int port, slots;
	bool lzo;
	struct sock_addr addr;
	struct sighting *next;
};

struct browse {
	const AvahiPoll *poll;
	char *type;			/* of the services that are looked for */
	AvahiClient *client;
	AvahiServiceBrowser *browser;
	struct sighting *sightings;
	AvahiTimeout *again, *sweep;
	bool warned;
	bool all_for_now;		/* what there was when we began has been sighted */
	bool settled;			/* ... resolved, and told */
	struct browse_events events;
	void *context;
};

bool browse_is_built_in(void)
{
	return true;
}

/* ------------------------------------------------------------------ from sightings to hosts */

static bool is_link_local(const struct sock_addr *addr)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr->storage;

	return addr->storage.ss_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr);
}

static void add_addrs(struct browse_host *host, const struct browse *browse, bool link_local)
{
	const struct sighting *at;

	for (at = browse->sightings; at; at = at->next) {
		bool known = false;

		if (!at->machine || at->port != host->port || strcasecmp(at->machine, host->name) != 0 ||
		    is_link_local(&at->addr) != link_local || host->n_addrs == BROWSE_ADDRS_MAX)
			continue;
		for (size_t i = 0; i < host->n_addrs; i++)
			known |= sock_addr_equal(&host->addrs[i], &at->addr);
		if (!known)
			host->addrs[host->n_addrs++] = at->addr;
	}
}

/* Says how a machine and port stand after a sighting of it has come, changed or gone. */
static void tell(const struct browse *browse, const char *machine, int port)
{
	struct browse_host host = { .name = machine, .port = port };
	const struct sighting *at;

	for (at = browse->sightings; at; at = at->next) {
		if (at->machine && at->port == port && strcasecmp(at->machine, machine) == 0) {
			host.slots = at->slots;
			host.lzo = at->lzo;
			break;
		}
	}
	if (!at) {
		browse->events.lost(browse->context, machine, port);
		return;
	}
	add_addrs(&host, browse, false);
	add_addrs(&host, browse, true);
	browse->events.found(browse->context, &host);
}

static void unresolve(struct sighting *sighting)
{
	autofree char *machine = sighting->machine;

	sighting->machine = NULL;
	if (machine)
		tell(sighting->browse, machine, sighting->port);
}

static void remove_sighting(struct sighting *sighting)
{
	struct sighting **at = &sighting->browse->sightings;

	while (*at != sighting)
		at = &(*at)->next;
	*at = sighting->next;
	if (sighting->resolver)
		avahi_service_resolver_free(sighting->resolver);
	unresolve(sighting);
	free(sighting->service);
	free(sighting->domain);
	free(sighting);
}

/* ------------------------------------------------------------------ the first list is complete */

static void settle(struct browse *browse, const char *trouble)
{
	if (browse->events.settled && (trouble || !browse->settled))
		browse->events.settled(browse->context, trouble);
	browse->settled = !trouble;
}

static void settle_if_resolved(struct browse *browse)
{
	if (!browse->all_for_now || browse->settled)
		return;
	for (const struct sighting *at = browse->sightings; at; at = at->next)
		if (at->resolver && !at->machine)
			return;
	settle(browse, NULL);
}

/* ------------------------------------------------------------------ one service's details */

static void take_addr(struct sighting *sighting, const AvahiAddress *address, uint16_t port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&sighting->addr.storage;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&sighting->addr.storage;

	memset(&sighting->addr, 0, sizeof(sighting->addr));
	if (address->proto == AVAHI_PROTO_INET) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		in->sin_addr.s_addr = address->data.ipv4.address;
		sighting->addr.len = sizeof(*in);
		return;
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, address->data.ipv6.address, sizeof(in6->sin6_addr));
	if (is_link_local(&sighting->addr))
		in6->sin6_scope_id = (uint32_t)sighting->interface;
	sighting->addr.len = sizeof(*in6);
}

static void sighting_on_resolved(AvahiServiceResolver *resolver, AvahiIfIndex interface,
				 AvahiProtocol protocol,
				 AvahiResolverEvent event, const char *service, const char *type,
					 const char *domain,
				 const char *machine, const AvahiAddress *address, uint16_t port,
					 AvahiStringList *txt,
				 AvahiLookupResultFlags flags, void *context)
{
	struct service_text text = SERVICE_TEXT_INIT;
	struct sighting *sighting = context;

	(void)interface, (void)protocol, (void)service, (void)type, (void)domain, (void)flags;
	if (event == AVAHI_RESOLVER_FAILURE) {
		/* its next announcement is a new chance */
		log_debug("zeroconf: '%s' cannot be resolved", sighting->service);
		avahi_service_resolver_free(resolver);
		sighting->resolver = NULL;
		settle_if_resolved(sighting->browse);
		return;
	}
	if (sighting->machine && (sighting->port != port || strcasecmp(sighting->machine, machine) != 0))
		unresolve(sighting);
	free(sighting->machine);
	sighting->machine = mem_strdup(machine);
	sighting->port = port;
	for (AvahiStringList *item = txt; item; item = avahi_string_list_get_next(item))
		service_text_add(&text, (const char *)avahi_string_list_get_text(item),
				 avahi_string_list_get_size(item));
	sighting->slots = service_text_slots(&text);
	sighting->lzo = text.lzo;
	take_addr(sighting, address, port);
	tell(sighting->browse, sighting->machine, port);
	settle_if_resolved(sighting->browse);
}

/* ------------------------------------------------------------------ services come and go */

static void fire_after(struct browse *browse, AvahiTimeout *timeout, unsigned seconds)
{
	struct timeval when;

	avahi_elapse_time(&when, seconds * 1000, 0);
	browse->poll->timeout_update(timeout, &when);
}

static void restart_soon(struct browse *browse, unsigned seconds)
{
	fire_after(browse, browse->again, seconds);
}

static struct sighting *find_sighting(struct browse *browse, AvahiIfIndex interface,
				      AvahiProtocol protocol, const char *service,
				      const char *domain)
{
	struct sighting *at;

	for (at = browse->sightings; at; at = at->next)
		if (at->interface == interface && at->protocol == protocol &&
		    strcmp(at->service, service) == 0 &&
		    strcmp(at->domain, domain) == 0)
			return at;
	return NULL;
}

static void see(struct browse *browse, AvahiIfIndex interface, AvahiProtocol protocol,
		const char *service, const char *domain)
{
	struct sighting *sighting = find_sighting(browse, interface, protocol, service, domain);

	if (!sighting) {
		sighting = mem_alloc(sizeof(*sighting));
		*sighting = (struct sighting){ .browse = browse, .interface = interface, .protocol = protocol,
					       .service = mem_strdup(service), .domain = mem_strdup(domain) };
		sighting->next = browse->sightings;
		browse->sightings = sighting;
	}
	sighting->stale = false;
	if (!sighting->resolver)
		sighting->resolver = avahi_service_resolver_new(browse->client, interface, protocol,
								service, SERVICE_TYPE, domain,
								protocol, 0, sighting_on_resolved,
								sighting);
	if (!sighting->resolver)
		log_warning("zeroconf: '%s' cannot be resolved: %s", service,
			    avahi_strerror(avahi_client_errno(browse->client)));
}

static void browse_on_service(AvahiServiceBrowser *browser, AvahiIfIndex interface,
			      AvahiProtocol protocol, AvahiBrowserEvent event, const char *service,
			      const char *type, const char *domain, AvahiLookupResultFlags flags,
			      void *context)
{
	struct browse *browse = context;
	struct sighting *sighting;

	(void)browser, (void)type, (void)flags;
	switch (event) {
	case AVAHI_BROWSER_NEW:
		see(browse, interface, protocol, service, domain);
		break;
	case AVAHI_BROWSER_REMOVE:
		sighting = find_sighting(browse, interface, protocol, service, domain);
		if (sighting)
			remove_sighting(sighting);
		settle_if_resolved(browse);
		break;
	case AVAHI_BROWSER_FAILURE:
		restart_soon(browse, RETRY_S);
		break;
	case AVAHI_BROWSER_ALL_FOR_NOW:
		browse->all_for_now = true;
		fire_after(browse, browse->sweep, SWEEP_S);
		settle_if_resolved(browse);
		break;
	case AVAHI_BROWSER_CACHE_EXHAUSTED:
		break;
	}
}

static void browse_on_sweep(AvahiTimeout *timeout, void *context)
{
	struct browse *browse = context;
	struct sighting *at, *next;

	browse->poll->timeout_update(timeout, NULL);
	for (at = browse->sightings; at; at = next) {
		next = at->next;
		if (at->stale)
			remove_sighting(at);
	}
}

/* ------------------------------------------------------------------ the daemon comes and goes */

static void warn_once(struct browse *browse, const char *why)
{
	if (!browse->warned)
		log_warning("+zeroconf finds nobody yet: %s; trying on", why);
	browse->warned = true;
	settle(browse, why);
}

static void browse_on_client(AvahiClient *client, AvahiClientState state, void *context)
{
	struct browse *browse = context;

	browse->client = client;	/* comes before avahi_client_new() has returned it */
	switch (state) {
	case AVAHI_CLIENT_S_REGISTERING:
	case AVAHI_CLIENT_S_RUNNING:
	case AVAHI_CLIENT_S_COLLISION:
		if (!browse->browser)
			browse->browser = avahi_service_browser_new(client, AVAHI_IF_UNSPEC,
								    AVAHI_PROTO_UNSPEC,
								    browse->type, NULL, 0,
								    browse_on_service, browse);
		if (!browse->browser)
			restart_soon(browse, RETRY_S);
		break;
	case AVAHI_CLIENT_CONNECTING:
		warn_once(browse, "avahi-daemon does not run");
		break;
	case AVAHI_CLIENT_FAILURE:
		/* Not from within its own callback. The new one waits for the daemon. */
		restart_soon(browse, 0);
		break;
	}
}

static void drop_client(struct browse *browse)
{
	struct sighting *at;

	/* the client frees its browsers and resolvers */
	if (browse->client)
		avahi_client_free(browse->client);
	browse->client = NULL;
	browse->browser = NULL;
	browse->all_for_now = false;
	for (at = browse->sightings; at; at = at->next) {
		at->resolver = NULL;
		at->stale = true;
	}
	browse->poll->timeout_update(browse->sweep, NULL);
}

static void browse_on_again(AvahiTimeout *timeout, void *context)
{
	struct browse *browse = context;
	int failure = 0;

	browse->poll->timeout_update(timeout, NULL);
	drop_client(browse);
	browse->client = avahi_client_new(browse->poll, AVAHI_CLIENT_NO_FAIL, browse_on_client,
					  browse, &failure);
	if (!browse->client) {
		warn_once(browse, avahi_strerror(failure));
		restart_soon(browse, RETRY_S);
	}
}

struct browse *browse_start(const struct AvahiPoll *poll, const char *subtype,
			    const struct browse_events *events, void *context)
{
	struct browse *browse = mem_alloc(sizeof(*browse));

	*browse = (struct browse){ .poll = poll, .type = mem_strdup(subtype ? subtype : SERVICE_TYPE), .events = *events, .context = context };
	browse->again = poll->timeout_new(poll, NULL, browse_on_again, browse);
	browse->sweep = poll->timeout_new(poll, NULL, browse_on_sweep, browse);
	restart_soon(browse, 0);
	return browse;
}

void browse_end(struct browse *browse)
{
	if (!browse)
		return;
	drop_client(browse);
	while (browse->sightings) {
		/* no news of that: whoever ends it knows */
		free(browse->sightings->machine);
		browse->sightings->machine = NULL;
		remove_sighting(browse->sightings);
	}
	browse->poll->timeout_free(browse->again);
	browse->poll->timeout_free(browse->sweep);
	free(browse->type);
	free(browse);
}
