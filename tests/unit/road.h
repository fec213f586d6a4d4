/* A kernel of a test's own over a fresh store, with a marketplace of one seller on it. */
#pragma once

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/kernel.h"
#include "act/tables.h"
#include "identity/identity.h"
#include "market/market.h"
#include "market/orders.h"
#include "store/store_private.h"
#include "test_postgres.h"
#include "tlog/note.h"

#define ROAD_ORIGIN "log.example/test"

struct road {
    char folder[64];
    struct test_schema place, again; /* on PostgreSQL */
    char url[512], again_url[512];
    struct buffer schema;
    struct embedded_file schema_files[2];
    struct store *store;
    struct kernel *kernel;
    struct note_secret log;
    struct buffer vkey;
    struct rules rules;
    bool timers;
    bool unlocked; /* as on a database that cannot lock rows */
    int64_t lease_us;
    struct arena *arena;
    struct problem problem;
    int64_t org;
};

static const struct principal road_shop = {.role = ROLE_SHOP};

static inline struct principal road_seller(const struct road *road)
{
    return (struct principal){
        .role = ROLE_SELLER, .org = road->org, .permissions = PERMISSIONS_ALL};
}

static inline struct principal road_buyer(const char *name)
{
    return (struct principal){.role = ROLE_BUYER, .buyer = text_of(name)};
}

static inline struct store *road_store_open(struct road *road, const char *url)
{
    const struct store_options options = {.writable = true,
                                          .schema = road->schema_files,
                                          .sharing = STORE_SHARED,
                                          .unlocked = road->unlocked};
    struct store *store = store_open_with(url, &options, &road->problem);
    if (store == NULL)
        fail_msg("%s", road->problem.detail);
    return store;
}

/* A kernel over STORE, as one node of several or the only one. */
static inline struct kernel *road_kernel_open(struct road *road, struct store *store)
{
    const struct kernel_options options = {.catalogue = &catalogue,
                                           .store = store,
                                           .rules = road->rules,
                                           .log_origin = ROAD_ORIGIN,
                                           .sign = note_secret_sign,
                                           .sign_context = &road->log,
                                           .log_vkey = road->vkey.bytes,
                                           .timers = road->timers,
                                           .lease_us = road->lease_us,
                                           .idempotency_keep_us = TIME_DAY,
                                           .waiting_max = 10000};
    struct kernel *kernel = kernel_open(&options, &road->problem);
    if (kernel == NULL)
        fail_msg("%s", road->problem.detail);
    return kernel;
}

static inline void road_start(struct road *road)
{
    road->store = road_store_open(road, road->url);
    road->kernel = road_kernel_open(road, road->store);
}

static inline void road_stop(struct road *road)
{
    kernel_close(road->kernel);
    store_close(road->store);
}

static inline struct submission *road_submission(struct road *road, const struct act_type *type,
                                                 struct principal actor, struct id subject,
                                                 const void *body)
{
    struct submission *submission = ARENA_NEW(road->arena, struct submission);
    submission->arena = road->arena;
    submission->act.type = type;
    submission->act.actor = actor;
    submission->act.org = road->org;
    submission->act.subject = subject;
    submission->act.body = body;
    return submission;
}

/* One act from start to end, of an organisation, at a time (0: now). */
static inline struct submission *road_act_of(struct road *road, int64_t org,
                                             const struct act_type *type, struct principal actor,
                                             struct id subject, const void *body, int64_t at)
{
    struct submission *submission = road_submission(road, type, actor, subject, body);
    submission->act.org = org;
    submission->act.at = at;
    kernel_act(road->kernel, submission);
    return submission;
}

/* Of the road's own; the submission says what became of it. */
static inline struct submission *road_act(struct road *road, const struct act_type *type,
                                          struct principal actor, struct id subject,
                                          const void *body)
{
    return road_act_of(road, road->org, type, actor, subject, body, 0);
}

static inline void assert_accepted(const struct submission *submission)
{
    if (!submission->accepted)
        fail_msg("%s: %s", problem_kind(submission->problem.code)->slug,
                 submission->problem.detail);
}

static inline void assert_refused(const struct submission *submission, enum problem_code code)
{
    assert_false(submission->accepted);
    if (submission->problem.code != code)
        fail_msg("refused as %s: %s", problem_kind(submission->problem.code)->slug,
                 submission->problem.detail);
}

static inline struct order_created_body *road_order_body(struct road *road, const char *reference)
{
    struct order_created_body *body = ARENA_NEW(road->arena, struct order_created_body);
    struct order_item *item = ARENA_NEW(road->arena, struct order_item);
    *item = (struct order_item){.present = 1 << 2 | 1 << 3 | 1 << 5,
                                .price = {12500, "EUR"},
                                .quantity = 1,
                                .sku = TEXT("LAMP-3")};
    *body = (struct order_created_body){.present = 1 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 7,
                                        .buyer = TEXT("b-17"),
                                        .items = {1, item},
                                        .org = road->org,
                                        .reference = text_of(reference),
                                        .total = {12500, "EUR"}};
    return body;
}

static inline struct id road_order(struct road *road, const char *reference)
{
    struct submission *created = road_act(road, &order_created, road_shop, (struct id){{0}},
                                          road_order_body(road, reference));
    assert_accepted(created);
    return created->act.subject;
}

static inline struct id road_cancel_request(struct road *road, struct id order)
{
    static const struct cancel_requested_body body = {.present = 1,
                                                      .reason = {"Ordered twice", 13}};
    struct submission *asked =
        road_act(road, &order_cancel_requested, road_buyer("b-17"), order, &body);
    assert_accepted(asked);
    return asked->act.id;
}

static inline struct submission *road_ship(struct road *road, struct id order)
{
    static const struct order_shipped_body body = {.present = 1, .carrier = {"DHL", 3}};
    return road_act(road, &order_shipped, road_seller(road), order, &body);
}

static inline struct submission *road_see(struct road *road, struct id order, struct id request)
{
    struct cancel_seen_body *body = ARENA_NEW(road->arena, struct cancel_seen_body);
    *body = (struct cancel_seen_body){.present = 3, .by = TEXT("Ana"), .cancel_request = request};
    return road_act(road, &order_cancel_seen, road_seller(road), order, body);
}

/* Is there a row with ROW's key? Then ROW is filled. */
static inline bool road_load(struct road *road, const struct table *table, void *row)
{
    bool found = false;
    struct reader *reader = store_reader_take(road->store);
    assert_true(reader_load(reader, table, row, road->arena, &found, &road->problem));
    store_reader_give(road->store, reader);
    return found;
}

static inline struct order_row road_load_order(struct road *road, struct id id)
{
    struct order_row row = {.org = road->org, .id = id};
    assert_true(road_load(road, &orders_table, &row));
    return row;
}

static inline struct notice_row road_load_notice(struct road *road, struct id act,
                                                 enum audience audience)
{
    struct notice_row row = {.org = road->org, .act = act, .audience = (int64_t)audience};
    assert_true(road_load(road, &notices_table, &row));
    return row;
}

/* The URLs of two stores that do not exist yet. */
static inline void road_place(struct road *road)
{
    snprintf(road->folder, sizeof road->folder, "/tmp/counterfoil-road-XXXXXX");
    assert_non_null(mkdtemp(road->folder));
    snprintf(road->url, sizeof road->url, "sqlite:%s/store.db", road->folder);
    snprintf(road->again_url, sizeof road->again_url, "sqlite:%s/again.db", road->folder);
    if (test_postgres() == NULL)
        return;
    test_schema_make(&road->place);
    test_schema_make(&road->again);
    memcpy(road->url, road->place.url, sizeof road->url);
    memcpy(road->again_url, road->again.url, sizeof road->again_url);
}

static inline int road_set_up(void **state)
{
    static const uint8_t seed[ED25519_KEY_BYTES] = {1, 2, 3};
    struct road *road = calloc(1, sizeof *road);
    assert_non_null(road);
    road_place(road);
    buffer_init(&road->schema);
    for (const struct table *const *table = catalogue.tables; *table != NULL; table++)
        table_sql_create(&road->schema, *table);
    road->schema_files[0] =
        (struct embedded_file){.path = "0001_foundation.sql",
                               .bytes = (const unsigned char *)road->schema.bytes,
                               .length = road->schema.length};
    assert_true(
        note_secret_from_seed(&road->log, TEXT(ROAD_ORIGIN), NOTE_ED25519, seed, &road->problem));
    buffer_init(&road->vkey);
    note_key_add(&road->vkey, &road->log.key);
    buffer_char(&road->vkey, '\0');
    road->rules = (struct rules){.deliver_within_us = TIME_HOUR,
                                 .decide_within_us = 48 * TIME_HOUR,
                                 .hold_us = 72 * TIME_HOUR,
                                 .session_us = 12 * TIME_HOUR,
                                 .invitation_us = 7 * TIME_DAY};
    road->arena = arena_new();
    road_start(road);
    static const struct org_created_body seller = {.present = 1, .name = {"Nordlicht", 9}};
    struct submission *joined = road_act(
        road, &org_created, (struct principal){.role = ROLE_OPERATOR}, (struct id){{0}}, &seller);
    assert_accepted(joined);
    road->org = joined->act.org;
    *state = road;
    return 0;
}

static inline int road_tear_down(void **state)
{
    struct road *road = *state;
    char path[160];
    road_stop(road);
    static const char *const names[] = {"store.db",      "store.db-wal", "store.db-shm",
                                        "store.db.lock", "again.db",     "again.db-wal",
                                        "again.db-shm",  "again.db.lock"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(path, sizeof path, "%s/%s", road->folder, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(road->folder), 0);
    if (test_postgres() != NULL) {
        test_schema_drop(&road->place);
        test_schema_drop(&road->again);
    }
    arena_free(road->arena);
    buffer_done(&road->schema);
    buffer_done(&road->vkey);
    note_secret_done(&road->log);
    free(road);
    return 0;
}
