/* state/jobnote.c - see jobnote.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/jobnote.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "state/statedir.h"

enum {
	NAME_LEN = JOBNOTE_NAME_LEN,
	MAGIC = 0x44494800,
	DEAD_S = 60,			/* a note of the dead may go */
	REUSED_S = 24 * 3600		/* and whoever has the pid of a note so old is somebody else */
};

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
	if (!dir || snprintf(self.path, sizeof(self.path), "%s/binstate_%ld", dir,
			     (long)getpid()) >= (int)sizeof(self.path)) {
		self.path[0] = '\0';
		return;
	}
	self.fd = open(self.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (self.fd < 0)
		self.path[0] = '\0';
	self.note = (struct note){ .size = sizeof(self.note), .magic = MAGIC,
				   .pid = (unsigned long)getpid() };
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

/* ------------------------------------------------------------------ reading */

const char *job_phase_name(enum job_phase phase)
{
	static const char *const names[] = {
		"Startup", "Blocked", "Connect", "Preprocess", "Send", "Compile", "Receive", "Done",
	};

	return phase <= JOB_DONE ? names[phase] : "Unknown";
}

static bool is_alive(long pid, time_t age_s)
{
	return pid > 0 && age_s <= REUSED_S && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

bool jobnote_decode(const void *bytes, size_t len, struct job_note *note, const char **complaint)
{
	struct note raw;

	*complaint = NULL;
	/* A short file is one that is being written. */
	if (len < sizeof(raw))
		return false;
	memcpy(&raw, bytes, sizeof(raw));
	if (raw.magic != MAGIC) {
		*complaint = "wrong magic number";
		return false;
	}
	if (raw.size != sizeof(raw)) {
		*complaint = "wrong structure size: version mismatch?";
		return false;
	}
	raw.file[NAME_LEN - 1] = raw.host[NAME_LEN - 1] = '\0';
	note->pid = (long)raw.pid;
	str_copy(note->file, sizeof(note->file), raw.file);
	str_copy(note->host, sizeof(note->host), raw.host);
	note->slot = raw.slot;
	note->phase = raw.phase < JOB_STARTUP || raw.phase > JOB_DONE ? JOB_COMPILE :
									(enum job_phase)raw.phase;
	return true;
}

static bool read_note(const char *path, struct job_note *note, void (*complain)(const char *text))
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char bytes[sizeof(struct note)];
	const char *complaint;
	struct stat st;
	ssize_t len;
	time_t age_s;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    (len = read(fd, bytes, sizeof(bytes))) < 0)
		return false;
	if (!jobnote_decode(bytes, (size_t)len, note, &complaint)) {
		autofree char *text = complaint ? str_format("%s: %s", path, complaint) : NULL;

		if (text)
			complain(text);
		return false;
	}
	age_s = time(NULL) - st.st_mtime;
	if (is_alive(note->pid, age_s))
		return true;
	if (age_s > DEAD_S)
		unlink(path);
	return false;
}

static int by_host_and_slot(const void *a, const void *b)
{
	const struct job_note *left = a, *right = b;
	int order = strcmp(left->host, right->host);

	return order ? order : left->slot < right->slot ? -1 : left->slot > right->slot;
}

int jobnote_list(struct job_note **notes, size_t *n_notes, void (*complain)(const char *text),
		 struct err *err)
{
	autofree char *dir_name = statedir_get("state", err);
	DIR *dir = dir_name ? opendir(dir_name) : NULL;
	autofree struct job_note *found = NULL;
	size_t n_found = 0;
	struct dirent *entry;

	if (!dir_name)
		return -1;
	if (!dir)
		return err_sys(err, ERR_IO, "cannot read directory '%s'", dir_name);
	while ((entry = readdir(dir))) {
		autofree char *path = path_join(dir_name, entry->d_name);

		if (!str_starts_with(entry->d_name, "binstate_"))
			continue;
		found = mem_resize(found, n_found + 1, sizeof(*found));
		n_found += read_note(path, &found[n_found], complain);
	}
	closedir(dir);
	if (n_found)
		qsort(found, n_found, sizeof(*found), by_host_and_slot);
	*notes = mem_steal(&found);
	*n_notes = n_found;
	return 0;
}
