/*
 * The load of bench/acts: connections that walk one order after another through its four acts, each
 * for an organisation of its own or of several.
 */
#pragma once

#include "client.h"
#include "daemon.h"

#define WALK_ACTS 4 /* order, cancel request, sight, shipment */

struct walk;

void walk_free(struct walk *walk);
/* Makes the organisations with their keys in the daemon's store. */
struct walk *walk_new(const struct bench_daemon *daemon, size_t organisations) OWNED_BY(walk_free);

struct walk_plan {
    const unsigned *ports; /* of the nodes; connections take them in turn */
    size_t port_count;
    size_t connections;
    size_t orders;
    unsigned acts; /* WALK_ACTS, or 1 to create orders only */
    bool mixed;    /* an organisation's connections go to all nodes */
};
void walk_run(struct walk *walk, const struct walk_plan *plan, struct load_report *report);
size_t walk_failed(const struct walk *walk); /* requests so far */
