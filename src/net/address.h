/*
 * Addresses that a webhook may go to: public ones (RFC 6890's registries say which are not).
 * Whoever can name an URL must not be able to reach what stands beside the server (SSRF).
 */
#pragma once

#include <sys/socket.h>

#include "base/problem.h"

/* Is it an address of the public internet? IPv4 in IPv6 clothes is judged as IPv4. */
bool address_is_public(const struct sockaddr *address);
/*
 * Refuses an URL without TLS (what is sent must not be read on the way), and one whose host is
 * written as an address that is not public, or is this machine.
 */
MUST_CHECK bool address_url_check(struct text url, struct problem *problem);
