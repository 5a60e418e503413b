/* gateway/roster.c - see roster.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "gateway/avahi-poll.h"
#include "gateway/channel.h"
#include "gateway/heritage.h"
#include "gateway/poll.h"
#include "gateway/retirement.h"
#include "gateway/tally.h"
#include "net/browse.h"

enum { RESOLVE_AGAIN_MS = 300000 };

/* The parent keeps its ways to servers where jobs may yet be: those of servers that leave, too. */
static void trim(struct gateway *gateway)
{
	for (size_t i = 0; i < gateway->n_servers; i++)
		if (gateway->servers[i]->draining)
			return;
	channel_ask(gateway->channel, HELPER_TRIM, gateway->list_generation, 0, -1, NULL, NULL);
}

static void remove_server(struct gateway *gateway, struct server *server)
{
	for (size_t i = 0; i < gateway->n_servers; i++) {
		if (gateway->servers[i] != server)
			continue;
		memmove(gateway->servers + i, gateway->servers + i + 1,
			(gateway->n_servers - i - 1) * sizeof(*gateway->servers));
		gateway->n_servers--;
		log_info("host '%s' has left", server->label);
		poll_end(server);
		server_free(server);
		trim(gateway);
		return;
	}
}

/* Before its first job, if the list does not say. */
static void learn_slots(struct gateway *gateway, struct server *server)
{
	if (!server->spec.has_limit)
		poll_look(gateway, server);
}

static void resolved(void *context, const struct helper_answer *answer, int *fd)
{
	struct gateway *gateway = context;
	struct server *server = NULL;

	(void)fd;
	for (size_t i = 0; i < gateway->n_servers; i++)
		if (gateway->servers[i]->generation == answer->generation &&
		    gateway->servers[i]->index == answer->index)
			server = gateway->servers[i];
	if (!server)
		return;
	server->resolving = false;
	server->resolved_at_ms = clock_now_ms();
	if (!answer->ok) {
		if (!server->n_addrs)
			gateway_server_failed(gateway, server, answer->text);
		return;
	}
	server->n_addrs = answer->n_addrs < SERVER_ADDRS_MAX ? answer->n_addrs : SERVER_ADDRS_MAX;
	memcpy(server->addrs, answer->addrs, server->n_addrs * sizeof(server->addrs[0]));
	learn_slots(gateway, server);
	gateway_schedule(gateway);
}

/* Names are the parent's to resolve; a literal address was taken as it is. */
static void resolve(struct gateway *gateway, struct server *server)
{
	if (server->spec.kind != HOST_TCP || server->resolving ||
	    (server->n_addrs && !server->resolved_at_ms) ||
	    (server->n_addrs && clock_now_ms() - server->resolved_at_ms < RESOLVE_AGAIN_MS))
		return;
	server->resolving = channel_ask(gateway->channel, HELPER_RESOLVE, server->generation,
					server->index, -1, resolved, gateway) != 0;
}

void gateway_slot_free(struct gateway *gateway, struct server *server)
{
	server->in_flight--;
	if (gateway->retirement)
		retirement_slot_free(gateway->retirement, server);
	resolve(gateway, server);
	if (server->draining && !server->in_flight)
		remove_server(gateway, server);
	gateway_schedule(gateway);
}

void gateway_server_failed(struct gateway *gateway, struct server *server, const char *why)
{
	int64_t now_ms = clock_now_ms();
	bool was_up = breaker_state(&server->breaker, now_ms) == BREAKER_CLOSED;

	server->n_failed++;
	snprintf(server->last_error, sizeof(server->last_error), "%s", why);
	breaker_on_failure(&server->breaker, now_ms, (uint32_t)random());
	if (was_up)
		log_warning("host '%s' is down: %s; trying again in %lld ms", server->label, why,
			    (long long)(server->breaker.open_until_ms - now_ms));
	if (server->resolved_at_ms) {
		/* its address may have changed */
		server->resolved_at_ms = 1;
		resolve(gateway, server);
	}
	gateway_schedule(gateway);
}

void gateway_server_worked(struct gateway *gateway, struct server *server)
{
	(void)gateway;
	if (server->breaker.failures)
		log_warning("host '%s' is back", server->label);
	breaker_on_success(&server->breaker);
}

static struct server *find_by_spec(const struct gateway *gateway, const struct host_spec *spec)
{
	autofree char *label = server_label(spec);

	return server_find(gateway->servers, gateway->n_servers, label);
}

static struct server *add_server(struct gateway *gateway, struct host_spec *spec,
				 uint32_t generation, uint32_t index)
{
	struct server *server = server_new(spec, generation, index);

	gateway->servers = mem_resize(gateway->servers, gateway->n_servers + 1, sizeof(*gateway->servers));
	gateway->servers[gateway->n_servers++] = server;
	tally_server_added(gateway);
	if (gateway->heritage)
		heritage_server_added(gateway->heritage, server);
	return server;
}

static void drain(struct gateway *gateway, struct server *server)
{
	server->draining = true;
	if (!server->in_flight)
		remove_server(gateway, server);
}

/* ------------------------------------------------------------------ servers that announce themselves */

static bool shares_address(const struct server *server, const struct browse_host *host)
{
	for (size_t i = 0; i < server->n_addrs; i++)
		for (size_t j = 0; j < host->n_addrs; j++)
			if (sock_addr_equal(&server->addrs[i], &host->addrs[j]))
				return true;
	return false;
}

/* An entry of the list for the same server says more about it than its announcement. */
static bool is_listed(const struct gateway *gateway, const struct browse_host *host, const char *label)
{
	for (size_t i = 0; i < gateway->n_servers; i++) {
		const struct server *server = gateway->servers[i];

		if (!server->is_found && !server->draining &&
		    (shares_address(server, host) || strcasecmp(server->label, label) == 0))
			return true;
	}
	return false;
}

static void roster_on_lost(void *context, const char *name, int port)
{
	struct gateway *gateway = context;
	autofree char *label = str_format("%s:%d", name, port);
	struct server *server = server_find(gateway->servers, gateway->n_servers, label);

	if (!server || !server->is_found)
		return;
	drain(gateway, server);
	gateway_schedule(gateway);
}

/* The first address that is seen may be one where it does not listen; what was learned there says nothing
 * about the next one. */
static void take_addresses(struct server *server, const struct browse_host *host)
{
	bool is_new = false;

	for (size_t i = 0; i < host->n_addrs; i++) {
		bool known = false;

		for (size_t j = 0; j < server->n_addrs; j++)
			known |= sock_addr_equal(&server->addrs[j], &host->addrs[i]);
		is_new |= !known;
	}
	if (is_new && server->breaker.failures) {
		log_info("host '%s' has another address: that is tried at once", server->label);
		breaker_on_success(&server->breaker);
	}
	server->n_addrs = host->n_addrs < SERVER_ADDRS_MAX ? host->n_addrs : SERVER_ADDRS_MAX;
	memcpy(server->addrs, host->addrs, server->n_addrs * sizeof(server->addrs[0]));
}

/* Comes again with each address that is seen. */
static void roster_on_found(void *context, const struct browse_host *host)
{
	struct gateway *gateway = context;
	autofree char *text = str_format("%s:%d/%d%s", host->name, host->port, host->slots,
					 host->lzo ? ",lzo" : "");
	autofree char *label = str_format("%s:%d", host->name, host->port);
	struct host_spec spec;
	struct err err = ERR_INIT;
	struct server *server;

	if (is_listed(gateway, host, label)) {
		roster_on_lost(gateway, host->name, host->port);
		return;
	}
	if (host_spec_parse(&spec, text, &err) < 0) {
		log_warning("zeroconf: %s", err.text);
		return;
	}
	server = find_by_spec(gateway, &spec);
	if (server) {
		server_update(server, &spec, 0, 0);
	} else {
		server = add_server(gateway, &spec, 0, 0);
		log_info("host '%s' has come by zeroconf, with %d slots", server->label,
			 server_slots(server));
	}
	server->is_found = true;
	server->resolved_at_ms = 0;
	take_addresses(server, host);
	gateway_schedule(gateway);
}

static void set_browsing(struct gateway *gateway, bool on)
{
	static const struct browse_events events = { .found = roster_on_found, .lost = roster_on_lost };

	if (on && !gateway->browse) {
		gateway->browse_poll = avahi_poll_new(gateway->base);
		gateway->browse = browse_start(gateway->browse_poll, NULL, &events, gateway);
	}
	if (!on) {
		browse_end(gateway->browse);
		free(gateway->browse_poll);
		gateway->browse = NULL;
		gateway->browse_poll = NULL;
	}
}

/* ------------------------------------------------------------------ the host list */

/* "localhost/N" invites compiles of the farm, and limits all compiles here unless --localslots says more. */
static void take_places(struct schedule *schedule, const struct host_list *list)
{
	int here = 0;

	for (size_t i = 0; i < list->n_hosts; i++)
		if (list->hosts[i].kind == HOST_LOCAL && !list->hosts[i].down)
			here += list->hosts[i].limit;
	schedule->farm_here_slots = here;
	schedule->places[PLACE_COMPILE].slots = here && list->localslots == LOCALSLOTS_DEFAULT ? here : list->localslots;
	schedule->places[PLACE_CPP].slots = list->localslots_cpp;
}

/* Servers that stay keep their state; those that go finish what they have. */
void roster_take_list(struct gateway *gateway, struct host_list *list, uint32_t generation)
{
	gateway->list_generation = generation;
	take_places(&gateway->schedule, list);
	for (size_t i = 0; i < gateway->n_servers; i++)
		gateway->servers[i]->draining = !(gateway->servers[i]->is_found && list->zeroconf);
	for (size_t i = 0; i < list->n_hosts; i++) {
		struct server *server;

		if (list->hosts[i].kind == HOST_LOCAL)
			continue;
		server = find_by_spec(gateway, &list->hosts[i]);
		if (server) {
			server_update(server, &list->hosts[i], generation, (uint32_t)i);
			server->is_found = false;
		} else {
			server = add_server(gateway, &list->hosts[i], generation, (uint32_t)i);
		}
		resolve(gateway, server);
		learn_slots(gateway, server);
	}
	for (size_t i = gateway->n_servers; i-- > 0;)
		if (gateway->servers[i]->draining)
			drain(gateway, gateway->servers[i]);
	trim(gateway);
	set_browsing(gateway, list->zeroconf);
}

void roster_release(struct gateway *gateway)
{
	set_browsing(gateway, false);
	while (gateway->n_servers)
		remove_server(gateway, gateway->servers[gateway->n_servers - 1]);
	free(gateway->servers);
}
