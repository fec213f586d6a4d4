/*
 * Configuration: one table of keys, from which the file's parser, `--set`, the reference page and
 * the checks derive. A file has lines `key = value`; `#` begins a comment. Later settings replace
 * earlier ones, except lists, to which each setting adds.
 *
 * Spans are written 500ms, 30s, 5m, 48h, 7d; sizes 512, 64KiB, 1MiB; switches on and off. Inside,
 * spans are microseconds, sizes bytes, scales millionths, switches and choices small numbers.
 * An unknown key or a value out of its bounds is PROBLEM_CONFIGURATION and names the key.
 */
#pragma once

#include "base/problem.h"

#define CONFIG_FILE_BYTES_MAX ((size_t)256 * 1024)
#define CONFIG_LIST_MAX 16
#define CONFIG_VALUE_BYTES_MAX 4096

enum config_key {
    CONFIG_DATA,
    CONFIG_STORE,
    CONFIG_LISTEN,
    CONFIG_USER,
    CONFIG_LOG_LEVEL,
    CONFIG_DEMO,
    CONFIG_LOG_ORIGIN,
    CONFIG_LOG_WITNESSES,
    CONFIG_LOG_WITNESS_EVERY,
    CONFIG_HTTP_THREADS,
    CONFIG_HTTP_BODY_MAX,
    CONFIG_HTTP_HEAD_MAX,
    CONFIG_HTTP_HEAD_TIME,
    CONFIG_HTTP_BODY_TIME,
    CONFIG_HTTP_IDLE_TIME,
    CONFIG_HTTP_CONNECTIONS,
    CONFIG_HTTP_CONNECTIONS_PER_ADDRESS,
    CONFIG_HTTP_RATE,
    CONFIG_HTTP_BURST,
    CONFIG_WEBHOOK_ALLOW_PRIVATE,
    CONFIG_WEBHOOK_TIME_SCALE,
    CONFIG_MAIL_SERVER,
    CONFIG_MAIL_TLS,
    CONFIG_MAIL_CREDENTIALS,
    CONFIG_MAIL_AUTHORITIES,
    CONFIG_MAIL_FOLDER,
    CONFIG_MAIL_FROM,
    CONFIG_MAIL_FROM_NAME,
    CONFIG_MAIL_STAFF,
    CONFIG_MAIL_LANGUAGE,
    CONFIG_MAIL_LINK,
    CONFIG_MAIL_TIME_SCALE,
    CONFIG_ORDERS_DELIVER_WITHIN,
    CONFIG_ORDERS_DECIDE_WITHIN,
    CONFIG_PEOPLE_RP_ID,
    CONFIG_PEOPLE_ORIGINS,
    CONFIG_PEOPLE_HOLD,
    CONFIG_PEOPLE_SESSION,
    CONFIG_PEOPLE_INVITATION,
    CONFIG_PEOPLE_NONCE,
    CONFIG_IDEMPOTENCY_KEEP,
    CONFIG_ACTS_WAITING_MAX,
    CONFIG_STORE_WRITERS,
    CONFIG_STORE_LEASE,
    CONFIG_POLICY_RULES,
    CONFIG_KEYS
};

enum config_type {
    CONFIG_TYPE_TEXT,
    CONFIG_TYPE_LIST,
    CONFIG_TYPE_COUNT,
    CONFIG_TYPE_SIZE,
    CONFIG_TYPE_SPAN,
    CONFIG_TYPE_SCALE,
    CONFIG_TYPE_SWITCH,
    CONFIG_TYPE_CHOICE,
};

enum config_flags {
    CONFIG_RELOAD = 1, /* SIGHUP applies a change; others need a restart */
    CONFIG_SECRET = 2, /* never shown */
};

struct config_kind {
    const char *name;
    enum config_type type;
    unsigned flags;
    int64_t min, max; /* text: bytes */
    const char *standard;
    const char *const *choices; /* ended by NULL */
    const char *doc;
};

const struct config_kind *config_kind(enum config_key key);

struct config;

void config_free(struct config *config);
struct config *config_new(void) OWNED_BY(config_free); /* all as by default */
MUST_CHECK bool config_set(struct config *config, struct text key, struct text value,
                           struct problem *problem);
/* `key=value`, as `--set` takes it. */
MUST_CHECK bool config_assign(struct config *config, struct text assignment,
                              struct problem *problem);
/* The lines of a file; NAME is for the problem, which names the line, too. */
MUST_CHECK bool config_read(struct config *config, struct text lines, const char *name,
                            struct problem *problem);
MUST_CHECK bool config_read_file(struct config *config, const char *path, struct problem *problem);

int64_t config_number(const struct config *config, enum config_key key);
bool config_switch(const struct config *config, enum config_key key);
const char *config_text(const struct config *config, enum config_key key); /* borrowed */
size_t config_count(const struct config *config, enum config_key key);     /* of a list */
const char *config_item(const struct config *config, enum config_key key, size_t index);

/* The reference page, in Markdown. */
void config_print_reference(struct buffer *out);
