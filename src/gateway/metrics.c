/* gateway/metrics.c - see metrics.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/metrics.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "gateway/figures.h"

#define PREFIX "distcc_gateway_"

static void add_head(struct buf *out, const char *name, enum figure_kind kind, const char *unit,
		     const char *help)
{
	buf_add_format(out, "# TYPE " PREFIX "%s %s\n", name, kind == FIGURE_COUNTER ? "counter" : "gauge");
	if (unit)
		buf_add_format(out, "# UNIT " PREFIX "%s %s\n", name, unit);
	buf_add_format(out, "# HELP " PREFIX "%s %s\n", name, help);
}

/* The format asks for seconds; "wait_ms" becomes "wait_seconds". */
static void add_milliseconds(struct buf *out, const struct figure *figure, uint64_t ms)
{
	autofree char *name = str_format("%.*sseconds", (int)(strlen(figure->name) - 2), figure->name);

	add_head(out, name, figure->kind, "seconds", figure->help);
	buf_add_format(out, PREFIX "%s%s %llu.%03llu\n", name, figure->kind == FIGURE_COUNTER ? "_total" : "",
		       (unsigned long long)ms / 1000, (unsigned long long)ms % 1000);
}

static void add_figure(struct buf *out, const struct figure *figure, uint64_t value)
{
	if (str_equal(figure->unit, "ms")) {
		add_milliseconds(out, figure, value);
		return;
	}
	add_head(out, figure->name, figure->kind, figure->unit, figure->help);
	buf_add_format(out, PREFIX "%s%s %llu\n", figure->name, figure->kind == FIGURE_COUNTER ? "_total" : "",
		       (unsigned long long)value);
}

/* A label's value: backslash, quote and newline have escapes, and all must be UTF-8, of which only
 * ASCII is sure. */
static void add_label(struct buf *out, const char *text)
{
	buf_add_str(out, "\"");
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			buf_add_format(out, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			buf_add_str(out, "?");
		else
			buf_add(out, text, 1);
	}
	buf_add_str(out, "\"");
}

static uint64_t slots_of(const struct server *server)
{
	return (uint64_t)server_slots(server);
}

static uint64_t server_busy(const struct server *server)
{
	return (uint64_t)server->in_flight;
}

static uint64_t server_up(const struct server *server)
{
	return !server->draining && breaker_state(&server->breaker, clock_now_ms()) == BREAKER_CLOSED;
}

static uint64_t server_done(const struct server *server)
{
	return server->n_done;
}

static uint64_t server_failed(const struct server *server)
{
	return server->n_failed;
}

static const struct {
	const char *name;
	enum figure_kind kind;
	const char *help;
	uint64_t (*get)(const struct server *server);
} server_figures[] = {
	{ "server_slots", FIGURE_GAUGE, "Slots of a server", slots_of },
	{ "server_slots_busy", FIGURE_GAUGE, "Slots of a server that are in use", server_busy },
	{ "server_up", FIGURE_GAUGE, "1 when jobs may go to it", server_up },
	{ "server_done", FIGURE_COUNTER, "Jobs that a server has done", server_done },
	{ "server_failures", FIGURE_COUNTER, "Attempts in which a server could not be talked to", server_failed },
};

void metrics_render(struct buf *out, const struct gateway *gateway)
{
	for (const struct figure *figure = figures; figure->name; figure++)
		add_figure(out, figure, figure->get(gateway));
	for (size_t i = 0; i < sizeof(server_figures) / sizeof(server_figures[0]); i++) {
		add_head(out, server_figures[i].name, server_figures[i].kind, NULL, server_figures[i].help);
		for (size_t j = 0; j < gateway->n_servers; j++) {
			buf_add_format(out, PREFIX "%s%s{server=", server_figures[i].name,
				       server_figures[i].kind == FIGURE_COUNTER ? "_total" : "");
			add_label(out, gateway->servers[j]->label);
			buf_add_format(out, "} %llu\n",
				       (unsigned long long)server_figures[i].get(gateway->servers[j]));
		}
	}
	add_head(out, "local_runs", FIGURE_COUNTER, NULL, "Runs that clients kept to themselves, by reason");
	for (int i = 0; i < REASON_N; i++)
		if (reason_word(i))
			buf_add_format(out, PREFIX "local_runs_total{reason=\"%s\"} %llu\n", reason_word(i),
				       (unsigned long long)gateway->feed.local[i]);
	buf_add_str(out, "# EOF\n");
}
