/*
 * The kernel's own tables: the acts and the log over them, feeds, keys of repeated requests, and
 * notices (who must know of an act, and whether they do).
 */
#pragma once

#include "act/act.h"

/* One act, accepted or refused, as it was recorded. */
struct act_row {
    int64_t org, seq;
    struct id id, subject;
    struct text type;
    struct text salt;    /* 32 bytes; the log's entry is SHA-256(salt ‖ record) */
    struct text record;  /* canonical JSON */
    struct text address; /* the client's; never shown to another party */
    struct text device;  /* what the client said that it is; as its address */
    struct text changes; /* changes.h: what rows were before and after it; or none */
};
extern const struct table acts_table;

/* An act that is in the log, with its place there: what feeds and evidence read. */
struct logged_act_row {
    int64_t org, seq;
    struct id id, subject;
    struct text type;
    int64_t log_index;
    struct text salt, record, address, device;
};
extern const struct table logged_acts_table;

/* An organisation's feed: the last number given out. */
struct feed_row {
    int64_t org, last_seq;
};
extern const struct table feeds_table;

/* A request that may come again: what it was and which act it became. */
struct idempotency_row {
    int64_t org;         /* the API key's own, whichever organisation the act touched */
    struct text key;     /* key id of the principal and its Idempotency-Key */
    struct text request; /* 32 bytes */
    int64_t act_org, seq;
    int64_t expires_at; /* 0: never */
};
extern const struct table idempotency_table;

/* An act that somebody must know of. */
struct notice_row {
    int64_t org;
    struct id act;
    int64_t audience;
    struct id subject;
    struct text type; /* of the act */
    int64_t told_at;  /* when the act was recorded */
    int64_t due_at;
    int64_t delivered_at;
    struct text delivered_by; /* "webhook", "stream", "pull", "page", "mail" */
    struct text delivered_to; /* which endpoint or key */
    int64_t seen_at;
    struct text seen_by; /* which person or app */
    struct text seen_means;
    int64_t incident_at; /* nobody was reached by the deadline */
    int64_t version;
    struct text prefix; /* of the subject */
};
extern const struct table notices_table;

/* The log's entries (tlog-tiles level 0, before hashing) and the roots of its full tiles. */
struct log_entry_row {
    int64_t org, seq; /* of the act */
    int64_t position;
    struct text entry; /* 32 bytes */
};
extern const struct table log_entries_table;

/* Of a shared store: entries of acts that are committed and wait for their places. */
struct log_queue_row {
    int64_t org, seq;
    struct text entry;
};
extern const struct table log_queue_table;

struct log_node_row {
    int64_t level; /* of the tile that the hash stands in: 1 and up */
    int64_t position;
    struct text hash;
};
extern const struct table log_nodes_table;

/* Of a shared store: who signs its log. */
struct log_identity_row {
    struct text name; /* "log" */
    struct text key;  /* the verifier key */
};
extern const struct table log_identity_table;

/* The newest checkpoint that witnesses cosigned; one row a size, older ones are removed. */
struct log_checkpoint_row {
    int64_t size;
    struct text note;
};
extern const struct table log_checkpoints_table;
