/* gateway/state.h - what the loop process knows, for its modules and for --status. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_STATE_H
#define GATEWAY_STATE_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "gateway/complaint.h"
#include "gateway/feed.h"
#include "gateway/quota.h"
#include "gateway/schedule.h"
#include "gateway/server.h"
#include "gateway/setup.h"
#include "gateway/spool.h"
#include "gateway/via.h"

struct counters {			/* since the start, unless said otherwise */
	uint64_t accepted;		/* connections */
	uint64_t lease_jobs, raw_jobs, socks_jobs;
	uint64_t relayed, passed;	/* jobs that ended well, by way */
	uint64_t replayed;		/* attempts repeated on another server */
	uint64_t denied;		/* jobs with a DENY, or closed for the same reasons */
	uint64_t over_quota;		/* peers turned away because their user has so many */
	uint64_t not_admitted;		/* peers turned away by --allow-... */
	uint64_t protocol_errors, timeouts, foreign_destinations;
	uint64_t refused_descriptors;	/* attached by peers, closed */
	uint64_t moved;			/* jobs taken away from a server that looked stuck */
	uint64_t overtaken;		/* second attempts that were answered first */
	uint64_t bytes_in, bytes_out;	/* from clients to servers, and back */
	unsigned peers, leases;		/* now */
	unsigned askers;		/* now: connections that only look, none of the peers */
};

enum { PRIORITY_N = 3, PRIORITY_LATER = 2 };	/* of events; all but those of the page have the middle one */

struct peer;
struct AvahiPoll;
struct browse;
struct channel;
struct heritage;
struct larder;
struct retirement;
struct http;

struct gateway {
	struct event_base *base;
	const struct gateway_setup *setup;
	struct server **servers;
	size_t n_servers;
	uint32_t list_generation;	/* of the host list that is in force */
	struct schedule schedule;
	struct peer *peers;		/* list by peer->next */
	struct complaint *complaints;	/* about users whose peers misbehaved lately */
	struct quota *quotas;		/* of the users that have connections */
	struct peer *dead;		/* closed, freed when the running callback has returned */
	struct event *reap;
	struct spool_pool pool;
	struct channel *channel;
	struct http *http;		/* NULL: no page */
	struct larder *larder;		/* NULL: no guarded sockets */
	struct counters counters;
	struct feed feed;
	char name[VIA_NAME_LEN + 1];	/* among gateways: via.h */
	uid_t overflow_uid;
	int64_t started_at_ms;
	char hosts_name[256];
	struct event **listeners;
	size_t n_listeners;
	struct event *wake;		/* when the schedule wants to run again although nothing happened */
	struct event *resume;		/* listening again after descriptors ran out */
	struct retirement *retirement;	/* when another gateway has taken our place */
	struct browse *browse;		/* while +zeroconf is in the list */
	struct AvahiPoll *browse_poll;
	struct heritage *heritage;	/* while we take another's place */
	/* what our predecessor told of servers that we do not know yet (tally.h) */
	struct buf absent;
	int spare_fd;			/* given up to accept and close one peer then */
};

/* Lets waiting jobs have what became free. */
void gateway_schedule(struct gateway *gateway);
/* Takes a slot back; its server may go when it drains. */
void gateway_slot_free(struct gateway *gateway, struct server *server);
/* A job found the server unreachable or cut off. */
void gateway_server_failed(struct gateway *gateway, struct server *server, const char *why);
void gateway_server_worked(struct gateway *gateway, struct server *server);

#endif
