/* gateway/turn.c - see turn.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "gateway/channel.h"
#include "gateway/filter.h"
#include "gateway/handoff.h"
#include "gateway/larder.h"
#include "gateway/ledger.h"
#include "gateway/poll.h"
#include "gateway/second.h"
#include "gateway/weight.h"
#include "wire/lease.h"
#include "wire/version.h"

/* ------------------------------------------------------------------ the relay's news */

static void relay_answered(void *context)
{
	struct peer *peer = context;

	peer->state = PEER_ANSWER;
	peer_set_waiting(peer, false);
	peer_set_timer(peer, PROGRESS_S);
	peer_flush(peer);
}

static enum pick_result relay_elsewhere(void *context)
{
	const struct peer *peer = context;
	const struct gateway *gateway = peer->gateway;
	struct pick_wish wish;

	job_wish(&peer->job, &wish);
	return pick_server(&wish, gateway->servers, gateway->n_servers, NULL, clock_now_ms()).result;
}

/* Nobody may have to wait for the sake of a second attempt. */
static void relay_late(void *context)
{
	struct peer *peer = context;
	struct gateway *gateway = peer->gateway;
	struct job *job = &peer->job;
	struct pick_wish wish;
	struct pick pick;

	if (gateway->retirement || gateway->schedule.queues[QUEUE_FARM].n_queued ||
	    job->n_tried == JOB_ATTEMPTS_MAX)
		return;
	job_wish(job, &wish);
	pick = pick_server(&wish, gateway->servers, gateway->n_servers, NULL, clock_now_ms());
	if (pick.result != PICK_FOUND || pick.server->breaker.failures)
		return;
	schedule_take_slot(&gateway->schedule, job, pick.server, clock_now_ms());
	job->tried[job->n_tried++] = pick.server->id;
	second_start(&peer->relay, pick.server);
}

static void relay_faulted(void *context, enum relay_fault fault, const char *why)
{
	struct peer *peer = context;
	struct job *job = &peer->job;

	if (job->n_tried == JOB_ATTEMPTS_MAX) {
		peer_deny(peer, "attempts",
			  "the job was tried on several servers in vain: see distcc-gateway --status");
		return;
	}
	ledger_replayed(&peer->relay, relay_fault_word(fault), why);
	peer->looped |= fault == FAULT_LOOP;
	/* What is still to come from the client goes on coming; the state says so. */
	if (peer->state == PEER_HANDING)
		peer->state = PEER_QUEUED;
	turn_enqueue(peer, true);
}

static void send_grant(struct peer *peer, const char *server, const char *mode, int fd)
{
	struct lease_writer writer;

	lease_begin(&writer, &peer->out, LEASE_GRNT);
	lease_add_int(&writer, "lease", (int64_t)peer->lease);
	lease_add(&writer, "server", server);
	lease_add(&writer, "mode", mode);
	lease_add_int(&writer, "proto", peer->protocol);
	lease_end(&writer);
	if (fd < 0) {
		peer_flush(peer);
		return;
	}
	/* The descriptor belongs to the grant's own bytes: whatever stood before them goes first. */
	if (fdpass_send(peer->fd, peer->out.data, peer->out.len, fd) != (ssize_t)peer->out.len) {
		peer_close(peer);
		return;
	}
	buf_clear(&peer->out);
}

static void cannot_hand(struct peer *peer, const char *why)
{
	log_warning("a connection to '%s' cannot be made safe to pass: %s", peer->relay.server->label, why);
	peer_deny(peer, "handoff", why);
}

static void hand_over(struct peer *peer)
{
	gateway_server_worked(peer->gateway, peer->relay.server);
	peer->state = PEER_HANDED;
	peer_set_waiting(peer, false);
	peer_set_timer(peer, HANDED_S);
	send_grant(peer, peer->relay.server->label, "fd", peer->relay.server_fd);
}

static void peer_on_secured(void *context, const struct helper_answer *answer, int *fd)
{
	struct peer *peer = context;

	(void)fd;
	peer->relay.helper_serial = 0;
	if (answer->ok)
		hand_over(peer);
	else
		cannot_hand(peer, answer->text);
}

/* Handing only: the connection stands. Some kernels let only the privileged attach a filter. */
static void relay_connected(void *context)
{
	struct peer *peer = context;
	struct gateway *gateway = peer->gateway;
	struct err err = ERR_INIT;

	if (handoff_secure(peer->relay.server_fd, gateway->setup->proofs, handoff_filter_enabled(),
			   &err) == 0) {
		hand_over(peer);
		return;
	}
	if (err.sys_errno == EPERM)
		peer->relay.helper_serial = channel_ask(gateway->channel, HELPER_SECURE, 0, 0,
							peer->relay.server_fd,
							peer_on_secured, peer);
	if (!peer->relay.helper_serial)
		cannot_hand(peer, err.text);
}

/* ------------------------------------------------------------------ the schedule's news */

static void start_relay(struct peer *peer, struct server *server)
{
	bool whole = peer->relay.request.whole;

	peer->relay.handing = peer->relay.guarded = false;
	/* the client has been told: from now on it can go nowhere else */
	peer->job.allow_here = false;
	peer->state = whole ? PEER_WORKING : PEER_REQUEST;
	peer->granted_at_ms = clock_now_ms();
	peer_set_waiting(peer, true);
	if (!whole)
		peer_set_timer(peer, FIRST_S);
	else
		event_del(peer->timer);
	event_del(peer->gone);
	peer_set_reading(peer, true);
	relay_start(&peer->relay, server);
}

static void start_handing(struct peer *peer, struct server *server)
{
	peer->relay.handing = true;
	peer->state = PEER_HANDING;
	peer->granted_at_ms = clock_now_ms();
	event_del(peer->gone);
	peer_set_reading(peer, true);
	relay_start(&peer->relay, server);
}

/* A granted slot that is not used after all. */
static void give_back(struct peer *peer, struct server *server)
{
	if (peer->relay.is_probe)
		breaker_on_nothing(&server->breaker);
	gateway_slot_free(peer->gateway, server);
}

/* Guarded sockets reach servers of the list, as the parent knows it: not those that were found. And they may
 * all be in use for a moment. */
static enum handing choose_handing(struct peer *peer, const struct server *server, const char **reason)
{
	const struct gateway *gateway = peer->gateway;
	struct proof_result proofs[PROOF_N];
	enum handing handing;

	memcpy(proofs, gateway->setup->proofs, sizeof(proofs));
	if (proofs[PROOF_CGROUP_BPF].holds &&
	    (server->is_found || !larder_has(gateway->larder, server->n_addrs)))
		proofs[PROOF_CGROUP_BPF].holds = false;
	handing = policy_handing(gateway->setup->options->pass_fds, proofs,
				 server_passed_kind(server), peer->cred.uid, peer->job.wish,
				 reason);
	peer->relay.guarded = handing == HANDING_FD && str_equal(*reason, "proved-cgroup-bpf");
	return handing;
}

static void job_granted(struct job *job, struct server *server, int protocol)
{
	struct peer *peer = job->context;
	struct gateway *gateway = peer->gateway;
	/* What was begun as a relay goes on as one: the client has been told so. */
	bool undecided = peer->dialect == DIALECT_LEASE && peer->state == PEER_QUEUED;
	enum handing handing = HANDING_RELAY;
	const char *reason;

	job->tried[job->n_tried++] = server->id;
	poll_look(gateway, server);
	if (!peer->lease) {
		peer->lease = peer->seen.id;
		gateway->counters.leases++;
	}
	peer->relay.is_probe = job->is_probe;
	peer->relay.toolchain = job_toolchain(job);
	peer->relay.object = job->object;
	if (undecided)
		handing = choose_handing(peer, server, &reason);
	if (handing == HANDING_REFUSE) {
		give_back(peer, server);
		peer_deny(peer, reason, "the gateway does not pass descriptors here (--pass-fds, --status), and the host entry says \",fd\"");
		return;
	}
	ledger_granted(&peer->relay, server->label);
	if (handing == HANDING_FD) {
		peer->protocol = protocol;
		start_handing(peer, server);
		return;
	}
	if (undecided) {
		peer->protocol = protocol;
		send_grant(peer, server->label, "relay", -1);
		if (peer->state == PEER_CLOSED) {
			give_back(peer, server);
			return;
		}
	}
	start_relay(peer, server);
}

static void occupy(struct peer *peer, enum place place)
{
	if (!peer->lease) {
		/* places for other work than compiles have no job in the feed, but a number of the same row */
		peer->lease = peer->seen.id ? peer->seen.id : ++peer->gateway->feed.last_id;
		peer->gateway->counters.leases++;
	}
	peer->relay.here = true;
	if (peer->seen.id)
		ledger_granted(&peer->relay, "localhost");
	peer->holds_place = true;
	peer->place = place;
	peer->state = PEER_HERE;
	peer->protocol = PROTOCOL_PLAIN;
	peer->granted_at_ms = clock_now_ms();
	peer_set_waiting(peer, false);
	peer_set_reading(peer, true);
}

/* A place on this machine: held until the connection ends, which the kernel sees to if nobody else. */
static void job_placed(struct job *job, enum place place)
{
	struct peer *peer = job->context;

	occupy(peer, place);
	send_grant(peer, "localhost", "local", -1);
}

/* From the kernel's table: a client that somebody has stopped would hold its place for ever. Where the
 * table does not show it (pid 0: of a foreign namespace) it counts as one that works. */
static bool is_stopped(pid_t pid)
{
	char path[32], text[512];
	autoclose int fd = -1;
	const char *end;
	ssize_t n;

	if (pid <= 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	end = strrchr(text, ')');
	return end && end[1] == ' ' && (end[2] == 'T' || end[2] == 't');
}

void turn_look_at_holders(struct gateway *gateway)
{
	int stopped[PLACE_N] = { 0 };

	for (const struct peer *peer = gateway->peers; peer; peer = peer->next)
		if (peer->holds_place)
			stopped[peer->place] += is_stopped(peer->cred.pid);
	for (int place = 0; place < PLACE_N; place++)
		gateway->schedule.places[place].stopped = stopped[place];
}

/* Where every server makes other objects than it expects, the expectation may be what is wrong. */
static void expect_nothing(struct job *job)
{
	free(job->object);
	free(job->toolchain);
	job->object = job->toolchain = NULL;
}

static void job_denied(struct job *job, const char *reason, const char *text)
{
	struct peer *peer = job->context;

	if (job->object && strcmp(reason, "servers-tried") == 0) {
		expect_nothing(job);
		turn_enqueue(peer, true);
		return;
	}
	if (peer->looped && strcmp(reason, "servers-tried") == 0)
		peer_deny(peer, "loop", VIA_DENIAL);
	else
		peer_deny(peer, reason, text);
}

/* What a predecessor of this gateway has granted as a relay goes on as one. */
static void keep_promise(struct peer *peer)
{
	peer->protocol = peer->job.protocol_min = peer->job.protocol_max = peer->told;
	peer->told = 0;
	peer->state = peer->relay.request.whole ? PEER_WORKING : PEER_REQUEST;
	event_del(peer->timer);
	event_del(peer->gone);
}

void turn_enqueue(struct peer *peer, bool at_front)
{
	bool sending;

	if (peer->told_here) {
		event_del(peer->timer);
		schedule_place_take(&peer->gateway->schedule, peer->place, peer->job.kind == JOB_COMPILE);
		occupy(peer, peer->place);
		return;
	}
	if (peer->told)
		keep_promise(peer);
	sending = peer->state == PEER_REQUEST;
	if (!sending && peer->state != PEER_WORKING) {
		peer->state = PEER_QUEUED;
		event_del(peer->timer);
		peer_set_reading(peer, peer->dialect == DIALECT_LEASE);
		if (peer->dialect != DIALECT_LEASE)
			event_add(peer->gone, NULL);
	}
	if (!peer->job.weight)
		peer->job.weight = weight_of(peer->cred.pid);
	peer_set_waiting(peer, true);
	schedule_add(&peer->gateway->schedule, &peer->job, at_front, clock_now_ms() - peer->waited_ms);
	peer->waited_ms = 0;
	gateway_schedule(peer->gateway);
	/* Whoever wants a place here does not wait long for a gateway that says nothing. */
	if (peer->state == PEER_QUEUED && peer->job.kind != JOB_COMPILE)
		event_active(peer->waiting, EV_TIMEOUT, 1);
}

void turn_init(struct peer *peer)
{
	peer->relay.on_connected = relay_connected;
	peer->relay.on_fault = relay_faulted;
	peer->relay.elsewhere = relay_elsewhere;
	peer->relay.on_late = relay_late;
	peer->relay.on_answered = relay_answered;
	peer->relay.context = peer;
	peer->relay.seen = &peer->seen;
	peer->job.on_grant = job_granted;
	peer->job.on_place = job_placed;
	peer->job.on_deny = job_denied;
	peer->job.context = peer;
}
