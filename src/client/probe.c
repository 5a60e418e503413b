/*
 * client/probe.c - see probe.h.
 *
 * One file for each question, named by a hash of it; the whole question stands in its first line, so
 * that two of the same name cannot be taken for each other.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/probe.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "state/statedir.h"

enum {
	ANSWER_MAX = 1 << 20,
	PROCESSOR_MAX = 8192		/* of /proc/cpuinfo: more than the first processor's part */
};

static uint64_t hash(uint64_t value, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < len; i++)
		value = (value ^ at[i]) * UINT64_C(1099511628211);
	return value;
}

enum { HASH_LOW = 1 };	/* any start will do */

/* A state directory may be shared by machines. Speeds change all the time, the rest does not. */
static uint64_t processor_hash(void)
{
	char text[PROCESSOR_MAX + 1];
	autoclose int fd = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, PROCESSOR_MAX);
	uint64_t value = HASH_LOW;
	char *rest = text, *line;

	if (len <= 0)
		return value;
	text[len] = '\0';
	while ((line = strsep(&rest, "\n")) && *line)
		if (!strstr(line, "MHz") && !strstr(line, "mips") && !strstr(line, "MIPS"))
			value = hash(value, line, strlen(line));
	return value;
}

/* Who is asked what, where: one line. */
static char *make_key(const struct argv *question)
{
	autofree char *file = strchr(question->words[0], '/') ? mem_strdup(question->words[0]) :
			      path_find_program(question->words[0], NULL, NULL, NULL);
	autofree char *printable = argv_printable(question);
	struct utsname machine = { .nodename = "" };
	struct stat st;

	if (!file || stat(file, &st) < 0 || strchr(printable, '\n'))
		return NULL;
	uname(&machine);
	return str_format("%s size=%lld mtime=%lld.%09ld inode=%llu machine=%s/%s/%016llx %s", file,
			  (long long)st.st_size, (long long)st.st_mtim.tv_sec,
			  (long)st.st_mtim.tv_nsec, (unsigned long long)st.st_ino, machine.nodename,
			  machine.machine, (unsigned long long)processor_hash(), printable);
}

static bool read_kept(const char *path, const char *key, struct buf *answer)
{
	autobuf text = BUF_INIT;
	size_t key_len = strlen(key);

	if (file_read(path, ANSWER_MAX, &text, NULL) < 0 || text.len <= key_len ||
	    memcmp(text.data, key, key_len) != 0 ||
	    text.data[key_len] != '\n')
		return false;
	buf_add(answer, text.data + key_len + 1, text.len - key_len - 1);
	return true;
}

/* Whole or not at all: others may read it meanwhile. */
static void keep(const char *path, const char *key, const struct buf *answer)
{
	autofree char *temporary = str_format("%s.%ld", path, (long)getpid());
	autoclose int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0)
		return;
	if (fd_write_full(fd, key, strlen(key), -1, NULL) < 0 || fd_write_full(fd, "\n", 1, -1, NULL) < 0 ||
	    fd_write_full(fd, answer->data, answer->len, -1, NULL) < 0 || rename(temporary, path) < 0)
		unlink(temporary);
}

int probe(const struct argv *question,
	  int (*ask)(const struct argv *question, struct buf *answer, struct err *err),
	  struct buf *answer, struct err *err)
{
	autofree char *key = make_key(question),
		      *dir = key ? statedir_get("compilers", NULL) : NULL, *path = NULL;

	if (dir) {
		path = str_format("%s/%016llx", dir, (unsigned long long)hash(HASH_LOW, key, strlen(key)));
		if (read_kept(path, key, answer))
			return 0;
	}
	if (ask(question, answer, err) < 0)
		return -1;
	if (path)
		keep(path, key, answer);
	return 0;
}
