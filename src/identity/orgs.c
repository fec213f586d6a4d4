#include "identity/identity.h"

#define ROW struct org_row
static const struct column org_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .api = "org", .doc = "The organisation."),
    COLUMN(ROW, name, COLUMN_TEXT, .flags = COLUMN_FIXED, .api = "name", .doc = "Its name."),
    COLUMN(ROW, reference, COLUMN_TEXT, .flags = COLUMN_FIXED | COLUMN_OPTIONAL, .api = "reference",
           .doc = "The shop's name for it."),
    COLUMN(ROW, created_at, COLUMN_TIME, .flags = COLUMN_FIXED, .api = "created_at",
           .doc = "When it joined."),
    COLUMN(ROW, version, COLUMN_INT, .api = "version",
           .doc = "Seq of the last act that changed it."),
    COLUMN(ROW, frozen_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "frozen_at",
           .doc = "Since when nothing sensitive may be done for it."),
    COLUMN(ROW, owners, COLUMN_INT, .doc = "Its members who are owners."),
    COLUMN(ROW, four_eyes, COLUMN_BOOL, .api = "four_eyes",
           .doc = "Does what is signed need two of its people?"),
};
const struct table orgs_table = {
    .name = "orgs",
    .kind = TABLE_STATE,
    .row_bytes = sizeof(ROW),
    .columns = org_columns,
    .column_count = COUNT_OF(org_columns),
    .key_count = 1,
    .version = &org_columns[4],
    .doc = "Organisations: the sellers, and the marketplace itself.",
};
#undef ROW

static void key_of_org(const struct act *act, void *row)
{
    ((struct org_row *)row)->org = act->org;
}

static bool decide_org_created(struct decision *decision, struct problem *problem)
{
    const struct org_created_body *body = decision->act->body;
    struct org_row *org = decision_change(decision, 0);
    (void)problem;
    org->name = body->name;
    org->reference = body->reference;
    org->created_at = decision->act->at;
    return true;
}

#define BODY struct org_created_body
static const struct field org_created_fields[] = {
    FIELD(BODY, name, FIELD_TEXT, .required = true, .min = 1, .max = 200,
          .doc = "What people call it.", .example = "\"Nordlicht Lamps\""),
    FIELD(BODY, reference, FIELD_TEXT, .min = 1, .max = 100, .doc = "The shop's own name for it.",
          .example = "\"seller-17\""),
};
#undef BODY

const struct act_type org_created = {
    .name = "org.created",
    .method = "POST",
    .path = "/v1/orgs",
    .subject_prefix = "orgact",
    .subject = SUBJECT_NEW,
    .roles = ROLE_SHOP | ROLE_OPERATOR,
    .parties = ROLE_SELLER,
    .flags = ACT_NEW_ORG,
    .fields = org_created_fields,
    .field_count = COUNT_OF(org_created_fields),
    .body_bytes = sizeof(struct org_created_body),
    .need_count = 1,
    .needs = {{.table = &orgs_table,
               .mode = NEED_ABSENT,
               .key = key_of_org,
               .what = "an organisation of that number; send it again"}},
    .decide = decide_org_created,
    .story = "{name} joined the marketplace.",
    .doc = "An organisation (a seller) joins the marketplace.",
};

const struct view orgs_view = {
    .name = "orgs",
    .path = "/v1/orgs",
    .roles = ROLE_SHOP | ROLE_SELLER | ROLE_AUDITOR | ROLE_OPERATOR,
    .table = &orgs_table,
    .for_all = "WHERE org > ?4 ORDER BY org LIMIT ?5",
    .for_seller = "WHERE org = ?1 AND org > ?4 ORDER BY org LIMIT ?5",
    .cursor = "org",
    .doc = "The organisations that the key may see.",
};
