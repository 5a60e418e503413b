/* client/attempt.c - see attempt.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/attempt.h"

#include "base/clock.h"
#include "base/env.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "client/journal.h"
#include "client/submit.h"
#include "net/dial.h"
#include "net/gateway.h"
#include "wire/version.h"

enum {
	DIAL_MS = 20000,		/* all addresses of a host together */
	LEASE_ATTEMPTS = 2,		/* a gateway that was restarted in mid-lease is asked once more */
	GRANTS_MAX = 5			/* servers that one lease may try with passed descriptors */
};

static enum outcome must_run_here(struct attempt *attempt, const char *reason)
{
	attempt->local_reason = reason;
	return OUTCOME_LOCAL;
}

static void note(const struct attempt *attempt, enum job_phase phase, const char *host, int slot)
{
	if (attempt->note)
		attempt->note(attempt->context, phase, host, slot);
}

static int send_request(const struct attempt *attempt, int fd, int protocol, struct err *err)
{
	if (attempt->sources)
		return submit_send_whole(fd, attempt->sources, attempt->settings->io_idle_ms, err);
	return submit_send(fd, protocol, attempt->command, attempt->text, attempt->text_len,
			   attempt->settings->io_idle_ms, err);
}

/* What to send is ready; see ensure_text. */
static enum outcome ensure_request(struct attempt *attempt)
{
	return attempt->sources ? OUTCOME_ANSWER : attempt->ensure_text(attempt->context);
}

static uint64_t request_size(const struct attempt *attempt)
{
	return attempt->sources ? attempt->sources->len : attempt->text_len;
}

static int exchange(struct attempt *attempt, int out_fd, int in_fd, int protocol,
		    const struct buf *begin, struct err *err)
{
	if (send_request(attempt, out_fd, protocol, err) < 0)
		return -1;
	return submit_receive(in_fd, protocol, begin, attempt->settings->io_idle_ms, &attempt->reply, err);
}

static enum outcome attempt_stream(struct attempt *attempt, const struct host_spec *host, int slot,
				   struct err *err)
{
	autostream stream = STREAM_INIT;
	int protocol = attempt->sources ? PROTOCOL_PUMP : host->lzo ? PROTOCOL_LZO : PROTOCOL_PLAIN;
	enum outcome text = ensure_request(attempt);

	if (text != OUTCOME_ANSWER)
		return text;
	note(attempt, JOB_CONNECT, host->name ? host->name : host->path, slot);
	if (dial(host, deadline_after_ms(DIAL_MS), &stream, err) < 0)
		return OUTCOME_HOST_FAULT;
	note(attempt, JOB_COMPILE, NULL, slot);
	if (exchange(attempt, stream.out_fd, stream.in_fd, protocol, NULL, err) < 0)
		return OUTCOME_HOST_FAULT;
	str_copy(attempt->server, sizeof(attempt->server), host->text);
	return OUTCOME_ANSWER;
}

/* One granted place, over the gateway's own connection. */
static enum outcome relay(struct attempt *attempt, struct lease *lease, struct err *err)
{
	struct err sending = ERR_INIT;
	int sent = send_request(attempt, lease->fd, lease->protocol, &sending);

	/* A gateway that gave up while we wrote has said why before it closed. */
	if (lease_await_reply(lease, err) < 0) {
		if (sent < 0 && err->code != ERR_NO_HOSTS)
			*err = sending;
		return OUTCOME_HOST_FAULT;
	}
	if (submit_receive(lease->fd, lease->protocol, &lease->in, attempt->settings->io_idle_ms,
			   &attempt->reply, err) < 0)
		return OUTCOME_HOST_FAULT;
	return OUTCOME_ANSWER;
}

/* Granted descriptors, until one works or the gateway has no more. */
static enum outcome use_descriptors(struct attempt *attempt, struct lease *lease, struct err *err)
{
	for (int i = 0; lease->mode == LEASE_FD; i++) {
		int64_t start = clock_now_ms();
		int result = exchange(attempt, lease->job_fd, lease->job_fd, lease->protocol, NULL, err);
		bool is_good = result == 0 && (!attempt->fits || attempt->fits(attempt->context));
		const char *word = !is_good ? "transport-failed" : attempt->reply.status ? "compile-failed" : "ok";

		lease_result(lease, word, request_size(attempt), attempt->reply.object.len,
			     clock_now_ms() - start, NULL);
		if (is_good)
			return OUTCOME_ANSWER;
		reply_release(&attempt->reply);
		if (i + 1 == GRANTS_MAX || lease_await(lease, err) < 0)
			return OUTCOME_HOST_FAULT;
	}
	if (lease->mode == LEASE_RELAY)
		return relay(attempt, lease, err);
	here_keep(attempt->here, lease);
	return must_run_here(attempt, "gateway-says-local");
}

static enum outcome attempt_lease(struct attempt *attempt, const struct host_spec *host, struct err *err)
{
	autolease_conn lease = LEASE_INIT;
	struct lease_wish wish = {
		.kind = "compile",
		.compiler = path_base(attempt->command->words[0]),
		.object = *attempt->object ? attempt->object : NULL,
		.source = attempt->source,
		.build = env_get("DISTCC_BUILD"),
		.allow_fd = !host->want_relay,
		.allow_relay = !host->want_fd,
		.allow_local = attempt->here && !here_is_inherited(),
		.session = here_session(),
		.nice = here_nice(),
		.protocol_min = attempt->sources ? PROTOCOL_PUMP : host->lzo ? PROTOCOL_LZO : PROTOCOL_PLAIN,
		.protocol_max = attempt->sources ? PROTOCOL_PUMP : PROTOCOL_LZO,
		.use = host->use ? host->use : env_get("DISTCC_GATEWAY_USE"),
	};
	enum outcome outcome;

	lease.silence_ms = attempt->settings->io_idle_ms < LEASE_SILENCE_MS ? attempt->settings->io_idle_ms : LEASE_SILENCE_MS;
	/* The place in the queue is taken while the preprocessor runs. */
	if (lease_ask(&lease, host->path, &wish, err) < 0)
		return OUTCOME_HOST_FAULT;
	outcome = ensure_request(attempt);
	if (outcome != OUTCOME_ANSWER)
		return outcome;
	if (lease_ready(&lease, request_size(attempt), err) < 0) {
		err_prefix(err, "unix:%s", host->path);
		return OUTCOME_HOST_FAULT;
	}
	str_copy(attempt->server, sizeof(attempt->server), lease.server);
	attempt->lease_id = lease.id;
	if (lease.mode == LEASE_RELAY)
		return relay(attempt, &lease, err);
	outcome = use_descriptors(attempt, &lease, err);
	if (lease.fd >= 0)
		str_copy(attempt->server, sizeof(attempt->server), lease.server);
	return outcome;
}

static enum outcome attempt_gateway(struct attempt *attempt, const struct host_spec *host, struct err *err)
{
	enum outcome outcome = OUTCOME_HOST_FAULT;

	for (int i = 0; i < LEASE_ATTEMPTS; i++) {
		reply_release(&attempt->reply);
		outcome = attempt_lease(attempt, host, err);
		/* Only a connection that was lost is worth a second one; a refusal is an answer, silence lasts. */
		if (outcome != OUTCOME_HOST_FAULT || err->code == ERR_NO_HOSTS ||
		    err->code == ERR_TIMEOUT || !(attempt->text || attempt->sources))
			break;
		log_info("%s; asking once more", err->text);
	}
	return outcome;
}

static enum outcome go_to(struct attempt *attempt, const struct host_spec *host, int slot, struct err *err)
{
	if (host->kind == HOST_UNIX && !host->raw)
		return attempt_gateway(attempt, host, err);
	return attempt_stream(attempt, host, slot, err);
}

enum outcome attempt_at(struct attempt *attempt, const struct host_spec *host, int slot, struct err *err)
{
	int64_t start_ms = clock_now_ms();
	enum outcome outcome;

	if (host->kind == HOST_LOCAL)
		return must_run_here(attempt, "localhost-in-list");
	if (journal_is_kept()) {
		autofree char *printable = argv_printable(attempt->command);

		log_info("exec on %s: %s", host->text, printable);
	}
	outcome = go_to(attempt, host, slot, err);
	if (outcome == OUTCOME_ANSWER)
		journal_exchange(request_size(attempt), attempt->source, attempt->server, start_ms);
	return outcome;
}
