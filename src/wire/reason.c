/* wire/reason.c - see reason.h. New words go to the end: a gateway's counters are numbered by them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/reason.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *word, *sentence;
} reasons[REASON_N] = {
	[REASON_OTHER] = { "other", "a reason that this gateway does not know" },
	/* what the command asks for */
	{ "not-a-compile", "the command links, or asks something" },
	{ "no-command", "there is no command" },
	{ "no-input", "no source is named" },
	{ "two-inputs", "more than one source is named" },
	{ "two-outputs", "more than one output is named" },
	{ "output-stdout", "the output goes to standard output" },
	{ "preprocess-only", "preprocessing is done where the files are" },
	{ "dependency-file", "the name of the dependency file is not clear" },
	{ "option", "an option that only works here" },
	{ "unknown-option", "an option that is not in the client's table" },
	{ "response-file", "a response file that cannot be looked through" },
	{ "language", "an unsupported language, or a name that tells none" },
	{ "assembler", "an assembler source may include files of this machine" },
	{ "conftest", "configure tests this machine's compiler" },
	{ "environment", "a variable changes what the compiler does" },
	{ "nested", "another distcc ran this one" },
	{ "exact", "DISTCC_EXACT asks for what only a local compile can give" },
	/* what became of the attempt */
	{ "preprocessor-start", "the preprocessor could not be started" },
	{ "preprocessor-failed", "the preprocessor rejected the source" },
	{ "assembler-reads-files", "the source makes the assembler read files" },
	{ "localhost-in-list", "the host list names this machine" },
	{ "gateway-says-local", "the farm was full, and a place here was free" },
	{ "remote-status", "a server's compiler failed: the local one has the last word" },
	{ "output", "the object could not be written" },
	{ "no-hosts", "no server had a place for it" },
	{ "connect", "no server could be reached" },
	{ "timeout", "a server took too long" },
	{ "io", "the connection broke" },
	{ "truncated", "an answer was cut off" },
	{ "protocol", "an answer made no sense" },
	{ "toolchain", "a server's compiler makes other objects" },
	{ "messages", "a server's messages would not be those of a local compile" },
	{ "no-compiler", "no server has the compiler, or may run it" },
};

int reason_find(const char *word)
{
	for (int i = 0; word && i < REASON_N && reasons[i].word; i++)
		if (strcmp(reasons[i].word, word) == 0)
			return i;
	return REASON_OTHER;
}

const char *reason_word(int reason)
{
	return reasons[reason].word;
}

const char *reason_sentence(int reason)
{
	return reasons[reason].sentence;
}
