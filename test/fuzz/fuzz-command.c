/*
 * test/fuzz/fuzz-command.c - a client's command line at a server, words ended by NUL: which words are input
 * and output, whether it is refused, and what a version 3 job makes of it. Bit 0 of the first byte: with a
 * root that is mapped away; bit 1: paths are those of the client's files.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/mem.h"
#include "daemon/pumped.h"
#include "daemon/refuse.h"
#include "test/fuzz/harness.h"

static bool has(const struct argv *argv, const char *word)
{
	for (size_t i = 0; i < argv->n; i++)
		if (strcmp(argv->words[i], word) == 0)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	autoargv argv = ARGV_INIT;
	struct scan_request scan;
	struct err err = ERR_INIT;
	bool has_output;
	const char *root;

	if (len < 2)
		return 0;
	root = data[0] & 1 ? "/tmp/distccd_x/0/job" : NULL;
	for (size_t at = 1; at < len;) {
		autofree char *word = mem_strndup((const char *)data + at, len - at);

		argv_add(&argv, word);
		at += strlen(word) + 1;
	}
	if (scan_request(&scan, &argv, &err) < 0) {
		claim(err.code != ERR_NONE && err.text[0]);
		return 0;
	}
	claim(scan.input_at > 0 && scan.input_at < argv.n && scan.input_at != scan.output_at);
	err = (struct err)ERR_INIT;
	if (refuse_check(&argv, data[0] & 2, &err) < 0) {
		claim(err.code == ERR_DENIED && err.text[0] && !strchr(err.text, '\n'));
		return 0;
	}
	has_output = scan.output_at < argv.n;
	pumped_command(&argv, &scan, root, "OBJECT", "DEPS");
	claim(scan.input_at > 0 && scan.input_at < argv.n);
	claim(has(&argv, has_output && scan.output_is_joined ? "-oOBJECT" : "OBJECT"));
	/* the last word on dependencies is ours */
	claim(strcmp(argv.words[argv.n - 2], "-MF") == 0 && strcmp(argv.words[argv.n - 1], "DEPS") == 0);
	claim(!root || argv.words[scan.input_at][0] != '/' || strncmp(argv.words[scan.input_at], root, strlen(root)) == 0);
	return 0;
}
