/*
 * daemon/workers.c - see workers.h.
 *
 * Workers accept on the shared sockets by themselves. Each has a directory of its own below the
 * daemon's; whoever outlives the other removes it: the parent that of a dead worker, a worker its
 * own when it is told to end or its parent dies. A lock on a file in the daemon's directory, held
 * by all of them, tells the next daemon whether the directory is still in use.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/workers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/env.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/tmp.h"
#include "daemon/job.h"
#include "daemon/listen.h"

enum {
	END_MS = 800,			/* for workers to tidy up before they are killed */
	RESPAWN_PAUSE_MS = 1000,	/* after a worker that failed at once */
	PATH_LEN = 4096
};

/* For the signal handler of a worker. */
static struct {
	char dir[PATH_LEN];		/* its own, or "" */
	char base[PATH_LEN], lock[PATH_LEN];
} self;

struct worker {
	pid_t pid;			/* 0: to be started */
	int64_t started_ms;
};

struct pool {
	const struct options *options;
	const int *listeners;
	size_t n_listeners;
	struct worker *workers;
	int n_workers;
	char *base;
	int lock_fd;
};

/* ------------------------------------------------------------------ directories */

/* What a daemon that was killed has left: its lock is free. */
static void sweep(const char *tmpdir)
{
	DIR *dir = opendir(tmpdir);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		autofree char *path = NULL, *lock = NULL;
		autoclose int fd = -1;
		struct stat st;

		if (!str_starts_with(entry->d_name, "distccd_"))
			continue;
		path = path_join(tmpdir, entry->d_name);
		lock = path_join(path, ".lock");
		if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
			continue;
		fd = open(lock, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && tmp_dir_remove(path, NULL) == 0)
			log_info("removed '%s', which a dead server left", path);
	}
	if (dir)
		closedir(dir);
}

static int make_base(char **base, int *lock_fd, struct err *err)
{
	sweep(env_tmpdir());
	*base = tmp_dir_make(env_tmpdir(), "distccd", err);
	if (!*base)
		return -1;
	snprintf(self.base, sizeof(self.base), "%s", *base);
	snprintf(self.lock, sizeof(self.lock), "%s/.lock", *base);
	*lock_fd = open(self.lock, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (*lock_fd < 0 || flock(*lock_fd, LOCK_EX | LOCK_NB) < 0)
		return err_sys(err, ERR_IO, "cannot lock '%s'", self.lock);
	return 0;
}

/* ------------------------------------------------------------------ a worker */

/* Only system calls: it may interrupt anything. */
static void worker_on_end(int signal_number)
{
	job_kill_compiler();
	if (self.dir[0])
		tmp_dir_remove(self.dir, NULL);
	/* The last one out, when the parent cannot: while others are left this fails. */
	if (rmdir(self.base) < 0 && errno == ENOTEMPTY && getppid() == 1) {
		unlink(self.lock);
		rmdir(self.base);
	}
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static void catch_end(void)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGALRM };
	struct sigaction action;
	sigset_t none;

	memset(&action, 0, sizeof(action));
	action.sa_handler = worker_on_end;
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void describe(int listener, int fd, char text[SOCK_TEXT_MAX + 16], struct sock_addr *peer)
{
	char address[SOCK_TEXT_MAX];

	peer->len = sizeof(peer->storage);
	if (getpeername(fd, (struct sockaddr *)&peer->storage, &peer->len) < 0) {
		snprintf(text, SOCK_TEXT_MAX + 16, "NOTSOCKET");
		peer->storage.ss_family = AF_UNSPEC;
	} else if (peer->storage.ss_family == AF_UNIX) {
		struct sock_addr own = { .len = sizeof(own.storage) };

		/* a client's end has no name: the one that it came to says more */
		getsockname(listener >= 0 ? listener : fd, (struct sockaddr *)&own.storage, &own.len);
		sock_addr_format(&own, address);
		snprintf(text, SOCK_TEXT_MAX + 16, "UNIX-DOMAIN %s", address + strlen("unix:"));
	} else {
		sock_addr_format(peer, text);
	}
}

static bool is_admitted(const struct access *access, const struct sock_addr *peer, int fd)
{
	if (peer->storage.ss_family == AF_UNSPEC)
		return true;
	return peer->storage.ss_family == AF_UNIX ? access_admits_local(access, fd) : access_admits_address(access, peer);
}

static int serve_connection(const struct options *options, int listener, int fd, const char *dir)
{
	char text[SOCK_TEXT_MAX + 16];
	struct sock_addr peer;

	describe(listener, fd, text, &peer);
	if (!is_admitted(&options->access, &peer, fd)) {
		log_error("connection from client '%s' denied by access list", text);
		return ERR_DENIED;
	}
	log_info("connection from %s", text);
	sock_tune_tcp(fd);
	return job_serve(fd, fd, text, dir, options);
}

static void serve_for_ever(const struct pool *pool, const char *dir)
{
	autofree struct pollfd *fds = mem_array(pool->n_listeners, sizeof(*fds));

	for (size_t i = 0; i < pool->n_listeners; i++)
		fds[i] = (struct pollfd){ pool->listeners[i], POLLIN, 0 };
	for (;;) {
		if (poll(fds, pool->n_listeners, -1) < 0 && errno != EINTR)
			return;
		for (size_t i = 0; i < pool->n_listeners; i++) {
			autoclose int fd = fds[i].revents ? accept4(fds[i].fd, NULL, NULL, SOCK_CLOEXEC) : -1;

			/* another worker may have been quicker */
			if (fd >= 0)
				serve_connection(pool->options, fds[i].fd, fd, dir);
		}
	}
}

static _Noreturn void run_worker(const struct pool *pool, int number, pid_t parent)
{
	snprintf(self.dir, sizeof(self.dir), "%s/%d", pool->base, number);
	catch_end();
	if (proc_die_with_parent(SIGTERM, parent) < 0 || (mkdir(self.dir, 0700) < 0 && errno != EEXIST)) {
		log_error("worker cannot start: %s", strerror(errno));
		_exit(ERR_FAILED);
	}
	serve_for_ever(pool, self.dir);
	_exit(ERR_CONNECT);
}

/* ------------------------------------------------------------------ the parent */

static void start_worker(struct pool *pool, int number)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0)
		run_worker(pool, number, parent);
	if (pid < 0)
		log_error("cannot fork: %s", strerror(errno));
	pool->workers[number] = (struct worker){ pid > 0 ? pid : 0, clock_now_ms() };
}

static void report_death(const struct worker *worker, int status)
{
	if (WIFSIGNALED(status))
		log_error("child %ld: signal %d (%s)", (long)worker->pid, WTERMSIG(status), WCOREDUMP(status) ? "core dumped" : "no core");
	else
		log_info("child %ld exited: exit status %d", (long)worker->pid, WEXITSTATUS(status));
}

/* What a dead worker could not remove is removed; a new one takes its place. */
static void reap(struct pool *pool)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (int i = 0; i < pool->n_workers; i++) {
			autofree char *dir = NULL;

			if (pool->workers[i].pid != pid)
				continue;
			report_death(&pool->workers[i], status);
			dir = str_format("%s/%d", pool->base, i);
			tmp_dir_remove(dir, NULL);
			pool->workers[i].pid = 0;
		}
	}
}

/* Starts those that are missing; one that failed at once has to wait. Milliseconds until the next, or -1. */
static int start_missing(struct pool *pool)
{
	int wait_ms = -1;

	for (int i = 0; i < pool->n_workers; i++) {
		int64_t age = clock_now_ms() - pool->workers[i].started_ms;

		if (pool->workers[i].pid)
			continue;
		if (pool->workers[i].started_ms && age < RESPAWN_PAUSE_MS)
			wait_ms = (int)(RESPAWN_PAUSE_MS - age);
		else
			start_worker(pool, i);
	}
	return wait_ms;
}

static bool any_worker(const struct pool *pool)
{
	for (int i = 0; i < pool->n_workers; i++)
		if (pool->workers[i].pid)
			return true;
	return false;
}

static void end_workers(struct pool *pool, int signal_fd)
{
	struct deadline deadline = deadline_after_ms(END_MS);
	struct signalfd_siginfo info;

	for (int i = 0; i < pool->n_workers; i++)
		if (pool->workers[i].pid)
			kill(pool->workers[i].pid, SIGTERM);
	while (any_worker(pool) && fd_wait(signal_fd, POLLIN, deadline) > 0) {
		if (read(signal_fd, &info, sizeof(info)) < 0 && errno != EAGAIN)
			break;
		reap(pool);
	}
	for (int i = 0; i < pool->n_workers; i++)
		if (pool->workers[i].pid)
			kill(pool->workers[i].pid, SIGKILL);
	while (any_worker(pool)) {
		if (waitpid(-1, NULL, 0) < 0 && errno == ECHILD)
			break;
		reap(pool);
	}
	tmp_dir_remove(pool->base, NULL);
}

static int wait_for_signal(struct pool *pool, int signal_fd)
{
	for (;;) {
		struct signalfd_siginfo info;
		int wait_ms = start_missing(pool);

		if (fd_wait(signal_fd, POLLIN, wait_ms < 0 ? deadline_never() : deadline_after_ms(wait_ms)) <= 0)
			continue;
		if (read(signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
			continue;
		if (info.ssi_signo != SIGCHLD)
			return (int)info.ssi_signo;
		reap(pool);
	}
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

int workers_run(const struct options *options, const int *listeners, size_t n_listeners, struct err *err)
{
	struct pool pool = { .options = options, .listeners = listeners, .n_listeners = n_listeners, .lock_fd = -1 };
	int n_processors = (int)sysconf(_SC_NPROCESSORS_ONLN);
	static const int ends[] = { SIGTERM, SIGINT, SIGHUP, SIGALRM, SIGCHLD };
	int signal_fd, signal_number;
	sigset_t wanted;

	if (make_base(&pool.base, &pool.lock_fd, err) < 0)
		return -1;
	if (options->no_fork) {
		self.dir[0] = '\0';
		snprintf(self.dir, sizeof(self.dir), "%s", pool.base);
		catch_end();
		serve_for_ever(&pool, pool.base);
		return err_set(err, ERR_CONNECT, "cannot accept");
	}
	pool.n_workers = options->jobs ? options->jobs : (n_processors > 0 ? n_processors : 1) + 2;
	pool.workers = mem_array((size_t)pool.n_workers, sizeof(*pool.workers));
	log_info("%d CPUs online on this server", n_processors);
	log_info("allowing up to %d active jobs", pool.n_workers);
	sigemptyset(&wanted);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		sigaddset(&wanted, ends[i]);
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	signal_fd = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	signal_number = wait_for_signal(&pool, signal_fd);
	end_workers(&pool, signal_fd);
	fd_close(&signal_fd);
	fd_close(&pool.lock_fd);
	free(pool.workers);
	free(pool.base);
	die_by(options, signal_number);
	return 0;
}

int workers_serve_inetd(const struct options *options, struct err *err)
{
	char text[SOCK_TEXT_MAX + 16];
	struct sock_addr peer;
	autofree char *base = NULL;
	autoclose int lock_fd = -1;
	int ret;

	if (make_base(&base, &lock_fd, err) < 0)
		return -1;
	snprintf(self.dir, sizeof(self.dir), "%s", base);
	catch_end();
	describe(-1, 0, text, &peer);
	if (is_admitted(&options->access, &peer, 0)) {
		ret = job_serve(0, 1, text, base, options);
	} else {
		log_error("connection from client '%s' denied by access list", text);
		ret = ERR_DENIED;
	}
	tmp_dir_remove(base, NULL);
	/* refusals and compile errors are jobs that were served */
	return ret == ERR_NO_COMPILER ? 0 : ret;
}
