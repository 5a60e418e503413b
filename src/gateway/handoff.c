/*
 * gateway/handoff.c - see handoff.h.
 *
 * The filter sees each segment that arrives for the socket, from the TCP header on; the IP header is
 * at SKF_NET_OFF. It lets in what comes from the server's address and port. So a socket that its
 * holder disconnects and connects elsewhere hears no answer, and one that listens hears no caller.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/handoff.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#ifndef TCP_ULP
#define TCP_ULP 31
#endif

enum { IPV4_SOURCE = 12, IPV6_SOURCE = 8, TCP_SOURCE_PORT = 0, PASS = 0x40000, DROP = 0 };

/* "Unless the word at offset has this value: drop." */
static size_t add_check(struct sock_filter *code, size_t n, unsigned size, uint32_t offset, uint32_t value)
{
	code[n] = (struct sock_filter)BPF_STMT(BPF_LD | size | BPF_ABS, offset);
	code[n + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0);
	code[n + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, DROP);
	return n + 3;
}

static size_t make_filter(struct sock_filter *code, const struct sock_addr *server)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&server->storage;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&server->storage;
	size_t n = 0;

	if (server->storage.ss_family == AF_INET) {
		n = add_check(code, n, BPF_H, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL), 0x0800);
		n = add_check(code, n, BPF_W, (uint32_t)(SKF_NET_OFF + IPV4_SOURCE),
			      ntohl(in->sin_addr.s_addr));
		n = add_check(code, n, BPF_H, TCP_SOURCE_PORT, ntohs(in->sin_port));
	} else {
		n = add_check(code, n, BPF_H, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL), 0x86dd);
		for (int i = 0; i < 4; i++) {
			uint32_t word;

			memcpy(&word, in6->sin6_addr.s6_addr + i * 4, 4);
			n = add_check(code, n, BPF_W, (uint32_t)(SKF_NET_OFF + IPV6_SOURCE + i * 4),
				      ntohl(word));
		}
		n = add_check(code, n, BPF_H, TCP_SOURCE_PORT, ntohs(in6->sin6_port));
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, PASS);
	return n;
}

static int attach_filter(int fd, struct err *err)
{
	struct sock_filter code[32];
	struct sock_fprog program = { 0, code };
	struct sock_addr server = { .len = sizeof(server.storage) };
	int on = 1;

	if (getpeername(fd, (struct sockaddr *)&server.storage, &server.len) < 0)
		return err_sys(err, ERR_IO, "getpeername");
	/* a mapped address arrives in IPv4 packets */
	sock_addr_unmap(&server);
	program.len = (unsigned short)make_filter(code, &server);
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
		return err_sys(err, ERR_IO, "SO_ATTACH_FILTER");
	if (setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on)) < 0)
		return err_sys(err, ERR_IO, "SO_LOCK_FILTER");
	return 0;
}

int handoff_secure(int fd, const struct proof_result proofs[PROOF_N], bool with_filter, struct err *err)
{
	int domain;
	socklen_t len = sizeof(domain);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0)
		return err_sys(err, ERR_IO, "SO_DOMAIN");
	if (domain == AF_UNIX)
		return 0;
	if (with_filter && attach_filter(fd, err) < 0)
		return -1;
	if (proofs[PROOF_TLS_ULP].holds && setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")) < 0)
		return err_sys(err, ERR_IO, "TCP_ULP");
	return 0;
}

bool handoff_is_used(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	/* One byte is the connection's own. An AF_UNIX socket does not tell, so it is believed. */
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 ||
	       len < offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof(info.tcpi_bytes_acked) ||
	       info.tcpi_bytes_acked > 1;
}
