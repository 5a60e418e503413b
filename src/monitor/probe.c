/* monitor/probe.c - see probe.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/probe.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/sock.h"
#include "wire/compress.h"
#include "wire/token.h"
#include "wire/version.h"

enum { ANSWER_MAX = 1 << 20 };

static const char source[] = "int foo(){return 0;}\n";

static void add_token(struct buf *out, const char *name, size_t value)
{
	token_encode(buf_reserve(out, TOKEN_LEN), name, (uint32_t)value);
	out->len += TOKEN_LEN;
}

static void add_text(struct buf *out, const char *name, const char *text)
{
	add_token(out, name, strlen(text));
	buf_add_str(out, text);
}

int probe_request(struct buf *out, const struct search *search, struct err *err)
{
	const char *const words[] = { search->compiler, "-c", "hello.c", "-o", "hello.o" };
	autobuf packed = BUF_INIT;

	if (search->protocol != PROTOCOL_PLAIN && lzo_compress(&packed, source, sizeof(source) - 1, err) < 0)
		return -1;
	add_token(out, "DIST", (size_t)search->protocol);
	if (search->protocol == PROTOCOL_PUMP)
		add_text(out, "CDIR", "/");
	add_token(out, "ARGC", sizeof(words) / sizeof(words[0]));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		add_text(out, "ARGV", words[i]);
	if (search->protocol == PROTOCOL_PUMP) {
		add_token(out, "NFIL", 1);
		add_text(out, "NAME", "/hello.c");
		add_token(out, "FILE", packed.len);
		buf_add(out, packed.data, packed.len);
	} else if (search->protocol == PROTOCOL_LZO) {
		add_token(out, "DOTI", packed.len);
		buf_add(out, packed.data, packed.len);
	} else {
		add_text(out, "DOTI", source);
	}
	return 0;
}

static void end(struct probe *probe, enum probe_state state, const char *why)
{
	probe->state = state;
	probe->why = why;
	probe->latency_ms = (long)(clock_now_ms() - probe->start_ms);
	fd_close(&probe->fd);
}

static void connected(struct probe *probe)
{
	if (!probe->request) {
		end(probe, PROBE_UP, NULL);
		return;
	}
	probe->state = PROBE_SENDING;
	probe->deadline = deadline_after_ms(probe->search->compile_ms);
	probe->events = POLLOUT;
}

void probe_start(struct probe *probe, const struct search *search, const struct buf *request,
		 struct in_addr in)
{
	struct sock_addr addr = { .len = sizeof(struct sockaddr_in) };
	struct sockaddr_in name = { .sin_family = AF_INET,
				    .sin_port = htons((uint16_t)search->port), .sin_addr = in };
	int started;

	*probe = (struct probe){ .search = search, .request = request, .fd = -1, .start_ms = clock_now_ms(), .events = POLLOUT };
	probe->deadline = deadline_after_ms(search->connect_ms);
	if (search->connect_ms == 0) {
		end(probe, PROBE_UP, NULL);
		return;
	}
	memcpy(&addr.storage, &name, sizeof(name));
	started = sock_connect_start(&addr, &probe->fd);
	if (started < 0)
		end(probe, PROBE_DOWN, "cannot connect");
	else if (started == 1)
		connected(probe);
}

static void send_more(struct probe *probe)
{
	ssize_t n = send(probe->fd, probe->request->data + probe->n_sent,
			 probe->request->len - probe->n_sent, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		end(probe, PROBE_DOWN, "it takes no job");
		return;
	}
	probe->n_sent += n > 0 ? (size_t)n : 0;
	if (probe->n_sent < probe->request->len)
		return;
	probe->state = PROBE_RECEIVING;
	probe->events = POLLIN;
}

/* It has closed: was that an answer, and a good one? */
static void judge(struct probe *probe)
{
	uint32_t version, status;
	struct err err = ERR_INIT;

	if (probe->answer.len < 2 * TOKEN_LEN ||
	    token_decode(probe->answer.data, "DONE", &version, &err) < 0 ||
	    version != (uint32_t)probe->search->protocol ||
	    token_decode(probe->answer.data + TOKEN_LEN, "STAT", &status, &err) < 0)
		end(probe, PROBE_DOWN, "no answer to a compile");
	else if (status != 0)
		end(probe, PROBE_DOWN, "the compile failed");
	else
		end(probe, PROBE_UP, NULL);
}

static void receive_more(struct probe *probe)
{
	enum { CHUNK = 16384 };
	ssize_t n = recv(probe->fd, buf_reserve(&probe->answer, CHUNK), CHUNK, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		end(probe, PROBE_DOWN, "the connection broke");
	else if (n == 0)
		judge(probe);
	else if ((probe->answer.len += (size_t)n) > ANSWER_MAX)
		end(probe, PROBE_DOWN, "its answer has no end");
}

void probe_step(struct probe *probe, short revents)
{
	if (revents && probe->state == PROBE_CONNECTING) {
		if (sock_connect_result(probe->fd) == 0)
			connected(probe);
		else
			end(probe, PROBE_DOWN, "cannot connect");
	} else if (revents && probe->state == PROBE_SENDING) {
		send_more(probe);
	} else if (revents && probe->state == PROBE_RECEIVING) {
		receive_more(probe);
	}
	if (!probe_is_over(probe) && deadline_passed(probe->deadline))
		end(probe, PROBE_DOWN, "too slow");
}

bool probe_is_over(const struct probe *probe)
{
	return probe->state == PROBE_UP || probe->state == PROBE_DOWN;
}

void probe_release(struct probe *probe)
{
	fd_close(&probe->fd);
	buf_release(&probe->answer);
}
