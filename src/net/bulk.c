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

static void answer(struct bulk *bulk)
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

/* Each order's act has a key of its own, made of the request's. */
static struct text item_key(const struct call *call, struct text key, size_t index, struct id order)
{
    char number[24];
    snprintf(number, sizeof number, ":%zu:", index);
    const struct text pieces[] = {
        key, text_of(number), {(const char *)order.bytes, sizeof order.bytes}};
    struct digest digest = digest_of_pieces(pieces, COUNT_OF(pieces));
    struct buffer hex;
    buffer_init(&hex);
    buffer_string(&hex, "bulk:");
    hex_add(&hex, digest.bytes, DIGEST_BYTES);
    struct text text = arena_text(call->request->arena, buffer_view(&hex));
    buffer_done(&hex);
    return text;
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
    submission->request = api_request_digest(call, json);
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
}

static bool read_orders(struct bulk *bulk, json_t *json, struct problem *problem)
{
    struct call *call = bulk->call;
    json_t *orders = json_object_get(json, "orders");
    struct text key;
    bulk->count = json_array_size(orders);
    if (json_object_size(json) != 1 || !json_is_array(orders))
        return problem_add(problem, PROBLEM_BODY_INVALID, "/orders",
                           "the body must have this list and nothing else");
    if (bulk->count == 0 || bulk->count > ORDERS_MAX)
        return problem_add(problem, PROBLEM_BODY_INVALID, "/orders", "must name 1 to %d orders",
                           ORDERS_MAX);
    if (!api_idempotency_key(call, &key, problem))
        return false;
    bulk->items = arena_array(call->request->arena, bulk->count, sizeof *bulk->items);
    for (size_t i = 0; i < bulk->count; i++) {
        read_order(bulk, i, json_array_get(orders, i), problem);
        if (key.length > 0)
            bulk->items[i].submission.idempotency_key =
                item_key(call, key, i, bulk->items[i].order);
    }
    return problem->code == PROBLEM_NONE;
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
