/* test/unit/captured.h - jobs as distcc 3.4 put them on the wire, byte for byte. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CAPTURED_H
#define CAPTURED_H

struct bytes {
	const char *data;
	size_t len;
};
#define BYTES(literal) { literal, sizeof(literal) - 1 }

/* gcc -c x.i -o x.o, the source is "int x;\n" */
static const struct bytes captured_request_1 = BYTES(
	"DIST00000001ARGC00000005ARGV00000003gccARGV00000002-cARGV00000003x.iARGV00000002-oARGV00000003x.o"
	"DOTI00000007int x;\n");

/* gcc -c y.i -o y.o, three lines that LZO1X shortens by one byte */
#define CAPTURED_LZO "\x0cint alpha_one;\n\x28\x38\x00\x00\x04two;\nint alpha_three;\n\x11\x00\x00"
#define CAPTURED_LZO_EXPANDED "int alpha_one;\nint alpha_two;\nint alpha_three;\n"
static const struct bytes captured_request_2 = BYTES(
	"DIST00000002ARGC00000005ARGV00000003gccARGV00000002-cARGV00000003y.iARGV00000002-oARGV00000003y.o"
	"DOTI0000002e" CAPTURED_LZO);

/* gcc -c m.c -o m.o in pump mode, one file */
static const struct bytes captured_request_3 = BYTES(
	"DIST00000003CDIR0000000b/home/dev/pARGC00000005ARGV00000003gccARGV00000002-cARGV00000003m.cARGV00000002-oARGV00000003m.o"
	"NFIL00000001NAME0000000f/home/dev/p/m.cFILE0000001e+int f(void) { return 1; }\n\x11\x00\x00");

/* killed by SIGSEGV after it wrote to both streams */
static const struct bytes captured_reply_killed = BYTES(
	"DONE00000001STAT0000000bSERR0000000ato stderr\nSOUT0000000ato stdout\nDOTO00000000");

/* a "compiler" that succeeds without output */
static const struct bytes captured_reply_empty = BYTES(
	"DONE00000001STAT00000000SERR00000000SOUT00000000DOTO00000000");

/* a reply in pump mode with a short object, and the dependencies that were captured */
#define CAPTURED_DEPS "\x1am.o: m.c\n\x11\x00\x00"
static const struct bytes captured_reply_3 = BYTES(
	"DONE00000003STAT00000000SERR00000000SOUT00000000DOTO00000008\x15\x7f" "ELF\x11\x00\x00" "DOTD0000000d" CAPTURED_DEPS);

#endif
