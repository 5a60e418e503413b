/* test/fuzz/main.c - plays a harness over the files of a corpus, once each, without a fuzzer. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "test/fuzz/harness.h"

enum { INPUT_MAX = 1 << 20 };

/* A copy of exactly its length, so that a sanitizer sees every read beyond it. */
static int play(const char *path)
{
	autobuf text = BUF_INIT;
	autofree void *exact = NULL;
	struct err err = ERR_INIT;

	if (file_read(path, INPUT_MAX, &text, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	exact = malloc(text.len ? text.len : 1);
	for (size_t i = 0; i < text.len; i++)
		((char *)exact)[i] = text.data[i];
	LLVMFuzzerTestOneInput(exact, text.len);
	return 0;
}

int main(int argc, char **argv)
{
	int n_played = 0, n_failed = 0;

	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		struct dirent *entry;

		while (dir && (entry = readdir(dir))) {
			autofree char *path = path_join(argv[i], entry->d_name);

			if (entry->d_name[0] == '.')
				continue;
			n_failed += play(path) < 0;
			n_played++;
		}
		if (dir)
			closedir(dir);
	}
	if (!n_played || n_failed) {
		fprintf(stderr, "%s: %d inputs played, %d of them not read: is there a corpus?\n", argv[0], n_played, n_failed);
		return 1;
	}
	return 0;
}
