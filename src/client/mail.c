/* client/mail.c - see mail.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/mail.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/tmp.h"

static struct {
	bool is_on;
	struct buf lines;
} kept;

static void keep(void *context, enum log_level level, const char *line)
{
	(void)context;
	(void)level;
	buf_add_str(&kept.lines, line);
}

void mail_begin(void)
{
	if (!env_bool("DISTCC_ENABLE_DISCREPANCY_EMAIL", false))
		return;
	kept.is_on = true;
	log_set_tap(keep, NULL);
}

/* It goes on when we have ended. */
static void outlive(void *context)
{
	(void)context;
	prctl(PR_SET_PDEATHSIG, 0);
	setsid();
}

static int start(const char *whom, int text_fd, struct err *err)
{
	autofree char *to = mem_strdup(whom);
	char *argv[] = { (char[]){ "/bin/mail" }, (char[]){ "-s" }, (char[]){ "distcc-pump email" },
			 to, NULL };
	autoclose int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct proc_spec spec = PROC_SPEC_INIT;
	struct proc proc = PROC_INIT;
	int result;

	spec.argv = argv;
	spec.stdin_fd = text_fd;
	spec.stdout_fd = spec.stderr_fd = null_fd;
	spec.in_child = outlive;
	result = proc_start(&proc, &spec, err);
	fd_close(&proc.pidfd);
	return result;
}

void mail_send(const struct buf *server_said)
{
	const char *named = env_get("DISTCC_EMAILLOG_WHOM_TO_BLAME"),
		   *whom = named ? named : "distcc-pump-errors";
	struct err err = ERR_INIT;
	autoclose int fd = -1;

	if (!kept.is_on)
		return;
	log_warning("Will send an email to %s", whom);
	log_set_tap(NULL, NULL);
	buf_add_str(&kept.lines, "\nBEGIN server-side stderr\n");
	if (server_said->len)
		buf_add(&kept.lines, server_said->data, server_said->len);
	buf_add_str(&kept.lines, "\nEND server-side stderr\n");
	fd = tmp_memory("distcc-mail", &err);
	if (fd < 0 || fd_write_full(fd, kept.lines.data, kept.lines.len, -1, &err) < 0 ||
	    lseek(fd, 0, SEEK_SET) < 0 || start(whom, fd, &err) < 0)
		fprintf(stderr, "Please notify %s that distcc tried to send them email but failed: %s\n", whom, err.text);
	buf_release(&kept.lines);
	kept.is_on = false;
}
