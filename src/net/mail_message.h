/* Messages as RFC 5322 wants them, written by GMime: 7-bit, CRLF, UTF-8 text in an encoding. */
#pragma once

#include "base/id.h"
#include "base/problem.h"

struct mail_message {
    struct id id;                      /* Message-ID: its text @ the sender's domain */
    int64_t at;                        /* Date */
    const char *from, *from_name, *to; /* addresses that mail_address_valid */
    struct text title, body;
};

/*
 * An address as it may stand in SMTP's commands: ASCII, one @, no quoting, at most 254 bytes, so
 * nothing in it can end the command or begin another.
 */
bool mail_address_valid(struct text address);
MUST_CHECK bool mail_message_write(const struct mail_message *message, struct buffer *out,
                                   struct problem *problem);
