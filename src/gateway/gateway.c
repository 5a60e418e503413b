/* gateway/gateway.c - see gateway.h: the host list, the listeners, and who is told what. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/gateway.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/signals.h"
#include "gateway/channel.h"
#include "gateway/farm.h"
#include "gateway/heritage.h"
#include "gateway/http.h"
#include "gateway/larder.h"
#include "gateway/peer.h"
#include "gateway/reception.h"
#include "gateway/retirement.h"
#include "gateway/roster.h"
#include "gateway/state.h"
#include "gateway/turn.h"
#include "hosts/list.h"

enum {
	RESUME_MS = 100,
	/* then those that are here have a turn: who connects without end stops nobody */
	ACCEPTS_AT_ONCE = 16
};

/* Everything that only gateway_run() and its callbacks see. */
struct loop {
	struct gateway gateway;
	bool loaded;
	struct err failure;		/* why the loop ends, if it is not asked to */
};

/* ------------------------------------------------------------------ the schedule */

void gateway_schedule(struct gateway *gateway)
{
	int64_t now_ms = clock_now_ms(), pause_ms;
	struct timeval tv;

	if (gateway->retirement) {
		retirement_look(gateway->retirement);
		return;
	}
	schedule_run(&gateway->schedule, gateway->servers, gateway->n_servers, now_ms);
	if (!gateway->schedule.wake_at_ms)
		return;
	pause_ms = gateway->schedule.wake_at_ms - now_ms;
	tv = (struct timeval){ pause_ms / 1000, pause_ms % 1000 * 1000 + 999 };
	event_add(gateway->wake, &tv);
}

static void gateway_on_wake(evutil_socket_t fd, short what, void *context)
{
	struct gateway *gateway = context;

	(void)fd;
	(void)what;
	if (schedule_n_waiting_here(&gateway->schedule))
		turn_look_at_holders(gateway);
	gateway_schedule(gateway);
}

/* ------------------------------------------------------------------ the host list */

static int load(struct loop *loop, const struct helper_answer *answer, int fd, struct err *err)
{
	struct host_list list = HOST_LIST_INIT;
	autobuf text = BUF_INIT;
	int result;

	if (!answer->ok)
		return err_set(err, ERR_HOSTSPEC, "%s", answer->text);
	str_copy(loop->gateway.hosts_name, sizeof(loop->gateway.hosts_name), answer->text);
	if (fd_read_all(fd, HOST_LIST_MAX, &text, err) < 0)
		return -1;
	result = host_list_parse(&list, text.data, err);
	if (result == 0)
		result = farm_check(&list, loop->gateway.setup->options, err);
	if (result == 0)
		roster_take_list(&loop->gateway, &list, answer->generation);
	host_list_release(&list);
	return result < 0 ? err_prefix(err, "%s", answer->text) : 0;
}

static void accept_ready(evutil_socket_t fd, short what, void *context);

static void stop_listening(struct gateway *gateway)
{
	for (size_t i = 0; i < gateway->n_listeners; i++)
		event_free(gateway->listeners[i]);
	free(gateway->listeners);
	gateway->listeners = NULL;
	gateway->n_listeners = 0;
}

static void start_listening(struct gateway *gateway)
{
	const struct listeners *listeners = &gateway->setup->listeners;

	gateway->listeners = mem_array(listeners->n, sizeof(*gateway->listeners));
	for (size_t i = 0; i < listeners->n; i++) {
		gateway->listeners[i] = event_new(gateway->base, listeners->fds[i],
						  EV_READ | EV_PERSIST, accept_ready, gateway);
		event_add(gateway->listeners[i], NULL);
	}
	gateway->n_listeners = listeners->n;
	if (gateway->setup->http_fd >= 0)
		gateway->http = http_open(gateway, gateway->setup->http_fd);
	startup_settle(gateway->setup->startup);
	channel_ask(gateway->channel, HELPER_READY, 0, (uint32_t)gateway->n_servers, -1, NULL, NULL);
}

static void serve(void *context)
{
	struct gateway *gateway = context;

	start_listening(gateway);
	gateway_schedule(gateway);
}

static void heritage_ended(void *context)
{
	struct gateway *gateway = context;
	struct heritage *heritage = gateway->heritage;

	gateway->heritage = NULL;
	heritage_end(heritage);
	log_notice("the gateway that was replaced has ended");
	if (gateway->retirement)
		retirement_look(gateway->retirement);
}

static void take_over(void *context, const struct helper_answer *answer, int *fd)
{
	struct loop *loop = context;

	if (!answer->ok || *fd < 0) {
		err_set(&loop->failure, ERR_CONNECT, "the gateway that is to be replaced stays: %s",
			answer->text);
		event_base_loopbreak(loop->gateway.base);
		return;
	}
	loop->gateway.heritage = heritage_begin(&loop->gateway, fd_steal(fd), serve, heritage_ended,
						&loop->gateway);
}

static void retired(void *context)
{
	struct gateway *gateway = context;

	log_notice("everything is handed over or done; ending");
	event_base_loopbreak(gateway->base);
}

static void retire(struct gateway *gateway, int *trunk_fd)
{
	if (gateway->retirement)
		return;
	log_notice("another gateway takes over; %u peers are here", gateway->counters.peers);
	stop_listening(gateway);
	for (size_t i = 0; i < gateway->setup->listeners.n; i++)
		close(gateway->setup->listeners.fds[i]);
	gateway->retirement = retirement_begin(gateway, fd_steal(trunk_fd), retired, gateway);
}

static void hosts_loaded(void *context, const struct helper_answer *answer, int *fd)
{
	struct loop *loop = context;
	struct err err = ERR_INIT;

	if (load(loop, answer, *fd, &err) < 0) {
		if (loop->loaded) {
			log_error("%s; the old list stays", err.text);
			return;
		}
		loop->failure = err;
		event_base_loopbreak(loop->gateway.base);
		return;
	}
	log_notice("%zu servers from %s", loop->gateway.n_servers, loop->gateway.hosts_name);
	if (loop->loaded) {
		gateway_schedule(&loop->gateway);
		return;
	}
	loop->loaded = true;
	if (!loop->gateway.setup->replaces)
		serve(&loop->gateway);
	else if (!channel_ask(loop->gateway.channel, HELPER_TAKE_OVER, 0, 0, -1, take_over, loop))
		err_set(&loop->failure, ERR_GONE, "the parent process is gone");
}

static void told_unasked(void *context, const struct helper_answer *answer, int *fd)
{
	struct loop *loop = context;

	if (answer->operation == HELPER_RETIRE)
		retire(&loop->gateway, fd);
	else
		hosts_loaded(context, answer, fd);
}

/* ------------------------------------------------------------------ listening */

static void set_listening(struct gateway *gateway, bool on)
{
	for (size_t i = 0; i < gateway->n_listeners; i++) {
		if (on)
			event_add(gateway->listeners[i], NULL);
		else
			event_del(gateway->listeners[i]);
	}
}

static void on_resume(evutil_socket_t fd, short what, void *context)
{
	struct gateway *gateway = context;

	(void)fd;
	(void)what;
	if (gateway->spare_fd < 0)
		gateway->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	set_listening(gateway, true);
}

/* No descriptor left: one peer is turned away with the spare one, so that it hears at once, and
 * nobody is accepted for a moment. */
static void out_of_descriptors(struct gateway *gateway, int listen_fd)
{
	static const struct timeval pause = { 0, RESUME_MS * 1000 };
	int fd;

	log_warning("out of descriptors with %u peers; see RLIMIT_NOFILE", gateway->counters.peers);
	fd_close(&gateway->spare_fd);
	fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
	fd_close(&fd);
	gateway->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	set_listening(gateway, false);
	event_add(gateway->resume, &pause);
}

static void accept_ready(evutil_socket_t listen_fd, short what, void *context)
{
	struct gateway *gateway = context;

	(void)what;
	for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
		int fd = accept4((int)listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			reception_open(gateway, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE)
			out_of_descriptors(gateway, (int)listen_fd);
		if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

/* ------------------------------------------------------------------ the loop */

static void on_end(evutil_socket_t signal_number, short what, void *context)
{
	struct gateway *gateway = context;

	(void)what;
	log_notice("ending on signal %d with %u peers", (int)signal_number, gateway->counters.peers);
	event_base_loopbreak(gateway->base);
}

static void on_parent_gone(void *context)
{
	struct loop *loop = context;

	/* Who sees ERR_GONE removes the sockets, which are ours as long as we listen. */
	err_set(&loop->failure, loop->gateway.n_listeners ? ERR_GONE : ERR_FAILED,
		"the parent process is gone");
	event_base_loopbreak(loop->gateway.base);
}

static void on_reap(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	struct gateway *gateway = context;

	peers_reap(gateway);
	if (gateway->retirement)
		retirement_look(gateway->retirement);
}

static void release(struct gateway *gateway)
{
	peers_close(gateway);
	complaints_release(&gateway->complaints);
	stop_listening(gateway);
	http_close(gateway->http);
	gateway->http = NULL;
	/* the end of the line frees what is held, once all that is held here is given back */
	heritage_end(gateway->heritage);
	retirement_end(gateway->retirement);
	gateway->retirement = NULL;
	roster_release(gateway);
	larder_close(gateway->larder);
	channel_close(gateway->channel);
	event_free(gateway->reap);
	event_free(gateway->resume);
	event_free(gateway->wake);
	fd_close(&gateway->spare_fd);
	feed_release(&gateway->feed);
	buf_release(&gateway->absent);
}

int gateway_run(const struct gateway_setup *setup, struct err *err)
{
	struct loop loop = { .failure = ERR_INIT };
	struct gateway *gateway = &loop.gateway;
	struct event *on_term, *on_int;

	gateway->base = event_base_new();
	if (!gateway->base)
		return err_set(err, ERR_FAILED, "cannot make an event loop");
	event_base_priority_init(gateway->base, PRIORITY_N);
	gateway->setup = setup;
	feed_init(&gateway->feed);
	gateway->pool.dir_fd = setup->spool_dir_fd;
	via_make_name(gateway->name);
	gateway->overflow_uid = sock_overflow_uid();
	gateway->started_at_ms = clock_now_ms();
	gateway->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	gateway->reap = evtimer_new(gateway->base, on_reap, gateway);
	gateway->resume = evtimer_new(gateway->base, on_resume, gateway);
	gateway->wake = evtimer_new(gateway->base, gateway_on_wake, gateway);
	gateway->channel = channel_open(gateway->base, setup->helper_fd, told_unasked, on_parent_gone, &loop);
	if (setup->guard_fd >= 0)
		gateway->larder = larder_open(gateway->base, setup->guard_fd);
	on_term = evsignal_new(gateway->base, SIGTERM, on_end, gateway);
	on_int = evsignal_new(gateway->base, SIGINT, on_end, gateway);
	event_add(on_term, NULL);
	event_add(on_int, NULL);
	signals_hold(false);
	if (!channel_ask(gateway->channel, HELPER_LOAD_HOSTS, 0, 0, -1, hosts_loaded, &loop))
		err_set(&loop.failure, ERR_GONE, "the parent process is gone");
	else
		event_base_dispatch(gateway->base);
	release(gateway);
	event_free(on_term);
	event_free(on_int);
	event_base_free(gateway->base);
	if (loop.failure.code == ERR_NONE)
		return 0;
	*err = loop.failure;
	return -1;
}
