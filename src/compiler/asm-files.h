/* compiler/asm-files.h - does a source make the assembler read files of this machine? */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMPILER_ASM_FILES_H
#define COMPILER_ASM_FILES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Has the text of a C-like source an asm statement with .incbin or .include? Comments do not count.
 * expanded: no macro is left in the text. Otherwise the asm keyword may come from a macro, and any
 * string with such a directive counts.
 */
bool asm_reads_files(const char *text, size_t len, bool expanded);

#endif
