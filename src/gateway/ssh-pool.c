/* gateway/ssh-pool.c - see ssh-pool.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/ssh-pool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/tmp.h"
#include "gateway/ssh-master.h"

enum { LINE_MAX_LEN = 300 };

struct ask {
	ssh_answer_fn *on_answer;
	void *context;
	struct ask *next;
};

struct ssh_host {			/* one entry of the list */
	struct ssh_pool *pool;
	char *text;			/* as it was first written */
	struct host_spec spec;
	struct ssh_master *masters;
	struct ask *asks;		/* that wait for one */
	int stderr_read, stderr_write;
	struct event *said;
	char line[LINE_MAX_LEN];	/* the last that ssh said, to name a cause by */
	char shown[LINE_MAX_LEN];	/* the last that was logged: nothing is said twice in a row */
	struct ssh_host *next;
};

struct session {			/* one job on a master */
	struct ssh_host *host;
	struct ssh_master *master;	/* or NULL when that has gone */
	struct proc child;
	int their_fd;			/* a duplicate of its end */
	struct event *left, *linger;	/* nobody listens any more; and for how long */
	struct session *next;
};

struct ssh_pool {
	struct event_base *base;
	const char *words;
	char *dir;			/* of the masters' sockets */
	int inotify_fd;
	struct event *appeared;
	unsigned n_started;
	struct ssh_host *hosts;
	struct session *sessions;
};

static void serve(struct ssh_host *host);

/* ------------------------------------------------------------------ what ssh says */

static void take_lines(struct ssh_host *host, char *text)
{
	char *line;

	while ((line = strsep(&text, "\r\n"))) {
		if (!*line)
			continue;
		str_copy(host->line, sizeof(host->line), line);
		if (strcmp(host->line, host->shown) != 0) {
			autofree char *quoted = str_quote(host->line);

			log_notice("host '%s': ssh says %s", host->text, quoted);
			str_copy(host->shown, sizeof(host->shown), host->line);
		}
	}
}

static void hear(struct ssh_host *host)
{
	char text[4096];
	ssize_t n;

	while ((n = read(host->stderr_read, text, sizeof(text) - 1)) > 0) {
		text[n] = '\0';
		take_lines(host, text);
	}
}

static void host_on_said(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	hear(context);
}

/* ------------------------------------------------------------------ answers */

static void answer_first(struct ssh_host *host, int fd, const char *why)
{
	struct ask *ask = host->asks;

	LL_DELETE(host->asks, ask);
	ask->on_answer(ask->context, fd, why);
	free(ask);
}

static void refuse_all(struct ssh_host *host, const char *why)
{
	while (host->asks)
		answer_first(host, -1, why);
}

/* ------------------------------------------------------------------ masters */

static void lose_master(struct ssh_host *host, struct ssh_master *master, const char *why)
{
	bool was_ready = master->ready;
	struct session *session;

	if (was_ready)
		log_warning("host '%s': an ssh connection ended: %s", host->text, why);
	LL_FOREACH(host->pool->sessions, session)
		if (session->master == master)
			session->master = NULL;
	LL_DELETE(host->masters, master);
	ssh_master_free(master);
	if (was_ready) {
		/* those who wait did not have it */
		serve(host);
	} else if (host->masters) {
		/* A further login was one too many: the connections that stand have room again soon. */
		log_warning("host '%s': no further login: %s", host->text, why);
	} else {
		refuse_all(host, why);
	}
}

static struct ssh_master *starting_master(struct ssh_host *host)
{
	struct ssh_master *master;

	LL_FOREACH(host->masters, master)
		if (!master->ready)
			return master;
	return NULL;
}

static void host_on_deadline(evutil_socket_t fd, short what, void *context)
{
	struct ssh_host *host = context;
	struct ssh_master *master = starting_master(host);
	char why[2 * LINE_MAX_LEN];

	(void)fd;
	(void)what;
	if (!master)
		return;
	hear(host);
	snprintf(why, sizeof(why), "ssh did not log in within %d s%s%s", SSH_START_S,
		 host->line[0] ? "; it said: " : "", host->line);
	lose_master(host, master, why);
}

static void start_master(struct ssh_host *host)
{
	static const struct timeval patience = { SSH_START_S, 0 };
	struct ssh_pool *pool = host->pool;
	autofree char *stem = str_format("%s/%u", pool->dir, ++pool->n_started);
	struct err err = ERR_INIT;
	struct ssh_master *master;

	host->line[0] = '\0';
	master = ssh_master_start(&host->spec, pool->words, stem, host->stderr_write, &err);
	if (!master) {
		refuse_all(host, err.text);
		return;
	}
	LL_PREPEND(host->masters, master);
	master->deadline = evtimer_new(pool->base, host_on_deadline, host);
	event_add(master->deadline, &patience);
}

/* A master's socket appears when it has logged in. */
static void pool_on_appeared(evutil_socket_t fd, short what, void *context)
{
	struct ssh_pool *pool = context;
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	struct ssh_host *host;

	(void)what;
	while (read((int)fd, events, sizeof(events)) > 0)
		;
	LL_FOREACH(pool->hosts, host) {
		struct ssh_master *master = starting_master(host);

		if (!master || access(master->control_path, F_OK) < 0)
			continue;
		master->ready = true;
		event_del(master->deadline);
		log_info("host '%s': logged in by ssh", host->text);
		serve(host);
	}
}

/* ------------------------------------------------------------------ sessions */

static void free_session(struct session *session)
{
	struct ssh_pool *pool = session->host->pool;

	LL_DELETE(pool->sessions, session);
	if (session->master)
		session->master->n_sessions--;
	/* Whoever else holds that end (a child of a wrapper script) says nothing more. */
	shutdown(session->their_fd, SHUT_RDWR);
	event_free(session->left);
	event_free(session->linger);
	fd_close(&session->their_fd);
	proc_kill(&session->child);
	free(session);
}

static void session_on_linger(evutil_socket_t fd, short what, void *context)
{
	struct session *session = context;

	(void)fd;
	(void)what;
	kill(session->child.pid, SIGKILL);
}

static void session_on_left(evutil_socket_t fd, short what, void *context)
{
	static const struct timeval patience = { SSH_LINGER_MS / 1000, SSH_LINGER_MS % 1000 * 1000 };
	struct session *session = context;

	(void)fd;
	(void)what;
	event_add(session->linger, &patience);
}

static int open_session(struct ssh_host *host, struct ssh_master *master, int *fd, struct err *err)
{
	struct ssh_pool *pool = host->pool;
	struct session *session = mem_alloc(sizeof(*session));

	*session = (struct session){ .host = host, .master = master, .child = PROC_INIT };
	if (ssh_master_open_session(master, pool->words, host->stderr_write, &session->child, fd,
				    &session->their_fd, err) < 0) {
		free(session);
		return -1;
	}
	master->n_sessions++;
	session->linger = evtimer_new(pool->base, session_on_linger, session);
	session->left = event_new(pool->base, session->their_fd, EV_CLOSED, session_on_left, session);
	event_add(session->left, NULL);
	LL_PREPEND(pool->sessions, session);
	return 0;
}

/* ------------------------------------------------------------------ who waits for a way */

static struct ssh_master *free_master(const struct ssh_host *host)
{
	struct ssh_master *master, *best = NULL;

	LL_FOREACH(host->masters, master)
		if (master->ready && (host->spec.forward || master->n_sessions < SSH_SESSIONS_MAX) &&
		    (!best || master->n_sessions < best->n_sessions))
			best = master;
	return best;
}

static void serve(struct ssh_host *host)
{
	while (host->asks) {
		struct ssh_master *master = free_master(host);
		autoclose int fd = -1;
		struct err err = ERR_INIT;
		int result;

		if (!master) {
			if (!starting_master(host))
				start_master(host);
			return;
		}
		result = host->spec.forward ? ssh_master_connect(master, &fd, &err) :
					      open_session(host, master, &fd, &err);
		answer_first(host, result < 0 ? -1 : fd, err.text);
	}
}

/* Does a connection for the one serve the other? Its limit and its options for jobs may differ. */
static bool is_same_way(const struct host_spec *a, const struct host_spec *b)
{
	return a->kind == b->kind && str_equal(a->user ? a->user : "", b->user ? b->user : "") && str_equal(a->name, b->name) &&
	       str_equal(a->command ? a->command : "", b->command ? b->command : "") && a->forward == b->forward &&
	       str_equal(a->forward_to ? a->forward_to : "", b->forward_to ? b->forward_to : "");
}

static struct ssh_host *find_host(struct ssh_pool *pool, const struct host_spec *spec)
{
	struct ssh_host *host;
	int pair[2];

	LL_FOREACH(pool->hosts, host)
		if (is_same_way(&host->spec, spec))
			return host;
	if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) < 0)
		return NULL;
	host = mem_alloc(sizeof(*host));
	host->pool = pool;
	host->text = mem_strdup(spec->text);
	host_spec_copy(&host->spec, spec);
	host->stderr_read = pair[0];
	host->stderr_write = pair[1];
	host->said = event_new(pool->base, host->stderr_read, EV_READ | EV_PERSIST, host_on_said, host);
	event_add(host->said, NULL);
	LL_PREPEND(pool->hosts, host);
	return host;
}

void ssh_pool_ask(struct ssh_pool *pool, const struct host_spec *spec, ssh_answer_fn *on_answer,
		  void *context)
{
	struct ssh_host *host = pool->dir && pool->inotify_fd >= 0 ? find_host(pool, spec) : NULL;
	struct ask *ask;

	if (!host) {
		on_answer(context, -1,
			  "there is no private directory for ssh's sockets, or no descriptor: see the log");
		return;
	}
	ask = mem_alloc(sizeof(*ask));
	*ask = (struct ask){ on_answer, context, NULL };
	LL_APPEND(host->asks, ask);
	serve(host);
}

/* ------------------------------------------------------------------ children that end */

static void forget_child(struct proc *child)
{
	/* reaped by whoever tells us: its number may be somebody else's by now */
	child->pid = 0;
	proc_kill(child);
}

static bool master_reaped(struct ssh_host *host, pid_t pid, int status)
{
	struct ssh_master *master;
	char why[2 * LINE_MAX_LEN], how[32];

	LL_SEARCH_SCALAR(host->masters, master, child.pid, pid);
	if (!master)
		return false;
	forget_child(&master->child);
	hear(host);
	snprintf(why, sizeof(why), "ssh ended with %s%s%s", proc_status_text(status, how),
		 host->line[0] ? ": " : "", host->line);
	lose_master(host, master, why);
	return true;
}

bool ssh_pool_reaped(struct ssh_pool *pool, pid_t pid, int status)
{
	struct session *session;
	struct ssh_host *host;

	LL_SEARCH_SCALAR(pool->sessions, session, child.pid, pid);
	if (session) {
		host = session->host;
		forget_child(&session->child);
		hear(host);
		free_session(session);
		serve(host);
		return true;
	}
	LL_FOREACH(pool->hosts, host)
		if (master_reaped(host, pid, status))
			return true;
	return false;
}

/* ------------------------------------------------------------------ the pool */

/* Short names: a socket's path has 107 bytes, and ssh puts a random suffix behind it for a moment. */
static char *make_dir(struct err *err)
{
	const char *places[] = { geteuid() == 0 ? "/run" : NULL, env_get("XDG_RUNTIME_DIR"), "/tmp" };
	char *dir = NULL;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && !dir; i++)
		if (places[i])
			dir = tmp_dir_make(places[i], "distcc-gw-ssh", err);
	return dir;
}

struct ssh_pool *ssh_pool_new(struct event_base *base, const char *words)
{
	struct ssh_pool *pool = mem_alloc(sizeof(*pool));
	struct err err = ERR_INIT;

	pool->base = base;
	pool->words = words;
	pool->dir = make_dir(&err);
	pool->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (!pool->dir || inotify_add_watch(pool->inotify_fd, pool->dir, IN_CREATE | IN_MOVED_TO) < 0) {
		log_warning("servers over ssh cannot be used: %s", pool->dir ? strerror(errno) : err.text);
		fd_close(&pool->inotify_fd);
		return pool;
	}
	pool->appeared = event_new(base, pool->inotify_fd, EV_READ | EV_PERSIST, pool_on_appeared, pool);
	event_add(pool->appeared, NULL);
	return pool;
}

static void free_host(struct ssh_host *host)
{
	LL_DELETE(host->pool->hosts, host);
	refuse_all(host, "the host has left the list, or the gateway ends");
	while (host->masters) {
		struct ssh_master *master = host->masters;

		LL_DELETE(host->masters, master);
		ssh_master_free(master);
	}
	event_free(host->said);
	fd_close(&host->stderr_read);
	fd_close(&host->stderr_write);
	host_spec_release(&host->spec);
	free(host->text);
	free(host);
}

static bool is_listed(const struct ssh_host *host, const struct host_list *list)
{
	for (size_t i = 0; i < list->n_hosts; i++)
		if (is_same_way(&host->spec, &list->hosts[i]))
			return true;
	return false;
}

void ssh_pool_trim(struct ssh_pool *pool, const struct host_list *list)
{
	struct ssh_host *host, *next;

	LL_FOREACH_SAFE(pool->hosts, host, next) {
		struct session *session, *next_session;

		if (is_listed(host, list))
			continue;
		/* those of jobs that have ended a moment ago */
		LL_FOREACH_SAFE(pool->sessions, session, next_session)
			if (session->host == host)
				free_session(session);
		log_info("host '%s' is not in the list any more: logged out", host->text);
		free_host(host);
	}
}

void ssh_pool_free(struct ssh_pool *pool)
{
	if (!pool)
		return;
	while (pool->sessions)
		free_session(pool->sessions);
	while (pool->hosts)
		free_host(pool->hosts);
	if (pool->appeared)
		event_free(pool->appeared);
	fd_close(&pool->inotify_fd);
	if (pool->dir)
		tmp_dir_remove(pool->dir, NULL);
	free(pool->dir);
	free(pool);
}
