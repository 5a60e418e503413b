/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes that are kept for a replay: in memory, then in a nameless file, and always given back. */
#include "test/unit/check.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "gateway/spool.h"

static void fill(char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(i * 7 + i / 251);
}

/* What spool_send() writes from an offset on arrives as it was added. */
static void assert_comes_back(struct spool *spool, const char *bytes, size_t len, uint64_t offset)
{
	static char chunk[4096];
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	while (offset < len) {
		ssize_t n = spool_send(spool, offset, pair[0]), got;
		uint64_t end = offset + (uint64_t)n;

		assert_true(n > 0);
		for (; offset < end; offset += (uint64_t)got) {
			got = recv(pair[1], chunk, sizeof(chunk), 0);
			assert_true(got > 0);
			assert_memory_equal(chunk, bytes + offset, (size_t)got);
		}
	}
	assert_int_equal(spool_send(spool, offset, pair[0]), 0);
	close(pair[0]);
	close(pair[1]);
}

static void a_small_request_stays_in_memory(void **state)
{
	struct spool_pool pool = { .dir_fd = -1 };
	struct spool spool;
	struct err err = ERR_INIT;

	(void)state;
	spool_init(&spool, &pool);
	assert_ok(spool_add(&spool, "DIST", 4, &err));
	assert_ok(spool_add(&spool, "00000001", 8, &err));
	assert_int_equal(spool.fd, -1);
	assert_int_equal(pool.memory, 12);
	assert_comes_back(&spool, "DIST00000001", 12, 0);
	assert_comes_back(&spool, "DIST00000001", 12, 5);
	spool_release(&spool);
	assert_int_equal(pool.memory, 0);
}

static void a_big_one_moves_to_a_file_that_has_no_name(void **state)
{
	autofree char *bytes = mem_alloc(SPOOL_MEMORY_MAX * 2);
	autoclose int dir_fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct spool_pool pool = { .dir_fd = dir_fd };
	struct spool spool;
	struct err err = ERR_INIT;

	(void)state;
	fill(bytes, SPOOL_MEMORY_MAX * 2);
	spool_init(&spool, &pool);
	for (size_t at = 0; at < SPOOL_MEMORY_MAX * 2; at += 65536)
		assert_ok(spool_add(&spool, bytes + at, 65536, &err));
	assert_true(spool.fd >= 0);
	assert_int_equal(pool.memory, 0);
	assert_int_equal(pool.files, SPOOL_MEMORY_MAX * 2);
	assert_comes_back(&spool, bytes, SPOOL_MEMORY_MAX * 2, 0);
	spool_release(&spool);
	assert_int_equal(pool.files, 0);
	fd_close(&dir_fd);
}

static void many_small_ones_share_a_bound(void **state)
{
	struct spool_pool pool = { .dir_fd = -1, .memory = SPOOL_MEMORY_ALL_MAX - 2 };
	struct spool spool;
	struct err err = ERR_INIT;

	(void)state;
	spool_init(&spool, &pool);
	assert_ok(spool_add(&spool, "DIST", 4, &err));
	assert_true(spool.fd >= 0);
	assert_int_equal(pool.memory, SPOOL_MEMORY_ALL_MAX - 2);
	assert_comes_back(&spool, "DIST", 4, 0);
	spool_release(&spool);
}

static void a_full_disk_is_an_error_and_loses_nothing_else(void **state)
{
	struct spool_pool pool = { .dir_fd = -1 };
	struct spool spool;
	struct err err = ERR_INIT;

	(void)state;
	spool_init(&spool, &pool);
	assert_ok(spool_add(&spool, "DIST", 4, &err));
	spool.fd = open("/dev/full", O_RDWR | O_CLOEXEC);
	pool.files += spool.size;
	pool.memory -= spool.size;
	assert_fails(spool_add(&spool, "more", 4, &err), ERR_IO, "cannot keep");
	spool_release(&spool);
	assert_int_equal(pool.files + pool.memory, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(a_small_request_stays_in_memory),
		CHECK(a_big_one_moves_to_a_file_that_has_no_name),
		CHECK(many_small_ones_share_a_bound),
		CHECK(a_full_disk_is_an_error_and_loses_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
