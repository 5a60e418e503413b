/* gateway/ledger.c - see ledger.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/ledger.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

void ledger_wanted(struct relay *relay, const struct sock_cred *cred, const struct job *job,
		   const char *build)
{
	feed_job_wanted(&relay->gateway->feed, relay->seen, cred->uid, cred->pid, build,
			job->source, job->compiler,
			clock_now_ms());
}

void ledger_queued(struct relay *relay)
{
	feed_job_queued(&relay->gateway->feed, relay->seen, clock_now_ms());
}

void ledger_granted(struct relay *relay, const char *server)
{
	feed_job_granted(&relay->gateway->feed, relay->seen, server, clock_now_ms());
}

void ledger_replayed(struct relay *relay, const char *reason, const char *why)
{
	const struct feed_job *job = relay->seen;

	relay->gateway->counters.replayed++;
	log_info("job=%llu outcome=replayed server=%s from=%s reason=%s: %s",
		 (unsigned long long)job->id, job->server,
		 *relay->from ? relay->from : "-", reason, why);
	feed_job_replayed(&relay->gateway->feed, relay->seen, reason, clock_now_ms());
}

/* A word of a line: blanks would make two of it. Yours to free. */
static char *word(const char *text)
{
	char *copy = mem_strdup(*text ? text : "-");

	for (char *at = copy; *at; at++)
		if (*at == ' ' || *at == '=')
			*at = '_';
	return copy;
}

static void write_line(const struct relay *relay, enum feed_kind kind, const char *reason, int64_t now_ms)
{
	const struct feed_job *job = relay->seen;
	autofree char *build = word(job->build ? job->build->label : ""), *compiler = word(job->compiler);
	autofree char *source = word(job->source), *server = word(job->server), *from = word(relay->from);
	bool granted = job->granted_ms != 0;

	log_info("job=%llu outcome=%s way=%s build=%s uid=%u compiler=%s source=%s server=%s from=%s attempts=%u sent=%llu "
		 "received=%llu wait_ms=%lld ms=%lld reason=%s", (unsigned long long)job->id, feed_kind_name(kind),
		 !granted ? "-" : relay->here ? "local" : relay->handing ? "fd" : "relay", build, job->uid, compiler, source, server, from, job->n_grants,
		 (unsigned long long)relay->request.spool.size, (unsigned long long)relay->answer.spool.size,
		 (long long)(granted ? job->granted_ms - job->queued_ms : 0), (long long)(granted ? now_ms - job->granted_ms : 0),
		 reason ? reason : "-");
}

void ledger_ended(struct relay *relay, enum feed_kind kind, const char *reason)
{
	int64_t now_ms = clock_now_ms();

	if (!relay->seen->id)
		return;
	if (log_get_level() >= LOG_LEVEL_INFO)
		write_line(relay, kind, reason, now_ms);
	feed_job_ended(&relay->gateway->feed, relay->seen, kind, reason, now_ms);
}
