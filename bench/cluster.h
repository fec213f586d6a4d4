/*
 * A PostgreSQL cluster of the benchmark's own (tools/postgres.sh), in a folder under /var/tmp. It
 * is stopped and removed however the benchmark ends.
 */
#pragma once

#include <sys/types.h>

struct bench_cluster {
    char folder[64];
    char url[256];
    pid_t server; /* the process whose children the server's are */
    pid_t keeper;
    int alive; /* the keeper removes the cluster when this is closed, by us or by our end */
};

void cluster_start(struct bench_cluster *cluster);
void cluster_remove(struct bench_cluster *cluster);
