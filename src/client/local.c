/* client/local.c - see local.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/local.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "client/journal.h"
#include "client/output.h"
#include "compiler/commands.h"
#include "state/jobnote.h"

static volatile sig_atomic_t running_group;	/* of the compiler, for the signal handler; 0: none */
static volatile sig_atomic_t forwarded_signal;

bool local_forward_signal(int signal_number)
{
	pid_t group = (pid_t)running_group;

	if (!group)
		return false;
	forwarded_signal = signal_number;
	kill(-group, signal_number);
	return true;
}

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run(const struct argv *command, const char *source, int keep_fd)
{
	sigset_t ends, old;
	autofree char *printable = argv_printable(command);
	struct proc_spec spec = PROC_SPEC_INIT;
	struct proc proc = PROC_INIT;
	struct rusage usage;
	struct err err = ERR_INIT;
	int status;

	log_info("exec on localhost: %s", printable);
	if (keep_fd >= 0)
		fd_set_cloexec(keep_fd, false);
	spec.argv = command->words;
	/* A group of its own lets the guard end cc1 and as with us. It would be stopped when it reads
	 * from a terminal, so there the compiler stays in our group, where Ctrl-C reaches it. */
	spec.own_group = !isatty(0);
	/* A signal between the start and our knowing the group would end us alone. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, &old);
	if (proc_start(&proc, &spec, &err) == 0)
		running_group = spec.own_group ? proc.pid : 0;
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (!proc.pid) {
		log_error("%s", err.text);
		return err_exit_status(&err);
	}
	if (proc_wait(&proc, deadline_never(), &status, &usage, &err) < 0) {
		log_error("%s", err.text);
		return err_exit_status(&err);
	}
	running_group = 0;
	if (forwarded_signal) {
		jobnote_remove();
		signal(forwarded_signal, SIG_DFL);
		raise(forwarded_signal);
	}
	journal_usage("cc", &usage);
	journal_end("compile", source, "localhost", status);
	return exit_status(status);
}

int local_run(const struct argv *command, const char *source)
{
	return run(command, source, -1);
}

/* The command with a nameless file as its output. What the compiler would derive from the output's
 * name (the dependency file and its target) is said explicitly. */
static void redirect(const char *compiler, const struct scan *scan, int fd, struct argv *out)
{
	argv_add(out, compiler);
	for (size_t i = 1; i < scan->command.n; i++) {
		if (i == scan->output_at)
			argv_add_format(out, "/proc/self/fd/%d", fd);
		else
			argv_add(out, scan->command.words[i]);
	}
	scan_add_dependency_options(scan, out);
}

int local_compile(const struct argv *original, const struct scan *scan)
{
	const char *source = scan->command.words[scan->input_at];
	autooutput output = OUTPUT_INIT;
	autoargv command = ARGV_INIT;
	struct err err = ERR_INIT;
	struct stat st;
	int status;

	/* Where that cannot be had the compiler writes the file itself, as without us. */
	if (scan->family != FAMILY_GCC || access("/proc/self/fd", X_OK) < 0 ||
	    output_open(&output, scan->command.words[scan->output_at], &err) < 0 ||
	    output.in_place || output.temporary)
		return run(original, source, -1);
	redirect(original->words[0], scan, output.fd, &command);
	status = run(&command, source, output.fd);
	if (status != 0)
		return status;
	/* "Compilers" that succeed without writing anything leave no object behind. */
	if (fstat(output.fd, &st) == 0 && st.st_size == 0)
		return 0;
	if (output_place(&output, &err) < 0) {
		log_error("%s", err.text);
		return err_exit_status(&err);
	}
	return 0;
}
