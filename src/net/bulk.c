/* Many orders shipped by one request: a submission each, one answer when all of them are done. */
#include <stdio.h>
#include <string.h>

#include "net/api.h"
#include "net/handlers.h"
#include "net/service_private.h"
#include "net/telling.h"

#define ORDERS_MAX 1000
#define ACT TEXT("order.shipped")

struct bulk;

struct bulk_item {
    struct bulk *bulk;
    bool is_own; /* of the caller's organisation; others are not even submitted */
    struct id order;
    struct submission submission;
};

struct bulk {
    struct call *call;
    const struct act_type *type;
    struct text key; /* the request's own, or TEXT_NONE */
    size_t count;
    struct bulk_item *items;
    atomic_size_t open; /* items not done, and one for the handler */
};

static void write_item(struct json_writer *json, struct bulk_item *item)
{
    struct submission *submission = &item->submission;
    struct buffer problem;
    json_open(json);
    if (submission->recorded) {
        json_name(json, "act");
        json_id(json, "act", submission->act.id);
    }
    json_name(json, "order");
    json_id(json, item->bulk->type->subject_prefix, item->order);
    if (!submission->accepted) {
        buffer_init(&problem);
        api_refusal(submission);
        problem_write(&problem, &submission->problem, TEXT_NONE);
        json_name(json, "problem");
        json_raw(json, buffer_view(&problem));
        buffer_done(&problem);
    }
    json_member_int(json, "status",
                    submission->accepted ? 201 : problem_kind(submission->problem.code)->status);
    json_close(json);
}

static bool mismatch(const struct bulk *bulk, struct problem *problem)
{
    return problem_set(problem, PROBLEM_IDEMPOTENCY_MISMATCH, "%.*s", TEXT_ARG(bulk->key));
}

/* Two bodies at the same moment: only the kernel knows which of them came first. */
static bool is_mismatch(const struct bulk *bulk)
{
    for (size_t i = 0; i < bulk->count; i++)
        if (bulk->items[i].submission.problem.code == PROBLEM_IDEMPOTENCY_MISMATCH)
            return true;
    return false;
}

static void answer_items(struct bulk *bulk)
{
    struct call *call = bulk->call;
    struct kernel *kernel = call->service->kernel;
    struct telling telling;
    struct buffer body;
    telling_init(&telling, call);
    buffer_init(&body);
    struct json_writer json = json_writer(&body);
    json_open(&json);
    json_name(&json, "results");
    json_open_list(&json);
    for (size_t i = 0; i < bulk->count; i++) {
        struct id shown;
        const struct submission *submission = &bulk->items[i].submission;
        if (!submission->accepted && api_shown_act(&submission->problem, &shown))
            telling_add(&telling, submission->act.org, shown);
        write_item(&json, &bulk->items[i]);
    }
    json_close_list(&json);
    json_close(&json);
    call_json(call, 200, &body);
    telling_send(&telling, kernel, MEANS_ANSWER);
    telling_done(&telling);
    buffer_done(&body);
}

static void answer(struct bulk *bulk)
{
    struct problem problem;
    if (is_mismatch(bulk)) {
        mismatch(bulk, &problem);
        call_problem(bulk->call, &problem);
    } else {
        answer_items(bulk);
    }
}

static void finish_one(struct bulk *bulk)
{
    if (atomic_fetch_sub(&bulk->open, 1) == 1)
        answer(bulk);
}

static void done(struct submission *submission)
{
    struct bulk_item *item = submission->context;
    api_account(item->bulk->call->service, submission);
    finish_one(item->bulk);
}

/* Each order's act has a key of its own: the request's, as it is told apart, and the order's index.
 */
static struct text item_keys(const struct call *call, struct text key)
{
    struct digest digest = digest_of_pieces(&key, 1);
    struct buffer prefix;
    buffer_init(&prefix);
    buffer_string(&prefix, "bulk:");
    hex_add(&prefix, digest.bytes, DIGEST_BYTES);
    struct text text = arena_text(call->request->arena, buffer_view(&prefix));
    buffer_done(&prefix);
    return text;
}

/* Whatever became of a request with this key before was not the answer to another body. */
static bool check_key(const struct bulk *bulk, struct text item_keys, struct problem *problem)
{
    static const char sql[] =
        "SELECT count(*) FROM idempotency WHERE org = ?1 AND key > ?2 AND key < ?3 "
        "AND request <> ?4 AND (expires_at IS NULL OR expires_at > ?5)";
    struct submission any = bulk->items[0].submission;
    struct store *store = kernel_store(bulk->call->service->kernel);
    int64_t others = 0;
    any.idempotency_key = item_keys;
    const struct idempotency_row row = submission_key(&any, any.arena);
    const struct value values[] = {
        VALUE_OF_INT(row.org),
        VALUE_OF_TEXT(arena_format(any.arena, "%.*s:", TEXT_ARG(row.key))),
        VALUE_OF_TEXT(arena_format(any.arena, "%.*s;", TEXT_ARG(row.key))),
        {.type = VALUE_BYTES, .text = {(const char *)any.request.bytes, DIGEST_BYTES}},
        VALUE_OF_INT(time_now()),
    };
    struct reader *reader = store_reader_take(store);
    bool read = reader_number(reader, sql, values, COUNT_OF(values), &others, problem);
    store_reader_give(store, reader);
    return read && (others == 0 || mismatch(bulk, problem));
}

/* Errors of one order's fields are told under its own place in the body. */
static void move_errors(struct problem *problem, const struct problem *of_item, size_t index)
{
    size_t kept =
        of_item->error_count < PROBLEM_ERRORS_MAX ? of_item->error_count : PROBLEM_ERRORS_MAX;
    for (size_t i = 0; i < kept; i++) {
        char pointer[sizeof of_item->errors[i].pointer + 32];
        snprintf(pointer, sizeof pointer, "/orders/%zu%s", index, of_item->errors[i].pointer);
        problem_add(problem, PROBLEM_BODY_INVALID, pointer, "%s", of_item->errors[i].detail);
    }
}

static void read_order(struct bulk *bulk, size_t index, json_t *json, struct problem *problem)
{
    struct call *call = bulk->call;
    struct bulk_item *item = &bulk->items[index];
    struct submission *submission = &item->submission;
    struct problem of_item;
    const json_t *order = json_object_get(json, "order");
    problem_clear(&of_item);
    item->bulk = bulk;
    if (!json_is_string(order) ||
        !id_parse(bulk->type->subject_prefix, json_string_view(order), &item->order)) {
        problem_add(&of_item, PROBLEM_BODY_INVALID, "/order", "must be the id of an order");
        move_errors(problem, &of_item, index);
        return;
    }
    item->is_own = id_org(item->order) == call->principal.org;
    json_object_del(json, "order");
    void *body = arena_take(call->request->arena, bulk->type->body_bytes);
    if (!fields_read(bulk->type->fields, bulk->type->field_count, json, body, call->request->arena,
                     &of_item))
        move_errors(problem, &of_item, index);
    submission->act.type = bulk->type;
    submission->act.org = id_org(item->order);
    submission->act.subject = item->order;
    submission->act.body = body;
    submission->done = done;
    submission->context = item;
    api_actor(call, submission);
    if (!api_steps(call, &submission->act.steps, &of_item))
        *problem = of_item;
}

static bool set_keys(struct bulk *bulk, struct problem *problem)
{
    const struct call *call = bulk->call;
    if (bulk->key.length == 0)
        return true;
    struct text keys = item_keys(call, bulk->key);
    for (size_t i = 0; i < bulk->count; i++)
        bulk->items[i].submission.idempotency_key =
            arena_format(call->request->arena, "%.*s:%zu", TEXT_ARG(keys), i);
    return check_key(bulk, keys, problem);
}

static bool read_orders(struct bulk *bulk, json_t *json, struct problem *problem)
{
    struct call *call = bulk->call;
    json_t *orders = json_object_get(json, "orders");
    bulk->count = json_array_size(orders);
    if (json_object_size(json) != 1 || !json_is_array(orders))
        return problem_add(problem, PROBLEM_BODY_INVALID, "/orders",
                           "the body must have this list and nothing else");
    if (bulk->count == 0 || bulk->count > ORDERS_MAX)
        return problem_add(problem, PROBLEM_BODY_INVALID, "/orders", "must name 1 to %d orders",
                           ORDERS_MAX);
    if (!api_idempotency_key(call, &bulk->key, problem))
        return false;
    bulk->items = arena_array(call->request->arena, bulk->count, sizeof *bulk->items);
    struct digest request = api_request_digest(call, json);
    for (size_t i = 0; i < bulk->count; i++) {
        bulk->items[i].submission.request = request;
        read_order(bulk, i, json_array_get(orders, i), problem);
    }
    return problem->code == PROBLEM_NONE && set_keys(bulk, problem);
}

/* The arena belongs to the kernel from the first submission on: nothing is taken from it here. */
static void submit(struct bulk *bulk)
{
    struct kernel *kernel = bulk->call->service->kernel;
    atomic_init(&bulk->open, bulk->count + 1);
    for (size_t i = 0; i < bulk->count; i++) {
        struct bulk_item *item = &bulk->items[i];
        if (item->is_own) {
            kernel_submit(kernel, &item->submission);
        } else {
            problem_set(&item->submission.problem, PROBLEM_NOT_FOUND, "no such order");
            finish_one(bulk);
        }
    }
    finish_one(bulk);
}

void bulk_ship_handle(struct call *call)
{
    struct problem problem;
    struct bulk *bulk = ARENA_NEW(call->request->arena, struct bulk);
    problem_clear(&problem);
    bulk->call = call;
    bulk->type = catalogue_act(call->service->catalogue, ACT);
    MUST(bulk->type != NULL);
    json_t *json = api_body(call, &problem);
    bool ready = json != NULL && read_orders(bulk, json, &problem);
    json_free(json);
    if (ready)
        submit(bulk);
    else
        call_problem(call, &problem);
}
