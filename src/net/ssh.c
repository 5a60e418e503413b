/* net/ssh.c - see ssh.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/ssh.h"

#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/mem.h"

enum { SSH_WORDS_MAX = 13 };	/* the program and twelve words, as distcc 3.4 */

void ssh_words(struct argv *out, const char *words)
{
	const char *at = words ? words : "ssh";

	for (int n = 0; *at && n < SSH_WORDS_MAX; n++) {
		size_t len;

		at += strspn(at, " ");
		len = strcspn(at, " ");
		if (!len)
			break;
		argv_add_format(out, "%.*s", (int)len, at);
		at += len;
	}
	if (!out->n)
		argv_add(out, "ssh");
}

void ssh_destination(struct argv *out, const struct host_spec *host)
{
	if (host->user) {
		argv_add(out, "-l");
		argv_add(out, host->user);
	}
	argv_add(out, host->name);
}

void ssh_server(struct argv *out, const struct host_spec *host)
{
	argv_add(out, host->command ? host->command : "distccd");
	argv_add(out, "--inetd");
	argv_add(out, "--enable-tcp-insecure");
}

int ssh_command(struct argv *out, const struct host_spec *host, const char *words, struct err *err)
{
	ssh_words(out, words);
	if (!host->forward) {
		ssh_destination(out, host);
		ssh_server(out, host);
		return 0;
	}
	if (host->forward_to && host->forward_to[0] == '/')
		return err_set(err, ERR_HOSTSPEC, "host '%s': a forwarded socket can be reached through distcc-gateway only", host->text);
	argv_add(out, "-W");
	if (host->forward_to)
		argv_add_format(out, "localhost:%s", host->forward_to);
	else
		argv_add_format(out, "localhost:%d", SSH_FORWARD_PORT);
	ssh_destination(out, host);
	return 0;
}

static int run(const struct argv *command, int stderr_fd, struct stream *stream, struct err *err)
{
	struct proc_spec spec = PROC_SPEC_INIT;
	autoclose int ours = -1, theirs = -1;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, ERR_CONNECT, "cannot make a socket pair for %s", command->words[0]);
	ours = pair[0];
	theirs = pair[1];
	spec.argv = command->words;
	spec.stdin_fd = theirs;
	spec.stdout_fd = theirs;
	spec.stderr_fd = stderr_fd;
	/* No group of its own: ssh may ask for a password on the terminal, where a background group
	 * would be stopped. It is one process, so the parent-death signal reaches all of it. */
	if (proc_start(&stream->child, &spec, err) < 0) {
		if (err)
			err->code = ERR_CONNECT;
		return -1;
	}
	if (fd_set_nonblocking(ours, true) < 0) {
		proc_kill(&stream->child);
		return err_sys(err, ERR_CONNECT, "cannot use the socket to %s", command->words[0]);
	}
	stream->in_fd = stream->out_fd = fd_steal(&ours);
	return 0;
}

int ssh_start(const struct host_spec *host, const char *words, int stderr_fd, struct stream *stream,
	      struct err *err)
{
	autoargv command = ARGV_INIT;

	if (ssh_command(&command, host, words, err) < 0)
		return -1;
	return run(&command, stderr_fd, stream, err);
}
