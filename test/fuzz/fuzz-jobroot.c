/*
 * test/fuzz/fuzz-jobroot.c - the names, files and links of a version 3 request, made on a disk: "fNAME\0BODY\0",
 * "lNAME\0TARGET\0", "dNAME\0", one after the other. Bit 0 of the first byte: in a view. Whatever they are,
 * nothing comes to be beside the root, and no link of it leads there.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/tmp.h"
#include "daemon/jobroot.h"
#include "test/fuzz/harness.h"
#include "wire/compress.h"

static char *top, *base;		/* TOP/a/b, and the root is TOP/a/b/job */
static int base_fd;

static void remove_top(void)
{
	tmp_dir_remove(top, NULL);
}

static void make_top(void)
{
	autofree char *middle = NULL;

	if (top)
		return;
	top = tmp_dir_make(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", "fuzz", NULL);
	claim(top);
	atexit(remove_top);
	middle = path_join(top, "a");
	base = path_join(middle, "b");
	claim(mkdir(middle, 0700) == 0 && mkdir(base, 0700) == 0);
	base_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	claim(base_fd >= 0);
}

static int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	claim(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

/* The next word of the input, which ends at NUL or at the end. */
static char *next_word(const uint8_t **at, const uint8_t *end)
{
	char *word = mem_strndup((const char *)*at, (size_t)(end - *at));

	*at += strlen(word);
	*at += *at < end;
	return word;
}

static void add(struct jobroot *root, const uint8_t **at, const uint8_t *end)
{
	uint8_t kind = *(*at)++;
	autofree char *name = next_word(at, end), *more = NULL;

	if (kind == 'd') {
		if (jobroot_add_dir(root, name, NULL) == 0)
			claim(jobroot_name_is_good(name));
		return;
	}
	more = next_word(at, end);
	if (kind == 'l') {
		if (jobroot_add_link(root, name, more, NULL) == 0)
			claim(jobroot_name_is_good(name));
	} else {
		autobuf packed = BUF_INIT;

		if (*more)
			claim(lzo_compress(&packed, more, strlen(more), NULL) == 0);
		if (jobroot_add_file(root, name, &packed, NULL) == 0)
			claim(jobroot_name_is_good(name) && name[1]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct jobroot root = JOBROOT_INIT;
	autofree char *path = NULL, *middle = NULL;
	const uint8_t *at = data + 1, *end = data + len;

	if (len < 2)
		return 0;
	make_top();
	path = path_join(base, "job");
	middle = path_join(top, "a");
	claim(jobroot_make(&root, path, data[0] & 1, NULL) == 0);
	while (at < end)
		add(&root, &at, end);
	jobroot_release(&root);
	claim(count_entries(top) == 1 && count_entries(middle) == 1 && count_entries(base) == 1);
	claim(tmp_dir_empty(base_fd, NULL) == 0);
	claim(count_entries(base) == 0);
	return 0;
}
