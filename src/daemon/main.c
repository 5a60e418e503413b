/* daemon/main.c - distccd: a server that compiles for distcc clients. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "daemon/allow.h"
#include "daemon/announce.h"
#include "daemon/compilers.h"
#include "daemon/inner.h"
#include "daemon/listen.h"
#include "daemon/options.h"
#include "daemon/worker.h"
#include "daemon/workers.h"

enum { NOBODY = 65534 };

static void print_version(void)
{
	printf("distccd " PACKAGE_VERSION " " GNU_HOST "\n"
	       "  (protocols 1, 2 and 3) (default port 3632)\n"
	       "  built from release " PACKAGE_VERSION "\n"
	       "Copyright (C) 2026 the distcc authors\n"
	       "distccd comes with ABSOLUTELY NO WARRANTY. It is free software, and you may use,\n"
	       "modify and redistribute it under the terms of the GNU General Public License,\n"
	       "version 2 or later.\n");
	if (announce_is_built_in())
		printf("Built with Zeroconf support.\n");
	if (auth_is_built())
		printf("Built with GSS-API support for mutual authentication.\n");
}

static void find_user(const struct options *options, uid_t *uid, gid_t *gid)
{
	const char *names[] = { options->user ? options->user : "distcc", options->user ? NULL : "distccd", "nobody" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct passwd *user = names[i] ? getpwnam(names[i]) : NULL;

		if (user) {
			*uid = user->pw_uid;
			*gid = user->pw_gid;
			return;
		}
		if (i == 0 && options->user)
			log_warning("no such user as \"%s\"", options->user);
	}
	*uid = *gid = NOBODY;
}

static int drop_privileges(const struct options *options, struct err *err)
{
	uid_t uid;
	gid_t gid;

	if (getuid() != 0 && geteuid() != 0) {
		if (options->user)
			log_warning("--user is ignored when distccd is not run by root");
		return 0;
	}
	find_user(options, &uid, &gid);
	if (setgroups(1, &gid) < 0 || setresgid(gid, gid, gid) < 0 ||
	    setresuid(uid, uid, uid) < 0 || getuid() != uid ||
	    geteuid() != uid || getgid() != gid)
		return err_sys(err, ERR_PRIVILEGES, "cannot become uid %u", uid);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return 0;
}

static void open_log(const struct options *options)
{
	log_set_level(options->log_level);
	if (options->log_stderr)
		return;
	if (options->log_file) {
		if (log_to_file(options->log_file) == 0)
			return;
		log_error("failed to open %s: %s", options->log_file, strerror(errno));
	}
	log_to_syslog();
}

static enum daemon_mode choose_mode(const struct options *options)
{
	struct stat st;

	if (options->mode != MODE_AUTO)
		return options->mode;
	return fstat(0, &st) == 0 && S_ISSOCK(st.st_mode) ? MODE_INETD : MODE_STANDALONE;
}

static void write_pid_file(const struct options *options, pid_t pid)
{
	FILE *file;

	if (!options->pid_file)
		return;
	file = fopen(options->pid_file, "we");
	if (!file || fprintf(file, "%ld\n", (long)pid) < 0 || fclose(file) != 0)
		log_error("cannot write pid file '%s': %s", options->pid_file, strerror(errno));
}

/* The sockets listen already: whoever sees the foreground process end may connect. */
static int detach(const struct options *options, struct err *err)
{
	int null_fd;
	pid_t pid;

	if (options->no_detach) {
		setpgid(0, 0);
		write_pid_file(options, getpid());
		return 0;
	}
	pid = fork();
	if (pid < 0)
		return err_sys(err, ERR_MEMORY, "fork failed");
	if (pid > 0) {
		write_pid_file(options, pid);
		_exit(0);
	}
	setsid();
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd < 3 && null_fd >= 0; fd++)
		dup2(null_fd, fd);
	if (null_fd > 2)
		close(null_fd);
	return 0;
}

static int serve_standalone(struct options *options, struct err *err)
{
	autofree int *fds = NULL;
	size_t n_fds = 0;
	int stats_fd = -1;

	/* A place in /run needs the rights that are dropped next. */
	if (listen_open(options, &fds, &n_fds, err) < 0)
		return -1;
	if (options->stats && listen_open_stats(options, &stats_fd, err) < 0)
		return -1;
	if (drop_privileges(options, err) < 0)
		return -1;
	open_log(options);
	if (chdir(env_tmpdir()) < 0)
		return err_sys(err, ERR_IO, "failed to chdir to '%s'", env_tmpdir());
	if (detach(options, err) < 0)
		return -1;
	if (admission_open(&options->admission, err) < 0)
		return -1;
	alarm((unsigned)options->lifetime_s);
	log_info("preforking daemon started (" PACKAGE_VERSION " " GNU_HOST ")");
	return workers_run(options, fds, n_fds, stats_fd, err);
}

static int serve_inetd(struct options *options, struct err *err)
{
	if (drop_privileges(options, err) < 0)
		return -1;
	open_log(options);
	if (chdir(env_tmpdir()) < 0)
		return err_sys(err, ERR_IO, "failed to chdir to '%s'", env_tmpdir());
	if (admission_open(&options->admission, err) < 0)
		return -1;
	log_info("inetd server started");
	return worker_serve_inetd(options, err);
}

static void use_search_path(void)
{
	const char *path = env_get("DISTCCD_PATH");

	if (path)
		setenv("PATH", path, 1);
}

/* What runs the compilers must be there, and may be run inside the confinement. */
static int find_prefix(struct options *options, struct err *err)
{
	autofree char *file = NULL;

	if (!options->prefix)
		return 0;
	file = strchr(options->prefix, '/') ? mem_strdup(options->prefix) :
					      path_find_program(options->prefix, NULL, NULL, NULL);
	if (!file || access(file, X_OK) < 0)
		return err_set(err, ERR_NO_COMPILER, "--compiler-prefix: there is no program '%s'",
			       options->prefix);
	argv_add(&options->tools, file);
	options->inner_program = realpath("/proc/self/exe", NULL);
	/* ours is out of its reach, and ccache does not start without one */
	for (size_t i = 0; i < options->caches.n; i++) {
		autofree char *real = realpath(options->caches.words[i], NULL);

		if (real)
			argv_replace(&options->caches, i, real);
	}
	if (options->caches.n)
		setenv("HOME", options->caches.words[0], 1);
	return 0;
}

static void set_oom_score(const struct options *options)
{
	FILE *file;

	if (options->oom_score == INT_MIN)
		return;
	file = fopen("/proc/self/oom_score_adj", "we");
	if (!file || fprintf(file, "%d\n", options->oom_score) < 0 || fclose(file) != 0)
		log_warning("cannot set oom_score_adj to %d: %s", options->oom_score, strerror(errno));
}

static int serve(struct options *options, struct err *err)
{
	use_search_path();
	/* A compiler of the same user may send it where Landlock does not hold it back. */
	signal(SIGABRT, SIG_IGN);
	/* A masqueraded distcc that a compiler's name leads to must not send the job on. */
	setenv("_DISTCC_SAFEGUARD", "1", 1);
	if (!options->insecure && !env_get("DISTCC_CMDLIST") && allow_check_setup(err) < 0)
		return -1;
	if (options->zeroconf && !announce_is_built_in())
		return err_set(err, ERR_USAGE, "--zeroconf: this distccd was built without avahi");
	if (find_prefix(options, err) < 0)
		return -1;
	set_oom_score(options);
	errno = 0;
	if (nice(options->nice) == -1 && errno)
		log_warning("nice %d failed: %s", options->nice, strerror(errno));
	return choose_mode(options) == MODE_INETD ? serve_inetd(options, err) :
						    serve_standalone(options, err);
}

static void show_principal(void)
{
	const char *principal = env_get("DISTCCD_PRINCIPAL");

	if (principal)
		printf("Principal is\t: %s\n", principal);
	else
		printf("Principal\t: Not Set\n");
}

static void list_compilers(const struct options *options)
{
	struct compilers compilers;

	use_search_path();
	compilers_find(&compilers);
	compilers_print(&compilers, options->list_as_json);
	compilers_release(&compilers);
}

int main(int argc, char **argv)
{
	struct options options;
	struct err err = ERR_INIT;
	int status = 0;

	log_set_program("distccd");
	if (inner_is_asked())
		return inner_run(argv + 1);
	log_set_level(LOG_LEVEL_NOTICE);
	if (options_parse(&options, argc, (const char **)(uintptr_t)argv, &err) == 0) {
		if (options.action == DAEMON_HELP) {
			print_version();
			options_print_help();
		} else if (options.action == DAEMON_VERSION) {
			print_version();
		} else if (options.action == DAEMON_LIST_COMPILERS) {
			list_compilers(&options);
		} else if (options.action == DAEMON_SHOW_PRINCIPAL) {
			show_principal();
		} else {
			status = serve(&options, &err);
		}
	}
	if (err.code != ERR_NONE) {
		log_error("%s", err.text);
		status = err_exit_status(&err);
	}
	options_release(&options);
	return status;
}
