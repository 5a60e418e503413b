/* daemon/access.c - see access.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/access.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static const char *const private_networks[] = {
	"192.168.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "127.0.0.0/8", "fe80::/10", "fc00::/7", "::1/128",
};

/* The bytes that are compared; their number, or 0 for a family that has none. */
static size_t address_bytes(const struct sock_addr *addr, unsigned char bytes[16])
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&addr->storage;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr->storage;

	if (addr->storage.ss_family == AF_INET) {
		memcpy(bytes, &in->sin_addr, 4);
		return 4;
	}
	if (addr->storage.ss_family == AF_INET6) {
		memcpy(bytes, &in6->sin6_addr, 16);
		return 16;
	}
	return 0;
}

int access_add_network(struct access *access, const char *text, struct err *err)
{
	autofree char *host = mem_strdup(text);
	autofree struct sock_addr *addrs = NULL;
	char *slash = strchr(host, '/');
	struct access_rule rule;
	size_t n_addrs, n_bytes;
	int64_t bits;

	if (slash)
		*slash++ = '\0';
	if (!*host || sock_resolve(host, 0, &addrs, &n_addrs, NULL) < 0)
		return err_set(err, ERR_USAGE, "can't parse internet address \"%s\"", text);
	sock_addr_unmap(&addrs[0]);
	memset(&rule, 0, sizeof(rule));
	rule.family = addrs[0].storage.ss_family;
	n_bytes = address_bytes(&addrs[0], rule.address);
	bits = (int64_t)n_bytes * 8;
	/* An unreadable mask must never become "everybody". */
	if (slash && *slash && !str_to_int(slash, 0, (int64_t)n_bytes * 8, &bits))
		return err_set(err, ERR_USAGE, "invalid mask \"%s\"", text);
	rule.bits = (unsigned)bits;
	access->rules = mem_resize(access->rules, access->n_rules + 1, sizeof(rule));
	access->rules[access->n_rules++] = rule;
	return 0;
}

void access_add_private(struct access *access)
{
	for (size_t i = 0; i < sizeof(private_networks) / sizeof(private_networks[0]); i++)
		access_add_network(access, private_networks[i], NULL);
}

void access_add_uid(struct access *access, uid_t uid)
{
	access->uids = mem_resize(access->uids, access->n_uids + 1, sizeof(uid));
	access->uids[access->n_uids++] = uid;
}

void access_add_gid(struct access *access, gid_t gid)
{
	access->gids = mem_resize(access->gids, access->n_gids + 1, sizeof(gid));
	access->gids[access->n_gids++] = gid;
}

void access_release(struct access *access)
{
	free(access->rules);
	free(access->uids);
	free(access->gids);
}

static bool bits_equal(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return memcmp(a, b, whole) == 0 && (!rest || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0);
}

bool access_admits_address(const struct access *access, const struct sock_addr *peer)
{
	struct sock_addr addr = *peer;
	unsigned char bytes[16];

	if (!access->n_rules)
		return true;
	sock_addr_unmap(&addr);
	if (!address_bytes(&addr, bytes))
		return false;
	for (size_t i = 0; i < access->n_rules; i++)
		if (access->rules[i].family == addr.storage.ss_family &&
		    bits_equal(access->rules[i].address, bytes, access->rules[i].bits))
			return true;
	return false;
}

bool access_admits_local(const struct access *access, int fd)
{
	struct sock_cred cred;

	if (!access->n_uids && !access->n_gids)
		return true;
	if (sock_peer_cred(fd, &cred) < 0)
		return false;
	for (size_t i = 0; i < access->n_uids && cred.uid != sock_overflow_uid(); i++)
		if (access->uids[i] == cred.uid)
			return true;
	for (size_t i = 0; i < access->n_gids; i++)
		if (sock_peer_in_group(fd, access->gids[i]))
			return true;
	return false;
}
