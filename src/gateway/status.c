/* gateway/status.c - see status.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/status.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "net/gateway.h"

enum { ANSWER_MS = 5000 };

static const char *const mode_names[] = { "never", "auto", "always" };
static const char *const proof_names[PROOF_N] = { "af-unix", "tls-ulp", "cgroup-bpf" };
static const char *const breaker_names[] = { "up", "down", "probing" };

/* The kernel's count, not ours: it cannot be wrong about a leak. */
static int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	if (!dir)
		return -1;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 3;			/* "." and ".." and the directory itself */
}

/* One row for each figure: both forms of the status are made of it. */
static const struct {
	const char *name;
	size_t offset;
} figures[] = {
	{ "accepted", offsetof(struct counters, accepted) },
	{ "lease_jobs", offsetof(struct counters, lease_jobs) },
	{ "raw_jobs", offsetof(struct counters, raw_jobs) },
	{ "socks_jobs", offsetof(struct counters, socks_jobs) },
	{ "relayed", offsetof(struct counters, relayed) },
	{ "passed", offsetof(struct counters, passed) },
	{ "replayed", offsetof(struct counters, replayed) },
	{ "denied", offsetof(struct counters, denied) },
	{ "not_admitted", offsetof(struct counters, not_admitted) },
	{ "protocol_errors", offsetof(struct counters, protocol_errors) },
	{ "timeouts", offsetof(struct counters, timeouts) },
	{ "foreign_destinations", offsetof(struct counters, foreign_destinations) },
	{ "refused_descriptors", offsetof(struct counters, refused_descriptors) },
	{ "bytes_in", offsetof(struct counters, bytes_in) },
	{ "bytes_out", offsetof(struct counters, bytes_out) },
};
enum { N_FIGURES = sizeof(figures) / sizeof(figures[0]) };

static unsigned long long figure(const struct gateway *gateway, size_t i)
{
	uint64_t value;

	memcpy(&value, (const char *)&gateway->counters + figures[i].offset, sizeof(value));
	return value;
}

static unsigned long long live_bytes(const struct gateway *gateway)
{
	return gateway->pool.memory + gateway->pool.files;
}

/* The peer that asks is one of the peers and holds one of the descriptors: it is not counted. */
static unsigned other_peers(const struct gateway *gateway)
{
	return gateway->counters.peers - 1;
}

void status_render_text(struct buf *out, const struct gateway *gateway)
{
	int64_t now_ms = clock_now_ms();

	buf_add_format(out, "distcc-gateway " PACKAGE_VERSION ", up %lld s, servers from %s\n",
		       (long long)(now_ms - gateway->started_at_ms) / 1000, gateway->hosts_name);
	buf_add_format(out, "now: %u peers, %u leases, %zu queued, %llu bytes kept, %d descriptors\n", other_peers(gateway),
		       gateway->counters.leases, gateway->schedule.n_queued, live_bytes(gateway), open_descriptors() - 1);
	buf_add_format(out, "descriptors are passed: %s\n", mode_names[gateway->setup->options->pass_fds]);
	for (int i = 0; i < PROOF_N; i++) {
		const struct proof_result *proof = &gateway->setup->proofs[i];

		buf_add_format(out, "  proof %-10s %s%s\n", proof_names[i], proof->holds ? "holds" : "does not hold: ", proof->why);
	}
	buf_add_format(out, "\n%-32s %6s %6s %8s %8s  %s\n", "server", "slots", "busy", "done", "failed", "state");
	for (size_t i = 0; i < gateway->n_servers; i++) {
		const struct server *server = gateway->servers[i];

		buf_add_format(out, "%-32s %6d %6d %8llu %8llu  %s%s%s\n", server->label, server->slots, server->in_flight,
			       (unsigned long long)server->n_done, (unsigned long long)server->n_failed,
			       server->draining ? "leaving" : breaker_names[breaker_state(&server->breaker, now_ms)],
			       server->breaker.failures && server->last_error[0] ? ": " : "", server->breaker.failures ? server->last_error : "");
	}
	buf_add_str(out, "\n");
	for (size_t i = 0; i < N_FIGURES; i++)
		buf_add_format(out, "%-22s %llu\n", figures[i].name, figure(gateway, i));
}

static void add_json_string(struct buf *out, const char *text)
{
	buf_add_str(out, "\"");
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			buf_add_format(out, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			/* bytes above ASCII need not be UTF-8: each stands for itself, as in Latin-1 */
			buf_add_format(out, "\\u%04x", c);
		else
			buf_add(out, text, 1);
	}
	buf_add_str(out, "\"");
}

static void add_json_server(struct buf *out, const struct server *server, int64_t now_ms)
{
	buf_add_str(out, "{\"name\": ");
	add_json_string(out, server->label);
	buf_add_format(out, ", \"slots\": %d, \"in_flight\": %d, \"done\": %llu, \"failed\": %llu, \"state\": \"%s\", \"last_error\": ",
		       server->slots, server->in_flight, (unsigned long long)server->n_done, (unsigned long long)server->n_failed,
		       server->draining ? "leaving" : breaker_names[breaker_state(&server->breaker, now_ms)]);
	add_json_string(out, server->last_error);
	buf_add_str(out, "}");
}

void status_render_json(struct buf *out, const struct gateway *gateway)
{
	int64_t now_ms = clock_now_ms();

	buf_add_format(out, "{\"version\": \"" PACKAGE_VERSION "\", \"uptime_s\": %lld, \"hosts\": ",
		       (long long)(now_ms - gateway->started_at_ms) / 1000);
	add_json_string(out, gateway->hosts_name);
	buf_add_format(out, ", \"peers\": %u, \"leases\": %u, \"queued\": %zu, \"live_bytes\": %llu, \"descriptors\": %d, \"pass_fds\": \"%s\", \"proofs\": {",
		       other_peers(gateway), gateway->counters.leases, gateway->schedule.n_queued, live_bytes(gateway),
		       open_descriptors() - 1, mode_names[gateway->setup->options->pass_fds]);
	for (int i = 0; i < PROOF_N; i++) {
		buf_add_format(out, "%s\"%s\": {\"holds\": %s, \"why\": ", i ? ", " : "", proof_names[i],
			       gateway->setup->proofs[i].holds ? "true" : "false");
		add_json_string(out, gateway->setup->proofs[i].why);
		buf_add_str(out, "}");
	}
	buf_add_str(out, "}, \"servers\": [");
	for (size_t i = 0; i < gateway->n_servers; i++) {
		if (i)
			buf_add_str(out, ", ");
		add_json_server(out, gateway->servers[i], now_ms);
	}
	buf_add_str(out, "]");
	for (size_t i = 0; i < N_FIGURES; i++)
		buf_add_format(out, ", \"%s\": %llu", figures[i].name, figure(gateway, i));
	buf_add_str(out, "}\n");
}

void status_render_farm(struct buf *out, const struct gateway *gateway, bool json)
{
	bool lzo = false, cpp = false;
	long slots = 0;

	for (size_t i = 0; i < gateway->n_servers; i++) {
		if (gateway->servers[i]->draining)
			continue;
		slots += gateway->servers[i]->slots;
		lzo |= gateway->servers[i]->spec.lzo;
		cpp |= gateway->servers[i]->spec.cpp;
	}
	buf_add_format(out, json ? "{\"slots\": %ld, \"features\": \"%s%s\"}\n" : "slots=%ld\nfeatures=%s%s\n", slots,
		       lzo ? "lzo" : "", cpp ? ",cpp" : "");
}

int status_show(const char *path, bool json, struct err *err)
{
	autobuf text = BUF_INIT;

	if (gateway_show(path, "status", json ? "json" : "text", deadline_after_ms(ANSWER_MS), &text, err) < 0)
		return -1;
	return fd_write_full(1, text.data, text.len, -1, err);
}
