/* compiler/language.c - see language.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/language.h"

#include <stddef.h>
#include <string.h>

#include "base/path.h"

static const struct {
	const char *extension;
	enum language language;
} extensions[] = {
	{ ".c", LANG_C }, { ".i", LANG_C_CPP },
	{ ".cc", LANG_CXX }, { ".cpp", LANG_CXX }, { ".cxx", LANG_CXX }, { ".cp", LANG_CXX }, { ".c++", LANG_CXX },
	{ ".C", LANG_CXX }, { ".ii", LANG_CXX_CPP },
	{ ".m", LANG_OBJC }, { ".mi", LANG_OBJC_CPP },
	{ ".mm", LANG_OBJCXX }, { ".M", LANG_OBJCXX }, { ".mii", LANG_OBJCXX_CPP },
	{ ".s", LANG_ASSEMBLER }, { ".S", LANG_ASSEMBLER_CPP }, { ".sx", LANG_ASSEMBLER_CPP },
};

static const struct {
	const char *name;
	enum language language;
} x_names[] = {
	{ "c", LANG_C }, { "cpp-output", LANG_C_CPP },
	{ "c++", LANG_CXX }, { "c++-cpp-output", LANG_CXX_CPP },
	{ "objective-c", LANG_OBJC }, { "objective-c-cpp-output", LANG_OBJC_CPP },
	{ "objective-c++", LANG_OBJCXX }, { "objective-c++-cpp-output", LANG_OBJCXX_CPP },
	{ "assembler", LANG_ASSEMBLER }, { "assembler-with-cpp", LANG_ASSEMBLER_CPP },
};

/* Of the other languages that gcc and clang compile, and of those that builds mix with them. Such
 * compilers look for modules and other sources themselves. */
static const struct {
	const char *extension, *language;
} foreign[] = {
	{ ".f", "Fortran" }, { ".for", "Fortran" }, { ".ftn", "Fortran" }, { ".f77", "Fortran" }, { ".f90", "Fortran" },
	{ ".f95", "Fortran" }, { ".f03", "Fortran" }, { ".f08", "Fortran" }, { ".F", "Fortran" }, { ".FOR", "Fortran" },
	{ ".FTN", "Fortran" }, { ".F90", "Fortran" }, { ".F95", "Fortran" }, { ".F03", "Fortran" }, { ".F08", "Fortran" },
	{ ".fpp", "Fortran" }, { ".FPP", "Fortran" },
	{ ".adb", "Ada" }, { ".ads", "Ada" }, { ".d", "D" }, { ".go", "Go" }, { ".rs", "Rust" }, { ".swift", "Swift" },
	{ ".cu", "CUDA" }, { ".hip", "HIP" }, { ".cl", "OpenCL" },
};

const char *language_foreign(const char *name)
{
	const char *extension = path_extension(name);

	for (size_t i = 0; extension && i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (strcmp(foreign[i].extension, extension) == 0)
			return foreign[i].language;
	return NULL;
}

enum language language_of_file(const char *name)
{
	const char *extension = path_extension(name);

	for (size_t i = 0; extension && i < sizeof(extensions) / sizeof(extensions[0]); i++)
		if (strcmp(extensions[i].extension, extension) == 0)
			return extensions[i].language;
	return LANG_NONE;
}

enum language language_of_x(const char *name)
{
	for (size_t i = 0; i < sizeof(x_names) / sizeof(x_names[0]); i++)
		if (strcmp(x_names[i].name, name) == 0)
			return x_names[i].language;
	return LANG_NONE;
}

const char *language_x_name(enum language language)
{
	for (size_t i = 0; i < sizeof(x_names) / sizeof(x_names[0]); i++)
		if (x_names[i].language == language)
			return x_names[i].name;
	return NULL;
}

bool language_is_preprocessed(enum language language)
{
	return language >= LANG_C_CPP && language <= LANG_OBJCXX_CPP;
}

bool language_is_objc(enum language language)
{
	language = language_preprocessed(language);
	return language == LANG_OBJC_CPP || language == LANG_OBJCXX_CPP;
}

enum language language_preprocessed(enum language language)
{
	switch (language) {
	case LANG_C: return LANG_C_CPP;
	case LANG_CXX: return LANG_CXX_CPP;
	case LANG_OBJC: return LANG_OBJC_CPP;
	case LANG_OBJCXX: return LANG_OBJCXX_CPP;
	default: return language;
	}
}

const char *language_preprocessed_extension(enum language language)
{
	switch (language_preprocessed(language)) {
	case LANG_C_CPP: return ".i";
	case LANG_CXX_CPP: return ".ii";
	case LANG_OBJC_CPP: return ".mi";
	case LANG_OBJCXX_CPP: return ".mii";
	default: return ".s";
	}
}

bool language_is_distributable(enum language language)
{
	return language >= LANG_C && language <= LANG_OBJCXX_CPP;
}
