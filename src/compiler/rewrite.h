/* compiler/rewrite.h - making a compiler's name mean the same on another machine (cross support). */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMPILER_REWRITE_H
#define COMPILER_REWRITE_H

#include <stdbool.h>

#include "base/argv.h"

/*
 * Changes command[0] ("cc" -> "gcc" through the alternatives links, "gcc-12" ->
 * "x86_64-linux-gnu-gcc-12" if such a program is on path_list) and appends "-target TRIPLE" for
 * clang and clang-N without one; spec: distcc(1), "CROSS COMPILING". Only bare names. triple is
 * the build compiler's -dumpmachine. Returns whether anything changed.
 */
bool rewrite_command(struct argv *command, const char *path_list, const char *triple);

#endif
