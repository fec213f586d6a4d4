#include "net/secrets.h"

#include <string.h>

#include "identity/identity.h"
#include "net/people.h"

#define SUPPORT_CODE_BYTES                                                                         \
    5 /* 8 digits; works once, within ten minutes, and wrong ones are seen                         \
       */

static void make_key(const struct call *call, struct act *act, void *body, struct text *secret)
{
    struct key_created_body *made = body;
    char text[KEY_TEXT_BYTES];
    act->subject = id_new(act->org);
    key_secret_new((enum role)(1U << made->role), act->subject, text, &made->secret);
    *secret = arena_text(call->request->arena, text_of(text));
    explicit_bzero(text, sizeof text);
}

static void make_invitation(const struct call *call, struct act *act, void *body,
                            struct text *secret)
{
    struct member_invited_body *made = body;
    char id[ID_TEXT_BYTES];
    act->subject = id_new(act->org);
    id_format("inv", act->subject, id);
    struct text random = secret_new(call->request->arena, &made->secret);
    *secret = arena_format(call->request->arena, "%s.%.*s", id, TEXT_ARG(random));
}

/* Digits only, in lower case: people read them to each other. */
static struct text hash_code(struct text code, struct arena *arena)
{
    struct buffer digits;
    buffer_init(&digits);
    for (size_t i = 0; i < code.length; i++) {
        char c = code.bytes[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c != '-' && c != ' ')
            buffer_char(&digits, c);
    }
    struct digest digest = digest_of(digits.bytes, digits.length);
    buffer_clear(&digits);
    hex_add(&digits, digest.bytes, DIGEST_BYTES);
    struct text hashed = arena_text(arena, buffer_view(&digits));
    buffer_done(&digits);
    return hashed;
}

static void make_support_code(const struct call *call, struct act *act, void *body,
                              struct text *secret)
{
    struct support_code_body *made = body;
    uint8_t bytes[SUPPORT_CODE_BYTES];
    struct buffer digits;
    (void)act;
    random_bytes(bytes, sizeof bytes);
    buffer_init(&digits);
    crockford_add(&digits, bytes, sizeof bytes);
    *secret = arena_format(call->request->arena, "%.4s-%.4s", digits.bytes, digits.bytes + 4);
    buffer_done(&digits);
    made->code = hash_code(*secret, call->request->arena);
}

static const struct made_secret {
    const struct act_type *type;
    const char *field;  /* of the body, and what stands there until it is made */
    const char *member; /* of the answer */
    void (*make)(const struct call *call, struct act *act, void *body, struct text *secret);
} made_secrets[] = {
    {&key_created, "secret", "key", make_key},
    {&owner_invited, "secret", "invitation", make_invitation},
    {&owner_recovery_invited, "secret", "invitation", make_invitation},
    {&member_invited, "secret", "invitation", make_invitation},
    {&support_code_made, "code", "code", make_support_code},
};

static const struct made_secret *find(const struct act_type *type)
{
    for (size_t i = 0; i < COUNT_OF(made_secrets); i++)
        if (made_secrets[i].type == type)
            return &made_secrets[i];
    return NULL;
}

/* A code that support was told: what is recorded and compared is its digest. */
static void hash_given_code(json_t *json)
{
    const json_t *code = json_object_get(json, "code");
    struct arena *arena = arena_new();
    if (json_is_string(code) && json_string_view(code).length <= 64) {
        struct text hashed = hash_code(json_string_view(code), arena);
        MUST(json_object_set_new(json, "code", json_stringn(hashed.bytes, hashed.length)) == 0);
    }
    arena_free(arena);
}

bool secrets_prepare(const struct act_type *type, json_t *json, struct problem *problem)
{
    static const char nothing[] =
        "0000000000000000000000000000000000000000000000000000000000000000";
    const struct made_secret *made = find(type);
    char pointer[40];
    if (type == &support_let_in)
        hash_given_code(json);
    if (made == NULL)
        return true;
    snprintf(pointer, sizeof pointer, "/%s", made->field);
    if (json_object_get(json, made->field) != NULL)
        return problem_add(problem, PROBLEM_BODY_INVALID, pointer, "is made by the server");
    MUST(!json_is_object(json) ||
         json_object_set_new(json, made->field, json_string(nothing)) == 0);
    return true;
}

void secrets_make(const struct call *call, struct act *act, void *body, struct text *secret)
{
    const struct made_secret *made = find(act->type);
    if (made != NULL)
        made->make(call, act, body, secret);
}

const char *secrets_field(const struct act_type *type)
{
    const struct made_secret *made = find(type);
    return made == NULL ? NULL : made->field;
}

const char *secrets_member(const struct act_type *type)
{
    const struct made_secret *made = find(type);
    return made == NULL ? NULL : made->member;
}
