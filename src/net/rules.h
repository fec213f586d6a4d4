/*
 * The message rules of a server: read from a folder or carried by the program, replaced while
 * messages are judged, and workers to judge with.
 */
#pragma once

#include "policy/policy.h"

/* Rule files as the policy library takes them. */
struct rule_files {
    struct policy_source *sources;
    size_t count;
    struct buffer *contents; /* of sources that come from a folder */
    char **names;
};

void rule_files_done(struct rule_files *files);
/* FOLDER's files *.rules, in the order of their names; NULL: what the program carries. */
MUST_CHECK bool rule_files_read(struct rule_files *files, const char *folder,
                                struct problem *problem);

struct rules;

void rules_free(struct rules *rules);
struct rules *rules_new(const char *folder, struct problem *problem) OWNED_BY(rules_free);
/* Reads the folder again. If it is refused, the rules in use stay. */
MUST_CHECK bool rules_reload(struct rules *rules, struct problem *problem);
/* A worker of the rules in use, for one message; give it back. From any thread. */
struct policy_worker *rules_borrow(struct rules *rules);
void rules_return(struct rules *rules, struct policy_worker *worker);
/* The rules in use; give the reference back with policy_free. */
struct policy *rules_current(struct rules *rules);
