/*
 * gateway/main.c - distcc-gateway: two processes.
 *
 * The parent keeps the rights of whoever started it and becomes the helper (helper.h): it starts ssh,
 * resolves names, reads the host list. The child gives its rights up and becomes the loop
 * (gateway.h), which alone talks to clients and servers.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/signals.h"
#include "base/str.h"
#include "gateway/confine.h"
#include "gateway/control.h"
#include "gateway/farm.h"
#include "gateway/gateway.h"
#include "gateway/guard.h"
#include "gateway/helper.h"
#include "gateway/http.h"
#include "gateway/listen.h"
#include "gateway/options.h"
#include "gateway/proof.h"
#include "gateway/show.h"
#include "gateway/startup.h"

static void print_version(void)
{
	printf("distcc-gateway " PACKAGE_VERSION " " GNU_HOST "\n"
	       "  (lease dialect 1; distcc protocols 1, 2 and 3)\n"
	       "Copyright (C) 2026 the distcc authors\n"
	       "Free software under the GNU General Public License, version 2 or later; no warranty.\n");
}

/* Whom the loop becomes: --user, else distcc, else distccd; whoever we are if that is not root. */
static int find_user(const struct options *options, uid_t *uid, gid_t *gid, struct err *err)
{
	struct passwd *user;

	*uid = geteuid();
	*gid = getegid();
	if (*uid != 0) {
		if (options->user)
			log_warning("--user=%s is ignored: only root can become somebody else",
				    options->user);
		return 0;
	}
	user = options->user ? getpwnam(options->user) : getpwnam("distcc");
	if (!user && !options->user)
		user = getpwnam("distccd");
	if (!user)
		return err_set(err, ERR_USAGE, "there is no user '%s': make one (useradd --system distcc), or name another with --user",
			       options->user ? options->user : "distcc");
	*uid = user->pw_uid;
	*gid = user->pw_gid;
	return 0;
}

static int open_log(const struct options *options, struct err *err)
{
	log_set_level(options->log_level);
	if (options->log_stderr)
		return 0;
	if (options->log_file) {
		if (log_to_file(options->log_file) < 0)
			return err_sys(err, ERR_IO, "cannot open log file '%s'", options->log_file);
	} else if (options->daemon) {
		log_to_syslog();
	}
	return 0;
}

/* Returns what we may have. */
static unsigned raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 1024;
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
			getrlimit(RLIMIT_NOFILE, &limit);
	}
	return limit.rlim_cur < UINT_MAX ? (unsigned)limit.rlim_cur : UINT_MAX;
}

/* The loop process: what it holds is open, what it may do is little. It needs no death signal: the
 * end of the line to the parent is an event like any other. */
static int run_loop(struct gateway_setup *setup, uid_t uid, gid_t gid)
{
	struct err err = ERR_INIT;
	const char *confinement;

	if (confine_drop(uid, gid, &err) < 0) {
		log_error("%s", err.text);
		return err_exit_status(&err);
	}
	/* It is for the parent, also where a terminal sends it to both. */
	signal(SIGHUP, SIG_IGN);
	confine_self(&confinement);
	log_info("running as uid %u, %s", uid, confinement);
	if (gateway_run(setup, &err) < 0 && err.code != ERR_GONE)
		log_error("%s", err.text);
	/* Without a parent nobody else takes the socket away. */
	if (err.code == ERR_GONE)
		listen_remove(setup->options, &setup->listeners);
	return err_exit_status(&err);
}

static void warn_about_passing(const struct options *options)
{
	if (options->pass_fds == PASS_FDS_ALWAYS)
		log_warning("--pass-fds=always: whoever may connect here can reach every address that this machine reaches");
}

/* Without the default place a gateway does its work all the same; one that was named must be had. */
static int open_control(const struct options *options, int *fd, struct err *err)
{
	struct err failure = ERR_INIT;

	if (control_listen(options->control_path, fd, &failure) == 0)
		return 0;
	if (!options->control_is_default) {
		*err = failure;
		return -1;
	}
	log_warning("%s; there is no --add, --drain, --remove and --reload", failure.text);
	return 0;
}

/* The control socket comes first: whoever can connect to us finds it there. */
static int open_places(struct options *options, uid_t uid, gid_t gid, struct gateway_setup *setup,
		       struct helper_setup *helper,
		       struct err *err)
{
	if (options->replace && succession_begin(helper->succession, options->control_path, err) < 0)
		return -1;
	setup->replaces = helper->succession->fd >= 0;
	if (setup->replaces)
		helper->control_fd = fd_steal(&helper->succession->control_fd);
	else if (open_control(options, &helper->control_fd, err) < 0)
		return -1;
	helper->has_control = helper->control_fd >= 0;
	if (listen_open(options, uid, gid, helper->succession, &setup->listeners, err) == 0) {
		if (http_listen(options, helper->succession, &setup->http_fd, err) == 0)
			return 0;
		if (!setup->replaces)
			listen_remove(options, &setup->listeners);
	}
	if (helper->has_control && !setup->replaces)
		unlink(options->control_path);
	return -1;
}

/* Takes away what is ours, which it is not before a predecessor retired or after we did. */
static void leave_places(const struct options *options, const struct gateway_setup *setup,
			 const struct helper_setup *helper)
{
	if (helper->retired || (setup->replaces && !helper->has_replaced))
		return;
	listen_remove(options, &setup->listeners);
	http_remove(options);
	if (helper->has_control)
		unlink(options->control_path);
}

static int fork_loop(struct gateway_setup *setup, struct helper_setup *helper, uid_t uid, gid_t gid,
		     struct err *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, ERR_FAILED, "cannot make a socket pair");
	helper->loop_pid = fork();
	if (helper->loop_pid < 0)
		return err_sys(err, ERR_MEMORY, "cannot fork");
	if (helper->loop_pid == 0) {
		close(pair[0]);
		fd_close(&helper->control_fd);
		succession_release(helper->succession);
		startup_leave(setup->startup);
		setup->helper_fd = pair[1];
		_exit(run_loop(setup, uid, gid));
	}
	close(pair[1]);
	helper->loop_fd = pair[0];
	return 0;
}

/* Guarded sockets are made where they may be needed, and only if they are what they should be. */
static void try_proofs(struct gateway_setup *setup, struct helper_setup *helper, uid_t uid, gid_t gid)
{
	struct err err = ERR_INIT;

	setup->guard_fd = -1;
	if (setup->options->pass_fds == PASS_FDS_AUTO)
		helper->guard = guard_open(uid, gid, &err);
	else
		err_set(&err, ERR_FAILED, "not tried: it is for --pass-fds=auto");
	proofs_try(setup->proofs, helper->guard, err.text);
	if (setup->proofs[PROOF_CGROUP_BPF].holds) {
		setup->guard_fd = guard_line(helper->guard);
	} else {
		guard_close(helper->guard);
		helper->guard = NULL;
	}
}

static void helper_on_serving(const struct helper_setup *helper)
{
	succession_clean(helper->succession);
	startup_end(helper->startup);
}

static int serve(struct options *options, struct err *err)
{
	struct startup startup = STARTUP_INIT(options);
	struct gateway_setup setup = { .options = options, .listeners = LISTENERS_INIT,
				       .http_fd = -1, .startup = &startup };
	struct succession succession = SUCCESSION_INIT;
	struct helper_setup helper = { .options = options, .control_fd = -1,
				       .http_fd = &setup.http_fd, .proofs = setup.proofs,
					       .listeners = &setup.listeners,
				       .succession = &succession, .startup = &startup,
				       .on_serving = helper_on_serving };
	autoclose int spool_dir_fd = -1;
	autofree char *place = NULL;
	unsigned n_descriptors;
	int status = 0;
	uid_t uid;
	gid_t gid;

	if (find_user(options, &uid, &gid, err) < 0)
		return -1;
	signals_hold(true);
	if (open_places(options, uid, gid, &setup, &helper, err) < 0) {
		listen_release(&setup.listeners);
		succession_release(&succession);
		fd_close(&helper.control_fd);
		return -1;
	}
	helper.http_place = place = http_place(options);
	n_descriptors = raise_descriptor_limit();
	setup.user_connections_max = options->user_connections ? options->user_connections :
								 n_descriptors / 2;
	setup.user_bytes_max = (uint64_t)options->user_mib << 20;
	subuids_load(&setup.subuids, options->subuid_file ? options->subuid_file : "/etc/subuid");
	if (open_log(options, err) == 0 && startup_begin(&startup, err) == 0) {
		warn_about_passing(options);
		try_proofs(&setup, &helper, uid, gid);
		spool_dir_fd = open(env_tmpdir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		setup.spool_dir_fd = spool_dir_fd;
		signal(SIGPIPE, SIG_IGN);
		if (fork_loop(&setup, &helper, uid, gid, err) == 0) {
			status = helper_run(&helper);
			close(helper.loop_fd);
		}
		guard_close(helper.guard);
	}
	leave_places(options, &setup, &helper);
	subuids_release(&setup.subuids);
	startup_undo(&startup);
	startup_leave(&startup);
	listen_release(&setup.listeners);
	succession_release(&succession);
	fd_close(&helper.control_fd);
	fd_close(&setup.http_fd);
	if (status != 0)
		exit(status);
	return err->code == ERR_NONE ? 0 : -1;
}

static int administrate(const struct options *options, enum control_operation operation, struct err *err)
{
	struct control_answer answer;
	autoclose int fd = -1;

	if (control_connect(options->control_path, &fd, err) < 0 ||
	    control_send(fd, operation, options->host, err) < 0 || control_recv(fd, &answer, NULL, err) < 0)
		return -1;
	printf("%s\n", answer.text);
	return 0;
}

/* All that could be wrong before the first job, without touching a gateway that runs. */
static int check(const struct options *options, struct err *err)
{
	struct farm farm = FARM_INIT(options);
	uid_t uid;
	gid_t gid;
	int result = find_user(options, &uid, &gid, err);

	if (result == 0)
		result = listen_check(options, uid, err);
	if (result == 0)
		result = farm_load(&farm, err);
	if (result == 0)
		printf("%zu entries in %s; the gateway would run as uid %u\n", farm.list.n_hosts,
		       farm.name, uid);
	farm_release(&farm);
	return result;
}

static void act(struct options *options, struct err *err)
{
	switch (options->action) {
	case GATEWAY_HELP:
		options_print_help();
		break;
	case GATEWAY_VERSION:
		print_version();
		break;
	case GATEWAY_STATUS_TEXT:
	case GATEWAY_STATUS_JSON:
		show_print(options->listen_paths[0], options->build ? "build" : "status",
			   options->action == GATEWAY_STATUS_JSON, options->build, err);
		break;
	case GATEWAY_CHECK:
		check(options, err);
		break;
	case GATEWAY_ADD:
		administrate(options, CONTROL_ADD, err);
		break;
	case GATEWAY_DRAIN:
		administrate(options, CONTROL_DRAIN, err);
		break;
	case GATEWAY_REMOVE:
		administrate(options, CONTROL_REMOVE, err);
		break;
	case GATEWAY_RELOAD:
		administrate(options, CONTROL_RELOAD, err);
		break;
	case GATEWAY_SERVE:
		serve(options, err);
		break;
	}
}

int main(int argc, char **argv)
{
	struct options options;
	struct err err = ERR_INIT;

	log_set_program("distcc-gateway");
	log_set_level(LOG_LEVEL_NOTICE);
	if (options_parse(&options, argc, (const char **)(uintptr_t)argv, &err) == 0)
		act(&options, &err);
	if (err.code != ERR_NONE)
		log_error("%s", err.text);
	options_release(&options);
	return err_exit_status(&err);
}
