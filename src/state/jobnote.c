/* state/jobnote.c - see jobnote.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/jobnote.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "state/statedir.h"

enum { NAME_LEN = 128, MAGIC = 0x44494800 };

struct note {
	size_t size;
	unsigned long magic;
	unsigned long pid;
	char file[NAME_LEN];
	char host[NAME_LEN];
	int slot;
	int phase;
	void *unused;
};

/* One job, one process, one note; jobnote_remove() runs in a signal handler. */
static struct {
	struct note note;
	int fd;
	bool tried;
	char path[4096];
} self = { .fd = -1 };

static void open_note(void)
{
	autofree char *dir = statedir_get("state", NULL);

	self.tried = true;
	if (!dir || snprintf(self.path, sizeof(self.path), "%s/binstate_%ld", dir, (long)getpid()) >= (int)sizeof(self.path)) {
		self.path[0] = '\0';
		return;
	}
	self.fd = open(self.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (self.fd < 0)
		self.path[0] = '\0';
	self.note = (struct note){ .size = sizeof(self.note), .magic = MAGIC, .pid = (unsigned long)getpid() };
}

static void set_name(char to[NAME_LEN], const char *from)
{
	if (from) {
		memset(to, 0, NAME_LEN);
		memcpy(to, from, strnlen(from, NAME_LEN - 1));
	}
}

void jobnote_set(enum job_phase phase, const char *file, const char *host, int slot)
{
	if (!self.tried)
		open_note();
	if (self.fd < 0)
		return;
	set_name(self.note.file, file ? path_base(file) : NULL);
	set_name(self.note.host, host);
	self.note.slot = slot;
	self.note.phase = (int)phase;
	if (pwrite(self.fd, &self.note, sizeof(self.note), 0) < 0)
		return;
}

void jobnote_remove(void)
{
	if (self.path[0])
		unlink(self.path);
	self.path[0] = '\0';
	if (self.fd >= 0)
		close(self.fd);
	self.fd = -1;
}
