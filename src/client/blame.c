/* client/blame.c - see blame.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/blame.h"

#include <sys/wait.h>

#include "base/log.h"
#include "client/toolchain.h"
#include "state/backoff.h"

enum { EXEC_FAILED = ERR_NO_COMPILER };	/* exit code of a server that has no such compiler */

static const char *compiler_of(const struct blame *blame)
{
	return blame->scan->command.words[0];
}

size_t blame_leave_out(struct blame *blame, const struct host_list *hosts, bool *failed, struct err *cause)
{
	size_t n_left = hosts->n_hosts;

	for (size_t i = 0; i < hosts->n_hosts; i++) {
		enum refusal why = refusal_get(&hosts->hosts[i], compiler_of(blame), blame->backoff_s);

		if (why == REFUSAL_NONE)
			continue;
		failed[i] = true;
		n_left--;
		blame->refusal = why;
		refusal_explain(&hosts->hosts[i], compiler_of(blame), why, cause);
	}
	if (n_left) {
		blame->refusal = REFUSAL_NONE;
		err_clear(cause);
	}
	return n_left;
}

/* Neither the host nor the job is at fault: they do not fit each other. */
static void refuse_compiler(struct blame *blame, const struct host_spec *host, enum refusal why)
{
	/* behind a gateway are many servers, and it remembers which */
	if (why != REFUSAL_MISFIT || host->kind != HOST_UNIX || host->raw)
		refusal_note(host, compiler_of(blame), why, blame->backoff_s);
	blame->refusal = why;
}

/* Distcc 3.4 refuses a compiler by closing when it has read the request, and so it closes to clients that it
 * does not know. Behind ssh the same says that there was no server at all. */
static bool closed_without_a_word(const struct host_spec *host, const struct reply *reply,
				  const struct err *err)
{
	return host->kind == HOST_TCP && err->code == ERR_TRUNCATED && !walk_started(&reply->walk);
}

void blame_failure(struct blame *blame, const struct host_spec *host, const struct reply *reply,
		   struct err *err)
{
	bool is_silent = closed_without_a_word(host, reply, err);

	log_info("fault=%s: %s", is_silent ? "compiler" : "host", err->text);
	if (is_silent)
		refuse_compiler(blame, host, REFUSAL_SILENT);
	else
		backoff_dislike(host, blame->backoff_s);
	/* what distcc 3.4 answers when it has struck off its last host */
	if (host->kind != HOST_UNIX && blame->backoff_s > 0)
		err->code = ERR_NO_HOSTS;
}

bool blame_is_for_lack(const struct reply *reply)
{
	return WIFEXITED(reply->status) && WEXITSTATUS(reply->status) == EXEC_FAILED;
}

bool blame_nobody(struct blame *blame, const struct host_spec *host, const struct reply *reply,
		  struct err *err)
{
	backoff_enjoy(host, blame->backoff_s);
	if (!reply->status && toolchain_check(blame->scan, &reply->object, err) < 0) {
		refuse_compiler(blame, host, REFUSAL_MISFIT);
		err_prefix(err, "%s", host->text);
	} else if (blame_is_for_lack(reply)) {
		refuse_compiler(blame, host, REFUSAL_LACKING);
		refusal_explain(host, compiler_of(blame), REFUSAL_LACKING, err);
	} else {
		return true;
	}
	log_info("fault=compiler: %s", err->text);
	return false;
}
