/* client/native.c - see native.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/native.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/tmp.h"
#include "client/probe.h"
#include "compiler/machine.h"

/* A driver says what it would do on stderr, and what it is on stdout: both are the answer. */
static int ask(const struct argv *question, struct buf *answer, struct err *err)
{
	struct proc_spec spec = PROC_SPEC_INIT;
	autoproc proc = PROC_INIT;
	autoclose int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC),
		      said_fd = tmp_memory("distcc-probe", err);
	int status;

	if (said_fd < 0)
		return -1;
	spec.argv = question->words;
	spec.stdin_fd = null_fd;
	spec.stdout_fd = spec.stderr_fd = said_fd;
	spec.own_group = true;
	if (proc_start(&proc, &spec, err) < 0 || proc_wait(&proc, deadline_never(), &status, NULL, err) < 0)
		return -1;
	if (status)
		return err_set(err, ERR_FAILED, "'%s' does not answer to %s", question->words[0],
			       question->words[1]);
	if (lseek(said_fd, 0, SEEK_SET) < 0)
		return err_sys(err, ERR_IO, "cannot read what the compiler said");
	return fd_read_all(said_fd, SIZE_MAX / 2, answer, err);
}

int native_resolve(struct scan *scan, struct err *err)
{
	autoargv question = ARGV_INIT;
	autobuf answer = BUF_INIT;

	machine_question(scan, &question);
	if (probe(&question, ask, &answer, err) < 0)
		return -1;
	argv_release(&scan->native);
	if (!machine_answer(scan->family, answer.data, answer.len, &scan->native))
		return err_set(err, ERR_FAILED,
			       "what '%s' makes of -march=native cannot be said to another compiler",
			       scan->command.words[0]);
	return 0;
}

int native_resolve_triple(struct scan *scan, struct err *err)
{
	autoargv question = ARGV_INIT;
	autobuf answer = BUF_INIT;
	size_t n = scan->command.n;

	if (n < 3 || strcmp(scan->command.words[n - 2], "-target") != 0)
		return 0;
	argv_add(&question, scan->command.words[0]);
	argv_add(&question, "-dumpmachine");
	if (probe(&question, ask, &answer, err) < 0)
		return -1;
	answer.data[strcspn(answer.data, "\n")] = '\0';
	argv_replace(&scan->command, n - 1, answer.data);
	return 0;
}
