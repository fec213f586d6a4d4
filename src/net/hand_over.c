#include "net/hand_over.h"

#include <string.h>

#include "net/api.h"
#include "net/service_private.h"
#include "tlog/ed25519.h"

#define TYPE "counterfoil-hand-over+jwt"
#define ATTEMPTS_MAX 8 /* at a number for a buyer's name */

static bool wrong(struct problem *problem, const char *what)
{
    return problem_set(problem, PROBLEM_HAND_OVER_INVALID, "%s", what);
}

static struct text member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_string(value) ? json_string_view(value) : TEXT_NONE;
}

static json_t *read_part(struct text encoded, struct arena *arena)
{
    struct problem ignored;
    struct text bytes = base64url_bytes(arena, encoded);
    return bytes.length == 0 ? NULL : json_read(bytes, &ignored);
}

static bool read_header(struct text encoded, struct hand_over *hand_over, struct arena *arena,
                        struct problem *problem)
{
    json_t *header = read_part(encoded, arena);
    bool fits = json_object_size(header) == 3 && text_is(member(header, "alg"), "EdDSA") &&
                text_is(member(header, "typ"), TYPE) &&
                id_parse("hok", member(header, "kid"), &hand_over->key);
    json_free(header);
    return fits ||
           wrong(problem, "its header must be alg EdDSA, typ " TYPE " and kid, nothing else");
}

static bool has_known_members(const json_t *claims)
{
    static const char *const known[] = {"aud", "buyer", "exp", "iat", "jti", "name"};
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(known); i++)
        count += json_object_get(claims, known[i]) != NULL;
    return count == json_object_size(claims);
}

static bool check_times(const json_t *claims, int64_t now, struct problem *problem)
{
    const json_t *iat = json_object_get(claims, "iat");
    const json_t *exp = json_object_get(claims, "exp");
    int64_t made = json_integer_value(iat);
    int64_t ends = json_integer_value(exp);
    int64_t seconds = now / TIME_SECOND;
    if (!json_is_integer(iat) || !json_is_integer(exp) || ends <= made ||
        ends - made > HAND_OVER_SECONDS_MAX)
        return wrong(problem, "iat and exp must be integers, at most 60 seconds apart");
    if (made > seconds + 5)
        return wrong(problem, "it is of the future: set the shop's clock");
    return ends > seconds || wrong(problem, "it has expired");
}

static bool check_claims(const json_t *claims, struct text audience, int64_t now,
                         struct hand_over *hand_over, struct arena *arena, struct problem *problem)
{
    hand_over->buyer = arena_text(arena, member(claims, "buyer"));
    hand_over->name = arena_text(arena, member(claims, "name"));
    hand_over->jti = arena_text(arena, member(claims, "jti"));
    if (!has_known_members(claims))
        return wrong(problem, "it has members that are not specified");
    if (!text_equal(member(claims, "aud"), audience))
        return wrong(problem, "aud must be this server's `people.rp_id`");
    if (hand_over->buyer.length == 0 || hand_over->buyer.length > 100 ||
        hand_over->name.length > 200 || hand_over->jti.length < 16 || hand_over->jti.length > 100)
        return wrong(problem, "buyer (1 to 100 bytes) and jti (16 to 100) are required");
    return check_times(claims, now, problem);
}

bool hand_over_read(struct text token, struct text audience, int64_t now, struct arena *arena,
                    struct hand_over *hand_over, struct text *signed_part, uint8_t signature[64],
                    struct problem *problem)
{
    struct text rest = token;
    struct text header = text_cut(&rest, '.');
    struct text payload = text_cut(&rest, '.');
    size_t length = 0;
    if (token.length > HAND_OVER_BYTES_MAX || header.length == 0 || payload.length == 0 ||
        !base64url_decode(rest, signature, 64, &length) || length != 64)
        return wrong(problem, "it is no compact JWS with a signature of 64 bytes");
    *signed_part = text_slice(token, 0, header.length + 1 + payload.length);
    if (!read_header(header, hand_over, arena, problem))
        return false;
    json_t *claims = read_part(payload, arena);
    bool fits = claims != NULL ? check_claims(claims, audience, now, hand_over, arena, problem)
                               : wrong(problem, "its claims are no JSON object");
    json_free(claims);
    return fits;
}

static bool check_signature(const struct call *call, const struct hand_over *hand_over,
                            struct text signed_part, const uint8_t signature[64],
                            struct problem *problem)
{
    struct hand_over_key_row key = {.org = ORG_MARKETPLACE, .id = hand_over->key};
    struct store *store = kernel_store(call->service->kernel);
    struct reader *reader = store_reader_take(store);
    bool found = false;
    bool read =
        reader_load(reader, &hand_over_keys_table, &key, call->request->arena, &found, problem);
    store_reader_give(store, reader);
    if (!read)
        return false;
    return (found && key.revoked_at == 0 &&
            ed25519_verify((const uint8_t *)key.public_key.bytes, signed_part, signature)) ||
           wrong(problem, "its signature is not of a key that the operator added");
}

/* The buyer's account, made now if this is the first time. */
static bool find_buyer(struct call *call, const struct hand_over *hand_over,
                       struct person_row *person, struct problem *problem)
{
    struct store *store = kernel_store(call->service->kernel);
    static const struct principal system = {.role = ROLE_SYSTEM};
    for (unsigned attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        bool found = false;
        struct reader *reader = store_reader_take(store);
        *person = (struct person_row){.org = person_of_name(hand_over->buyer, attempt)};
        bool read =
            reader_load(reader, &persons_table, person, call->request->arena, &found, problem);
        store_reader_give(store, reader);
        if (!read || (found && text_equal(person->buyer, hand_over->buyer)))
            return read;
        if (found)
            continue; /* it is somebody else's number */
        struct person_joined_body *body =
            ARENA_NEW(call->request->arena, struct person_joined_body);
        *body = (struct person_joined_body){.buyer = hand_over->buyer,
                                            .name = hand_over->name.length > 0 ? hand_over->name
                                                                               : hand_over->buyer};
        fields_mark_given(person_joined.fields, person_joined.field_count, body);
        person->id = id_new(person->org);
        person->buyer = body->buyer;
        person->name = body->name;
        return people_act(call, &person_joined, person->org, person->id, &system, body, NULL,
                          problem);
    }
    return problem_set(problem, PROBLEM_INTERNAL, "no number is free for this buyer");
}

struct token_body {
    uint32_t present;
    struct text token;
};

static const struct field token_fields[] = {
    FIELD(struct token_body, token, FIELD_TEXT, .required = true, .min = 1,
          .max = HAND_OVER_BYTES_MAX, .doc = "As the shop made it."),
};

bool hand_over_log_in(struct call *call, struct http_answer *answer, struct person_row *person,
                      struct problem *problem)
{
    struct arena *arena = call->request->arena;
    struct token_body body = {0};
    struct hand_over hand_over = {0};
    struct text signed_part = TEXT_NONE;
    uint8_t signature[64];
    struct session_body *use = ARENA_NEW(arena, struct session_body);
    if (!people_body(call, token_fields, COUNT_OF(token_fields), &body, problem) ||
        !hand_over_read(body.token, text_of(call->service->options.rp_id), time_now(), arena,
                        &hand_over, &signed_part, signature, problem) ||
        !check_signature(call, &hand_over, signed_part, signature, problem) ||
        !find_buyer(call, &hand_over, person, problem))
        return false;
    use->method = AUTH_HAND_OVER;
    use->jti = hand_over.jti;
    return session_open(call, person, use, answer, problem);
}
