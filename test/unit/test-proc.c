/* test/unit/test-proc.c - programs that are started, waited for, killed, and do not outlive us. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"

enum { SOON_MS = 20000 };

static struct proc start_shell(const char *script, struct proc_spec spec)
{
	char *command[] = { (char *)"sh", (char *)"-c", (char *)(size_t)script, NULL };
	struct proc proc = PROC_INIT;
	struct err err = ERR_INIT;

	spec.argv = command;
	assert_ok(proc_start(&proc, &spec, &err));
	return proc;
}

static int status_of(struct proc proc)
{
	struct err err = ERR_INIT;
	int status = -1;

	assert_ok(proc_wait(&proc, deadline_after_ms(SOON_MS), &status, NULL, &err));
	assert_int_equal(proc.pid, 0);
	return status;
}

static void make_pipe(int fds[2])
{
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
}

/* Whoever holds the write end has ended. */
static void assert_all_gone(int fd)
{
	struct err err = ERR_INIT;
	char byte;

	assert_int_equal(fd_read_some(fd, &byte, 1, SOON_MS, &err), 0);
}

static void its_status_is_told(void **state)
{
	struct proc_spec spec = PROC_SPEC_INIT;
	char text[32];
	int status;

	(void)state;
	status = status_of(start_shell("exit 7", spec));
	assert_int_equal(status, 7 << 8);
	assert_string_equal(proc_status_text(status, text), "exit 7");
	status = status_of(start_shell("kill -SEGV $$", spec));
	assert_true(WIFSIGNALED(status));
	assert_string_equal(proc_status_text(status, text), "signal 11");
}

static void what_cannot_be_executed_is_an_error_at_once(void **state)
{
	char *command[] = { (char *)"no-such-compiler", NULL };
	struct proc_spec spec = PROC_SPEC_INIT;
	struct proc proc = PROC_INIT;
	struct err err = ERR_INIT;

	(void)state;
	spec.argv = command;
	spec.own_group = true;
	assert_fails(proc_start(&proc, &spec, &err), ERR_NO_COMPILER, "failed to exec no-such-compiler: No such file");
	assert_int_equal(err.sys_errno, ENOENT);
	command[0] = (char *)"/dev/null";
	assert_fails(proc_start(&proc, &spec, &err), ERR_NO_COMPILER, "Permission denied");
	command[0] = (char *)"true";
	spec.dir = "/no/such/dir";
	assert_true(proc_start(&proc, &spec, &err) < 0);
	assert_int_equal(proc.pid, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);	/* nothing is left to reap */
}

static void a_path_that_does_not_exist_here_means_its_base_name(void **state)
{
	char *command[] = { (char *)"/no/such/place/sh", (char *)"-c", (char *)"exit 3", NULL };
	struct proc_spec spec = PROC_SPEC_INIT;
	struct proc proc = PROC_INIT;
	struct err err = ERR_INIT;

	(void)state;
	spec.argv = command;
	assert_ok(proc_start(&proc, &spec, &err));
	assert_int_equal(status_of(proc), 3 << 8);
}

static void place_environment_and_streams_are_as_asked(void **state)
{
	char *environment[] = { (char *)"X=from-us", NULL };
	struct proc_spec spec = PROC_SPEC_INIT;
	autobuf text = BUF_INIT;
	int out[2];

	(void)state;
	make_pipe(out);
	spec.dir = "/";
	spec.envp = environment;
	spec.stdin_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	spec.stdout_fd = spec.stderr_fd = out[1];
	assert_int_equal(status_of(start_shell("pwd; echo $X >&2; cat", spec)), 0);
	close(out[1]);
	assert_int_equal(fd_read_all(out[0], 100, &text, NULL), 0);
	assert_string_equal(text.data, "/\nfrom-us\n");
	close(out[0]);
	close(spec.stdin_fd);
}

static void streams_may_change_places(void **state)
{
	struct proc_spec spec = PROC_SPEC_INIT;
	autobuf first = BUF_INIT, second = BUF_INIT;
	int one[2], two[2], saved_out = fcntl(1, F_DUPFD_CLOEXEC, 3), saved_err = fcntl(2, F_DUPFD_CLOEXEC, 3), status;

	(void)state;
	make_pipe(one);
	make_pipe(two);
	dup2(one[1], 1);
	dup2(two[1], 2);
	spec.stdout_fd = 2;
	spec.stderr_fd = 1;
	status = status_of(start_shell("echo out; echo err >&2", spec));
	dup2(saved_out, 1);
	dup2(saved_err, 2);
	close(one[1]);
	close(two[1]);
	assert_int_equal(status, 0);
	assert_int_equal(fd_read_all(one[0], 100, &first, NULL) | fd_read_all(two[0], 100, &second, NULL), 0);
	assert_string_equal(first.data, "err\n");
	assert_string_equal(second.data, "out\n");
	close(one[0]);
	close(two[0]);
	close(saved_out);
	close(saved_err);
}

static void signals_are_default_and_unblocked_in_the_child(void **state)
{
	struct proc_spec spec = PROC_SPEC_INIT;
	sigset_t term, old;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &old);
	assert_int_equal(WTERMSIG(status_of(start_shell("kill -PIPE $$; exit 0", spec))), SIGPIPE);
	assert_int_equal(WTERMSIG(status_of(start_shell("kill -TERM $$; exit 0", spec))), SIGTERM);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void a_wait_ends_at_its_deadline_and_the_program_goes_on(void **state)
{
	struct proc_spec spec = PROC_SPEC_INIT;
	struct proc proc;
	struct err err = ERR_INIT;
	int status, in[2];

	(void)state;
	for (int with_pidfd = 1; with_pidfd >= 0; with_pidfd--) {
		make_pipe(in);
		spec.stdin_fd = in[0];
		proc = start_shell("read line", spec);
		if (!with_pidfd)
			fd_close(&proc.pidfd);		/* as on a kernel without them */
		assert_fails(proc_wait(&proc, deadline_after_ms(10), &status, NULL, &err), ERR_TIMEOUT, "did not end in time");
		assert_true(proc.pid > 0);
		assert_int_equal(write(in[1], "\n", 1), 1);
		assert_int_equal(status_of(proc), 0);
		close(in[0]);
		close(in[1]);
	}
}

static void killing_reaches_the_whole_group(void **state)
{
	struct proc_spec spec = PROC_SPEC_INIT;
	struct proc proc;
	char started[3];
	int out[2];

	(void)state;
	make_pipe(out);
	spec.own_group = true;
	spec.stdout_fd = out[1];
	proc = start_shell("sleep 1000 & echo ok; sleep 1000", spec);
	close(out[1]);
	assert_int_equal(fd_read_full(out[0], started, 3, SOON_MS, NULL), 0);
	proc_kill(&proc);
	assert_int_equal(proc.pid, 0);
	assert_all_gone(out[0]);
	close(out[0]);
	proc_kill(&proc);		/* twice is safe */
}

/* A process that starts the script and is then killed, as by the OOM killer or a cgroup's end. */
static void assert_dies_with_us(const char *script, bool own_group)
{
	int out[2];
	char started[3];
	pid_t middle;

	make_pipe(out);
	middle = fork();
	if (middle == 0) {
		struct proc_spec spec = PROC_SPEC_INIT;

		spec.own_group = own_group;
		spec.stdout_fd = out[1];
		start_shell(script, spec);
		close(out[1]);
		for (;;)
			pause();
	}
	assert_true(middle > 0);
	close(out[1]);
	assert_int_equal(fd_read_full(out[0], started, 3, SOON_MS, NULL), 0);
	kill(middle, SIGKILL);
	assert_int_equal(waitpid(middle, NULL, 0), middle);
	assert_all_gone(out[0]);
	close(out[0]);
}

static void a_group_with_its_grandchildren_dies_with_us(void **state)
{
	(void)state;
	assert_dies_with_us("sleep 1000 & echo ok; sleep 1000", true);
}

static void a_child_without_a_group_dies_with_us(void **state)
{
	(void)state;
	assert_dies_with_us("echo ok; exec sleep 1000", false);
}

static void what_a_finished_program_left_behind_ends_with_the_wait(void **state)
{
	struct proc_spec spec = PROC_SPEC_INIT;
	int out[2];

	(void)state;
	make_pipe(out);
	spec.own_group = true;
	spec.stdout_fd = out[1];
	assert_int_equal(status_of(start_shell("sleep 1000 & exit 0", spec)), 0);
	close(out[1]);
	assert_all_gone(out[0]);
	close(out[0]);
}

static void an_orphan_is_told(void **state)
{
	(void)state;
	assert_int_equal(proc_die_with_parent(0, getppid()), 0);
	assert_int_equal(proc_die_with_parent(0, getppid() + 1), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(its_status_is_told),
		CHECK(what_cannot_be_executed_is_an_error_at_once),
		CHECK(a_path_that_does_not_exist_here_means_its_base_name),
		CHECK(place_environment_and_streams_are_as_asked),
		CHECK(streams_may_change_places),
		CHECK(signals_are_default_and_unblocked_in_the_child),
		CHECK(a_wait_ends_at_its_deadline_and_the_program_goes_on),
		CHECK(killing_reaches_the_whole_group),
		CHECK(a_group_with_its_grandchildren_dies_with_us),
		CHECK(a_child_without_a_group_dies_with_us),
		CHECK(what_a_finished_program_left_behind_ends_with_the_wait),
		CHECK(an_orphan_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
