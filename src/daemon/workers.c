/*
 * daemon/workers.c - see workers.h.
 *
 * The parent accepts; a connection that has spoken goes to a worker, and the outcome comes back (crew.h).
 * One poll(2) loop, which waits for nobody in particular.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/workers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/tmp.h"
#include "daemon/announce.h"
#include "daemon/crew.h"
#include "daemon/entrance.h"
#include "daemon/listen.h"
#include "daemon/load.h"
#include "daemon/stats.h"
#include "daemon/strays.h"
#include "daemon/workdir.h"
#include "daemon/worker.h"

enum {
	END_MS = 800,			/* for workers to tidy up before they are killed */
	MEMORY_EVERY_MS = 500,		/* what is free is read again after so long */
};

struct pool {
	const struct options *options;
	const int *listeners;
	size_t n_listeners;
	int signal_fd, stats_fd;
	struct crew crew;
	pid_t announcer;		/* 0: none */
	char *base;
	int lock_fd;
	struct entrance entrance;
	struct stats stats;
	struct load_memory disks;
	int64_t free_mib, free_read_ms;	/* memory, when it was read last */
	char layers[160];		/* what confines compilers */
};

/* ------------------------------------------------------------------ workers come and go */

static bool is_ours(pid_t pid, void *context)
{
	const struct pool *pool = context;

	return pid == pool->announcer || crew_has(&pool->crew, pid);
}

/* What a dead worker could not remove or end is removed and ended; a new one takes its place. */
static void reap(struct pool *pool)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == pool->announcer) {
			log_warning("--zeroconf: the server is no longer announced: child %ld has ended", (long)pid);
			pool->announcer = 0;
		}
		if (!crew_has(&pool->crew, pid))
			continue;
		strays_end(is_ours, pool);
		crew_note_death(&pool->crew, pid, status);
	}
	crew_tend(&pool->crew);
}

/* ------------------------------------------------------------------ jobs */

static bool memory_is_short(struct pool *pool)
{
	int64_t now_ms = clock_now_ms();

	if (!pool->options->min_memory_mib)
		return false;
	if (!pool->free_read_ms || now_ms - pool->free_read_ms > MEMORY_EVERY_MS) {
		pool->free_mib = load_free_memory_mib();
		pool->free_read_ms = now_ms;
	}
	return pool->free_mib >= 0 && pool->free_mib < pool->options->min_memory_mib;
}

static void count_overload(struct pool *pool, int n)
{
	struct job_outcome outcome = { .class = JOB_OVERLOAD, .ret = ERR_BUSY };

	while (n-- > 0)
		stats_job(&pool->stats, &outcome, clock_now_ms());
}

static void hand_out(struct pool *pool)
{
	struct crew_worker *worker;

	while (pool->entrance.n_ready && (worker = crew_find_idle(&pool->crew))) {
		autoclose int fd = entrance_take(&pool->entrance);

		if (memory_is_short(pool)) {
			log_warning("a connection is turned away: %lld MiB of memory are free, %d are kept", (long long)pool->free_mib,
				    pool->options->min_memory_mib);
			count_overload(pool, 1);
			continue;
		}
		crew_hand_over(worker, fd);
	}
	count_overload(pool, pool->crew.n_closed);
	pool->crew.n_closed = 0;
}

/* ------------------------------------------------------------------ statistics */

/* As distcc 3.4: the question is not looked at, and nobody is waited for. */
static void answer_statistics(struct pool *pool)
{
	autoclose int fd = accept4(pool->stats_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	autobuf text = BUF_INIT;
	char question[1024];
	struct load load;
	struct peer peer;

	if (fd < 0)
		return;
	peer_describe(&peer, fd);
	if (!peer_is_admitted(&peer, &pool->options->access, fd))
		return;
	load_read(&load, &pool->disks, pool->base);
	stats_format(&pool->stats, pool->options->jobs, &load, pool->layers, clock_now_ms(), &text);
	if (recv(fd, question, sizeof(question), MSG_DONTWAIT) < 0 && errno != EAGAIN)
		return;
	if (send(fd, text.data, text.len, MSG_NOSIGNAL) < 0)
		log_debug("statistics for %s: %s", peer.text, strerror(errno));
	shutdown(fd, SHUT_WR);
}

/* ------------------------------------------------------------------ the loop */

/* The shorter of two waits, of which -1 is for ever. */
static int sooner(int a_ms, int b_ms)
{
	return a_ms < 0 || (b_ms >= 0 && b_ms < a_ms) ? b_ms : a_ms;
}

/* What ended us, or 0. */
static int take_signal(struct pool *pool)
{
	struct signalfd_siginfo info;

	while (read(pool->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo != SIGCHLD)
			return (int)info.ssi_signo;
		reap(pool);
	}
	return 0;
}

/* The order of descriptors: signals, statistics, listeners, channels, silent visitors. */
static size_t watch_all(struct pool *pool, struct pollfd *fds)
{
	size_t n = 0;

	fds[n++] = (struct pollfd){ pool->signal_fd, POLLIN, 0 };
	fds[n++] = (struct pollfd){ pool->stats_fd, POLLIN, 0 };
	for (size_t i = 0; i < pool->n_listeners; i++)
		fds[n++] = (struct pollfd){ pool->listeners[i], POLLIN, 0 };
	n += crew_watch(&pool->crew, fds + n);
	return n + entrance_watch(&pool->entrance, fds + n);
}

static void attend(struct pool *pool, const struct pollfd *fds, size_t n_fds)
{
	const struct pollfd *listeners = fds + 2, *channels = listeners + pool->n_listeners,
			    *visitors = channels + pool->crew.n_max;
	struct job_outcome outcome;

	if (fds[1].revents)
		answer_statistics(pool);
	for (int i = 0; i < pool->crew.n_max; i++)
		if (crew_hear(&pool->crew, (size_t)i, &channels[i], &outcome))
			stats_job(&pool->stats, &outcome, clock_now_ms());
	pool->entrance.queue_max = (size_t)(pool->options->queue + crew_count_idle(&pool->crew));
	count_overload(pool, entrance_look(&pool->entrance, visitors, n_fds - (size_t)(visitors - fds)));
	for (size_t i = 0; i < pool->n_listeners; i++)
		if (listeners[i].revents)
			for (int n = entrance_accept(&pool->entrance, listeners[i].fd); n > 0; n--)
				stats_accept(&pool->stats);
}

static int loop(struct pool *pool)
{
	size_t n_max = 2 + pool->n_listeners + (size_t)pool->crew.n_max + ENTRANCE_MAX;
	autofree struct pollfd *fds = mem_array(n_max, sizeof(*fds));

	for (;;) {
		int wait_ms = sooner(crew_tend(&pool->crew), entrance_wait_ms(&pool->entrance));
		size_t n_fds = watch_all(pool, fds);
		int signal_number;

		if (poll(fds, (nfds_t)n_fds, wait_ms) < 0)
			for (size_t i = 0; i < n_fds; i++)
				fds[i].revents = 0;
		attend(pool, fds, n_fds);
		signal_number = fds[0].revents ? take_signal(pool) : 0;
		if (signal_number)
			return signal_number;
		hand_out(pool);
	}
}

/* ------------------------------------------------------------------ beginning and end */

static void reap_for_good(struct pool *pool)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		crew_note_death(&pool->crew, pid, status);
}

static void end_workers(struct pool *pool)
{
	struct deadline deadline = deadline_after_ms(END_MS);
	struct signalfd_siginfo info;

	crew_kill(&pool->crew, SIGTERM);
	reap_for_good(pool);
	while (!crew_is_empty(&pool->crew) && fd_wait(pool->signal_fd, POLLIN, deadline) > 0) {
		if (read(pool->signal_fd, &info, sizeof(info)) < 0 && errno != EAGAIN)
			break;
		reap_for_good(pool);
	}
	/* workers that did not end, and what compilers left */
	crew_release(&pool->crew);
	strays_end(NULL, NULL);
	tmp_dir_remove(pool->base, NULL);
}

static void die_by(const struct options *options, int signal_number)
{
	sigset_t set;

	if (options->pid_file)
		unlink(options->pid_file);
	listen_remove(options);
	log_info("ended by signal %d", signal_number);
	signal(signal_number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, signal_number);
	raise(signal_number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* What will hold the compilers is found out, and said, once; with --sandbox=require it may end us. */
static int announce_confinement(struct pool *pool, struct err *err)
{
	struct confine_wish wish = { .mode = pool->options->sandbox };
	struct confine confine;

	if (confine_make(&confine, &wish, NULL, err) < 0)
		return -1;
	str_copy(pool->layers, sizeof(pool->layers), confine.layers);
	if (confine.mode == CONFINE_OFF)
		log_warning("compilers are not confined: --sandbox=off");
	else if (confine.complete)
		log_notice("compilers are confined by %s", confine.layers);
	else
		log_warning("compilers are only confined by %s", confine.layers);
	confine_release(&confine);
	return 0;
}

/* Before signals are blocked: they are for this process. */
static void start_announcer(struct pool *pool)
{
	int port = listen_port(pool->listeners, pool->n_listeners);
	pid_t parent = getpid();

	if (!pool->options->zeroconf)
		return;
	if (!port) {
		log_warning("--zeroconf: there is nothing to announce without a TCP port");
		return;
	}
	pool->announcer = fork();
	if (pool->announcer == 0) {
		for (size_t i = 0; i < pool->n_listeners; i++)
			close(pool->listeners[i]);
		fd_close(&pool->stats_fd);
		fd_close(&pool->lock_fd);
		announce_run(port, pool->options->jobs, parent);
	}
	if (pool->announcer < 0) {
		log_error("cannot fork: %s", strerror(errno));
		pool->announcer = 0;
	}
}

static int open_signals(void)
{
	static const int ends[] = { SIGTERM, SIGINT, SIGHUP, SIGALRM, SIGCHLD };
	sigset_t wanted;

	sigemptyset(&wanted);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		sigaddset(&wanted, ends[i]);
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	return signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int serve(struct pool *pool)
{
	int signal_number;

	crew_init(&pool->crew, pool->options, pool->base, &pool->entrance);
	log_info("%d CPUs online on this server", (int)sysconf(_SC_NPROCESSORS_ONLN));
	log_info("allowing up to %d active jobs", pool->options->jobs);
	stats_init(&pool->stats, clock_now_ms());
	start_announcer(pool);
	pool->signal_fd = open_signals();
	signal_number = loop(pool);
	entrance_release(&pool->entrance);
	end_workers(pool);
	fd_close(&pool->signal_fd);
	stats_release(&pool->stats);
	return signal_number;
}

int workers_run(const struct options *options, const int *listeners, size_t n_listeners,
		int stats_fd, struct err *err)
{
	struct pool pool = {
		.options = options, .listeners = listeners, .n_listeners = n_listeners,
			.stats_fd = stats_fd, .signal_fd = -1, .lock_fd = -1,
		.entrance = { .access = &options->access, .greets = options->admission.required },
			.disks = LOAD_MEMORY_INIT,
	};
	int signal_number;

	if (announce_confinement(&pool, err) < 0 || workdir_make(&pool.base, &pool.lock_fd, err) < 0)
		return -1;
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (options->no_fork) {
		if (options->zeroconf)
			log_warning("--zeroconf has no effect with --no-fork");
		autofree char *dir = str_format("%s/0", pool.base);

		return worker_serve_alone(options, dir, pool.base, listeners, n_listeners, err);
	}
	strays_adopt();
	signal_number = serve(&pool);
	fd_close(&pool.lock_fd);
	free(pool.base);
	die_by(options, signal_number);
	return 0;
}
