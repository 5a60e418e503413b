/* gateway/server.c - see server.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "wire/version.h"

static bool parse_numeric(struct sock_addr *addr, const char *host, int port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&addr->storage;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&addr->storage;

	memset(addr, 0, sizeof(*addr));
	if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)port);
		addr->len = sizeof(*in);
		return true;
	}
	if (inet_pton(AF_INET6, host, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
		addr->len = sizeof(*in6);
		return true;
	}
	return false;
}

bool server_numeric_addr(struct sock_addr *addr, const struct host_spec *spec)
{
	return parse_numeric(addr, spec->name, spec->port);
}

char *server_label(const struct host_spec *spec)
{
	switch (spec->kind) {
	case HOST_TCP:
		return str_format(strchr(spec->name, ':') ? "[%s]:%d" : "%s:%d", spec->name, spec->port);
	case HOST_SSH:
		return str_format("%s@%s", spec->user ? spec->user : "", spec->name);
	default:
		return str_format("unix:%s", spec->path);
	}
}

int server_slots(const struct server *server)
{
	return server->capacity.slots;
}

/* Jobs beyond its workers wait unseen before its door. That hides the way there and back, and nothing else: so
 * there are bounds to what is tried. */
bool server_learn_slots(struct server *server, int64_t now_ms)
{
	int limit = server->spec.limit ? server->spec.limit : HOST_LIMIT_DEFAULT,
	    workers = server->published.workers;

	if (server->spec.has_limit)
		return capacity_begin(&server->capacity, limit, limit, now_ms);
	if (workers)
		return capacity_begin(&server->capacity, workers, 2 * workers, now_ms);
	return capacity_begin(&server->capacity, limit, CAPACITY_MAX, now_ms);
}

struct server *server_new(struct host_spec *spec, uint32_t generation, uint32_t index)
{
	static uint64_t last_id;
	struct server *server = mem_alloc(sizeof(*server));

	server->id = ++last_id;
	server->spec = *spec;
	*spec = (struct host_spec)HOST_SPEC_INIT;
	server->label = server_label(&server->spec);
	server->generation = generation;
	server->index = index;
	server->published = (struct published)PUBLISHED_INIT;
	server_learn_slots(server, clock_now_ms());
	if (server->spec.kind == HOST_TCP)
		server->n_addrs = server_numeric_addr(&server->addrs[0], &server->spec);
	else if (server->spec.kind == HOST_UNIX)
		server->n_addrs = sock_addr_unix(&server->addrs[0], server->spec.path, NULL) == 0;
	return server;
}

void server_update(struct server *server, struct host_spec *spec, uint32_t generation, uint32_t index)
{
	host_spec_release(&server->spec);
	server->spec = *spec;
	*spec = (struct host_spec)HOST_SPEC_INIT;
	server->generation = generation;
	server->index = index;
	server_learn_slots(server, clock_now_ms());
	server->draining = false;
	/* an answer under the old name will not find it */
	server->resolving = false;
}

void server_free(struct server *server)
{
	host_spec_release(&server->spec);
	free(server->label);
	free(server);
}

bool server_has_room(const struct server *server, int64_t now_ms)
{
	return server->in_flight < server_slots(server) &&
	       server->in_flight < published_jobs_max(&server->published, now_ms);
}

static bool is_forgotten(const struct server *server, int64_t now_ms)
{
	return server->answered_at_ms && now_ms - server->answered_at_ms > SERVER_KNOWN_MS;
}

double server_expected_ms(const struct server *server, uint64_t bytes, int64_t now_ms)
{
	return is_forgotten(server, now_ms) ? 0 : estimate_ms(&server->service, bytes);
}

bool server_is_known(const struct server *server, int64_t now_ms)
{
	return !is_forgotten(server, now_ms) && estimate_is_sure(&server->service);
}

void server_learn_time(struct server *server, int64_t ms, uint64_t bytes, int64_t now_ms)
{
	if (is_forgotten(server, now_ms))
		server->service = (struct estimate){ 0 };
	estimate_add(&server->service, ms, bytes);
}

struct server *server_find(struct server *const *servers, size_t n_servers, const char *label)
{
	for (size_t i = 0; i < n_servers; i++)
		if (strcasecmp(servers[i]->label, label) == 0)
			return servers[i];
	return NULL;
}

bool server_is_named(const struct server *server, const char *name)
{
	return strcasecmp(server->label, name) == 0 || strcmp(server->spec.text, name) == 0 ||
	       (server->spec.name && strcasecmp(server->spec.name, name) == 0);
}

bool server_is_destination(const struct server *server, const char *host, int port)
{
	struct sock_addr wanted;

	if (server->spec.kind != HOST_TCP || server->draining || port != server->spec.port)
		return false;
	if (strcasecmp(server->spec.name, host) == 0)
		return true;
	/* never looked up: a name could be anything's */
	if (!parse_numeric(&wanted, host, port))
		return false;
	for (size_t i = 0; i < server->n_addrs; i++)
		if (sock_addr_equal(&server->addrs[i], &wanted))
			return true;
	return false;
}

int server_protocol(const struct server *server, int min, int max)
{
	if (min == PROTOCOL_PUMP)
		return server->spec.cpp ? PROTOCOL_PUMP : 0;
	if (max >= PROTOCOL_LZO && (server->spec.lzo || min >= PROTOCOL_LZO))
		return PROTOCOL_LZO;
	return min <= PROTOCOL_PLAIN ? PROTOCOL_PLAIN : 0;
}

/* A unix entry with ",raw" says that a distccd listens there; without it, it may be a gateway. */
enum passed_kind server_passed_kind(const struct server *server)
{
	switch (server->spec.kind) {
	case HOST_SSH:
		return PASSED_SSH;
	case HOST_UNIX:
		return server->spec.raw ? PASSED_UNIX_SERVER : PASSED_GATEWAY;
	default:
		return PASSED_TCP;
	}
}

static struct server_refusal *refusal_of(const struct server *server, const char *toolchain)
{
	for (size_t i = 0; i < SERVER_REFUSALS_MAX; i++)
		if (strncmp(server->refusals[i].toolchain, toolchain,
			    sizeof(server->refusals[i].toolchain) - 1) == 0 &&
		    server->refusals[i].n)
			return (struct server_refusal *)(uintptr_t)&server->refusals[i];
	return NULL;
}

/* One close without an answer may be a worker that was killed; two in a row are a habit. */
bool server_refuses(const struct server *server, const char *toolchain, int64_t now_ms)
{
	const struct server_refusal *refusal = refusal_of(server, toolchain);

	return refusal && refusal->n >= 2 && now_ms < refusal->until_ms;
}

void server_note_grant(struct server *server, const char *toolchain, int64_t now_ms)
{
	struct server_refusal *refusal = refusal_of(server, toolchain);

	if (refusal && refusal->n >= 2)
		refusal->until_ms = now_ms + SERVER_REFUSAL_MS;
}

void server_note_refusal(struct server *server, const char *toolchain, int64_t now_ms)
{
	struct server_refusal *refusal = refusal_of(server, toolchain), *oldest = &server->refusals[0];

	if (!refusal) {
		for (size_t i = 1; i < SERVER_REFUSALS_MAX; i++)
			if (server->refusals[i].until_ms < oldest->until_ms)
				oldest = &server->refusals[i];
		refusal = oldest;
		memset(refusal, 0, sizeof(*refusal));
		str_copy(refusal->toolchain, sizeof(refusal->toolchain), toolchain);
	}
	refusal->n++;
	refusal->until_ms = now_ms + SERVER_REFUSAL_MS;
}

void server_note_accept(struct server *server, const char *toolchain)
{
	struct server_refusal *refusal = refusal_of(server, toolchain);

	if (refusal)
		memset(refusal, 0, sizeof(*refusal));
}
