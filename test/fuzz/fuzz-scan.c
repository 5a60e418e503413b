/* test/fuzz/fuzz-scan.c - compiler commands, words ended by NUL; what we would send, our server understands. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/mem.h"
#include "compiler/commands.h"
#include "compiler/scan.h"
#include "test/fuzz/harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	autoargv command = ARGV_INIT, preprocess = ARGV_INIT, sent = ARGV_INIT;
	struct scan scan;
	struct scan_request received;
	const struct scan_place place = { TEXT_DIRECTIVES, "/dir", "xterm" };

	for (size_t at = 0; at < len;) {
		autofree char *word = mem_strndup((const char *)data + at, len - at);

		argv_add(&command, word);
		at += strlen(word) + 1;
	}
	scan_request(&received, &command, NULL);
	if (!command.n)
		return 0;
	scan_command(&scan, &command);
	claim((scan.verdict == SCAN_DISTRIBUTABLE) == !scan.reason);
	if (scan.verdict == SCAN_DISTRIBUTABLE) {
		scan_preprocess_command(&scan, TEXT_DIRECTIVES, &preprocess);
		scan_server_command(&scan, &place, &sent);
		claim(scan.input_at < scan.command.n && scan.output_at < scan.command.n);
		claim(scan_request(&received, &sent, NULL) == 0);
		claim(strcmp(sent.words[received.input_at], scan.command.words[scan.input_at]) == 0);
		claim(received.output_at < sent.n && !received.output_is_joined);
		claim(strcmp(sent.words[received.output_at], scan.command.words[scan.output_at]) == 0);
	}
	scan_release(&scan);
	return 0;
}
