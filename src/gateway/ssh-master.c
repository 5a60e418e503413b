/* gateway/ssh-master.c - see ssh-master.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/ssh-master.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/argv.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/sock.h"
#include "base/str.h"
#include "net/ssh.h"

/* The first value counts, so those in DISTCC_SSH do; a user's configuration comes after ours. */
static void add_options(struct argv *command, const char *const *options)
{
	for (; *options; options++) {
		argv_add(command, "-o");
		argv_add(command, *options);
	}
}

static void master_command(struct argv *command, const struct ssh_master *master, const char *words)
{
	/* Nobody is there to answer a question; a dead connection is noticed within 15 s. */
	static const char *const options[] = { "BatchMode=yes", "ControlPersist=no", "ConnectTimeout=10", "ServerAliveInterval=5",
					       "ServerAliveCountMax=3", "ExitOnForwardFailure=yes", NULL };
	const char *to = master->spec.forward_to;

	ssh_words(command, words);
	add_options(command, options);
	argv_add(command, "-MNTS");
	argv_add(command, master->control_path);
	if (master->forward_path) {
		argv_add(command, "-L");
		if (to && *to == '/')
			argv_add_format(command, "%s:%s", master->forward_path, to);
		else if (to)
			argv_add_format(command, "%s:localhost:%s", master->forward_path, to);
		else
			argv_add_format(command, "%s:localhost:%d", master->forward_path, SSH_FORWARD_PORT);
	}
	ssh_destination(command, &master->spec);
}

static int open_null(struct err *err)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	return fd < 0 ? err_sys(err, ERR_FAILED, "cannot open /dev/null") : fd;
}

static int start(struct ssh_master *master, const char *words, int stderr_fd, struct err *err)
{
	struct proc_spec spec = PROC_SPEC_INIT;
	autoargv command = ARGV_INIT;
	autoclose int null_fd = open_null(err);

	if (null_fd < 0)
		return -1;
	master_command(&command, master, words);
	spec.argv = command.words;
	spec.stdin_fd = null_fd;
	spec.stdout_fd = null_fd;
	spec.stderr_fd = stderr_fd;
	/* with all that a wrapper script or a ProxyCommand starts */
	spec.own_group = true;
	return proc_start(&master->child, &spec, err);
}

struct ssh_master *ssh_master_start(const struct host_spec *spec, const char *words,
				    const char *stem, int stderr_fd,
				    struct err *err)
{
	struct ssh_master *master = mem_alloc(sizeof(*master));

	host_spec_copy(&master->spec, spec);
	master->child = (struct proc)PROC_INIT;
	master->control_path = str_format("%s.c", stem);
	master->forward_path = spec->forward ? str_format("%s.f", stem) : NULL;
	if (start(master, words, stderr_fd, err) < 0) {
		ssh_master_free(master);
		return NULL;
	}
	return master;
}

void ssh_master_free(struct ssh_master *master)
{
	proc_kill(&master->child);
	if (master->deadline)
		event_free(master->deadline);
	unlink(master->control_path);
	if (master->forward_path)
		unlink(master->forward_path);
	host_spec_release(&master->spec);
	free(master->control_path);
	free(master->forward_path);
	free(master);
}

int ssh_master_connect(const struct ssh_master *master, int *fd, struct err *err)
{
	struct sock_addr addr;

	if (sock_addr_unix(&addr, master->forward_path, err) < 0)
		return -1;
	if (sock_connect_start(&addr, fd) != 1)
		return err_sys(err, ERR_CONNECT, "ssh takes no more connections");
	return 0;
}

int ssh_master_open_session(const struct ssh_master *master, const char *words, int stderr_fd,
			    struct proc *child, int *fd,
			    int *their_fd, struct err *err)
{
	/* Where the master is gone, ssh would log in by itself: a login for each job. */
	static const char *const options[] = { "BatchMode=yes", "ControlMaster=no",
					       "ProxyCommand=false", NULL };
	struct proc_spec spec = PROC_SPEC_INIT;
	autoargv command = ARGV_INIT;
	autoclose int ours = -1, theirs = -1;
	int pair[2];

	ssh_words(&command, words);
	add_options(&command, options);
	argv_add(&command, "-TS");
	argv_add(&command, master->control_path);
	ssh_destination(&command, &master->spec);
	ssh_server(&command, &master->spec);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, ERR_CONNECT, "cannot make a socket pair");
	ours = pair[0];
	theirs = pair[1];
	spec.argv = command.words;
	spec.stdin_fd = theirs;
	spec.stdout_fd = theirs;
	spec.stderr_fd = stderr_fd;
	if (proc_start(child, &spec, err) < 0)
		return -1;
	*fd = fd_steal(&ours);
	*their_fd = fd_steal(&theirs);
	return 0;
}
