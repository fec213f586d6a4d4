/*
 * Workers: threads for calls that take long (Argon2id, several acts one after another), so that the
 * server's few threads are free for what is fast. At most as many passwords are hashed at one time
 * as there are workers.
 */
#pragma once

#include "net/call.h"

struct workers;

/* After the calls that are queued were answered. */
void workers_free(struct workers *workers);
struct workers *workers_new(unsigned threads, struct problem *problem) OWNED_BY(workers_free);
/* Runs WORK on a worker; answers PROBLEM_OVERLOADED itself where too many wait. */
void workers_run(struct workers *workers, struct call *call, void (*work)(struct call *call));
