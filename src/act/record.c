#include "act/record.h"

#include <string.h>

static void write_some_id(struct json_writer *json, const char *name, const char *prefix,
                          struct id id)
{
    if (id_is_zero(id))
        return;
    json_name(json, name);
    json_id(json, prefix, id);
}

static void write_moment(struct json_writer *json, const char *name, int64_t at)
{
    if (at == 0)
        return;
    json_name(json, name);
    json_time(json, at);
}

static void write_actor(struct json_writer *json, const struct principal *actor)
{
    json_name(json, "actor");
    json_open(json);
    write_moment(json, "authenticated_at", actor->authenticated_at);
    write_some_id(json, "authenticator", "atn", actor->authenticator);
    if (actor->buyer.length > 0)
        json_member(json, "buyer", actor->buyer);
    write_moment(json, "held_until", actor->held_until);
    write_some_id(json, "key", "key", actor->key);
    if (actor->method != AUTH_NONE)
        json_member(json, "method", text_of(auth_method_names[actor->method]));
    if (actor->role == ROLE_SELLER) {
        json_name(json, "org");
        json_org(json, actor->org);
    }
    write_some_id(json, "person", "per", actor->person);
    json_member(json, "role", text_of(role_name(actor->role)));
    write_some_id(json, "session", "ses", actor->session);
    json_close(json);
}

static void write_steps(struct json_writer *json, const struct list *steps)
{
    const struct interface_step *step = steps->items;
    if (steps->count == 0)
        return;
    json_name(json, "steps");
    json_open_list(json);
    for (size_t i = 0; i < steps->count; i++)
        fields_write(json, interface_step_fields, COUNT_OF(interface_step_fields), &step[i]);
    json_close_list(json);
}

static void write_deadlines(struct json_writer *json, const struct act *act)
{
    bool open = false;
    for (size_t i = 0; i < act->type->deadline_count; i++) {
        if (act->deadlines[i] == 0)
            continue;
        if (!open) {
            json_name(json, "deadlines");
            json_open(json);
        }
        open = true;
        json_name(json, act->type->deadlines[i].name);
        json_time(json, act->deadlines[i]);
    }
    if (open)
        json_close(json);
}

/* The extension's members come first in canonical order only if the names say so: it is sorted. */
static void write_refusal(struct json_writer *json, const struct problem *problem)
{
    struct buffer members;
    struct problem unused;
    buffer_init(&members);
    buffer_char(&members, '{');
    buffer_text(&members, problem->extension);
    buffer_string(&members, problem->extension.length > 0 ? "," : "");
    struct json_writer inner = json_writer(&members);
    json_member(&inner, "code", text_of(problem_kind(problem->code)->slug));
    json_member(&inner, "detail", text_of(problem->detail));
    buffer_char(&members, '}');
    json_t *tree = json_read(buffer_view(&members), &unused);
    MUST(tree != NULL);
    struct buffer sorted;
    buffer_init(&sorted);
    json_canonical(&sorted, tree);
    json_name(json, "problem");
    json_raw(json, buffer_view(&sorted));
    buffer_done(&sorted);
    buffer_done(&members);
    json_free(tree);
}

void record_write(struct buffer *out, const struct act *act, const struct problem *problem)
{
    struct json_writer json = json_writer(out);
    json_open(&json);
    write_actor(&json, &act->actor);
    json_name(&json, "at");
    json_time(&json, act->at);
    json_name(&json, "body");
    fields_write(&json, act->type->fields, act->type->field_count, act->body);
    write_deadlines(&json, act);
    json_name(&json, "id");
    json_id(&json, "act", act->id);
    json_name(&json, "org");
    json_org(&json, act->org);
    json_member(&json, "outcome", problem == NULL ? TEXT("accepted") : TEXT("refused"));
    if (problem != NULL)
        write_refusal(&json, problem);
    if (act->request_id.length > 0)
        json_member(&json, "request", act->request_id);
    json_member_int(&json, "seq", act->seq);
    if (act->signature != NULL) {
        json_name(&json, "signature");
        fields_write(&json, signature_fields, SIGNATURE_FIELDS, act->signature);
    }
    write_steps(&json, &act->steps);
    json_name(&json, "subject");
    json_id(&json, act_prefix(act), act->subject);
    json_member(&json, "type", text_of(act->type->name));
    json_member_int(&json, "v", 1);
    json_close(&json);
}

static struct text member_text(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_string(value) ? json_string_view(value) : TEXT_NONE;
}

static bool read_some_id(const json_t *object, const char *name, const char *prefix, struct id *id)
{
    struct text text = member_text(object, name);
    return text.bytes == NULL || id_parse(prefix, text, id);
}

static bool read_moment(const json_t *object, const char *name, int64_t *at)
{
    struct text text = member_text(object, name);
    return text.bytes == NULL || time_parse(text, at);
}

static bool read_actor(const json_t *object, struct principal *actor, struct arena *arena)
{
    struct text role = member_text(object, "role");
    for (unsigned i = 0; i < ROLE_COUNT; i++)
        if (text_is(role, role_names[i]))
            actor->role = (enum role)(1U << i);
    actor->buyer = arena_text(arena, member_text(object, "buyer"));
    struct text org = member_text(object, "org");
    struct text method = member_text(object, "method");
    for (int64_t i = 0; auth_method_names[i] != NULL; i++)
        if (text_is(method, auth_method_names[i]))
            actor->method = i;
    return actor->role != 0 && (org.bytes == NULL || org_parse(org, &actor->org)) &&
           read_some_id(object, "key", "key", &actor->key) &&
           read_some_id(object, "person", "per", &actor->person) &&
           read_some_id(object, "session", "ses", &actor->session) &&
           read_some_id(object, "authenticator", "atn", &actor->authenticator) &&
           read_moment(object, "authenticated_at", &actor->authenticated_at) &&
           read_moment(object, "held_until", &actor->held_until);
}

static bool read_signature(const json_t *object, struct act *act, struct arena *arena,
                           struct problem *problem)
{
    if (object == NULL)
        return true;
    struct signature *signature = ARENA_NEW(arena, struct signature);
    act->signature = signature;
    return fields_read(signature_fields, SIGNATURE_FIELDS, object, signature, arena, problem);
}

static bool read_steps(const json_t *list, struct act *act, struct arena *arena,
                       struct problem *problem)
{
    size_t count = json_array_size(list);
    struct interface_step *steps = arena_array(arena, count, sizeof *steps);
    if (count > STEPS_MAX)
        return problem_set(problem, PROBLEM_PROOF_INVALID, "too many steps");
    act->steps = (struct list){count, steps};
    for (size_t i = 0; i < count; i++)
        if (!fields_read(interface_step_fields, COUNT_OF(interface_step_fields),
                         json_array_get(list, i), &steps[i], arena, problem))
            return false;
    return true;
}

static bool read_deadlines(const json_t *object, struct act *act)
{
    for (size_t i = 0; i < act->type->deadline_count; i++) {
        struct text at = member_text(object, act->type->deadlines[i].name);
        if (at.bytes != NULL && !time_parse(at, &act->deadlines[i]))
            return false;
    }
    return true;
}

static enum problem_code code_of(struct text slug)
{
    for (enum problem_code code = PROBLEM_NONE + 1; code < PROBLEM_CODES; code++)
        if (text_is(slug, problem_kind(code)->slug))
            return code;
    return PROBLEM_NONE;
}

/* The extension is what stands in the object besides code and detail. */
static bool read_refusal(const json_t *object, struct record *record, struct arena *arena)
{
    enum problem_code code = code_of(member_text(object, "code"));
    if (code == PROBLEM_NONE)
        return false;
    problem_set(&record->problem, code, "%.*s", TEXT_ARG(member_text(object, "detail")));
    json_t *rest = json_copy((json_t *)(uintptr_t)object);
    json_object_del(rest, "code");
    json_object_del(rest, "detail");
    if (json_object_size(rest) > 0) {
        struct buffer text;
        buffer_init(&text);
        json_canonical(&text, rest);
        record->problem.extension =
            arena_text(arena, text_slice(buffer_view(&text), 1, text.length - 1));
        buffer_done(&text);
    }
    json_free(rest);
    return true;
}

static bool read_body(const json_t *object, struct act *act, struct arena *arena,
                      struct problem *problem)
{
    void *body = arena_take(arena, act->type->body_bytes);
    act->body = body;
    return fields_read(act->type->fields, act->type->field_count, object, body, arena, problem);
}

/* "sub_…": where the type does not say of what kind it is, the record does. */
static bool read_subject(struct text text, struct act *act, struct arena *arena)
{
    struct text rest = text;
    if (act->type->flags & ACT_ANY_SUBJECT)
        act->prefix = arena_string(arena, text_cut(&rest, '_'));
    return id_parse(act_prefix(act), text, &act->subject);
}

/* Names are in their order: behind it stand `type` and `v`, so it is the last one of that name. */
struct text record_subject(struct text record)
{
    static const char member[] = ",\"subject\":\"";
    struct text found = TEXT_NONE;
    const char *at;
    while ((at = memmem(record.bytes, record.length, member, sizeof member - 1)) != NULL) {
        record = text_slice(record, (size_t)(at - record.bytes) + sizeof member - 1, record.length);
        found = record;
    }
    return text_cut(&found, '"');
}

static bool read_members(const json_t *json, struct record *record, struct arena *arena)
{
    struct act *act = &record->act;
    const json_t *seq = json_object_get(json, "seq");
    struct text outcome = member_text(json, "outcome");
    record->accepted = text_is(outcome, "accepted");
    act->request_id = arena_text(arena, member_text(json, "request"));
    act->seq = json_integer_value(seq);
    return json_integer_value(json_object_get(json, "v")) == 1 &&
           read_actor(json_object_get(json, "actor"), &act->actor, arena) &&
           time_parse(member_text(json, "at"), &act->at) &&
           read_deadlines(json_object_get(json, "deadlines"), act) &&
           id_parse("act", member_text(json, "id"), &act->id) &&
           org_parse(member_text(json, "org"), &act->org) && act->seq > 0 &&
           read_subject(member_text(json, "subject"), act, arena) &&
           (record->accepted || (text_is(outcome, "refused") &&
                                 read_refusal(json_object_get(json, "problem"), record, arena)));
}

bool record_read(const struct catalogue *catalogue, struct text text, struct record *record,
                 struct arena *arena, struct problem *problem)
{
    memset(record, 0, sizeof *record);
    json_t *json = json_read(text, problem);
    if (json == NULL)
        return false;
    record->act.type = catalogue_act(catalogue, member_text(json, "type"));
    bool read = false;
    if (record->act.type == NULL)
        problem_set(problem, PROBLEM_PROOF_INVALID, "a record of a type that is not known");
    else if (!read_members(json, record, arena))
        problem_set(problem, PROBLEM_PROOF_INVALID, "a record of type %s is not well-formed",
                    record->act.type->name);
    else
        read = read_body(json_object_get(json, "body"), &record->act, arena, problem) &&
               read_signature(json_object_get(json, "signature"), &record->act, arena, problem) &&
               read_steps(json_object_get(json, "steps"), &record->act, arena, problem);
    json_free(json);
    if (!read)
        return false;
    /* What cannot be written back was not written by us. */
    struct buffer again;
    buffer_init(&again);
    record_write(&again, &record->act, record->accepted ? NULL : &record->problem);
    bool same = text_equal(buffer_view(&again), text);
    buffer_done(&again);
    return same ||
           problem_set(problem, PROBLEM_PROOF_INVALID,
                       "a record of type %s is not in canonical form", record->act.type->name);
}
