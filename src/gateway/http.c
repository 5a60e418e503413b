/*
 * gateway/http.c - see http.h. On libevent's bufferevents and not on its evhttp: that accepts for
 * itself, and in 2.1 offers no way to bound how many connections it holds.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/http.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sock.h"
#include "gateway/http-request.h"
#include "gateway/live.h"
#include "gateway/metrics.h"
#include "gateway/page.h"
#include "gateway/status.h"

enum {
	CONNECTIONS_MAX = 64,
	WATCHERS_MAX = 24,
	ACCEPTS_AT_ONCE = 8,
	HEAD_S = 10,
	WRITE_S = 30,			/* without a byte taken */
	NEWS_MS = 500,
	PULSE_MS = 5000,		/* a reader hears this often that we live */
	FRESH_MS = 250,			/* an answer so young is given again */
	BEHIND_MAX = 1 << 20		/* a reader that is this far behind comes again, later */
};

enum client_state { CLIENT_HEAD, CLIENT_ANSWERING, CLIENT_WATCHING };

struct client {
	struct http *http;
	enum client_state state;
	struct bufferevent *stream;
	struct client *prev, *next;
};

struct view {				/* an answer that takes thought */
	const char *path, *type;
	void (*render)(struct buf *out, const struct gateway *gateway);
	struct buf text;
	int64_t at_ms;
};
enum { N_VIEWS = 3 };

struct http {
	struct gateway *gateway;
	int listen_fd;
	struct event *acceptable, *tick;
	struct client *clients;
	unsigned n_clients, n_watchers;
	bool retired;
	struct live live;
	int64_t told_ms;
	struct view views[N_VIEWS];
};

static const char safe_headers[] =
	"Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
	"img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
	"X-Content-Type-Options: nosniff\r\n"
	"Referrer-Policy: no-referrer\r\n"
	"Cross-Origin-Resource-Policy: same-origin\r\n"
	"Cross-Origin-Opener-Policy: same-origin\r\n";

/* ------------------------------------------------------------------ the socket */

static void warn_if_public(const struct sock_addr *addr)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&addr->storage;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr->storage;
	char text[SOCK_TEXT_MAX];

	if (addr->storage.ss_family == AF_INET ? ntohl(in->sin_addr.s_addr) >> 24 != 127 :
						 !IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr))
		log_warning("--http: whoever reaches %s sees the names of servers, sources and builds", sock_addr_format(addr, text));
}

static int listen_tcp(const struct sock_addr *addr, int *fd, struct err *err)
{
	autoclose int s = socket(addr->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char text[SOCK_TEXT_MAX];
	int on = 1;

	sock_addr_format(addr, text);
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (s < 0 || bind(s, (const struct sockaddr *)&addr->storage, addr->len) < 0 ||
	    listen(s, CONNECTIONS_MAX) < 0)
		return err_sys(err, ERR_BIND, "--http: cannot listen on %s", text);
	*fd = fd_steal(&s);
	return 0;
}

char *http_place(const struct options *options)
{
	if (options->http_path)
		return mem_strdup(options->http_path);
	return options->http_name ? str_format("%s:%d", options->http_name, options->http_port) : NULL;
}

int http_listen(const struct options *options, struct succession *succession, int *fd, struct err *err)
{
	autofree struct sock_addr *addrs = NULL;
	autofree char *place = http_place(options);
	bool inherited = false;
	size_t n_addrs = 0;

	if (!place)
		return 0;
	*fd = succession_take(succession, place, &inherited);
	if (*fd >= 0)
		return 0;
	if (options->http_path)
		return sock_listen_unix(options->http_path, options->socket_mode,
					options->socket_gid, fd, err);
	if (sock_resolve(options->http_name, options->http_port, &addrs, &n_addrs, err) < 0)
		return err_prefix(err, "--http");
	if (listen_tcp(&addrs[0], fd, err) < 0)
		return -1;
	warn_if_public(&addrs[0]);
	return 0;
}

void http_remove(const struct options *options)
{
	if (options->http_path)
		unlink(options->http_path);
}

/* ------------------------------------------------------------------ clients */

static void client_close(struct client *client)
{
	struct http *http = client->http;

	http->n_clients--;
	http->n_watchers -= client->state == CLIENT_WATCHING;
	http->gateway->counters.askers--;
	if (client->prev)
		client->prev->next = client->next;
	else
		http->clients = client->next;
	if (client->next)
		client->next->prev = client->prev;
	bufferevent_free(client->stream);
	free(client);
	/* the last thing that keeps a gateway which was replaced */
	if (http->retired && !http->n_clients)
		gateway_schedule(http->gateway);
}

static void answer(struct client *client, enum http_status status, const char *type,
		   const void *body, size_t len, bool head_only)
{
	struct evbuffer *out = bufferevent_get_output(client->stream);

	client->state = CLIENT_ANSWERING;
	bufferevent_disable(client->stream, EV_READ);
	evbuffer_add_printf(out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n"
			    "Cache-Control: no-cache\r\n%s%s\r\n", status, http_status_text(status), type, len,
			    status == HTTP_METHOD ? "Allow: GET, HEAD\r\n" : "", safe_headers);
	if (!head_only)
		evbuffer_add(out, body, len);
}

static void refuse(struct client *client, enum http_status status)
{
	static const struct {
		enum http_status status;
		const char *why;
	} reasons[] = {
		{ HTTP_MISDIRECTED, "Ask by address, as localhost, or by the name in --http: other names may belong to anybody.\n" },
		{ HTTP_FORBIDDEN, "Other sites have no business here.\n" },
		{ HTTP_UNAVAILABLE, "Too many are watching already.\n" },
	};
	const char *why = http_status_text(status);

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			why = reasons[i].why;
	answer(client, status, "text/plain; charset=utf-8", why, strlen(why), false);
}

/* ------------------------------------------------------------------ news */

static void send_news(struct client *client, const struct buf *text)
{
	struct evbuffer *out = bufferevent_get_output(client->stream);

	evbuffer_add(out, "data: ", 6);
	evbuffer_add(out, text->data, text->len);
	evbuffer_add(out, "\n\n", 2);
}

static void set_tick(struct http *http)
{
	static const struct timeval every = { 0, NEWS_MS * 1000 };

	if (http->n_watchers)
		event_add(http->tick, &every);
}

static void watch(struct client *client, bool head_only)
{
	static const struct timeval patience = { WRITE_S, 0 };
	struct http *http = client->http;
	autobuf text = BUF_INIT;

	if (http->n_watchers == WATCHERS_MAX) {
		refuse(client, HTTP_UNAVAILABLE);
		return;
	}
	if (head_only) {
		answer(client, HTTP_OK, "text/event-stream", "", 0, true);
		return;
	}
	if (!http->n_watchers) {
		/* nobody was told anything lately: from now on */
		autobuf old = BUF_INIT;

		live_render_news(&old, &http->live, http->gateway);
	}
	client->state = CLIENT_WATCHING;
	http->n_watchers++;
	/* Still read: that is how its end is seen. What it says is thrown away. */
	bufferevent_set_timeouts(client->stream, NULL, &patience);
	evbuffer_add_printf(bufferevent_get_output(client->stream),
			    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n"
			    "Cache-Control: no-store\r\n%s\r\nretry: 2000\n", safe_headers);
	live_render_all(&text, http->gateway);
	send_news(client, &text);
	set_tick(http);
}

static void http_on_tick(evutil_socket_t fd, short what, void *context)
{
	struct http *http = context;
	autobuf text = BUF_INIT;
	enum live_news news = live_render_news(&text, &http->live, http->gateway);
	struct client *next;

	(void)fd;
	(void)what;
	if (news == LIVE_NOTHING && clock_now_ms() - http->told_ms < PULSE_MS) {
		set_tick(http);
		return;
	}
	http->told_ms = clock_now_ms();
	for (struct client *client = http->clients; client; client = next) {
		next = client->next;
		if (client->state != CLIENT_WATCHING)
			continue;
		if (evbuffer_get_length(bufferevent_get_output(client->stream)) > BEHIND_MAX)
			client_close(client);
		else
			send_news(client, &text);
	}
	set_tick(http);
}

/* ------------------------------------------------------------------ requests */

static struct view *find_view(struct http *http, const char *path)
{
	for (int i = 0; i < N_VIEWS; i++)
		if (strcmp(http->views[i].path, path) == 0)
			return &http->views[i];
	return NULL;
}

static void answer_view(struct client *client, struct view *view, bool head_only)
{
	int64_t now_ms = clock_now_ms();

	if (!view->text.len || now_ms - view->at_ms >= FRESH_MS) {
		buf_clear(&view->text);
		view->render(&view->text, client->http->gateway);
		view->at_ms = now_ms;
	}
	answer(client, HTTP_OK, view->type, view->text.data, view->text.len, head_only);
}

static void serve(struct client *client, const struct http_request *request)
{
	const struct page_file *file = page_find(request->path);
	struct view *view = find_view(client->http, request->path);

	if (file)
		answer(client, HTTP_OK, page_type(file), file->bytes, file->len, request->head_only);
	else if (view)
		answer_view(client, view, request->head_only);
	else if (strcmp(request->path, "/live") == 0)
		watch(client, request->head_only);
	else
		refuse(client, HTTP_NOT_FOUND);
}

static void client_on_readable(struct bufferevent *stream, void *context)
{
	struct client *client = context;
	const struct options *options = client->http->gateway->setup->options;
	struct evbuffer *in = bufferevent_get_input(stream);
	size_t len = evbuffer_get_length(in);
	struct http_request request;
	int status;

	if (client->state != CLIENT_HEAD) {
		evbuffer_drain(in, len);
		return;
	}
	status = http_request_parse((const char *)evbuffer_pullup(in, (ev_ssize_t)len), len,
				    options->http_name,
				    options->http_path != NULL, &request);
	if (status == 0)
		return;
	evbuffer_drain(in, len);
	if (status == HTTP_OK)
		serve(client, &request);
	else
		refuse(client, (enum http_status)status);
}

static void client_on_written(struct bufferevent *stream, void *context)
{
	struct client *client = context;

	(void)stream;
	if (client->state == CLIENT_ANSWERING)
		client_close(client);
}

static void client_on_event(struct bufferevent *stream, short what, void *context)
{
	(void)stream;
	(void)what;
	client_close(context);
}

static struct client *client_new(struct http *http, int fd)
{
	static const struct timeval head = { HEAD_S, 0 }, patience = { WRITE_S, 0 };
	struct client *client = mem_alloc(sizeof(*client));

	client->http = http;
	client->stream = bufferevent_socket_new(http->gateway->base, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_priority_set(client->stream, PRIORITY_LATER);
	bufferevent_setcb(client->stream, client_on_readable, client_on_written, client_on_event, client);
	/* a read timeout ends HEAD; once it has answered or watches, nothing more is expected of it */
	bufferevent_set_timeouts(client->stream, &head, &patience);
	bufferevent_setwatermark(client->stream, EV_READ, 0, HTTP_HEAD_MAX);
	client->next = http->clients;
	if (client->next)
		client->next->prev = client;
	http->clients = client;
	http->n_clients++;
	http->gateway->counters.askers++;
	bufferevent_enable(client->stream, EV_READ | EV_WRITE);
	return client;
}

static void http_on_acceptable(evutil_socket_t listen_fd, short what, void *context)
{
	struct http *http = context;

	(void)what;
	for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
		int fd = accept4((int)listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		if (http->n_clients == CONNECTIONS_MAX)
			fd_close(&fd);
		else
			client_new(http, fd);
	}
}

/* ------------------------------------------------------------------ the whole */

struct http *http_open(struct gateway *gateway, int listen_fd)
{
	struct http *http = mem_alloc(sizeof(*http));

	http->gateway = gateway;
	http->listen_fd = listen_fd;
	http->views[0] = (struct view){ .path = "/metrics", .type = METRICS_TYPE, .render = metrics_render };
	http->views[1] = (struct view){ .path = "/status.json",
					.type = "application/json",
					.render = status_render_json };
	http->views[2] = (struct view){ .path = "/status.txt",
					.type = "text/plain; charset=utf-8",
					.render = status_render_text };
	fd_set_nonblocking(listen_fd, true);
	http->acceptable = event_new(gateway->base, listen_fd, EV_READ | EV_PERSIST,
				     http_on_acceptable, http);
	http->tick = evtimer_new(gateway->base, http_on_tick, http);
	event_priority_set(http->acceptable, PRIORITY_LATER);
	event_priority_set(http->tick, PRIORITY_LATER);
	event_add(http->acceptable, NULL);
	return http;
}

void http_adopt(struct http *http, int fd, const char *bytes, size_t len)
{
	struct client *client;
	struct evbuffer *in;

	if (!http || http->n_clients == CONNECTIONS_MAX) {
		fd_close(&fd);
		return;
	}
	client = client_new(http, fd);
	if (!len)
		return;
	in = bufferevent_get_input(client->stream);
	evbuffer_unfreeze(in, 0);
	evbuffer_add(in, bytes, len);
	evbuffer_freeze(in, 0);
	client_on_readable(client->stream, client);
}

void http_retire(struct http *http,
		 void (*hand_over)(void *context, int fd, const char *bytes, size_t len),
		 void *context)
{
	struct client *next;

	if (!http)
		return;
	event_del(http->acceptable);
	event_del(http->tick);
	fd_close(&http->listen_fd);
	for (struct client *client = http->clients; client; client = next) {
		struct evbuffer *in = bufferevent_get_input(client->stream);

		next = client->next;
		if (client->state == CLIENT_HEAD)
			hand_over(context, bufferevent_getfd(client->stream),
				  (const char *)evbuffer_pullup(in, -1), evbuffer_get_length(in));
		/* who watches comes again by itself */
		if (client->state != CLIENT_ANSWERING)
			client_close(client);
	}
	http->retired = true;
}

bool http_is_done(const struct http *http)
{
	return !http || !http->n_clients;
}

void http_close(struct http *http)
{
	if (!http)
		return;
	http->retired = false;
	while (http->clients)
		client_close(http->clients);
	for (int i = 0; i < N_VIEWS; i++)
		buf_release(&http->views[i].text);
	live_release(&http->live);
	event_free(http->acceptable);
	event_free(http->tick);
	fd_close(&http->listen_fd);
	free(http);
}
