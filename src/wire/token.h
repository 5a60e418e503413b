/* wire/token.h - the protocol's unit: a four-letter name and a 32-bit value in hex. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef WIRE_TOKEN_H
#define WIRE_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum { TOKEN_NAME_LEN = 4, TOKEN_LEN = 12 };

/* Writes TOKEN_LEN bytes, without a terminating NUL; the digits are lower case as stock's are. */
void token_encode(char *out, const char *name, uint32_t value);

/* Reads TOKEN_LEN bytes of any name: four of A-Z, then eight hex digits of either case and nothing
 * else. Fails with ERR_PROTOCOL ("expected a token, got 'GET / HTTP/1.'"), outputs untouched. */
int token_decode_any(const char *in, char name[TOKEN_NAME_LEN + 1], uint32_t *value, struct err *err);

/* As above, and it must be this name ("expected token ARGC, got 'ARGV'"). */
int token_decode(const char *in, const char *name, uint32_t *value, struct err *err);

#endif
