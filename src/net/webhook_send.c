#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "act/record.h"
#include "act/tables.h"
#include "base/log.h"
#include "net/address.h"
#include "net/feed_json.h"
#include "net/webhook_private.h"

#define BODY_MAX ((size_t)20000) /* Standard Webhooks: under 20 kB */
#define ATTEMPT_MS 15000L
#define CONNECT_MS 10000L
#define RETRY_AFTER_MAX_S 86400
#define SECRET_TEXT "whsec_"

/* Between the tries of an event. */
static const int64_t schedule_us[TRIES_MAX] = {
    0,
    5 * TIME_SECOND,
    5 * TIME_MINUTE,
    30 * TIME_MINUTE,
    2 * TIME_HOUR,
    5 * TIME_HOUR,
    10 * TIME_HOUR,
    14 * TIME_HOUR,
    20 * TIME_HOUR,
    24 * TIME_HOUR,
};

static int64_t span_before(const struct webhooks *webhooks, int64_t number)
{
    return attempts_span(schedule_us[number], webhooks->options.time_scale);
}

static bool derive(const struct webhook_options *options, struct id endpoint, uint8_t key[32],
                   struct problem *problem)
{
    char label[ID_TEXT_BYTES + 16] = "webhook:";
    id_format("ep", endpoint, label + strlen(label));
    return options->derive(options->derive_context, text_of(label), key, problem);
}

bool webhook_secret(struct webhooks *webhooks, struct id endpoint, struct buffer *out,
                    struct problem *problem)
{
    uint8_t key[32];
    if (!derive(&webhooks->options, endpoint, key, problem))
        return false;
    buffer_string(out, SECRET_TEXT);
    base64_add(out, key, sizeof key);
    explicit_bzero(key, sizeof key);
    return true;
}

/* When the act happened, as its record says it. */
static struct text time_of_record(struct text record, char out[TIME_TEXT_BYTES])
{
    struct problem unused;
    json_t *json = json_read(record, &unused);
    const json_t *at = json_object_get(json, "at");
    int64_t moment = 0;
    if (!json_is_string(at) || !time_parse(json_string_view(at), &moment))
        moment = 0;
    json_free(json);
    return (struct text){out, time_format(moment, out)};
}

/* What is too long to send names the act, and the feed has it whole. */
static void write_thin(struct json_writer *json, const struct feed_event *event)
{
    json_open(json);
    json_name(json, "act");
    json_open(json);
    json_name(json, "id");
    json_id(json, "act", event->act.id);
    json_name(json, "org");
    json_org(json, event->act.org);
    json_member_int(json, "seq", event->act.seq);
    json_member(json, "subject", record_subject(event->act.record));
    json_member(json, "type", text_of(event->type->name));
    json_close(json);
    json_member_int(json, "log_index", event->act.log_index);
    json_member_int(json, "position", event->position);
    json_name(json, "shortened");
    json_bool(json, true);
    json_close(json);
}

static void write_body(struct buffer *body, const struct feed_event *event, bool thin)
{
    char at[TIME_TEXT_BYTES];
    struct json_writer json = json_writer(body);
    json_open(&json);
    json_name(&json, "data");
    if (thin)
        write_thin(&json, event);
    else
        feed_event_write(&json, event);
    json_member(&json, "timestamp", time_of_record(event->act.record, at));
    json_member(&json, "type", text_of(event->type->name));
    json_close(&json);
}

/* False also if the record was erased: then there is nothing to send any more. */
static bool load_body(struct webhooks *webhooks, struct delivery *delivery, struct problem *problem)
{
    struct kernel *kernel = webhooks->options.kernel;
    struct feed_event event = {.position = delivery->row.position};
    struct arena *arena = arena_new();
    bool found = false;
    event.act.org = delivery->row.act_org;
    event.act.seq = delivery->row.act_seq;
    event.type = catalogue_act(kernel_catalogue(kernel), delivery->row.type);
    struct reader *reader = store_reader_take(kernel_store(kernel));
    bool read = reader_load(reader, &logged_acts_table, &event.act, arena, &found, problem);
    store_reader_give(kernel_store(kernel), reader);
    buffer_clear(&delivery->body);
    if (read && found && event.type != NULL && event.act.record.length > 0) {
        write_body(&delivery->body, &event, event.act.record.length > BODY_MAX - 300);
    } else if (read) {
        read = problem_set(problem, PROBLEM_NOT_FOUND, "the act was erased");
    }
    arena_free(arena);
    return read;
}

static void add_header(struct delivery *delivery, const char *name, struct text value)
{
    struct buffer line;
    buffer_init(&line);
    buffer_format(&line, "%s: %.*s", name, TEXT_ARG(value));
    char *string = buffer_release(&line);
    struct curl_slist *longer = curl_slist_append(delivery->headers, string);
    MUST(longer != NULL);
    delivery->headers = longer;
    free(string);
}

/* Standard Webhooks: HMAC-SHA-256 over id, moment and body. */
static void sign(struct delivery *delivery)
{
    char id[ID_TEXT_BYTES];
    char moment[24];
    struct text id_text = {id, id_format("act", delivery->row.act, id)};
    snprintf(moment, sizeof moment, "%lld", (long long)(time_now() / TIME_SECOND));
    const struct text pieces[] = {id_text, TEXT("."), text_of(moment), TEXT("."),
                                  buffer_view(&delivery->body)};
    const struct endpoint *endpoint = delivery->endpoint;
    struct digest digest = hmac_of((struct text){(const char *)endpoint->key, sizeof endpoint->key},
                                   pieces, COUNT_OF(pieces));
    struct buffer signature;
    buffer_init(&signature);
    buffer_string(&signature, "v1,");
    base64_add(&signature, digest.bytes, DIGEST_BYTES);
    add_header(delivery, "webhook-id", id_text);
    add_header(delivery, "webhook-timestamp", text_of(moment));
    add_header(delivery, "webhook-signature", buffer_view(&signature));
    add_header(delivery, "Content-Type", TEXT("application/json"));
    add_header(delivery, "Expect", TEXT_NONE); /* no 100-continue */
    buffer_done(&signature);
}

/* The socket goes to the very address that is checked here. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct delivery *delivery = context;
    if (purpose != CURLSOCKTYPE_IPCXN)
        return CURL_SOCKET_BAD;
    if (!delivery->allow_private && !address_is_public(&address->addr)) {
        delivery->address_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t take_answer(char *bytes, size_t size, size_t count, void *context)
{
    struct delivery *delivery = context;
    size_t length = size * count;
    size_t place = ANSWER_KEPT - delivery->answer.length;
    buffer_add(&delivery->answer, bytes, length < place ? length : place);
    return length <= place ? length : 0; /* the status is known: enough was read */
}

static bool set_options(const struct webhooks *webhooks, struct delivery *delivery)
{
    CURL *handle = delivery->handle;
    char agent[80];
    snprintf(agent, sizeof agent, "Counterfoil/%s", webhooks->options.version);
    /* An endpoint without TLS may be of a time when that was allowed. */
    const char *protocols = webhooks->options.allow_private ? "http,https" : "https";
    return curl_easy_setopt(handle, CURLOPT_URL, delivery->endpoint->url.bytes) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, protocols) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ==
               CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, ATTEMPT_MS) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_USERAGENT, agent) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_POSTFIELDS, delivery->body.bytes) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, (long)delivery->body.length) ==
               CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_HTTPHEADER, delivery->headers) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, delivery) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_answer) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_WRITEDATA, delivery) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_PRIVATE, delivery) == CURLE_OK;
}

bool send_start(struct webhooks *webhooks, struct delivery *delivery, struct problem *problem)
{
    struct endpoint *endpoint = delivery->endpoint;
    if (!endpoint->has_key && !derive(&webhooks->options, endpoint->row.id, endpoint->key, problem))
        return false;
    endpoint->has_key = true;
    if (!load_body(webhooks, delivery, problem))
        return false;
    sign(delivery);
    delivery->handle = curl_easy_init();
    MUST(delivery->handle != NULL);
    delivery->allow_private = webhooks->options.allow_private;
    delivery->address_refused = false;
    delivery->began_at = time_monotonic();
    buffer_clear(&delivery->answer);
    endpoint->under_way++;
    endpoint->share->under_way++;
    webhooks->under_way++;
    if (set_options(webhooks, delivery) &&
        curl_multi_add_handle(webhooks->multi, delivery->handle) == CURLM_OK)
        return true;
    send_abort(webhooks, delivery);
    return problem_set(problem, PROBLEM_INTERNAL, "an attempt could not be started");
}

void send_abort(struct webhooks *webhooks, struct delivery *delivery)
{
    curl_multi_remove_handle(webhooks->multi, delivery->handle);
    curl_easy_cleanup(delivery->handle);
    curl_slist_free_all(delivery->headers);
    delivery->handle = NULL;
    delivery->headers = NULL;
    delivery->endpoint->under_way--;
    delivery->endpoint->share->under_way--;
    webhooks->under_way--;
}

static void write_attempt(struct json_writer *json, struct delivery *delivery, long status,
                          const char *error)
{
    json_open(json);
    attempts_clean(&delivery->answer);
    if (delivery->answer.length > 0)
        json_member(json, "answer", buffer_view(&delivery->answer));
    json_name(json, "at");
    json_time(json, time_now());
    if (error != NULL)
        json_member(json, "error", text_of(error));
    json_member_int(json, "ms", (time_monotonic() - delivery->began_at) / 1000);
    if (status != 0)
        json_member_int(json, "status", status);
    json_close(json);
}

static void record_attempt(struct delivery *delivery, long status, const char *error)
{
    struct buffer entry;
    buffer_init(&entry);
    struct json_writer json = json_writer(&entry);
    write_attempt(&json, delivery, status, error);
    attempts_add(&delivery->attempts, buffer_view(&entry));
    delivery->row.attempts = buffer_view(&delivery->attempts);
    buffer_done(&entry);
}

static void succeed(struct webhooks *webhooks, struct delivery *delivery)
{
    struct endpoint *endpoint = delivery->endpoint;
    int64_t now = time_now();
    delivery->row.state = DELIVERY_DELIVERED;
    delivery->row.delivered_at = now;
    delivery->row.next_at = 0;
    atomic_fetch_add(&webhooks->count_delivered, 1);
    if (endpoint->parallel < PARALLEL_MAX)
        endpoint->parallel++;
    if (!endpoint->failing)
        return;
    /* It is back: what waited for it waits no longer. Once each, or one event that it always
       refuses would use up its tries while the others come through. */
    endpoint->failing = false;
    for (struct delivery *each = endpoint->first; each != NULL; each = each->next)
        if (each->row.state == DELIVERY_PENDING && each->row.next_at > now && !each->hurried) {
            each->hurried = true;
            each->row.next_at = now;
        }
}

static void give_up(struct webhooks *webhooks, struct delivery *delivery)
{
    delivery->row.state = DELIVERY_FAILED;
    delivery->row.next_at = 0;
    atomic_fetch_add(&webhooks->count_failed, 1);
}

static void fail(struct webhooks *webhooks, struct delivery *delivery, long status)
{
    struct endpoint *endpoint = delivery->endpoint;
    curl_off_t retry_after = 0;
    int64_t now = time_now();
    endpoint->failing = true;
    if (++delivery->row.tries >= TRIES_MAX) {
        give_up(webhooks, delivery);
        return;
    }
    delivery->row.next_at = now + span_before(webhooks, delivery->row.tries);
    curl_easy_getinfo(delivery->handle, CURLINFO_RETRY_AFTER, &retry_after);
    if (retry_after > RETRY_AFTER_MAX_S)
        retry_after = RETRY_AFTER_MAX_S;
    int64_t earliest = now + (int64_t)retry_after * TIME_SECOND;
    if (delivery->row.next_at < earliest)
        delivery->row.next_at = earliest;
    if (status == 429 || status == 502 || status == 504) {
        endpoint->parallel = 1;
        int64_t pause = now + span_before(webhooks, 1);
        endpoint->not_before = pause > earliest ? pause : earliest;
    }
}

/* 410 Gone: the endpoint wants nothing more. */
static void disable(struct webhooks *webhooks, const struct endpoint *endpoint)
{
    struct endpoint_disabled_body body = {.present = 1, .reason = TEXT("it answered 410 Gone")};
    struct submission submission = {.arena = arena_new()};
    submission.act.type = &endpoint_disabled;
    submission.act.org = endpoint->row.org;
    submission.act.subject = endpoint->row.id;
    submission.act.actor.role = ROLE_SYSTEM;
    submission.act.body = &body;
    kernel_act(webhooks->options.kernel, &submission);
    if (!submission.accepted &&
        problem_kind(submission.problem.code)->class != PROBLEM_CLASS_CLIENT)
        log_problem(LOG_WARN, "webhook.disable", &submission.problem);
    arena_free(submission.arena);
    webhooks_changed(webhooks);
}

void send_finish(struct webhooks *webhooks, struct delivery *delivery, CURLcode result)
{
    long status = 0;
    const char *error = NULL;
    curl_easy_getinfo(delivery->handle, CURLINFO_RESPONSE_CODE, &status);
    bool answered = result == CURLE_OK || (result == CURLE_WRITE_ERROR && status != 0);
    if (delivery->address_refused)
        error = "the address is not on the public internet";
    else if (!answered)
        error = curl_easy_strerror(result);
    record_attempt(delivery, answered ? status : 0, error);
    delivery->changed = webhooks->unsaved = true;
    atomic_fetch_add(&webhooks->count_attempts, 1);
    if (answered && status >= 200 && status < 300) {
        succeed(webhooks, delivery);
    } else if (answered && status == 410) {
        give_up(webhooks, delivery);
        disable(webhooks, delivery->endpoint);
    } else {
        fail(webhooks, delivery, answered ? status : 0);
    }
    send_abort(webhooks, delivery);
}
