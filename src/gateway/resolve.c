/* gateway/resolve.c - see resolve.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/resolve.h"

#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/proc.h"

enum { RESOLVE_S = 10 };

int resolve_start(const struct host_spec *spec, resolve_answer_fn *on_answer, void *context, struct err *err)
{
	/* their handlers belong to the parent's event loop */
	static const int defaults[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGALRM };
	pid_t parent = getpid(), pid = fork();
	struct sock_addr *addrs = NULL;
	size_t n_addrs = 0;

	if (pid < 0)
		return err_sys(err, ERR_MEMORY, "cannot fork to resolve a name");
	if (pid > 0)
		return 0;
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		signal(defaults[i], SIG_DFL);
	if (proc_die_with_parent(SIGKILL, parent) < 0)
		_exit(0);
	/* A resolver that hangs ends with the alarm; the loop sees the server as down by then. */
	alarm(RESOLVE_S);
	sock_resolve(spec->name, spec->port, &addrs, &n_addrs, err);
	on_answer(context, addrs, n_addrs, err->text);
	_exit(0);
}
