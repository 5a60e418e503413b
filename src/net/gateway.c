/* net/gateway.c - see gateway.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/gateway.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fdpass.h"
#include "base/sock.h"

enum { CONNECT_MS = 10000, CHUNK = 4096 };

void lease_close(struct lease *lease)
{
	fd_close(&lease->fd);
	fd_close(&lease->job_fd);
	buf_release(&lease->in);
}

/* What a connect failure means here, and what to do about it. */
static const char *remedy(int failure)
{
	switch (failure) {
	case ENOENT:
	case ENOTDIR:
		return "no such socket: is distcc-gateway running, and is the directory visible in this sandbox?";
	case ECONNREFUSED:
		return "nobody listens: start distcc-gateway again, and bind its directory into the sandbox, not the socket file";
	case EACCES:
	case EPERM:
		return "permission denied: see --socket-mode and --socket-group of distcc-gateway, and the modes of the directories";
	case ENOTSOCK:
	case EPROTOTYPE:
		return "this is no stream socket: name the socket of distcc-gateway";
	default:
		return NULL;
	}
}

static int connect_gateway(const char *path, int *fd, struct err *err)
{
	struct sock_addr addr;
	struct err cause = ERR_INIT;

	if (sock_addr_unix(&addr, path, err) < 0)
		return err_prefix(err, "unix:%s", path);
	if (sock_connect(&addr, deadline_after_ms(CONNECT_MS), fd, &cause) == 0)
		return 0;
	if (remedy(cause.sys_errno))
		return err_set(err, ERR_CONNECT, "unix:%s: %s", path, remedy(cause.sys_errno));
	return err_set(err, ERR_CONNECT, "%s", cause.text);
}

/* One line about the gateway's end, whatever way it went. */
static int gone(const char *why, struct err *err)
{
	return err_set(err, ERR_CONNECT, "the gateway went away: %s", why);
}

static int wait_for_word(const struct lease *lease, struct err *err)
{
	struct deadline deadline = deadline_after_ms(lease->silence_ms);
	struct pollfd fds[2] = { { lease->fd, POLLIN, 0 }, { lease->watch_fd, POLLRDHUP, 0 } };
	int ready;

	do
		ready = poll(fds, 2, deadline_poll_ms(deadline));
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return err_sys(err, ERR_IO, "cannot wait for the gateway");
	if (ready == 0)
		return err_set(err, ERR_TIMEOUT,
			       "the gateway is silent for %d s: is it stopped, or its machine overloaded?",
			       lease->silence_ms / 1000);
	if (fds[1].revents)
		return err_set(err, ERR_IO, "whoever the place was for went away");
	return 0;
}

/* Reads more into lease->in; a descriptor is kept only while a grant is awaited. */
static int receive(struct lease *lease, bool take_fd, struct err *err)
{
	int fd = -1, n_refused = 0;
	ssize_t n;

	for (;;) {
		n = fdpass_recv(lease->fd, buf_reserve(&lease->in, CHUNK), CHUNK,
				take_fd ? &fd : NULL, &n_refused);
		if (n >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
		if (errno == EAGAIN && wait_for_word(lease, err) < 0)
			return -1;
	}
	if (n < 0)
		return gone(strerror(errno), err);
	if (n == 0)
		return gone("it closed the connection", err);
	lease->in.len += (size_t)n;
	lease->in.data[lease->in.len] = '\0';
	if (fd >= 0) {
		fd_close(&lease->job_fd);
		lease->job_fd = fd;
	}
	return 0;
}

static int next_message(struct lease *lease, bool take_fd, struct lease_message *message, struct err *err)
{
	for (;;) {
		size_t n_used;
		int found = lease_decode(lease->in.data, lease->in.len, &n_used, message, err);

		if (found < 0)
			return err_prefix(err, "the gateway does not speak our protocol");
		if (found) {
			buf_remove_front(&lease->in, n_used);
			return 0;
		}
		if (receive(lease, take_fd, err) < 0)
			return -1;
	}
}

static int denied(const struct lease_message *message, struct err *err)
{
	const char *text = lease_get(message, "text"), *reason = lease_get(message, "reason");

	return err_set(err, ERR_NO_HOSTS, "the gateway has no place for this job: %s (reason=%s)",
		       text ? text : "no explanation", reason ? reason : "none");
}

int lease_ask(struct lease *lease, const char *path, const struct lease_wish *wish, struct err *err)
{
	autobuf out = BUF_INIT;
	struct lease_writer writer;
	char protocols[8], modes[20];
	struct err failure = ERR_INIT;

	if (connect_gateway(path, &lease->fd, err) < 0)
		return -1;
	if (wish->protocol_min) {
		lease->protocol_min = wish->protocol_min;
		lease->protocol_max = wish->protocol_max;
	}
	snprintf(protocols, sizeof(protocols), wish->protocol_min == wish->protocol_max ? "%d" : "%d,%d",
		 wish->protocol_min, wish->protocol_max);
	lease_greet(&out);
	lease_begin(&writer, &out, LEASE_WANT);
	lease_add(&writer, "kind", wish->kind);
	snprintf(modes, sizeof(modes), "%s%s%s", wish->allow_relay ? ",relay" : "", wish->allow_fd ? ",fd" : "",
		 wish->allow_local ? ",local" : "");
	lease_add(&writer, "modes", modes + 1);
	lease_add(&writer, "proto", protocols);
	lease_add(&writer, "compiler", wish->compiler);
	lease_add(&writer, "object", wish->object);
	lease_add(&writer, "source", wish->source);
	lease_add(&writer, "build", wish->build);
	lease_add(&writer, "session", wish->build ? NULL : wish->session);
	if (wish->nice)
		lease_add_int(&writer, "priority", wish->nice);
	lease_add(&writer, "use", wish->use);
	lease_end(&writer);
	/* A gateway that turns us away has closed already: its message is read by whoever waits for the grant. */
	if (fd_write_full(lease->fd, out.data, out.len, CONNECT_MS, &failure) < 0 &&
	    failure.sys_errno != EPIPE)
		return gone(strerror(failure.sys_errno), err);
	return 0;
}

int lease_ready(struct lease *lease, uint64_t size, struct err *err)
{
	autobuf out = BUF_INIT;
	struct lease_writer writer;

	lease_begin(&writer, &out, LEASE_REDY);
	lease_add_int(&writer, "size", (int64_t)size);
	lease_end(&writer);
	/* A gateway that has denied already may have closed: its message says more than EPIPE. */
	if (fd_write_full(lease->fd, out.data, out.len, LEASE_SILENCE_MS, err) < 0 && err &&
	    err->sys_errno != EPIPE)
		return gone(err->text, err);
	return lease_await(lease, err);
}

static int take_grant(struct lease *lease, const struct lease_message *message, struct err *err)
{
	const char *mode = lease_get(message, "mode"), *server = lease_get(message, "server");

	lease->id = (uint64_t)lease_get_int(message, "lease", 0);
	lease->protocol = (int)lease_get_int(message, "proto", 0);
	snprintf(lease->server, sizeof(lease->server), "%s", server ? server : "");
	if (lease->protocol < 1 || lease->protocol > 3 || !mode)
		return err_set(err, ERR_PROTOCOL, "the gateway granted without saying what");
	if (lease->protocol < lease->protocol_min || lease->protocol > lease->protocol_max)
		return err_set(err, ERR_PROTOCOL,
			       "the gateway granted protocol %d, which nobody asked for",
			       lease->protocol);
	if (str_equal(mode, "relay"))
		lease->mode = LEASE_RELAY;
	else if (str_equal(mode, "fd"))
		lease->mode = LEASE_FD;
	else if (str_equal(mode, "local"))
		lease->mode = LEASE_LOCAL;
	else
		return err_set(err, ERR_PROTOCOL, "the gateway granted a mode that we do not know");
	if (lease->mode == LEASE_FD && lease->job_fd < 0)
		return err_set(err, ERR_PROTOCOL, "the gateway granted a descriptor and sent none");
	if (lease->mode != LEASE_FD)
		fd_close(&lease->job_fd);
	return 0;
}

int lease_await(struct lease *lease, struct err *err)
{
	for (;;) {
		autolease message = LEASE_MESSAGE_INIT;

		if (next_message(lease, true, &message, err) < 0)
			return -1;
		if (message.token == LEASE_DENY)
			return denied(&message, err);
		if (message.token == LEASE_GRNT)
			return take_grant(lease, &message, err);
		if (message.token != LEASE_WAIT)
			return err_set(err, ERR_PROTOCOL, "the gateway said %s out of turn",
				       lease_token_name(message.token));
		if (lease->patient_ms)
			lease->silence_ms = lease->patient_ms;
	}
}

int lease_result(struct lease *lease, const char *result, uint64_t sent, uint64_t received, int64_t ms,
		 struct err *err)
{
	autobuf out = BUF_INIT;
	struct lease_writer writer;

	fd_close(&lease->job_fd);
	lease_begin(&writer, &out, LEASE_RSLT);
	lease_add(&writer, "result", result);
	lease_add_int(&writer, "sent", (int64_t)sent);
	lease_add_int(&writer, "received", (int64_t)received);
	lease_add_int(&writer, "ms", ms);
	lease_end(&writer);
	return fd_write_full(lease->fd, out.data, out.len, CONNECT_MS, err);
}

int lease_await_reply(struct lease *lease, struct err *err)
{
	for (;;) {
		autolease message = LEASE_MESSAGE_INIT;

		while (lease->in.len < TOKEN_NAME_LEN)
			if (receive(lease, false, err) < 0)
				return -1;
		if (memcmp(lease->in.data, "DONE", TOKEN_NAME_LEN) == 0)
			return 1;
		if (next_message(lease, false, &message, err) < 0)
			return -1;
		if (message.token == LEASE_DENY)
			return denied(&message, err);
		if (message.token != LEASE_WAIT)
			return err_set(err, ERR_PROTOCOL, "the gateway said %s instead of a reply",
				       lease_token_name(message.token));
	}
}

void gateway_note_local(const char *path, const struct gateway_note *note)
{
	autobuf out = BUF_INIT;
	autoclose int fd = -1;
	struct lease_writer writer;
	struct sock_addr addr;

	if (sock_addr_unix(&addr, path, NULL) < 0 || sock_connect_start(&addr, &fd) != 1)
		return;
	lease_greet(&out);
	lease_begin(&writer, &out, LEASE_NOTE);
	lease_add(&writer, "where", "local");
	lease_add(&writer, "reason", note->reason);
	lease_add(&writer, "source", note->source);
	lease_add(&writer, "build", note->build);
	lease_add_int(&writer, "ms", note->ms);
	lease_end(&writer);
	if (send(fd, out.data, out.len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}

int gateway_ask(const char *path, const struct gateway_question *question, struct deadline deadline,
		struct buf *text,
		struct err *err)
{
	struct lease lease = LEASE_INIT;
	autobuf out = BUF_INIT;
	struct lease_writer writer;
	int result = -1;

	if (connect_gateway(path, &lease.fd, err) < 0)
		return -1;
	lease_greet(&out);
	lease_begin(&writer, &out, LEASE_SHOW);
	lease_add(&writer, "what", question->what);
	lease_add(&writer, "format", question->format);
	lease_add(&writer, "build", question->build);
	if (question->since)
		lease_add_int(&writer, "since", (int64_t)question->since);
	lease_end(&writer);
	if (fd_write_full(lease.fd, out.data, out.len, deadline_poll_ms(deadline), err) == 0) {
		for (;;) {
			autolease message = LEASE_MESSAGE_INIT;

			/* next_message() waits up to its own limit: this one is the caller's. */
			if (lease.in.len == 0 && fd_wait(lease.fd, POLLIN, deadline) <= 0) {
				err_set(err, ERR_TIMEOUT, "unix:%s: the gateway does not answer", path);
				break;
			}
			if (next_message(&lease, false, &message, err) < 0)
				break;
			if (message.token == LEASE_DENY) {
				denied(&message, err);
				break;
			}
			if (message.token != LEASE_TEXT) {
				err_set(err, ERR_PROTOCOL,
					"the gateway said %s instead of an answer",
					lease_token_name(message.token));
				break;
			}
			if (!message.text_len) {
				result = 0;
				break;
			}
			buf_add(text, message.text, message.text_len);
		}
	}
	lease_close(&lease);
	return result;
}
