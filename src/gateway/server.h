/* gateway/server.h - one server of the farm: its slots, its addresses, how it has been doing. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_SERVER_H
#define GATEWAY_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sock.h"
#include "gateway/breaker.h"
#include "gateway/capacity.h"
#include "gateway/estimate.h"
#include "gateway/policy.h"
#include "gateway/published.h"
#include "hosts/spec.h"

/* What was learned so long ago, with no answer since, counts for nothing: a machine that was slow then may
 * be idle now, and nobody would find out. */
enum { SERVER_KNOWN_MS = 600000 };

enum { SERVER_ADDRS_MAX = 8, SERVER_REFUSALS_MAX = 8, SERVER_REFUSAL_MS = 4000 };

/* A compiler that this server does not run, or that makes other objects there than a client expects, as two
 * answers in a row have shown. */
struct server_refusal {
	char toolchain[128];
	unsigned n;
	int64_t until_ms;
};

struct server {
	/* of no other server, ever: what may outlive this one keeps it, no pointer */
	uint64_t id;
	struct host_spec spec;
	char *label;			/* "name:port", "user@name", "unix:/path" */
	uint32_t generation, index;	/* the helper's name for it */
	bool is_found;			/* by zeroconf, and not in the list */
	bool draining;			/* no longer in the list: gone when its last job is */
	struct capacity capacity;
	int in_flight;
	uint64_t granted_at;		/* number of its last grant: among equals who waits longest is next */
	struct sock_addr addrs[SERVER_ADDRS_MAX];
	size_t n_addrs, next_addr;
	bool resolving;
	int64_t resolved_at_ms;
	struct breaker breaker;
	struct server_refusal refusals[SERVER_REFUSALS_MAX];
	int64_t answered_at_ms;		/* last whole answer to anybody */
	struct estimate service;	/* from the grant, or the whole request, to the whole answer */
	struct published published;
	struct poll *poll;		/* a question that is under way (poll.h), or NULL */
	int64_t poll_at_ms;		/* not before */
	int poll_failures;		/* in a row */
	uint64_t n_done, n_failed;
	char last_error[160];
};

/* Takes the spec over. Numeric addresses are known at once. */
struct server *server_new(struct host_spec *spec, uint32_t generation, uint32_t index);
/* Another entry for the same server (the same label): options and slots may have changed; jobs in
 * flight and what is known about it stay. Takes the spec over. */
void server_update(struct server *server, struct host_spec *spec, uint32_t generation, uint32_t index);
void server_free(struct server *server);
/* "name:port", "user@name", "unix:/path": what makes two entries one server. Yours to free. */
char *server_label(const struct host_spec *spec);

/* Of a TCP entry whose name is an address: no, it is not, is false. */
bool server_numeric_addr(struct sock_addr *addr, const struct host_spec *spec);

/* How many jobs it gets at once. */
int server_slots(const struct server *server);
/* By its slots, and by its memory as far as it tells. */
bool server_has_room(const struct server *server, int64_t now_ms);
/* Without a /LIMIT it begins with as many slots as it says that it has workers: true if that changes something. */
bool server_learn_slots(struct server *server, int64_t now_ms);
/* For a job of so many bytes; 0: nothing is known, or not any more. */
double server_expected_ms(const struct server *server, uint64_t bytes, int64_t now_ms);
/* Is that worth acting upon? */
bool server_is_known(const struct server *server, int64_t now_ms);
/* A job of so many bytes has taken so long there. */
void server_learn_time(struct server *server, int64_t ms, uint64_t bytes, int64_t now_ms);

struct server *server_find(struct server *const *servers, size_t n_servers, const char *label);	/* or NULL */
bool server_is_named(const struct server *server, const char *name);	/* one of "A+B" of use= */
/* Host and port as SOCKS names them: as written, or one of the resolved addresses. */
bool server_is_destination(const struct server *server, const char *host, int port);
/* Protocol for a client that can do min..max (3: pump): 0 when they do not fit. */
int server_protocol(const struct server *server, int min, int max);
enum passed_kind server_passed_kind(const struct server *server);

bool server_refuses(const struct server *server, const char *toolchain, int64_t now_ms);
/* A job for this compiler goes there: when a pause is over it is the only one, until it is answered. */
void server_note_grant(struct server *server, const char *toolchain, int64_t now_ms);
void server_note_refusal(struct server *server, const char *toolchain, int64_t now_ms);
void server_note_accept(struct server *server, const char *toolchain);

#endif
