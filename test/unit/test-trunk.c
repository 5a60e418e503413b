/* test/unit/test-trunk.c - packets between a gateway and its successor, in order and bounded. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <sys/socket.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "gateway/trunk.h"

struct ends {
	struct event_base *base;
	struct trunk *trunk;
	int receive_fd;
	int n_empty, n_broken;
};

static void on_empty(void *context)
{
	((struct ends *)context)->n_empty++;
}

static void on_broken(void *context)
{
	((struct ends *)context)->n_broken++;
}

static void open_ends(struct ends *ends)
{
	int pair[2];

	memset(ends, 0, sizeof(*ends));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	ends->base = event_base_new();
	ends->trunk = trunk_open(ends->base, pair[0], on_empty, on_broken, ends);
	ends->receive_fd = pair[1];
}

static void close_ends(struct ends *ends)
{
	trunk_close(ends->trunk);
	fd_close(&ends->receive_fd);
	event_base_free(ends->base);
}

/* More than any socket buffer holds, with a descriptor first: all of it arrives, in order. */
static void a_long_text_arrives_whole_and_in_order(void **state)
{
	enum { LEN = 3 << 20 };
	autofree char *text = mem_alloc(LEN);
	struct trunk_packet head = { .kind = TRUNK_PEER, .told = 2, .place = -1, .waited_ms = 7, .len = 3, .text = "own" }, packet;
	autobuf got = BUF_INIT;
	struct ends ends;
	int fd = -1, n_idle = 0;

	(void)state;
	for (size_t i = 0; i < LEN; i++)
		text[i] = (char)(i * 31 + i / 977);
	open_ends(&ends);
	trunk_put(ends.trunk, &head, ends.receive_fd);
	trunk_put_text(ends.trunk, TRUNK_REQUEST, text, LEN);
	event_base_loop(ends.base, EVLOOP_NONBLOCK);
	assert_false(trunk_is_empty(ends.trunk));

	assert_int_equal(trunk_recv(ends.receive_fd, &packet, &fd), 1);
	assert_int_equal(packet.kind, TRUNK_PEER);
	assert_int_equal(packet.told, 2);
	assert_int_equal(packet.place, -1);
	assert_int_equal(packet.waited_ms, 7);
	assert_string_equal(packet.text, "own");
	assert_true(fd >= 0);
	fd_close(&fd);
	while (got.len < LEN && n_idle < 1000) {
		if (trunk_recv(ends.receive_fd, &packet, &fd) == 1) {
			assert_int_equal(packet.kind, TRUNK_REQUEST);
			assert_int_equal(fd, -1);
			buf_add(&got, packet.text, packet.len);
			continue;
		}
		n_idle++;
		event_base_loop(ends.base, EVLOOP_NONBLOCK);
	}
	assert_int_equal(got.len, LEN);
	assert_memory_equal(got.data, text, LEN);
	assert_true(trunk_is_empty(ends.trunk));
	assert_true(ends.n_empty >= 1);
	assert_int_equal(ends.n_broken, 0);
	close_ends(&ends);
}

static void the_end_is_told_on_both_sides(void **state)
{
	struct trunk_packet packet;
	struct ends ends;
	int fd = -1;

	(void)state;
	open_ends(&ends);
	fd_close(&ends.receive_fd);
	trunk_put_text(ends.trunk, TRUNK_BEGIN, "!", 1);
	event_base_loop(ends.base, EVLOOP_NONBLOCK);
	assert_int_equal(ends.n_broken, 1);
	close_ends(&ends);

	open_ends(&ends);
	assert_int_equal(trunk_recv(ends.receive_fd, &packet, &fd), 0);
	trunk_close(ends.trunk);
	ends.trunk = NULL;
	assert_int_equal(trunk_recv(ends.receive_fd, &packet, &fd), -1);
	close_ends(&ends);
}

static void a_packet_that_is_no_packet_is_the_end(void **state)
{
	struct trunk_packet packet;
	int pair[2], fd = -1;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(send(pair[0], "short", 5, 0), 5);
	assert_int_equal(trunk_recv(pair[1], &packet, &fd), -1);
	memset(&packet, 0, sizeof(packet));
	packet.len = 100;		/* says more than it brings */
	assert_true(send(pair[0], &packet, offsetof(struct trunk_packet, text) + 1, 0) > 0);
	assert_int_equal(trunk_recv(pair[1], &packet, &fd), -1);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(a_long_text_arrives_whole_and_in_order),
		CHECK(the_end_is_told_on_both_sides),
		CHECK(a_packet_that_is_no_packet_is_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
