/* wire/version.h - which protocol number carries what. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef WIRE_VERSION_H
#define WIRE_VERSION_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PROTOCOL_PLAIN = 1,		/* preprocessed text, raw */
	PROTOCOL_LZO = 2,		/* preprocessed text, LZO1X */
	PROTOCOL_PUMP = 3,		/* sources and headers, LZO1X */
	DISTCC_PORT = 3632,
	DISTCC_STATS_PORT = 3633
};

static inline bool protocol_is_known(uint32_t version)
{
	return version >= PROTOCOL_PLAIN && version <= PROTOCOL_PUMP;
}

#endif
