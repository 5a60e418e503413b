/* daemon/slot.c - see slot.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/slot.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

static void say(int channel, char word)
{
	/* a parent that is gone takes us with it */
	(void)!send(channel, &word, 1, MSG_NOSIGNAL);
}

int slot_take(int channel, int client_fd, struct err *err)
{
	char word = 0;

	if (channel < 0)
		return 0;
	say(channel, SLOT_WANTED);
	for (;;) {
		struct pollfd fds[2] = { { channel, POLLIN, 0 }, { client_fd, POLLRDHUP, 0 } };

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return err_sys(err, ERR_IO, "cannot wait for a slot");
		if (fds[1].revents)
			return err_set(err, ERR_IO, "the client closed before its job had begun");
		if (!fds[0].revents)
			continue;
		if (recv(channel, &word, 1, 0) != 1 || word != SLOT_YOURS)
			return err_set(err, ERR_FAILED, "the server ends");
		return 0;
	}
}

void slot_give(int channel)
{
	if (channel >= 0)
		say(channel, SLOT_DONE);
}
