/* test/fuzz/fuzz-trunk.c - what a gateway that is replaced may say to its successor: it is of another release,
 * and may be broken. Inputs are packets: a byte of flags, two of the text's length, a head, a text. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/fdpass.h"
#include "gateway/heritage.h"
#include "gateway/http.h"
#include "gateway/reception.h"
#include "gateway/tally.h"
#include "gateway/trunk.h"
#include "test/fuzz/harness.h"
#include "wire/version.h"

enum {
	HEAD_LEN = offsetof(struct trunk_packet, text),
	WITH_FD = 1, AS_IT_IS = 2, SERVER_COMES = 4,	/* flags */
	N_SERVERS = 2
};

static struct gateway gateway;
static struct server *servers[N_SERVERS];
static unsigned n_begun, n_ended;

/* ------------------------------------------------------------------ the rest of the gateway */

void gateway_slot_free(struct gateway *of, struct server *server)
{
	claim(of == &gateway && server->in_flight > 0);
	server->in_flight--;
}

void http_adopt(struct http *http, int fd, const char *bytes, size_t len)
{
	(void)http;
	claim(fd >= 0 && !bytes[len]);
	close(fd);
}

void adoption_release(struct adoption *adoption)
{
	fd_close(&adoption->fd);
	fd_close(&adoption->file_fd);
	buf_release(&adoption->said);
	buf_release(&adoption->out);
	buf_release(&adoption->request);
	*adoption = (struct adoption)ADOPTION_INIT;
}

void reception_adopt(struct gateway *of, struct adoption *adoption)
{
	claim(of == &gateway && adoption->fd >= 0);
	claim(adoption->told == 0 || protocol_is_known((uint32_t)adoption->told));
	claim(adoption->place >= -1 && adoption->place < PLACE_N);
	claim(adoption->waited_ms >= 0 && adoption->waited_ms <= clock_now_ms());
	claim(!adoption->preferred || adoption->preferred == servers[0]->id ||
	      adoption->preferred == servers[1]->id);
}

static void on_begin(void *context)
{
	(void)context;
	n_begun++;
}

static void on_end(void *context)
{
	(void)context;
	n_ended++;
	event_base_loopbreak(gateway.base);
}

/* ------------------------------------------------------------------ the farm */

static struct server *new_server(const char *entry)
{
	struct host_spec spec;
	struct err err = ERR_INIT;

	claim(host_spec_parse(&spec, entry, &err) == 0);
	return server_new(&spec, 1, 0);
}

static void open_farm(void)
{
	static struct event_base *base;

	base = base ? base : event_base_new();
	gateway = (struct gateway){ .base = base, .servers = servers, .n_servers = 1 };
	feed_init(&gateway.feed);
	servers[0] = new_server("a/4");
	servers[1] = new_server("b");
	n_begun = n_ended = 0;
}

/* By zeroconf. */
static void second_server_comes(struct heritage *heritage)
{
	if (gateway.n_servers == N_SERVERS)
		return;
	gateway.n_servers = N_SERVERS;
	heritage_server_added(heritage, servers[1]);
	tally_server_added(&gateway);
}

/* What was told is shown, counts, and is told to the next successor. */
static void use_farm(void)
{
	autobuf text = BUF_INIT;
	int64_t now_ms = clock_now_ms();

	for (int i = 0; i < N_SERVERS; i++) {
		claim(servers[i]->in_flight == 0 && server_slots(servers[i]) > 0);
		claim(server_expected_ms(servers[i], 1000, now_ms) >= 0);
		claim(servers[i]->breaker.open_until_ms <= now_ms + 2 * BREAKER_MAX_MS);
	}
	claim(!gateway.feed.n_elsewhere);
	for (const struct feed_build *build = gateway.feed.oldest; build; build = build->next)
		claim(build->first_ms >= 0 && build->last_ms - build->first_ms <= now_ms && !build->n_elsewhere);
	tally_give_experience(&gateway, &text);
	tally_give(&gateway, &text);
}

static void close_farm(void)
{
	feed_release(&gateway.feed);
	buf_release(&gateway.absent);
	server_free(servers[0]);
	server_free(servers[1]);
}

/* ------------------------------------------------------------------ the line */

/* Of the input, what was used. */
static size_t say(int fd, const uint8_t *data, size_t len, uint8_t *flags)
{
	static struct trunk_packet packet;
	size_t text_len = data[1] | (size_t)data[2] << 8;

	*flags = data[0];
	if (text_len > len - 3 - HEAD_LEN)
		text_len = len - 3 - HEAD_LEN;
	memcpy(&packet, data + 3, HEAD_LEN + text_len);
	if (!(*flags & AS_IT_IS)) {
		packet.kind %= TRUNK_READER + 2;
		packet.len = (uint32_t)text_len;
	}
	fdpass_send(fd, &packet, HEAD_LEN + text_len, *flags & WITH_FD ? STDERR_FILENO : -1);
	return 3 + HEAD_LEN + text_len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int pair[2], first_free, free_now;
	struct heritage *heritage;

	if (len > TRUNK_TEXT_MAX)
		return 0;
	open_farm();
	claim(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
	first_free = pair[0];
	heritage = heritage_begin(&gateway, pair[1], on_begin, on_end, NULL);
	while (len >= 3 + HEAD_LEN && !n_ended) {
		uint8_t flags;
		size_t n = say(pair[0], data, len, &flags);

		data += n;
		len -= n;
		event_base_loop(gateway.base, EVLOOP_NONBLOCK);
		if (flags & SERVER_COMES)
			second_server_comes(heritage);
	}
	close(pair[0]);
	if (!n_ended)
		event_base_loop(gateway.base, EVLOOP_NONBLOCK);
	claim(n_begun == 1 && n_ended == 1);
	heritage_end(heritage);
	use_farm();
	close_farm();
	/* whatever came along is closed */
	free_now = dup(STDERR_FILENO);
	claim(free_now == first_free);
	close(free_now);
	return 0;
}
