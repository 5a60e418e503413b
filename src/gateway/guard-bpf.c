/* gateway/guard-bpf.c - see guard.h: the cgroup, and the process in it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/guard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/str.h"
#include "gateway/confine.h"
#include "gateway/guard-programs.h"

#define CGROUP_NAME "distcc-gateway"
enum { PATIENCE_MS = 2000, PROC_TEXT_MAX = 1 << 20, NAMES_MAX = 16 };

struct guard {
	char *dir;			/* of the cgroup */
	int map_fd;
	int line_fd;			/* to the process */
	pid_t pid;
};

/* ------------------------------------------------------------------ where our cgroup can be */

/* The mount of the unified hierarchy: "36 25 0:30 ROOT PLACE OPTIONS ... - cgroup2 ..." */
static int find_mount(char **root, char **place, struct err *err)
{
	autobuf text = BUF_INIT;
	char *rest, *line;

	if (file_read("/proc/self/mountinfo", PROC_TEXT_MAX, &text, err) < 0)
		return -1;
	rest = text.data;
	while ((line = strsep(&rest, "\n"))) {
		char *words[5] = { NULL }, *kind = strstr(line, " - cgroup2 ");

		for (int i = 0; kind && i < 5; i++)
			words[i] = strsep(&line, " ");
		if (!kind || !words[4])
			continue;
		*root = mem_strdup(words[3]);
		*place = mem_strdup(words[4]);
		return 0;
	}
	return err_set(err, ERR_FAILED, "no cgroup2 file system is mounted");
}

/* Our own group in it: the line "0::/PATH". */
static int find_own(char **path, struct err *err)
{
	autobuf text = BUF_INIT;
	char *rest, *line;

	if (file_read("/proc/self/cgroup", PROC_TEXT_MAX, &text, err) < 0)
		return -1;
	rest = text.data;
	while ((line = strsep(&rest, "\n"))) {
		if (!str_starts_with(line, "0::/"))
			continue;
		*path = mem_strdup(line + 3);
		return 0;
	}
	return err_set(err, ERR_FAILED, "this process is in no cgroup of version 2");
}

/* Those of gateways that were killed: nobody lives there, and the sockets stay as shut without the name. */
static void remove_stale(const char *parent)
{
	DIR *dir = opendir(parent);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		autofree char *path = str_format("%s/%s", parent, entry->d_name);
		long pid;

		if (sscanf(entry->d_name, CGROUP_NAME "-%ld", &pid) == 1 &&
		    kill((pid_t)pid, 0) < 0 && errno == ESRCH)
			rmdir(path);
	}
	if (dir)
		closedir(dir);
}

static int make_cgroup(char **dir, struct err *err)
{
	autofree char *root = NULL, *place = NULL, *own = NULL, *parent = NULL;
	const char *below;

	if (find_mount(&root, &place, err) < 0 || find_own(&own, err) < 0)
		return -1;
	below = strcmp(root, "/") == 0 ? own : own + strlen(root);
	if (!str_starts_with(own, root) || strstr(own, "/.."))
		return err_set(err, ERR_FAILED, "this process's cgroup '%s' is not below the one that is mounted ('%s')", own, root);
	parent = str_format("%s%s", place, strcmp(below, "/") == 0 ? "" : below);
	remove_stale(parent);
	/* in another PID namespace somebody may have our number */
	for (int i = 0; i < NAMES_MAX; i++) {
		autofree char *name = str_format("%s/" CGROUP_NAME "-%ld-%d", parent, (long)getpid(), i);

		if (mkdir(name, 0755) == 0) {
			*dir = mem_strdup(name);
			return 0;
		}
		if (errno != EEXIST)
			break;
	}
	return err_sys(err, ERR_PRIVILEGES, "cannot make a cgroup in '%s'", parent);
}

/* ------------------------------------------------------------------ the process that makes sockets */

/* What it has inherited is nobody's business here: above all not what others wait for the end of. */
static void close_all_but(int kept)
{
	long n = sysconf(_SC_OPEN_MAX);

	for (int fd = 0; fd < (n > 0 && n < 65536 ? n : 65536); fd++)
		if (fd != kept)
			close(fd);
}

static int enter(const char *dir)
{
	autofree char *path = str_format("%s/cgroup.procs", dir);
	autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, "0", 1) == 1 ? 0 : -1;
}

static _Noreturn void make_sockets(int line_fd)
{
	char which;

	while (recv(line_fd, &which, 1, 0) == 1) {
		autoclose int fd = socket(which == '6' ? AF_INET6 : AF_INET,
					  SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);

		/* without one, it is told so */
		if (fdpass_send(line_fd, &which, 1, fd) < 0)
			break;
	}
	_exit(0);
}

static _Noreturn void live_in(const char *dir, int line_fd, uid_t uid, gid_t gid, pid_t parent)
{
	struct err err = ERR_INIT;
	const char *how;

	/* signals to the whole group are the parent's, which holds them still, and so do we */
	if (enter(dir) < 0 || confine_drop(uid, gid, &err) < 0 || proc_die_with_parent(SIGKILL, parent) < 0)
		_exit(1);
	close_all_but(line_fd);
	confine_self(&how);
	make_sockets(line_fd);
}

static int start_process(struct guard *guard, uid_t uid, gid_t gid, struct err *err)
{
	pid_t parent = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, ERR_FAILED, "cannot make a socket pair");
	guard->line_fd = pair[0];
	guard->pid = fork();
	if (guard->pid == 0)
		live_in(guard->dir, pair[1], uid, gid, parent);
	close(pair[1]);
	return guard->pid < 0 ? err_sys(err, ERR_MEMORY, "cannot fork") : 0;
}

int guard_socket(const struct guard *guard, int family)
{
	char which = family == AF_INET6 ? '6' : '4';
	int fd = -1;

	if (send(guard->line_fd, &which, 1, MSG_NOSIGNAL) != 1 ||
	    fd_wait(guard->line_fd, POLLIN, deadline_after_ms(PATIENCE_MS)) <= 0 ||
	    fdpass_recv(guard->line_fd, &which, 1, &fd, NULL) != 1)
		return -1;
	return fd;
}

/* ------------------------------------------------------------------ the whole */

struct guard *guard_open(uid_t uid, gid_t gid, struct err *err)
{
	struct guard *guard = mem_alloc(sizeof(*guard));
	autoclose int cgroup_fd = -1;

	*guard = (struct guard){ .map_fd = -1, .line_fd = -1 };
	guard->map_fd = guard_map_create(err);
	if (guard->map_fd >= 0 && make_cgroup(&guard->dir, err) == 0) {
		cgroup_fd = open(guard->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (cgroup_fd < 0)
			err_sys(err, ERR_FAILED, "cannot open cgroup '%s'", guard->dir);
		else if (guard_programs_attach(cgroup_fd, guard->map_fd, err) == 0 &&
			 start_process(guard, uid, gid, err) == 0)
			return guard;
	}
	guard_close(guard);
	return NULL;
}

bool guard_reaped(struct guard *guard, pid_t pid)
{
	if (!guard || guard->pid != pid)
		return false;
	/* its number may be somebody else's by now */
	guard->pid = 0;
	return true;
}

void guard_close(struct guard *guard)
{
	if (!guard)
		return;
	fd_close(&guard->line_fd);
	if (guard->pid > 0) {
		kill(guard->pid, SIGKILL);
		while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (guard->dir && rmdir(guard->dir) < 0)
		log_warning("cannot remove cgroup '%s': %s", guard->dir, strerror(errno));
	free(guard->dir);
	fd_close(&guard->map_fd);
	free(guard);
}

int guard_allow(const struct guard *guard, const struct sock_addr *addr, uint32_t mark, struct err *err)
{
	struct guard_key key;

	guard_key_init(&key, addr);
	return guard_map_put(guard->map_fd, &key, mark, err);
}

void guard_keep(const struct guard *guard, const uint32_t *marks, size_t n_marks)
{
	guard_map_keep(guard->map_fd, marks, n_marks);
}

int guard_line(const struct guard *guard)
{
	return guard->line_fd;
}
