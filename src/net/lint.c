/* POST /v1/messages/lint: what the message rules say of a message, before it is sent. */
#include "net/api.h"
#include "net/handlers.h"
#include "net/judgement.h"
#include "net/rules.h"
#include "net/service_private.h"

#define TEXT_BYTES_MAX ((size_t)64 << 10)

/* The language that the answer is read in: the body's word, or the browser's. */
static bool read_reader(const struct call *call, const json_t *json, size_t *language,
                        struct problem *problem)
{
    struct text reader;
    if (!judgement_string(json, "reader_language", 64, &reader, problem))
        return false;
    if (reader.length == 0)
        reader = http_header(call->request, "Accept-Language");
    *language = policy_language(reader);
    return true;
}

static bool read_body(const struct call *call, const json_t *json, struct policy_message *message,
                      size_t *language, struct problem *problem)
{
    if (!judgement_read(json, NULL, call->request->arena, message, problem) ||
        !read_reader(call, json, language, problem))
        return false;
    return message->text.length <= TEXT_BYTES_MAX ||
           problem_add(problem, PROBLEM_BODY_INVALID, "/text", "must have at most %zu bytes",
                       TEXT_BYTES_MAX);
}

static void answer(struct call *call, const struct policy_verdict *verdict, struct text text,
                   size_t language)
{
    struct buffer body;
    buffer_init(&body);
    struct json_writer json = json_writer(&body);
    json_open(&json);
    judgement_write(&json, verdict, text, language, JUDGEMENT_FULL);
    json_member(&json, "language", text_of(policy_language_name(language)));
    json_member_int(&json, "score", verdict->score);
    json_close(&json);
    call_json(call, 200, &body);
    buffer_done(&body);
}

void lint_handle(struct call *call)
{
    struct problem problem;
    struct policy_message message;
    size_t language = 0;
    problem_clear(&problem);
    json_t *json = api_body(call, &problem);
    if (json != NULL && read_body(call, json, &message, &language, &problem)) {
        struct rules *rules = call->service->rules;
        struct policy_worker *worker = rules_borrow(rules);
        answer(call, policy_judge(worker, &message), message.text, language);
        rules_return(rules, worker);
    } else {
        call_problem(call, &problem);
    }
    json_free(json);
}
