/*
 * gateway/helper.c - see helper.h.
 *
 * Runs with the rights of whoever started the gateway (ssh needs that user's keys). It trusts the
 * host file and nothing that comes from the loop beyond three numbers, which are checked.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/helper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/tmp.h"
#include "gateway/filter.h"
#include "gateway/handoff.h"
#include "hosts/list.h"
#include "net/ssh.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif

enum { RESOLVE_S = 10, END_MS = 900 };

struct helper {
	int loop_fd;
	pid_t loop_pid;
	const char *hosts_file;
	struct host_list list;
	uint32_t generation;
	char *ssh_words;
	const struct proof_result *proofs;
};

static void send_answer(const struct helper *helper, struct helper_answer *answer, int fd)
{
	/* A loop that cannot take it is dying; its end is noticed elsewhere. */
	if (fdpass_send(helper->loop_fd, answer, sizeof(*answer), fd) < 0)
		log_debug("the loop does not take an answer: %s", strerror(errno));
}

static void send_failure(const struct helper *helper, struct helper_answer *answer, const char *text)
{
	answer->ok = 0;
	snprintf(answer->text, sizeof(answer->text), "%s", text);
	send_answer(helper, answer, -1);
}

/* ------------------------------------------------------------------ the host list */

static int read_list(const struct helper *helper, struct buf *text, char name[HELPER_TEXT_MAX], struct err *err)
{
	static const char *const places[] = { SYSCONFDIR "/distcc/gateway.hosts", SYSCONFDIR "/distcc/hosts" };
	const char *value = env_get("DISTCC_GATEWAY_HOSTS"), *path = helper->hosts_file;

	if (!path && value) {
		snprintf(name, HELPER_TEXT_MAX, "$DISTCC_GATEWAY_HOSTS");
		buf_add_str(text, value);
		return 0;
	}
	for (size_t i = 0; !path && i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], R_OK) == 0)
			path = places[i];
	if (!path)
		return err_set(err, ERR_HOSTSPEC, "no host list: use --hosts FILE, set DISTCC_GATEWAY_HOSTS, or write %s", places[0]);
	snprintf(name, HELPER_TEXT_MAX, "%s", path);
	return file_read(path, HOST_LIST_MAX, text, err);
}

static void load_hosts(struct helper *helper, uint32_t serial)
{
	struct helper_answer answer = { .operation = HELPER_LOAD_HOSTS, .serial = serial };
	struct host_list list = HOST_LIST_INIT;
	autobuf text = BUF_INIT;
	autoclose int fd = -1;
	struct err err = ERR_INIT;

	if (read_list(helper, &text, answer.text, &err) < 0) {
		send_failure(helper, &answer, err.text);
		return;
	}
	/* The loop parses the same text; a bad one is its to report, and ours to stay away from. */
	if (host_list_parse(&list, text.len ? text.data : "", NULL) == 0) {
		host_list_release(&helper->list);
		helper->list = list;
		helper->generation++;
	}
	fd = tmp_memory("distcc-gateway-hosts", &err);
	if (fd < 0 || (text.len && fd_write_full(fd, text.data, text.len, -1, &err) < 0) || lseek(fd, 0, SEEK_SET) < 0) {
		send_failure(helper, &answer, err.text);
		return;
	}
	answer.ok = 1;
	answer.generation = helper->generation;
	send_answer(helper, &answer, fd);
}

/* ------------------------------------------------------------------ names */

static _Noreturn void resolve_and_exit(const struct helper *helper, struct helper_answer *answer, const struct host_spec *spec)
{
	struct sock_addr *addrs = NULL;
	struct err err = ERR_INIT;
	size_t n_addrs = 0;

	/* A resolver that hangs ends with the alarm; the loop sees the server as down by then. */
	alarm(RESOLVE_S);
	if (sock_resolve(spec->name, spec->port, &addrs, &n_addrs, &err) < 0) {
		send_failure(helper, answer, err.text);
		_exit(0);
	}
	answer->ok = 1;
	answer->n_addrs = (uint32_t)(n_addrs < HELPER_ADDRS_MAX ? n_addrs : HELPER_ADDRS_MAX);
	memcpy(answer->addrs, addrs, answer->n_addrs * sizeof(answer->addrs[0]));
	send_answer(helper, answer, -1);
	_exit(0);
}

static void resolve(const struct helper *helper, struct helper_answer *answer, const struct host_spec *spec)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0) {
		send_failure(helper, answer, "cannot fork to resolve a name");
	} else if (pid == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGALRM, SIG_DFL);
		if (proc_die_with_parent(SIGKILL, parent) < 0)
			_exit(0);
		resolve_and_exit(helper, answer, spec);
	}
}

/* ------------------------------------------------------------------ ssh */

static void start_ssh(const struct helper *helper, struct helper_answer *answer, const struct host_spec *spec)
{
	struct stream stream = STREAM_INIT;
	struct err err = ERR_INIT;

	if (ssh_start(spec, helper->ssh_words, -1, &stream, &err) < 0) {
		send_failure(helper, answer, err.text);
		return;
	}
	answer->ok = 1;
	send_answer(helper, answer, stream.in_fd);
	fd_close(&stream.in_fd);
	/* It ends when the loop's end of the socket does, and with us; SIGCHLD reaps it. */
	fd_close(&stream.child.pidfd);
}

/* ------------------------------------------------------------------ connections to be passed on */

static void secure(const struct helper *helper, struct helper_answer *answer, int fd)
{
	struct err err = ERR_INIT;

	/* Only the filter needs rights; the loop has tried, and does, the rest. */
	if (fd < 0 || handoff_secure(fd, helper->proofs, handoff_filter_enabled(), &err) < 0) {
		send_failure(helper, answer, err.text);
		return;
	}
	answer->ok = 1;
	send_answer(helper, answer, -1);
}

/* ------------------------------------------------------------------ requests and signals */

/* False when the loop has gone. */
static bool take_request(struct helper *helper)
{
	struct helper_request request;
	struct helper_answer answer;
	const struct host_spec *spec = NULL;
	autoclose int fd = -1;
	ssize_t n = fdpass_recv(helper->loop_fd, &request, sizeof(request), &fd, NULL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n != (ssize_t)sizeof(request))
		return false;
	memset(&answer, 0, sizeof(answer));
	answer.operation = request.operation;
	answer.serial = request.serial;
	answer.generation = request.generation;
	answer.index = request.index;
	if (request.generation == helper->generation && request.index < helper->list.n_hosts)
		spec = &helper->list.hosts[request.index];
	if (request.operation == HELPER_LOAD_HOSTS)
		load_hosts(helper, request.serial);
	else if (request.operation == HELPER_RESOLVE && spec && spec->kind == HOST_TCP)
		resolve(helper, &answer, spec);
	else if (request.operation == HELPER_SSH && spec && spec->kind == HOST_SSH)
		start_ssh(helper, &answer, spec);
	else if (request.operation == HELPER_SECURE)
		secure(helper, &answer, fd);
	else
		send_failure(helper, &answer, "the host list has changed");
	return true;
}

/* Reaps everything; true when the loop was among it. */
static bool reap(const struct helper *helper, int *loop_status)
{
	bool loop_ended = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == helper->loop_pid) {
			*loop_status = status;
			loop_ended = true;
		}
	}
	return loop_ended;
}

static int end_loop(struct helper *helper, int signal_fd, int status)
{
	struct deadline deadline = deadline_after_ms(END_MS);

	kill(helper->loop_pid, SIGTERM);
	while (fd_wait(signal_fd, POLLIN, deadline) > 0) {
		struct signalfd_siginfo info;

		if (read(signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
			break;
		if (info.ssi_signo == SIGCHLD && reap(helper, &status))
			return status;
	}
	kill(helper->loop_pid, SIGKILL);
	while (waitpid(helper->loop_pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : ERR_FAILED;
}

/* Which ssh: the gateway's own DISTCC_SSH, and never one that asks for a password. */
static char *choose_ssh(void)
{
	const char *words = env_get("DISTCC_SSH");

	return words ? mem_strdup(words) : mem_strdup("ssh -o BatchMode=yes");
}

int helper_run(int loop_fd, pid_t loop_pid, const char *hosts_file, const struct proof_result proofs[PROOF_N])
{
	struct helper helper = { .loop_fd = loop_fd, .loop_pid = loop_pid, .hosts_file = hosts_file, .list = HOST_LIST_INIT,
				 .ssh_words = choose_ssh(), .proofs = proofs };
	sigset_t wanted;
	int signal_fd, status = 0;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGTERM);
	sigaddset(&wanted, SIGINT);
	sigaddset(&wanted, SIGHUP);
	sigaddset(&wanted, SIGCHLD);
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	signal_fd = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	fd_set_nonblocking(loop_fd, true);
	for (;;) {
		struct pollfd fds[2] = { { signal_fd, POLLIN, 0 }, { loop_fd, POLLIN, 0 } };
		struct signalfd_siginfo info;

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
			if (info.ssi_signo == SIGCHLD && reap(&helper, &status))
				break;
			if (info.ssi_signo == SIGHUP)
				load_hosts(&helper, 0);
			if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) {
				status = end_loop(&helper, signal_fd, status);
				break;
			}
		}
		if (fds[1].revents && !take_request(&helper)) {
			status = end_loop(&helper, signal_fd, status);
			break;
		}
	}
	fd_close(&signal_fd);
	host_list_release(&helper.list);
	free(helper.ssh_words);
	return exit_status(status);
}
