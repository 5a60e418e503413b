/* daemon/stats.c - see stats.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/stats.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { MINUTE_MS = 60000, KEPT_MS = 894000, RECENT_MAX = 200000, ROOM_MIN = 64 };

void stats_init(struct stats *stats, int64_t now_ms)
{
	*stats = (struct stats){ .longest_ms = -1, .minute_ms = now_ms };
	str_copy(stats->longest_compiler, sizeof(stats->longest_compiler), "none");
	str_copy(stats->longest_input, sizeof(stats->longest_input), "none");
}

void stats_release(struct stats *stats)
{
	free(stats->recent);
	stats->recent = NULL;
	stats->n_recent = stats->room = 0;
}

void stats_accept(struct stats *stats)
{
	stats->accepted++;
}

static void forget_old(struct stats *stats, int64_t now_ms)
{
	size_t n = 0;

	while (n < stats->n_recent && now_ms - stats->recent[n].ended_ms > KEPT_MS)
		n++;
	if (stats->n_recent - n >= RECENT_MAX)
		n = stats->n_recent / 2;
	if (n) {
		memmove(stats->recent, stats->recent + n, (stats->n_recent - n) * sizeof(*stats->recent));
		stats->n_recent -= n;
	}
}

void stats_job(struct stats *stats, const struct job_outcome *outcome, int64_t now_ms)
{
	stats->by_class[outcome->class]++;
	if (outcome->class == JOB_OK && outcome->ms > stats->longest_ms) {
		stats->longest_ms = outcome->ms;
		str_copy(stats->longest_compiler, sizeof(stats->longest_compiler), outcome->compiler);
		str_copy(stats->longest_input, sizeof(stats->longest_input), outcome->input);
	}
	if (outcome->class > JOB_DISCONNECTED)
		return;
	forget_old(stats, now_ms);
	if (stats->n_recent == stats->room) {
		stats->room = stats->room ? stats->room * 2 : ROOM_MIN;
		stats->recent = mem_resize(stats->recent, stats->room, sizeof(*stats->recent));
	}
	stats->recent[stats->n_recent++] = (struct stats_job){ now_ms, outcome->ms, outcome->class };
}

static int count_since(const struct stats *stats, int64_t from_ms)
{
	int n = 0;

	for (size_t i = stats->n_recent; i > 0 && stats->recent[i - 1].ended_ms > from_ms; i--)
		n++;
	return n;
}

/* The average number of jobs that ran at once in a span of time, rounded down. */
static int average(const struct stats *stats, int64_t from_ms, int64_t to_ms)
{
	int64_t busy_ms = 0;

	for (size_t i = 0; i < stats->n_recent; i++) {
		const struct stats_job *job = &stats->recent[i];
		int64_t start = job->ended_ms - job->ms, end = job->ended_ms;

		if (job->class != JOB_OK)
			continue;
		start = start > from_ms ? start : from_ms;
		end = end < to_ms ? end : to_ms;
		if (end > start)
			busy_ms += end - start;
	}
	return (int)(busy_ms / (to_ms - from_ms));
}

static void update_minutes(struct stats *stats, int64_t now_ms)
{
	if (now_ms - stats->minute_ms < MINUTE_MS)
		return;
	memmove(stats->kids + 1, stats->kids, (STATS_MINUTES - 1) * sizeof(stats->kids[0]));
	stats->kids[0] = average(stats, now_ms - 2 * MINUTE_MS, now_ms - MINUTE_MS);
	stats->minute_ms = now_ms;
}

static int mean_of(const int *values, int n)
{
	int sum = 0;

	for (int i = 0; i < n; i++)
		sum += values[i];
	return sum / n;
}

static void add_load(struct buf *out, int which, double value)
{
	if (value < 0)
		buf_add_format(out, "dcc_load%d -1\n", which);
	else
		buf_add_format(out, "dcc_load%d %1.2f\n", which, value);
}

static void add_jobs(const struct stats *stats, struct buf *out)
{
	static const struct { const char *name; enum job_class class; } counters[] = {
		{ "dcc_rej_bad_req", JOB_BAD_REQUEST }, { "dcc_rej_overload", JOB_OVERLOAD }, { "dcc_compile_ok", JOB_OK },
		{ "dcc_compile_error", JOB_ERROR }, { "dcc_compile_timeout", JOB_TIMEOUT }, { "dcc_cli_disconnect", JOB_DISCONNECTED },
		{ "dcc_other", JOB_OTHER },
	};

	buf_add_format(out, "dcc_tcp_accept %llu\n", (unsigned long long)stats->accepted);
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		buf_add_format(out, "%s %llu\n", counters[i].name,
			       (unsigned long long)stats->by_class[counters[i].class]);
	buf_add_format(out, "dcc_longest_job %s\ndcc_longest_job_compiler %s\ndcc_longest_job_time_msecs %lld\n",
		       stats->longest_input, stats->longest_compiler, (long long)stats->longest_ms);
}

void stats_format(struct stats *stats, int n_workers, const struct load *load, const char *layers,
		  int64_t now_ms, struct buf *out)
{
	static const int windows_ms[] = { 57000, 297000, KEPT_MS };

	update_minutes(stats, now_ms);
	buf_add_str(out, "HTTP/1.0 200 OK\nContent-Type: text/plain\nConnection: close\n\n");
	buf_add_str(out, "argv /distccd\n<distccstats>\n");
	add_jobs(stats, out);
	buf_add_format(out,
		       "dcc_max_kids %d\ndcc_avg_kids1 %d\ndcc_avg_kids2 %d\ndcc_avg_kids3 %d\n",
		       n_workers, stats->kids[0], mean_of(stats->kids, 5),
		       mean_of(stats->kids, STATS_MINUTES));
	buf_add_format(out, "dcc_current_load %d\n", load->running);
	for (int i = 0; i < 3; i++)
		add_load(out, i + 1, load->average[i]);
	for (int i = 0; i < 3; i++)
		buf_add_format(out, "dcc_num_compiles%d %d\n", i + 1,
			       count_since(stats, now_ms - windows_ms[i]));
	buf_add_format(out, "dcc_num_procstate_D %d\ndcc_max_RSS %lld\ndcc_max_RSS_name %s\n",
		       load->n_waiting, (long long)load->max_rss_kib,
		       load->max_rss_name);
	buf_add_format(out, "dcc_io_rate %lld\n", (long long)load->io_rate);
	if (load->free_space_mib < 0)
		buf_add_str(out, "dcc_free_space -1\n");
	else
		buf_add_format(out, "dcc_free_space %lld MB\n", (long long)load->free_space_mib);
	if (load->free_memory_mib < 0)
		buf_add_str(out, "dcc_free_mem -1\n");
	else
		buf_add_format(out, "dcc_free_mem %lld MB\n", (long long)load->free_memory_mib);
	buf_add_format(out, "dcc_sandbox %s\n", layers);
	buf_add_str(out, "</distccstats>\n");
}
