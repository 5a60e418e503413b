/* gateway/status.c - see status.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/status.h"

#include "base/clock.h"
#include "base/json.h"
#include "gateway/figures.h"
#include "gateway/listing.h"

static const char *const mode_names[] = { "never", "auto", "always" };
static const char *const proof_names[PROOF_N] = { "af-unix", "tls-ulp", "cgroup-bpf" };

static void add_reasons_text(struct buf *out, const struct feed *feed)
{
	if (!feed->n[FEED_LOCAL])
		return;
	buf_add_str(out, "\nwhy clients ran something themselves:\n");
	for (int i = 0; i < REASON_N; i++)
		if (feed->local[i])
			buf_add_format(out, "%8llu  %-22s %s\n", (unsigned long long)feed->local[i],
				       reason_word(i), reason_sentence(i));
}

static void add_passing_text(struct buf *out, const struct gateway_setup *setup)
{
	static const char *const shuts[PROOF_N] = {
		"servers over ssh and unix sockets", "servers over TCP", "servers over TCP that are written in the list" };
	enum pass_fds mode = setup->options->pass_fds;

	buf_add_format(out, "connections are passed to clients: %s%s\n", mode_names[mode],
		       mode == PASS_FDS_NEVER ? " (all jobs are relayed)" : mode == PASS_FDS_AUTO ? ", where one of these proofs holds" : "");
	for (int i = 0; i < PROOF_N && mode != PASS_FDS_NEVER; i++) {
		const struct proof_result *proof = &setup->proofs[i];

		buf_add_format(out, "  %-10s  %s%s\n", proof_names[i],
			       proof->holds ? "holds, for " : "does not hold: ",
			       proof->holds ? shuts[i] : proof->why);
	}
}

void status_render_text(struct buf *out, const struct gateway *gateway)
{
	int64_t now_ms = clock_now_ms();

	buf_add_format(out, "distcc-gateway " PACKAGE_VERSION ", servers from %s\n", gateway->hosts_name);
	add_passing_text(out, gateway->setup);
	buf_add_format(out, "\n%-32s %6s %6s %8s %8s  %s\n", "server", "slots", "busy", "done",
		       "failed", "state");
	for (size_t i = 0; i < gateway->n_servers; i++) {
		const struct server *server = gateway->servers[i];

		buf_add_format(out, "%-32s %6d %6d %8llu %8llu  %s%s%s\n", server->label,
			       server_slots(server), server->in_flight,
			       (unsigned long long)server->n_done, (unsigned long long)server->n_failed,
			       figure_server_state(server, now_ms), server->breaker.failures && server->last_error[0] ? ": " : "",
			       server->breaker.failures ? server->last_error : "");
	}
	buf_add_str(out, "\n");
	for (const struct figure *figure = figures; figure->name; figure++)
		buf_add_format(out, "%-22s %12llu  %s\n", figure->name,
			       (unsigned long long)figure->get(gateway), figure->help);
	add_reasons_text(out, &gateway->feed);
}

void status_add_json_server(struct buf *out, const struct server *server, int64_t now_ms)
{
	buf_add_str(out, "{\"name\": ");
	json_add_string(out, server->label);
	buf_add_format(out, ", \"slots\": %d, \"in_flight\": %d, \"done\": %llu, \"failed\": %llu, \"state\": \"%s\", \"last_error\": ",
		       server_slots(server), server->in_flight, (unsigned long long)server->n_done,
			       (unsigned long long)server->n_failed,
		       figure_server_state(server, now_ms));
	json_add_string(out, server->last_error);
	buf_add_format(out, ", \"others\": %d, \"free_mib\": %lld}",
		       published_others(&server->published, now_ms),
		       (long long)server->published.free_mib);
}

void status_add_json_figures(struct buf *out, const struct gateway *gateway)
{
	for (const struct figure *figure = figures; figure->name; figure++)
		buf_add_format(out, ", \"%s\": %llu", figure->name, (unsigned long long)figure->get(gateway));
	buf_add_str(out, ", \"reasons\": ");
	listing_add_reasons(out, gateway->feed.local);
}

static void add_json_proofs(struct buf *out, const struct gateway *gateway)
{
	for (int i = 0; i < PROOF_N; i++) {
		buf_add_format(out, "%s\"%s\": {\"holds\": %s, \"why\": ", i ? ", " : "", proof_names[i],
			       gateway->setup->proofs[i].holds ? "true" : "false");
		json_add_string(out, gateway->setup->proofs[i].why);
		buf_add_str(out, "}");
	}
}

void status_render_json(struct buf *out, const struct gateway *gateway)
{
	int64_t now_ms = clock_now_ms();

	buf_add_str(out, "{\"version\": \"" PACKAGE_VERSION "\", \"hosts\": ");
	json_add_string(out, gateway->hosts_name);
	buf_add_format(out, ", \"pass_fds\": \"%s\", \"proofs\": {",
		       mode_names[gateway->setup->options->pass_fds]);
	add_json_proofs(out, gateway);
	buf_add_str(out, "}");
	status_add_json_figures(out, gateway);
	buf_add_str(out, ", \"builds\": [");
	for (const struct feed_build *build = gateway->feed.oldest; build; build = build->next) {
		listing_add_build(out, build);
		buf_add_str(out, build->next ? ", " : "");
	}
	buf_add_str(out, "], \"servers\": [");
	for (size_t i = 0; i < gateway->n_servers; i++) {
		buf_add_str(out, i ? ", " : "");
		status_add_json_server(out, gateway->servers[i], now_ms);
	}
	buf_add_str(out, "]}\n");
}

void status_render_farm(struct buf *out, const struct gateway *gateway, bool json)
{
	bool lzo = false, cpp = false;
	long slots = 0;

	for (size_t i = 0; i < gateway->n_servers; i++) {
		if (gateway->servers[i]->draining)
			continue;
		slots += server_slots(gateway->servers[i]);
		lzo |= gateway->servers[i]->spec.lzo;
		cpp |= gateway->servers[i]->spec.cpp;
	}
	buf_add_format(out, json ? "{\"slots\": %ld, \"features\": \"%s%s\"}\n" : "slots=%ld\nfeatures=%s%s\n", slots,
		       lzo ? "lzo" : "", cpp ? ",cpp" : "");
}
