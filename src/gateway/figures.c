/* gateway/figures.c - see figures.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/figures.h"

#include <dirent.h>

#include "base/clock.h"

/* The kernel's count, not ours: it cannot be wrong about a leak. */
static uint64_t get_descriptors(const struct gateway *gateway)
{
	DIR *dir = opendir("/proc/self/fd");
	uint64_t n = 0;

	if (!dir)
		return 0;
	while (readdir(dir))
		n++;
	closedir(dir);
	/* "." and ".." and the directory itself; nor those who look */
	return n - 3 - gateway->counters.askers;
}

static uint64_t get_uptime_seconds(const struct gateway *gateway)
{
	return (uint64_t)(clock_now_ms() - gateway->started_at_ms) / 1000;
}

static uint64_t get_queued(const struct gateway *gateway)
{
	return gateway->schedule.queues[QUEUE_FARM].n_queued;
}

static uint64_t get_waiting_here(const struct gateway *gateway)
{
	return schedule_n_waiting_here(&gateway->schedule);
}

static uint64_t get_live_bytes(const struct gateway *gateway)
{
	return gateway->pool.memory + gateway->pool.files;
}

static uint64_t get_jobs_live(const struct gateway *gateway)
{
	const uint64_t *n = gateway->feed.n;

	return n[FEED_WANTED] - n[FEED_DONE] - n[FEED_DENIED] - n[FEED_CANCELLED];
}

static uint64_t get_slots(const struct gateway *gateway)
{
	uint64_t slots = 0;

	for (size_t i = 0; i < gateway->n_servers; i++)
		if (!gateway->servers[i]->draining)
			slots += (uint64_t)server_slots(gateway->servers[i]);
	return slots;
}

static uint64_t get_slots_busy(const struct gateway *gateway)
{
	uint64_t busy = 0;

	for (size_t i = 0; i < gateway->n_servers; i++)
		busy += (uint64_t)gateway->servers[i]->in_flight;
	return busy;
}

static uint64_t get_servers_down(const struct gateway *gateway)
{
	int64_t now_ms = clock_now_ms();
	uint64_t down = 0;

	for (size_t i = 0; i < gateway->n_servers; i++)
		down += breaker_state(&gateway->servers[i]->breaker, now_ms) == BREAKER_OPEN;
	return down;
}

static uint64_t get_servers(const struct gateway *gateway)
{
	return gateway->n_servers;
}

#define OF_FIELD(name, field) \
	static uint64_t get_##name(const struct gateway *gateway) \
	{ \
		return gateway->field; \
	}
OF_FIELD(jobs, feed.n[FEED_WANTED])
OF_FIELD(granted, feed.n[FEED_GRANTED])
OF_FIELD(done, feed.n[FEED_DONE])
OF_FIELD(denied, feed.n[FEED_DENIED])
OF_FIELD(cancelled, feed.n[FEED_CANCELLED])
OF_FIELD(replayed, feed.n[FEED_REPLAYED])
OF_FIELD(local, feed.n[FEED_LOCAL])
OF_FIELD(wait_ms, feed.wait_ms)
OF_FIELD(run_ms, feed.run_ms)
OF_FIELD(peers, counters.peers)
OF_FIELD(leases, counters.leases)
OF_FIELD(accepted, counters.accepted)
OF_FIELD(lease_jobs, counters.lease_jobs)
OF_FIELD(raw_jobs, counters.raw_jobs)
OF_FIELD(socks_jobs, counters.socks_jobs)
OF_FIELD(relayed, counters.relayed)
OF_FIELD(passed, counters.passed)
OF_FIELD(turned_away, counters.denied)
OF_FIELD(not_admitted, counters.not_admitted)
OF_FIELD(over_quota, counters.over_quota)
OF_FIELD(protocol_errors, counters.protocol_errors)
OF_FIELD(timeouts, counters.timeouts)
OF_FIELD(foreign_destinations, counters.foreign_destinations)
OF_FIELD(refused_descriptors, counters.refused_descriptors)
OF_FIELD(bytes_in, counters.bytes_in)
OF_FIELD(bytes_out, counters.bytes_out)
OF_FIELD(moved, counters.moved)
OF_FIELD(second_attempts, feed.n[FEED_SECOND])
OF_FIELD(overtaken, counters.overtaken)
OF_FIELD(here_compile_busy, schedule.places[PLACE_COMPILE].busy)
OF_FIELD(here_cpp_busy, schedule.places[PLACE_CPP].busy)
OF_FIELD(here_compiles, schedule.places[PLACE_COMPILE].n_granted)
OF_FIELD(here_cpps, schedule.places[PLACE_CPP].n_granted)
OF_FIELD(overbooked, schedule.places[PLACE_COMPILE].n_overbooked +
			     gateway->schedule.places[PLACE_CPP].n_overbooked)

const struct figure figures[] = {
	{ "uptime_seconds", FIGURE_GAUGE, "seconds", "Time since the start", get_uptime_seconds },
	{ "servers_known", FIGURE_GAUGE, NULL, "Servers of the host list", get_servers },
	{ "servers_down", FIGURE_GAUGE, NULL, "Servers that are left alone after failures", get_servers_down },
	{ "slots", FIGURE_GAUGE, NULL, "Slots of all servers together", get_slots },
	{ "slots_busy", FIGURE_GAUGE, NULL, "Slots that are in use", get_slots_busy },
	{ "queued", FIGURE_GAUGE, NULL, "Jobs that wait for a slot", get_queued },
	{ "jobs_live", FIGURE_GAUGE, NULL, "Jobs that have not ended", get_jobs_live },
	{ "peers", FIGURE_GAUGE, NULL, "Connections from clients", get_peers },
	{ "leases", FIGURE_GAUGE, NULL, "Leases that are held", get_leases },
	{ "live_bytes", FIGURE_GAUGE, "bytes", "Requests and answers that are kept", get_live_bytes },
	{ "here_compile_busy", FIGURE_GAUGE, NULL, "Compiles and links that have a place on this machine", get_here_compile_busy },
	{ "here_cpp_busy", FIGURE_GAUGE, NULL, "Preprocessors that have a place on this machine", get_here_cpp_busy },
	{ "here_waiting", FIGURE_GAUGE, NULL, "Work that waits for a place on this machine", get_waiting_here },
	{ "descriptors", FIGURE_GAUGE, NULL, "Open file descriptors", get_descriptors },
	{ "jobs", FIGURE_COUNTER, NULL, "Jobs that clients wanted: done, denied, cancelled or live", get_jobs },
	{ "granted", FIGURE_COUNTER, NULL, "Attempts that got a slot", get_granted },
	{ "done", FIGURE_COUNTER, NULL, "Jobs whose answer a client got", get_done },
	{ "denied", FIGURE_COUNTER, NULL, "Jobs for which there was no place", get_denied },
	{ "cancelled", FIGURE_COUNTER, NULL, "Jobs whose client went away", get_cancelled },
	{ "replayed", FIGURE_COUNTER, NULL, "Attempts that were repeated on another server", get_replayed },
	{ "local", FIGURE_COUNTER, NULL, "Runs that clients kept to themselves", get_local },
	{ "wait_ms", FIGURE_COUNTER, "ms", "Time from readiness to the grant, of all attempts", get_wait_ms },
	{ "run_ms", FIGURE_COUNTER, "ms", "Time from the grant to the end, of all jobs done", get_run_ms },
	{ "here_compiles", FIGURE_COUNTER, NULL, "Places on this machine given to compiles and links", get_here_compiles },
	{ "here_cpps", FIGURE_COUNTER, NULL, "Places on this machine given to preprocessors", get_here_cpps },
	{ "moved", FIGURE_COUNTER, NULL, "Jobs taken away from a server that seemed stuck", get_moved },
	{ "second_attempts", FIGURE_COUNTER, NULL, "Late jobs that another server tried, too", get_second_attempts },
	{ "overtaken", FIGURE_COUNTER, NULL, "Second attempts that were answered first", get_overtaken },
	{ "overbooked", FIGURE_COUNTER, NULL, "Places given although all were taken, because nothing moved", get_overbooked },
	{ "relayed", FIGURE_COUNTER, NULL, "Jobs done through the gateway", get_relayed },
	{ "passed", FIGURE_COUNTER, NULL, "Jobs done on a connection that was passed", get_passed },
	{ "lease_jobs", FIGURE_COUNTER, NULL, "Jobs of clients that know the gateway", get_lease_jobs },
	{ "raw_jobs", FIGURE_COUNTER, NULL, "Jobs of clients that speak plain distcc", get_raw_jobs },
	{ "socks_jobs", FIGURE_COUNTER, NULL, "Jobs of clients that came by SOCKS", get_socks_jobs },
	{ "accepted", FIGURE_COUNTER, NULL, "Connections that were accepted", get_accepted },
	{ "turned_away", FIGURE_COUNTER, NULL, "Connections with a DENY, or closed for the same reasons", get_turned_away },
	{ "not_admitted", FIGURE_COUNTER, NULL, "Connections of users that may not use the gateway", get_not_admitted },
	{ "over_quota", FIGURE_COUNTER, NULL, "Jobs and connections beyond the limits for one user", get_over_quota },
	{ "protocol_errors", FIGURE_COUNTER, NULL, "Connections that broke the protocol", get_protocol_errors },
	{ "timeouts", FIGURE_COUNTER, NULL, "Connections that were too slow", get_timeouts },
	{ "foreign_destinations", FIGURE_COUNTER, NULL, "SOCKS requests for places not in the host list", get_foreign_destinations },
	{ "refused_descriptors", FIGURE_COUNTER, NULL, "Descriptors that clients attached", get_refused_descriptors },
	{ "bytes_in", FIGURE_COUNTER, NULL, "Bytes from clients to servers", get_bytes_in },
	{ "bytes_out", FIGURE_COUNTER, NULL, "Bytes from servers to clients", get_bytes_out },
	{ NULL, FIGURE_GAUGE, NULL, NULL, NULL },
};

const char *figure_server_state(const struct server *server, int64_t now_ms)
{
	static const char *const names[] = { "up", "down", "probing" };

	return server->draining ? "leaving" : names[breaker_state(&server->breaker, now_ms)];
}
