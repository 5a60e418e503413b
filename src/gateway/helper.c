/*
 * gateway/helper.c - see helper.h.
 *
 * Runs with the rights of whoever started the gateway (ssh needs that user's keys). It trusts the
 * host file and nothing that comes from the loop beyond three numbers, which are checked.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/helper.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/signals.h"
#include "base/str.h"
#include "base/tmp.h"
#include "gateway/control.h"
#include "gateway/farm.h"
#include "gateway/filter.h"
#include "gateway/handoff.h"
#include "gateway/notify.h"
#include "gateway/resolve.h"
#include "gateway/ssh-pool.h"
#include "gateway/ways.h"

enum { END_MS = 900 };

static const int handled[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };

struct helper {
	struct helper_setup *setup;
	struct event_base *base;
	struct farm farm;
	struct control *control;
	struct event *loop_readable, *patience;
	struct event *signals[4];
	struct ssh_pool *ssh_pool;
	bool ending, loop_ended;
	int loop_status;
};

static void send_answer(const struct helper *helper, struct helper_answer *answer, int fd)
{
	/* A loop that cannot take it is dying; its end is noticed elsewhere. */
	if (fdpass_send(helper->setup->loop_fd, answer, sizeof(*answer), fd) < 0)
		log_debug("the loop does not take an answer: %s", strerror(errno));
}

static void send_failure(const struct helper *helper, struct helper_answer *answer, const char *text)
{
	answer->ok = 0;
	snprintf(answer->text, sizeof(answer->text), "%s", text);
	send_answer(helper, answer, -1);
}

/* ------------------------------------------------------------------ the host list */

static void tell_manager(enum notify_state state, const char *status)
{
	struct err err = ERR_INIT;

	if (notify_manager(state, status, &err) < 0)
		log_warning("%s", err.text);
}

static void tell_ready(size_t n_servers)
{
	char status[64];

	snprintf(status, sizeof(status), "serving with %zu servers", n_servers);
	tell_manager(NOTIFY_READY, status);
}

static int file_of(const char *label, const struct buf *text, struct err *err)
{
	autoclose int fd = tmp_memory(label, err);

	if (fd < 0 || fd_write_full(fd, text->data, text->len, -1, err) < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, ERR_IO, "cannot rewind a file");
	return fd_steal(&fd);
}

static void send_list(const struct helper *helper, uint32_t serial)
{
	struct helper_answer answer = { .operation = HELPER_LOAD_HOSTS, .serial = serial, .ok = 1,
					.generation = helper->farm.generation };
	autobuf text = BUF_INIT;
	autoclose int fd = -1;
	struct err err = ERR_INIT;

	ways_allow_listed(helper->setup->guard, &helper->farm.list);
	farm_format(&helper->farm, &text);
	str_copy(answer.text, sizeof(answer.text), helper->farm.name);
	fd = file_of("distcc-gateway-hosts", &text, &err);
	if (fd < 0) {
		send_failure(helper, &answer, err.text);
		return;
	}
	send_answer(helper, &answer, fd);
}

/* The source is what is true in the end, but nobody's changes go without a word. */
static int read_list(struct farm *farm, size_t *n_forgotten, struct err *err)
{
	autobuf changes = BUF_INIT;

	*n_forgotten = farm_format_changes(farm, &changes);
	if (farm_load(farm, err) < 0)
		return -1;
	if (*n_forgotten)
		log_notice("%s was read anew: %zu changes by --add, --drain and --remove are forgotten", farm->name, *n_forgotten);
	return 0;
}

static void load_hosts(struct helper *helper, uint32_t serial)
{
	struct helper_answer answer = { .operation = HELPER_LOAD_HOSTS, .serial = serial };
	struct err err = ERR_INIT;
	size_t n_forgotten;

	if (read_list(&helper->farm, &n_forgotten, &err) < 0)
		send_failure(helper, &answer, err.text);
	else
		send_list(helper, serial);
}

/* ------------------------------------------------------------------ an administrator's wishes */

static int change_list(struct farm *farm, const struct control_request *request,
		       size_t *n_forgotten, struct err *err)
{
	switch (request->operation) {
	case CONTROL_ADD:
		return farm_add(farm, request->text, err);
	case CONTROL_DRAIN:
		return farm_drain(farm, request->text, err);
	case CONTROL_REMOVE:
		return farm_remove(farm, request->text, err);
	case CONTROL_RELOAD:
		return read_list(farm, n_forgotten, err);
	default:
		return err_set(err, ERR_USAGE, "this gateway is of a release that cannot do that");
	}
}

/* ------------------------------------------------------------------ a successor, a predecessor */

static void give_sockets(struct helper *helper, struct control_visitor *visitor,
			 struct control_answer *answer, int *fd)
{
	const struct listeners *listeners = helper->setup->listeners;

	for (size_t i = 0; i < listeners->n; i++) {
		struct control_answer one = { .ok = 1, .kind = listeners->inherited ? CONTROL_INHERITED_LISTENER : CONTROL_LISTENER };

		str_copy(one.text, sizeof(one.text), helper->setup->options->listen_paths[i]);
		control_say(visitor, &one, listeners->fds[i]);
	}
	if (*helper->setup->http_fd >= 0) {
		struct control_answer one = { .ok = 1, .kind = CONTROL_LISTENER };

		str_copy(one.text, sizeof(one.text), helper->setup->http_place);
		control_say(visitor, &one, *helper->setup->http_fd);
	}
	answer->ok = 1;
	answer->kind = CONTROL_SELF;
	*fd = fcntl(control_listener(helper->control), F_DUPFD_CLOEXEC, 0);
}

/* What the next one reads in its host list is not all that is so here. */
static void give_changes(const struct helper *helper, struct control_visitor *visitor)
{
	struct control_answer answer = { .ok = 1, .kind = CONTROL_CHANGES };
	autobuf changes = BUF_INIT;
	autoclose int fd = -1;
	struct err err = ERR_INIT;

	farm_format_changes(&helper->farm, &changes);
	fd = file_of("distcc-gateway-changes", &changes, &err);
	if (fd < 0)
		log_warning("what --add, --drain and --remove changed is lost: %s", err.text);
	else
		control_say(visitor, &answer, fd);
}

/* From here on the loop finishes what it has, and its end is ours. */
static void retire(struct helper *helper, struct control_visitor *visitor,
		   const struct control_request *request,
		   struct control_answer *answer, int *fd)
{
	struct helper_answer order = { .operation = HELPER_RETIRE, .ok = 1 };
	autoclose int ours = -1;
	int pair[2];

	if (helper->setup->retired || helper->ending ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		str_copy(answer->text, sizeof(answer->text), "it is ending, or being replaced already");
		return;
	}
	ours = pair[0];
	*fd = pair[1];
	if (strcmp(request->text, "changes") == 0)
		give_changes(helper, visitor);
	helper->setup->retired = true;
	send_answer(helper, &order, ours);
	control_leave(helper->control);
	listen_release(helper->setup->listeners);
	fd_close(helper->setup->http_fd);
	answer->ok = 1;
	answer->kind = CONTROL_TRUNK;
}

static void take_over(struct helper *helper, struct helper_answer *answer)
{
	autoclose int trunk_fd = -1;
	autobuf changes = BUF_INIT;
	struct err err = ERR_INIT;
	size_t n_kept;

	if (succession_commit(helper->setup->succession, &trunk_fd, &changes, &err) < 0) {
		send_failure(helper, answer, err.text);
		return;
	}
	n_kept = changes.len ? farm_apply_changes(&helper->farm, changes.data) : 0;
	if (n_kept) {
		log_notice("%zu changes by --add, --drain and --remove are kept", n_kept);
		send_list(helper, 0);
	}
	helper->setup->has_replaced = true;
	answer->ok = 1;
	send_answer(helper, answer, trunk_fd);
}

static void helper_on_control(void *context, struct control_visitor *visitor,
			      const struct control_request *request, struct control_answer *answer,
			      int *fd)
{
	struct helper *helper = context;
	struct err err = ERR_INIT;
	size_t n_servers = 0, n_forgotten = 0;

	if (request->operation == CONTROL_COMMIT) {
		retire(helper, visitor, request, answer, fd);
		return;
	}
	if (helper->setup->retired) {
		str_copy(answer->text, sizeof(answer->text),
			 "this gateway has been replaced in this moment; ask again");
		return;
	}
	if (request->operation == CONTROL_REPLACE) {
		give_sockets(helper, visitor, answer, fd);
		return;
	}
	if (change_list(&helper->farm, request, &n_forgotten, &err) < 0) {
		snprintf(answer->text, sizeof(answer->text), "%s; the list stays as it was", err.text);
		log_warning("an administrator's request failed: %s", answer->text);
		return;
	}
	for (size_t i = 0; i < helper->farm.list.n_hosts; i++)
		n_servers += helper->farm.list.hosts[i].kind != HOST_LOCAL &&
			     !helper->farm.list.hosts[i].down;
	answer->ok = 1;
	snprintf(answer->text, sizeof(answer->text), "%zu servers are in use", n_servers);
	if (n_forgotten)
		snprintf(answer->text, sizeof(answer->text),
			 "%zu servers are in use; %zu changes by --add, --drain and --remove are forgotten",
			 n_servers, n_forgotten);
	send_list(helper, 0);
}

/* ------------------------------------------------------------------ ssh */

/* An answer that waits for somebody else's. */
struct question {
	const struct helper *helper;
	const struct host_spec *spec;	/* while it is asked */
	struct helper_answer answer;
};

static void helper_on_ssh(void *context, int fd, const char *why)
{
	struct question *question = context;

	if (fd < 0) {
		send_failure(question->helper, &question->answer, why);
	} else {
		question->answer.ok = 1;
		send_answer(question->helper, &question->answer, fd);
	}
	free(question);
}

/* The pool, with its directory, comes into being with the first server that needs it. */
static void start_ssh(struct helper *helper, const struct helper_answer *answer, const struct host_spec *spec)
{
	struct question *question = mem_alloc(sizeof(*question));

	*question = (struct question){ helper, spec, *answer };
	if (!helper->ssh_pool)
		helper->ssh_pool = ssh_pool_new(helper->base, env_get("DISTCC_SSH"));
	ssh_pool_ask(helper->ssh_pool, spec, helper_on_ssh, question);
}

/* ------------------------------------------------------------------ connections to be passed on */

static void secure(const struct helper *helper, struct helper_answer *answer, int fd)
{
	struct err err = ERR_INIT;

	/* Only the filter needs rights; the loop has tried, and does, the rest. */
	if (fd < 0 || handoff_secure(fd, helper->setup->proofs, handoff_filter_enabled(), &err) < 0) {
		send_failure(helper, answer, err.text);
		return;
	}
	answer->ok = 1;
	send_answer(helper, answer, -1);
}

/* ------------------------------------------------------------------ requests and signals */

/* Only now: before, a predecessor listens at the same socket. */
static void ready(struct helper *helper, size_t n_servers)
{
	if (helper->setup->control_fd >= 0)
		helper->control = control_open(helper->base, fd_steal(&helper->setup->control_fd),
					       helper_on_control, helper);
	helper->setup->on_serving(helper->setup);
	tell_ready(n_servers);
}

/* In a process of its own. */
static void helper_on_resolved(void *context, const struct sock_addr *addrs, size_t n_addrs, const char *why)
{
	struct question *question = context;
	struct helper_answer *answer = &question->answer;

	if (!n_addrs) {
		send_failure(question->helper, answer, why);
		return;
	}
	ways_allow(question->helper->setup->guard, question->spec, addrs, n_addrs);
	answer->ok = 1;
	answer->n_addrs = (uint32_t)(n_addrs < HELPER_ADDRS_MAX ? n_addrs : HELPER_ADDRS_MAX);
	memcpy(answer->addrs, addrs, answer->n_addrs * sizeof(answer->addrs[0]));
	send_answer(question->helper, answer, -1);
}

static void resolve(const struct helper *helper, const struct helper_answer *answer,
		    const struct host_spec *spec)
{
	struct question question = { helper, spec, *answer };
	struct err err = ERR_INIT;

	if (resolve_start(spec, helper_on_resolved, &question, &err) < 0)
		send_failure(helper, &question.answer, err.text);
}

/* False when the loop has gone. */
static bool take_request(struct helper *helper)
{
	struct helper_request request;
	struct helper_answer answer;
	const struct host_spec *spec = NULL;
	autoclose int fd = -1;
	ssize_t n = fdpass_recv(helper->setup->loop_fd, &request, sizeof(request), &fd, NULL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n != (ssize_t)sizeof(request))
		return false;
	memset(&answer, 0, sizeof(answer));
	answer.operation = request.operation;
	answer.serial = request.serial;
	answer.generation = request.generation;
	answer.index = request.index;
	if (request.generation == helper->farm.generation && request.index < helper->farm.list.n_hosts)
		spec = &helper->farm.list.hosts[request.index];
	if (request.operation == HELPER_LOAD_HOSTS)
		load_hosts(helper, request.serial);
	else if (request.operation == HELPER_RESOLVE && spec && spec->kind == HOST_TCP)
		resolve(helper, &answer, spec);
	else if (request.operation == HELPER_SSH && spec && spec->kind == HOST_SSH)
		start_ssh(helper, &answer, spec);
	else if (request.operation == HELPER_TRIM && request.generation == helper->farm.generation)
		ways_trim(helper->setup->guard, helper->ssh_pool, &helper->farm.list);
	else if (request.operation == HELPER_SECURE)
		secure(helper, &answer, fd);
	else if (request.operation == HELPER_TAKE_OVER)
		take_over(helper, &answer);
	else if (request.operation == HELPER_READY)
		ready(helper, request.index);
	else if (request.operation != HELPER_TRIM)
		send_failure(helper, &answer, "the host list has changed");
	return true;
}

static void helper_end(struct helper *helper)
{
	static const struct timeval patience = { 0, END_MS * 1000 };

	if (helper->ending)
		return;
	helper->ending = true;
	/* of a gateway that was replaced the manager has heard the last */
	if (!helper->setup->retired)
		tell_manager(NOTIFY_STOPPING, "ending");
	kill(helper->setup->loop_pid, SIGTERM);
	event_add(helper->patience, &patience);
}

static void helper_on_patience(evutil_socket_t fd, short what, void *context)
{
	const struct helper *helper = context;

	(void)fd;
	(void)what;
	kill(helper->setup->loop_pid, SIGKILL);
}

static void helper_on_readable(evutil_socket_t fd, short what, void *context)
{
	struct helper *helper = context;

	(void)fd;
	(void)what;
	if (!take_request(helper)) {
		event_del(helper->loop_readable);
		helper_end(helper);
	}
}

static void reap(struct helper *helper)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != helper->setup->loop_pid) {
			if (!guard_reaped(helper->setup->guard, pid) && helper->ssh_pool)
				ssh_pool_reaped(helper->ssh_pool, pid, status);
			continue;
		}
		helper->loop_ended = true;
		helper->loop_status = status;
		event_base_loopbreak(helper->base);
	}
}

static void reload(struct helper *helper)
{
	tell_manager(NOTIFY_RELOADING, "reading the host list");
	load_hosts(helper, 0);
	tell_ready(helper->farm.list.n_hosts);
}

static void helper_on_signal(evutil_socket_t signal_number, short what, void *context)
{
	struct helper *helper = context;

	(void)what;
	if (signal_number == SIGCHLD)
		reap(helper);
	else if (signal_number == SIGHUP)
		reload(helper);
	else
		helper_end(helper);
}

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : ERR_FAILED;
}

static void make_events(struct helper *helper)
{
	const struct helper_setup *setup = helper->setup;

	for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++) {
		helper->signals[i] = evsignal_new(helper->base, handled[i], helper_on_signal, helper);
		event_add(helper->signals[i], NULL);
	}
	signals_hold(false);
	fd_set_nonblocking(setup->loop_fd, true);
	helper->patience = evtimer_new(helper->base, helper_on_patience, helper);
	helper->loop_readable = event_new(helper->base, setup->loop_fd, EV_READ | EV_PERSIST,
					  helper_on_readable, helper);
	event_add(helper->loop_readable, NULL);
}

static void release(struct helper *helper)
{
	control_close(helper->control);
	ssh_pool_free(helper->ssh_pool);
	for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
		event_free(helper->signals[i]);
	event_free(helper->patience);
	event_free(helper->loop_readable);
	event_base_free(helper->base);
	farm_release(&helper->farm);
}

int helper_run(struct helper_setup *setup)
{
	struct helper helper = { .setup = setup, .farm = FARM_INIT(setup->options) };

	helper.base = event_base_new();
	if (!helper.base) {
		kill(setup->loop_pid, SIGKILL);
		return ERR_FAILED;
	}
	make_events(&helper);
	/* it may have ended before its signal had a handler */
	reap(&helper);
	if (!helper.loop_ended)
		event_base_dispatch(helper.base);
	/* a second signal (of a terminal, of an impatient manager) would leave everything lying about */
	signals_hold(true);
	release(&helper);
	return exit_status(helper.loop_status);
}
