/* client/journal.c - see journal.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/journal.h"

#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

bool journal_is_kept(void)
{
	return log_get_level() >= LOG_LEVEL_INFO;
}

void journal_end(const char *what, const char *source, const char *host, int status)
{
	if (status == 0)
		log_info("%s %s on %s completed ok", what, source, host);
	else if (WIFSIGNALED(status))
		log_info("%s %s on %s: %s%s", what, source, host, strsignal(WTERMSIG(status)),
			 WCOREDUMP(status) ? " (core dumped)" : "");
	else if (WEXITSTATUS(status) == 1)
		log_info("%s %s on %s failed", what, source, host);
	else
		log_info("%s %s on %s failed with exit code %d", what, source, host, WEXITSTATUS(status));
}

void journal_usage(const char *what, const struct rusage *usage)
{
	log_info("%s times: user %lld.%06lds, system %lld.%06lds, %ld minflt, %ld majflt", what,
		 (long long)usage->ru_utime.tv_sec, (long)usage->ru_utime.tv_usec,
		 (long long)usage->ru_stime.tv_sec, (long)usage->ru_stime.tv_usec, usage->ru_minflt,
		 usage->ru_majflt);
}

void journal_rewriting(const char *given, size_t n_given, const struct argv *command)
{
	if (strcmp(given, command->words[0]) != 0)
		log_info("Re-writing call to '%s' to '%s' to support cross-compilation.", given,
			 command->words[0]);
	if (command->n > n_given)
		log_info("Adding '-target %s' to support clang cross-compilation.",
			 command->words[command->n - 1]);
}

void journal_exchange(size_t n_bytes, const char *source, const char *host, int64_t start_ms)
{
	double s = (double)(clock_now_ms() - start_ms) / 1000;

	log_info("%zu bytes from %s compiled on %s in %.4fs, rate %.0fkB/s", n_bytes, source, host,
		 s, s > 0 ? (double)n_bytes / 1024 / s : 0);
}

void journal_result(const struct journal_result *result)
{
	log_info("result: source=%s where=%s server=%s reason=%s ms=%lld status=%d job=%llu",
		 result->source, result->where, result->server, result->reason,
		 (long long)(clock_now_ms() - result->start_ms), result->status,
		 (unsigned long long)result->lease_id);
}

void journal_close(int64_t start_ms, int status)
{
	struct rusage self, children;
	int64_t ms;

	if (!journal_is_kept() || getrusage(RUSAGE_SELF, &self) < 0 ||
	    getrusage(RUSAGE_CHILDREN, &children) < 0)
		return;
	ms = clock_now_ms() - start_ms;
	log_info("elapsed compilation time %lld.%06llds", (long long)(ms / 1000),
		 (long long)(ms % 1000 * 1000));
	log_info("exit: code %d; self: %lld.%06ld user %lld.%06ld sys; children: %lld.%06ld user %lld.%06ld sys", status,
		 (long long)self.ru_utime.tv_sec, (long)self.ru_utime.tv_usec,
			 (long long)self.ru_stime.tv_sec, (long)self.ru_stime.tv_usec,
		 (long long)children.ru_utime.tv_sec, (long)children.ru_utime.tv_usec,
		 (long long)children.ru_stime.tv_sec, (long)children.ru_stime.tv_usec);
}
