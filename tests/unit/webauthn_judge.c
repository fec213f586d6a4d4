/*
 * Our verdicts, for tests that compare them with those of others: reads a ceremony a line, as JSON,
 * and prints a line for each: "ok" or the reason's slug.
 *
 * {"rpId":…, "origins":[…], "challenge":b, "clientData":b,
 *  "attestationObject":b}                                                    of a registration, or
 * {…, "authenticatorData":b, "signature":b, "publicKey":b, "signCount":n, "backupEligible":true,
 *  "credentialId":b, "givenId":b, "userHandle":b, "givenHandle":b}           of an assertion
 *
 * b is base64url. For a registration that is accepted, what is kept of it stands behind "ok".
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/json.h"
#include "identity/webauthn.h"

#define ORIGINS_MAX 8

static struct text bytes_member(struct arena *arena, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_string(value))
        return TEXT_NONE;
    const struct text encoded = json_string_view(value);
    char *bytes = arena_take(arena, encoded.length + 1);
    size_t length;
    MUST(base64url_decode(encoded, bytes, encoded.length, &length));
    return (struct text){bytes, length};
}

static void read_ceremony(struct arena *arena, const json_t *line, struct text *origins,
                          struct webauthn_ceremony *ceremony)
{
    const json_t *list = json_object_get(line, "origins");
    *ceremony = (struct webauthn_ceremony){
        .rp_id = json_string_view(json_object_get(line, "rpId")),
        .origins = origins,
        .origin_count = json_array_size(list),
        .challenge = bytes_member(arena, line, "challenge"),
    };
    MUST(ceremony->origin_count <= ORIGINS_MAX);
    for (size_t i = 0; i < ceremony->origin_count; i++)
        origins[i] = json_string_view(json_array_get(list, i));
}

static void print_credential(const struct webauthn_credential *credential)
{
    struct buffer encoded;
    buffer_init(&encoded);
    base64url_add(&encoded, credential->id.bytes, credential->id.length);
    buffer_char(&encoded, ' ');
    base64url_add(&encoded, credential->public_key.bytes, credential->public_key.length);
    printf("ok %.*s %u %d %d\n", TEXT_ARG(buffer_view(&encoded)), credential->sign_count,
           credential->backup_eligible, credential->backed_up);
    buffer_done(&encoded);
}

static void judge_registration(struct arena *arena, const json_t *line,
                               const struct webauthn_ceremony *ceremony)
{
    const struct webauthn_registration registration = {
        bytes_member(arena, line, "clientData"), bytes_member(arena, line, "attestationObject")};
    struct webauthn_credential credential;
    const enum webauthn_reason reason = webauthn_register(ceremony, &registration, &credential);
    if (reason == WEBAUTHN_OK)
        print_credential(&credential);
    else
        puts(webauthn_reason_slug(reason));
}

static void judge_assertion(struct arena *arena, const json_t *line,
                            const struct webauthn_ceremony *ceremony)
{
    const struct webauthn_credential credential = {
        .id = bytes_member(arena, line, "credentialId"),
        .public_key = bytes_member(arena, line, "publicKey"),
        .sign_count = (uint32_t)json_integer_value(json_object_get(line, "signCount")),
        .backup_eligible = json_is_true(json_object_get(line, "backupEligible")),
    };
    const struct webauthn_account account = {bytes_member(arena, line, "userHandle"), &credential,
                                             false};
    const struct webauthn_assertion assertion = {bytes_member(arena, line, "givenId"),
                                                 bytes_member(arena, line, "givenHandle"),
                                                 {bytes_member(arena, line, "clientData"),
                                                  bytes_member(arena, line, "authenticatorData"),
                                                  bytes_member(arena, line, "signature")}};
    struct webauthn_use use;
    puts(webauthn_reason_slug(webauthn_assert(ceremony, &account, &assertion, &use)));
}

int main(void)
{
    char *bytes = NULL;
    size_t capacity = 0;
    ssize_t length;
    while ((length = getline(&bytes, &capacity, stdin)) > 0) {
        struct text origins[ORIGINS_MAX];
        struct webauthn_ceremony ceremony;
        struct problem problem;
        struct arena *arena = arena_new();
        json_t *line = json_read((struct text){bytes, (size_t)length}, &problem);
        MUST(line != NULL);
        read_ceremony(arena, line, origins, &ceremony);
        if (json_object_get(line, "attestationObject") != NULL)
            judge_registration(arena, line, &ceremony);
        else
            judge_assertion(arena, line, &ceremony);
        json_free(line);
        arena_free(arena);
    }
    free(bytes);
    return 0;
}
