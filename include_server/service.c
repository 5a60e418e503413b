/* include_server/service.c - see service.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include_server/service.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "compiler/language.h"
#include "include_server/query.h"

enum {
	CONNECTIONS_MAX = 4096,
	SPARE_MAX = 64, SPARE_BYTES_MAX = 65536,
	SILENCE_MS = 20000,		/* a request that is not complete after so long is closed */
	LOOK_MS = 1000,			/* how often the socket's name is looked at */
	CHUNK = 16384,
	STACK_BYTES = 32 << 20		/* nested includes and macros; touched only where used */
};

struct connection {
	struct connection *next, *previous;
	int fd;
	bool busy;			/* a thread has it */
	int64_t until_ms;
	struct buf in, out;
	size_t n_sent;
};

struct service {
	struct answers *answers;
	const struct service_options *options;
	int epoll_fd, end_fd;
	pthread_mutex_t lock;		/* the list */
	struct connection *connections;
	size_t n_connections;
	struct connection *spare;	/* closed ones, for their buffers */
	int n_spare;
};

/* --------------------------------------------------------------- one request */

static const char *source_of(const struct argv *argv)
{
	for (size_t i = 1; i < argv->n; i++)
		if (argv->words[i][0] != '-' && language_of_file(argv->words[i]) != LANG_NONE)
			return argv->words[i];
	return "unknown translation unit";
}

/* 1: conn->out has the answer; 0: more is to come; -1: close. */
static int serve(struct service *service, struct analysis *analysis, struct connection *conn)
{
	autofree char *cwd = NULL;
	autoargv argv = ARGV_INIT;
	struct err err = ERR_INIT;
	int result = query_parse(&conn->in, NULL, NULL, &err);

	if (result <= 0)
		return result;
	if (answer_remembered(service->answers, conn->in.data, conn->in.len, &conn->out))
		return 1;
	query_parse(&conn->in, &cwd, &argv, &err);
	if (answer(service->answers, analysis, cwd, &argv, conn->in.data, conn->in.len, &conn->out,
		   &err) < 0) {
		buf_clear(&conn->out);
		buf_add_str(&conn->out, "ARGC00000000");
		service->options->explain(service->options->context, source_of(&argv), err.text);
	}
	return 1;
}

/* --------------------------------------------------------------- connections */

static void free_connection(struct connection *conn)
{
	if (!conn)
		return;
	buf_release(&conn->in);
	buf_release(&conn->out);
	free(conn);
}

static void close_connection(struct service *service, struct connection *conn)
{
	pthread_mutex_lock(&service->lock);
	if (conn->previous)
		conn->previous->next = conn->next;
	else
		service->connections = conn->next;
	if (conn->next)
		conn->next->previous = conn->previous;
	service->n_connections--;
	close(conn->fd);
	if (service->n_spare < SPARE_MAX && conn->in.capacity <= SPARE_BYTES_MAX &&
	    conn->out.capacity <= SPARE_BYTES_MAX) {
		conn->next = service->spare;
		service->spare = conn;
		service->n_spare++;
		conn = NULL;
	}
	pthread_mutex_unlock(&service->lock);
	free_connection(conn);
}

/* In the list; the lock is held. */
static struct connection *new_connection(struct service *service, int fd)
{
	struct connection *conn = service->spare;

	if (conn) {
		service->spare = conn->next;
		service->n_spare--;
		buf_clear(&conn->in);
		buf_clear(&conn->out);
		*conn = (struct connection){ .in = conn->in, .out = conn->out };
	} else {
		conn = mem_alloc(sizeof(*conn));
	}
	conn->fd = fd;
	conn->busy = true;
	conn->until_ms = clock_now_ms() + SILENCE_MS;
	conn->next = service->connections;
	if (conn->next)
		conn->next->previous = conn;
	service->connections = conn;
	service->n_connections++;
	return conn;
}

static void arm(struct service *service, struct connection *conn, uint32_t events, int operation)
{
	struct epoll_event event = { .events = events | EPOLLONESHOT, .data.ptr = conn };

	pthread_mutex_lock(&service->lock);
	conn->busy = false;
	pthread_mutex_unlock(&service->lock);
	if (epoll_ctl(service->epoll_fd, operation, conn->fd, &event) < 0)
		close_connection(service, conn);
}

/* True when all is written, or nobody wants it. */
static bool flush(struct connection *conn)
{
	while (conn->n_sent < conn->out.len) {
		ssize_t n = send(conn->fd, conn->out.data + conn->n_sent,
				 conn->out.len - conn->n_sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno != EAGAIN;
		conn->n_sent += (size_t)n;
	}
	return true;
}

/* Goes on with a connection; arms it again or closes it. */
static void advance(struct service *service, struct analysis *analysis, struct connection *conn,
		    int operation)
{
	while (!conn->out.len) {
		ssize_t n = recv(conn->fd, buf_reserve(&conn->in, CHUNK), CHUNK, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			arm(service, conn, EPOLLIN, operation);
			return;
		}
		if (n <= 0) {
			close_connection(service, conn);
			return;
		}
		conn->in.len += (size_t)n;
		conn->in.data[conn->in.len] = '\0';
		if (conn->in.len > QUERY_BYTES_MAX || serve(service, analysis, conn) < 0) {
			close_connection(service, conn);
			return;
		}
	}
	if (flush(conn))
		close_connection(service, conn);
	else
		arm(service, conn, EPOLLOUT, operation);
}

static int listen_once(const struct service *service, int operation)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT, .data.ptr = NULL };

	return epoll_ctl(service->epoll_fd, operation, service->options->listen_fd, &event);
}

/* One client wakes one thread. Before it is served another thread may take the next one. */
static void accept_one(struct service *service, struct analysis *analysis)
{
	int fd = accept4(service->options->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct connection *conn;
	bool too_many;

	listen_once(service, EPOLL_CTL_MOD);
	if (fd < 0)
		return;
	pthread_mutex_lock(&service->lock);
	conn = new_connection(service, fd);
	too_many = service->n_connections > CONNECTIONS_MAX;
	pthread_mutex_unlock(&service->lock);
	if (too_many)
		close_connection(service, conn);
	else	/* most requests are here already, in one piece */
		advance(service, analysis, conn, EPOLL_CTL_ADD);
}

/* Those whose time is up; a socket that was shut down wakes the thread that will close it. */
static void end_silent(struct service *service)
{
	int64_t now = clock_now_ms();

	pthread_mutex_lock(&service->lock);
	for (struct connection *conn = service->connections; conn; conn = conn->next)
		if (!conn->busy && now > conn->until_ms)
			shutdown(conn->fd, SHUT_RDWR);
	pthread_mutex_unlock(&service->lock);
}

/* --------------------------------------------------------------- threads */

static void *work(void *argument)
{
	struct service *service = argument;
	struct analysis analysis;

	analysis_init(&analysis);
	for (;;) {
		struct epoll_event event;
		int n = epoll_wait(service->epoll_fd, &event, 1, -1);

		if (n < 0 && errno != EINTR)
			break;
		if (n <= 0)
			continue;
		if (event.data.ptr == &service->end_fd)
			break;
		if (event.data.ptr == NULL) {
			accept_one(service, &analysis);
			continue;
		}
		pthread_mutex_lock(&service->lock);
		((struct connection *)event.data.ptr)->busy = true;
		pthread_mutex_unlock(&service->lock);
		advance(service, &analysis, event.data.ptr, EPOLL_CTL_MOD);
	}
	analysis_release(&analysis);
	return NULL;
}

static bool socket_is_ours(const char *path, const struct stat *ours)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_dev == ours->st_dev && st.st_ino == ours->st_ino;
}

/* The calling thread looks after the end: told to, alone, or displaced. */
static void watch(struct service *service)
{
	struct stat ours;
	struct pollfd polled[2] = { { service->options->stop_fd, POLLIN, 0 },
				    { service->options->life_fd, POLLIN, 0 } };

	if (lstat(service->options->socket_path, &ours) < 0)
		return;
	for (;;) {
		int n = poll(polled, 2, LOOK_MS);

		if (n > 0 && (polled[0].revents || polled[1].revents))
			return;
		if (!socket_is_ours(service->options->socket_path, &ours))
			return;
		end_silent(service);
	}
}

static int start_threads(struct service *service, pthread_t *threads, int n, struct err *err)
{
	pthread_attr_t attr;
	int started = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	while (started < n && pthread_create(&threads[started], &attr, work, service) == 0)
		started++;
	pthread_attr_destroy(&attr);
	if (!started)
		err_sys(err, ERR_MEMORY, "cannot start a thread");
	return started;
}

int service_run(struct answers *answers, const struct service_options *options, struct err *err)
{
	autoclose int epoll_fd = epoll_create1(EPOLL_CLOEXEC), end_fd = eventfd(0, EFD_CLOEXEC);
	struct service service = { .answers = answers, .options = options, .epoll_fd = epoll_fd,
				   .end_fd = end_fd };
	struct epoll_event ending = { .events = EPOLLIN, .data.ptr = &service.end_fd };
	autofree pthread_t *threads = mem_array((size_t)options->n_threads, sizeof(pthread_t));
	int started;

	if (epoll_fd < 0 || end_fd < 0 || fd_set_nonblocking(options->listen_fd, true) < 0 ||
	    listen_once(&service, EPOLL_CTL_ADD) < 0 ||
	    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, end_fd, &ending) < 0)
		return err_sys(err, ERR_IO, "cannot wait for clients");
	pthread_mutex_init(&service.lock, NULL);
	started = start_threads(&service, threads, options->n_threads, err);
	if (started)
		watch(&service);
	if (write(end_fd, &(uint64_t){ 1 }, sizeof(uint64_t)) < 0)
		return err_sys(err, ERR_IO, "cannot end the threads");
	for (int i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	while (service.connections)
		close_connection(&service, service.connections);
	while (service.spare) {
		struct connection *next = service.spare->next;

		free_connection(service.spare);
		service.spare = next;
	}
	pthread_mutex_destroy(&service.lock);
	return started ? 0 : -1;
}
