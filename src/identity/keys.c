#include "identity/identity.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#define SECRET_BYTES 32

/* The first roles of role_names: those that come from outside. */
const char *const key_role_names[] = {"shop", "seller", "buyer", "auditor", "operator", NULL};

/* As the schema's first file lists them. */
static const char *const kept_role_names[] = {"shop",     "seller", "buyer", "auditor",
                                              "operator", "system", NULL};

#define ROW struct key_row
static const struct column key_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .api = "org", .doc = "The organisation whose key it is."),
    COLUMN(ROW, id, COLUMN_ID, .prefix = "key", .api = "id", .doc = "The key."),
    COLUMN(ROW, role, COLUMN_ENUM, .flags = COLUMN_FIXED, .names = kept_role_names, .api = "role",
           .doc = "What it may do."),
    COLUMN(ROW, buyer, COLUMN_TEXT, .flags = COLUMN_FIXED | COLUMN_OPTIONAL, .api = "buyer",
           .doc = "The shop's name of the buyer."),
    COLUMN(ROW, label, COLUMN_TEXT, .flags = COLUMN_FIXED | COLUMN_OPTIONAL, .api = "label",
           .doc = "What it is used for."),
    COLUMN(ROW, secret, COLUMN_BYTES, .flags = COLUMN_FIXED, .doc = "SHA-256 of its secret."),
    COLUMN(ROW, created_at, COLUMN_TIME, .flags = COLUMN_FIXED, .api = "created_at",
           .doc = "When it was made."),
    COLUMN(ROW, revoked_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "revoked_at",
           .doc = "Since when it is refused."),
    COLUMN(ROW, version, COLUMN_INT, .api = "version",
           .doc = "Seq of the last act that changed it."),
};
const struct table keys_table = {
    .name = "api_keys",
    .kind = TABLE_STATE,
    .row_bytes = sizeof(ROW),
    .columns = key_columns,
    .column_count = COUNT_OF(key_columns),
    .key_count = 2,
    .version = &key_columns[COUNT_OF(key_columns) - 1],
    .doc = "API keys, without their secrets.",
};
#undef ROW

static bool check_new_key(const struct key_created_body *body, struct problem *problem)
{
    enum role role = (enum role)(1U << body->role);
    if (role == ROLE_SELLER && body->org == ORG_MARKETPLACE)
        return problem_add(problem, PROBLEM_BODY_INVALID, "/org", "is required for a seller's key");
    if (role != ROLE_SELLER && body->org != ORG_MARKETPLACE)
        return problem_add(problem, PROBLEM_BODY_INVALID, "/org",
                           "only a seller's key belongs to an organisation");
    if ((role == ROLE_BUYER) != (body->buyer.length > 0))
        return problem_add(problem, PROBLEM_BODY_INVALID, "/buyer",
                           "is required for a buyer's key, and only there");
    return true;
}

static bool decide_key_created(struct decision *decision, struct problem *problem)
{
    const struct key_created_body *body = decision->act->body;
    if (!check_new_key(body, problem))
        return false;
    if (body->org != ORG_MARKETPLACE && decision_row(decision, 1) == NULL)
        return problem_add(problem, PROBLEM_BODY_INVALID, "/org", "there is no such organisation");
    struct key_row *key = decision_change(decision, 0);
    key->role = body->role;
    key->buyer = body->buyer;
    key->label = body->label;
    key->secret = (struct text){(const char *)body->secret.bytes, DIGEST_BYTES};
    key->created_at = decision->act->at;
    return true;
}

static void key_of_keys_org(const struct act *act, void *row)
{
    ((struct org_row *)row)->org = act->org;
}

#define BODY struct key_created_body
static const struct field key_created_fields[] = {
    FIELD(BODY, buyer, FIELD_TEXT, .min = 1, .max = 100,
          .doc = "For a buyer's key: the shop's name of the buyer.", .example = "\"b-17\""),
    FIELD(BODY, label, FIELD_TEXT, .min = 1, .max = 100, .doc = "What it is used for.",
          .example = "\"warehouse\""),
    FIELD(BODY, org, FIELD_ORG, .doc = "For a seller's key: the organisation."),
    FIELD(BODY, role, FIELD_ENUM, .required = true, .names = key_role_names,
          .doc = "What it may do."),
    FIELD(BODY, secret, FIELD_DIGEST, .required = true, .doc = "SHA-256 of the key's secret."),
};
#undef BODY

const struct act_type key_created = {
    .name = "key.created",
    .method = "POST",
    .path = "/v1/keys",
    .subject_prefix = "key",
    .subject = SUBJECT_NEW,
    .org_field = "org",
    .roles = ROLE_OPERATOR,
    .parties = ROLE_SELLER,
    .fields = key_created_fields,
    .field_count = COUNT_OF(key_created_fields),
    .body_bytes = sizeof(struct key_created_body),
    .need_count = 2,
    .needs = {{.table = &keys_table, .mode = NEED_ABSENT, .what = "a key of that id"},
              {.table = &orgs_table,
               .mode = NEED_EITHER,
               .key = key_of_keys_org,
               .what = "organisation"}},
    TELLS_PERSON,
    .decide = decide_key_created,
    .story = "An API key was made for a {role}[: {label}].",
    .doc = "Makes an API key. The answer carries the key itself, this once.",
};

static bool decide_key_revoked(struct decision *decision, struct problem *problem)
{
    const struct key_row *key = decision_row(decision, 0);
    if (key->revoked_at != 0)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "the key was revoked before");
    ((struct key_row *)decision_change(decision, 0))->revoked_at = decision->act->at;
    return true;
}

struct key_revoked_body {
    uint32_t present;
    struct text reason;
};

static const struct field key_revoked_fields[] = {
    FIELD(struct key_revoked_body, reason, FIELD_TEXT, .min = 1, .max = 500, .doc = "Why."),
};

const struct act_type key_revoked = {
    .name = "key.revoked",
    .method = "POST",
    .path = "/v1/keys/{subject}/revoke",
    .subject_prefix = "key",
    .subject = SUBJECT_PATH,
    .roles = ROLE_OPERATOR,
    .parties = ROLE_SELLER,
    .fields = key_revoked_fields,
    .field_count = COUNT_OF(key_revoked_fields),
    .body_bytes = sizeof(struct key_revoked_body),
    .need_count = 1,
    .needs = {{.table = &keys_table, .mode = NEED_PRESENT, .what = "key"}},
    .decide = decide_key_revoked,
    .story = "An API key was revoked[: {reason}].",
    .doc = "Ends an API key at once.",
};

const struct view keys_view = {
    .name = "keys",
    .path = "/v1/keys",
    .roles = ROLE_OPERATOR | ROLE_AUDITOR,
    .table = &keys_table,
    .for_all = "WHERE id > ?4 ORDER BY id LIMIT ?5",
    .cursor = "id",
    .doc = "API keys, without their secrets.",
};

static struct digest secret_digest(struct text secret)
{
    return digest_of(secret.bytes, secret.length);
}

void key_secret_new(enum role role, struct id id, char text[KEY_TEXT_BYTES], struct digest *secret)
{
    uint8_t bytes[SECRET_BYTES];
    char id_text[ID_TEXT_BYTES];
    struct buffer encoded;
    random_bytes(bytes, sizeof bytes);
    buffer_init(&encoded);
    base64url_add(&encoded, bytes, sizeof bytes);
    *secret = secret_digest(buffer_view(&encoded));
    id_format("key", id, id_text);
    snprintf(text, KEY_TEXT_BYTES, "cf_%s_%s_%.*s", role_name(role), id_text + strlen("key_"),
             TEXT_ARG(buffer_view(&encoded)));
    OPENSSL_cleanse(bytes, sizeof bytes);
    OPENSSL_cleanse(encoded.bytes, encoded.capacity);
    buffer_done(&encoded);
}

bool key_parse(struct text text, enum role *role, struct id *id, struct digest *secret)
{
    char id_text[ID_TEXT_BYTES];
    if (text.length >= KEY_TEXT_BYTES || !text_is(text_cut(&text, '_'), "cf"))
        return false;
    struct text name = text_cut(&text, '_');
    struct text digits = text_cut(&text, '_');
    if (digits.length != 26 || text.length != 43)
        return false;
    snprintf(id_text, sizeof id_text, "key_%.*s", TEXT_ARG(digits));
    *secret = secret_digest(text);
    for (size_t i = 0; key_role_names[i] != NULL; i++)
        if (text_is(name, key_role_names[i])) {
            *role = (enum role)(1U << i);
            return id_parse("key", text_of(id_text), id);
        }
    return false;
}

bool key_matches(const struct key_row *row, enum role role, const struct digest *secret)
{
    struct text given = {(const char *)secret->bytes, DIGEST_BYTES};
    return text_equal_secret(row->secret, given) && row->revoked_at == 0 &&
           role == (enum role)(1U << row->role);
}

struct principal key_principal(const struct key_row *row, struct arena *arena)
{
    return (struct principal){.role = (enum role)(1U << row->role),
                              .key = row->id,
                              .org = row->org,
                              .permissions = PERMISSIONS_ALL,
                              .buyer = arena_text(arena, row->buyer)};
}
