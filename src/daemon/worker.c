/* daemon/worker.c - see worker.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/tmp.h"
#include "daemon/admission.h"
#include "daemon/job.h"
#include "daemon/peer.h"
#include "daemon/strays.h"
#include "daemon/workdir.h"

/* Prepares the walls around the compilers that run below dir. */
static int make_confine(struct confine *confine, const struct options *options, const char *dir,
			struct err *err)
{
	struct confine_wish wish = {
		.mode = options->sandbox, .any_program = options->insecure,
			.tools = options->tools.words, .n_tools = options->tools.n,
		.inner_program = options->inner_program, .caches = options->caches.words,
			.n_caches = options->caches.n,
		.sockets = options->sockets.words, .n_sockets = options->sockets.n,
			.memory_bytes = (int64_t)options->job_memory_mib << 20,
		.cpu_s = options->job_lifetime_s, .jobs = options->jobs,
	};

	strays_adopt();
	if (confine_make(confine, &wish, dir, err) < 0)
		return -1;
	if (inner_exists(&confine->inner))
		inner_announce(&confine->inner, options->inner_program, &options->caches);
	return 0;
}

/* As if the parent had told us to: what is ours goes, too. */
static _Noreturn void end(void)
{
	raise(SIGTERM);
	_exit(0);
}

static int open_dir(const char *dir)
{
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -1;
	return open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* One connection: who is it, if that matters, and its job. */
static void serve(struct job_site *site, const struct auth_ends *ends, bool is_greeted,
		  const struct peer *peer, struct job_outcome *outcome)
{
	const struct admission *admission = &site->options->admission;
	struct err err = ERR_INIT;

	if (admission->required &&
	    ((!is_greeted && admission_greet(ends, &err) < 0) || admission_check(admission, ends, &err) < 0)) {
		log_warning("client %s: %s", peer->text, err.text);
		*outcome = (struct job_outcome){ .class = JOB_OTHER, .ret = (int)err.code };
		return;
	}
	job_serve(site, ends->in_fd, ends->out_fd, peer->text, outcome);
}

_Noreturn void worker_run(const struct options *options, const char *dir, int channel, pid_t parent)
{
	struct confine confine;
	struct job_site site = { options, &confine, dir, open_dir(dir), VIEWS_UNTRIED, channel };
	struct err err = ERR_INIT;

	workdir_remove_at_end(dir);
	mem_keep_little();
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (proc_die_with_parent(SIGTERM, parent) < 0 || site.base_fd < 0) {
		log_error("worker cannot start: %s", strerror(errno));
		_exit(ERR_FAILED);
	}
	if (make_confine(&confine, options, dir, &err) < 0) {
		log_error("worker cannot start: %s", err.text);
		_exit(ERR_PRIVILEGES);
	}
	for (;;) {
		struct job_outcome outcome;
		struct peer peer;
		char byte;
		int fd = -1, n_refused = 0;
		ssize_t n = fdpass_recv(channel, &byte, 1, &fd, &n_refused);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			end();
		/* a slot for a client that has gone in the meantime */
		if (fd < 0)
			continue;
		peer_describe(&peer, fd);
		sock_tune_tcp(fd);
		serve(&site, &(struct auth_ends){ fd, fd, options->io_idle_ms }, true, &peer, &outcome);
		fd_close(&fd);
		if (send(channel, &outcome, sizeof(outcome), MSG_NOSIGNAL) < 0)
			end();
	}
}

static void serve_one(struct job_site *site, int fd)
{
	struct job_outcome outcome;
	struct peer peer;

	peer_describe(&peer, fd);
	if (!peer_is_admitted(&peer, &site->options->access, fd))
		return;
	log_info("connection from %s", peer.text);
	sock_tune_tcp(fd);
	serve(site, &(struct auth_ends){ fd, fd, site->options->io_idle_ms }, false, &peer, &outcome);
}

int worker_serve_alone(const struct options *options, const char *dir, const char *base,
		       const int *listeners, size_t n_listeners,
		       struct err *err)
{
	autofree struct pollfd *fds = mem_array(n_listeners, sizeof(*fds));
	struct confine confine;
	struct job_site site = { options, &confine, dir, open_dir(dir), VIEWS_UNTRIED, -1 };

	if (site.base_fd < 0)
		return err_sys(err, ERR_IO, "cannot make '%s'", dir);
	workdir_remove_at_end(base);
	if (make_confine(&confine, options, dir, err) < 0)
		return -1;
	for (size_t i = 0; i < n_listeners; i++)
		fds[i] = (struct pollfd){ listeners[i], POLLIN, 0 };
	for (;;) {
		if (poll(fds, n_listeners, -1) < 0 && errno != EINTR)
			return err_sys(err, ERR_CONNECT, "cannot accept");
		for (size_t i = 0; i < n_listeners; i++) {
			autoclose int fd = fds[i].revents ? accept4(fds[i].fd, NULL, NULL, SOCK_CLOEXEC) : -1;

			if (fd >= 0)
				serve_one(&site, fd);
		}
	}
}

int worker_serve_inetd(const struct options *options, struct err *err)
{
	struct job_outcome outcome = { .ret = ERR_DENIED };
	autofree char *base = NULL, *dir = NULL;
	autoclose int lock_fd = -1, dir_fd = -1;
	struct confine confine;
	struct peer peer;

	if (workdir_make(&base, &lock_fd, err) < 0)
		return -1;
	workdir_remove_at_end(base);
	dir = str_format("%s/0", base);
	dir_fd = open_dir(dir);
	if (dir_fd < 0 || make_confine(&confine, options, dir, err) < 0) {
		if (dir_fd < 0)
			err_sys(err, ERR_IO, "cannot make '%s'", dir);
		tmp_dir_remove(base, NULL);
		return -1;
	}
	peer_describe(&peer, 0);
	if (peer_is_admitted(&peer, &options->access, 0))
		serve(&(struct job_site){ options, &confine, dir, dir_fd, VIEWS_UNTRIED, -1 },
		      &(struct auth_ends){ 0, 1, options->io_idle_ms }, false, &peer,
		      &outcome);
	confine_release(&confine);
	tmp_dir_remove(base, NULL);
	return outcome.ret;
}
