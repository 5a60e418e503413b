/* test/unit/test-fd.c - owning descriptors, whole reads and writes. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"

struct pair {
	int ours, theirs;
};

static void pair_release(struct pair *pair)
{
	fd_close(&pair->ours);
	fd_close(&pair->theirs);
}
#define autopair __attribute__((cleanup(pair_release))) struct pair

static struct pair pair_make(int flags)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0, fds), 0);
	return (struct pair){ fds[0], fds[1] };
}

static void closing_keeps_errno_and_leaves_minus_one(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), taken;

	(void)state;
	taken = fd_steal(&fd);
	assert_int_equal(fd, -1);
	errno = ERANGE;
	fd_close(&fd);
	fd_close(&taken);
	assert_int_equal(taken, -1);
	assert_int_equal(errno, ERANGE);
}

static void what_is_written_whole_is_read_whole(void **state)
{
	autopair pair = pair_make(0);
	struct iovec vec[] = { { "one", 3 }, { "", 0 }, { "two", 3 }, { "", 0 } };
	struct err err = ERR_INIT;
	char in[7] = "";

	(void)state;
	assert_ok(fd_writev_full(pair.ours, vec, 4, 1000, &err));
	assert_ok(fd_write_full(pair.ours, "", 0, 1000, &err));
	assert_ok(fd_read_full(pair.theirs, in, 6, 1000, &err));
	assert_string_equal(in, "onetwo");
	assert_ok(fd_read_full(pair.theirs, in, 0, 1000, &err));
}

/* Two sizes of buffer, blocking and not: the write needs many rounds while a child reads. */
static void a_write_larger_than_the_buffers_goes_on(void **state)
{
	static char block[3 << 20];
	char *command[] = { "sh", "-c", "test $(wc -c) = 3145728", NULL };

	(void)state;
	for (int flags = 0; flags <= SOCK_NONBLOCK; flags += SOCK_NONBLOCK) {
		autopair pair = pair_make(flags);
		struct proc_spec spec = PROC_SPEC_INIT;
		struct proc proc = PROC_INIT;
		struct err err = ERR_INIT;
		int status;

		fd_set_nonblocking(pair.theirs, false);
		spec.argv = command;
		spec.stdin_fd = pair.theirs;
		assert_ok(proc_start(&proc, &spec, &err));
		fd_close(&pair.theirs);
		assert_ok(fd_write_full(pair.ours, block, sizeof(block), 10000, &err));
		fd_close(&pair.ours);
		assert_ok(proc_wait(&proc, deadline_after_ms(10000), &status, NULL, &err));
		assert_int_equal(status, 0);
	}
}

static void a_silent_peer_ends_a_read_and_a_full_one_a_write(void **state)
{
	autopair pair = pair_make(0);
	static char block[3 << 20];
	struct err err = ERR_INIT;
	char byte;

	(void)state;
	assert_fails(fd_read_full(pair.ours, &byte, 1, 10, &err), ERR_TIMEOUT, "nothing to read");
	fd_set_nonblocking(pair.ours, true);
	assert_fails(fd_write_full(pair.ours, block, sizeof(block), 10, &err), ERR_TIMEOUT, "nothing to write");
}

static void the_end_in_the_middle_is_truncation(void **state)
{
	autopair pair = pair_make(0);
	struct err err = ERR_INIT;
	char in[8];

	(void)state;
	assert_ok(fd_write_full(pair.theirs, "abc", 3, 1000, &err));
	fd_close(&pair.theirs);
	assert_fails(fd_read_full(pair.ours, in, 8, 1000, &err), ERR_TRUNCATED, "5 bytes missing");
	assert_int_equal(fd_read_some(pair.ours, in, 8, 1000, &err), 0);
	signal(SIGPIPE, SIG_IGN);
	assert_fails(fd_write_full(pair.ours, "x", 1, 1000, &err), ERR_IO, "Broken pipe");
	assert_int_equal(err.sys_errno, EPIPE);
}

static void a_file_is_sent_from_its_beginning(void **state)
{
	autopair pair = pair_make(0);
	autoclose int file = open("f", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct err err = ERR_INIT;
	char in[5] = "";

	(void)state;
	assert_ok(fd_write_full(file, "data", 4, -1, &err));
	assert_ok(fd_send_file(pair.ours, file, 4, 1000, &err));
	assert_ok(fd_read_full(pair.theirs, in, 4, 1000, &err));
	assert_string_equal(in, "data");
	assert_fails(fd_send_file(pair.ours, file, 5, 1000, &err), ERR_TRUNCATED, "became shorter");
}

static void a_file_is_read_whole_up_to_a_bound(void **state)
{
	autobuf text = BUF_INIT, tight = BUF_INIT, device = BUF_INIT;
	struct err err = ERR_INIT;
	autoclose int file = open("f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	(void)state;
	assert_ok(fd_write_full(file, "12345", 5, -1, &err));
	assert_ok(file_read("f", 5, &text, &err));
	assert_string_equal(text.data, "12345");
	assert_fails(file_read("f", 4, &tight, &err), ERR_MEMORY, "f: larger than 4 bytes");
	assert_fails(file_read("/dev/zero", 100000, &device, &err), ERR_MEMORY, "larger");
	assert_fails(file_read("none", 4, &text, &err), ERR_IO, "cannot open 'none': No such file");
}

static void waiting_says_what_is_ready_or_that_time_is_up(void **state)
{
	autopair pair = pair_make(0);

	(void)state;
	assert_int_equal(fd_wait(pair.ours, POLLIN, deadline_after_ms(0)), 0);
	assert_int_equal(fd_wait(pair.ours, POLLOUT, deadline_never()), POLLOUT);
	fd_close(&pair.theirs);
	assert_true(fd_wait(pair.ours, POLLIN, deadline_never()) & POLLHUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(closing_keeps_errno_and_leaves_minus_one),
		CHECK(what_is_written_whole_is_read_whole),
		CHECK(a_write_larger_than_the_buffers_goes_on),
		CHECK(a_silent_peer_ends_a_read_and_a_full_one_a_write),
		CHECK(the_end_in_the_middle_is_truncation),
		CHECK_IN_DIR(a_file_is_sent_from_its_beginning),
		CHECK_IN_DIR(a_file_is_read_whole_up_to_a_bound),
		CHECK(waiting_says_what_is_ready_or_that_time_is_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
