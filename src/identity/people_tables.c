#include "identity/people.h"

#include "identity/identity.h"

const char *const member_role_names[] = {"owner", "admin", "staff", NULL};

const char *const verification_what_names[] = {
    "name", "business-register", "address", "tax-number", "bank-account", "person", NULL};

const char *const verification_result_names[] = {"passed", "failed", "withdrawn", NULL};

struct id member_id(struct id person, int64_t org)
{
    return id_in(person, org);
}

unsigned member_permissions(const struct member_row *member)
{
    unsigned permissions = 0;
    if (member->role != MEMBER_STAFF)
        return PERMISSIONS_ALL;
    MUST(permissions_parse(member->permissions, &permissions));
    return permissions;
}

#define ROW struct person_row
static const struct column persons_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .doc = "The person's own number."),
    COLUMN(ROW, id, COLUMN_ID, .flags = COLUMN_FIXED, .prefix = "per", .api = "id",
           .doc = "The person."),
    COLUMN(ROW, name, COLUMN_TEXT, .api = "name", .doc = "What people call them."),
    COLUMN(ROW, email, COLUMN_TEXT, .flags = COLUMN_OPTIONAL, .api = "email",
           .doc = "Where notices go."),
    COLUMN(ROW, language, COLUMN_TEXT, .flags = COLUMN_OPTIONAL, .api = "language",
           .doc = "BCP 47, of notices."),
    COLUMN(ROW, buyer, COLUMN_TEXT, .flags = COLUMN_OPTIONAL, .api = "buyer",
           .doc = "The shop's name of the buyer."),
    COLUMN(ROW, password, COLUMN_TEXT, .flags = COLUMN_OPTIONAL,
           .doc = "Argon2id of the peppered password."),
    COLUMN(ROW, password_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "password_at",
           .doc = "When the password was set."),
    COLUMN(ROW, recovery, COLUMN_BYTES, .flags = COLUMN_OPTIONAL,
           .doc = "SHA-256 of each recovery code that is left."),
    COLUMN(ROW, recovery_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "recovery_at",
           .doc = "When recovery codes were made."),
    COLUMN(ROW, frozen_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "frozen_at",
           .doc = "Since when the account is frozen."),
    COLUMN(ROW, sessions_from, COLUMN_TIME, .flags = COLUMN_OPTIONAL,
           .doc = "Sessions that were opened before are ended."),
    COLUMN(ROW, kept_session, COLUMN_ID, .flags = COLUMN_OPTIONAL, .prefix = "ses",
           .doc = "The session that was spared then."),
    COLUMN(ROW, authenticators, COLUMN_INT,
           .doc = "How many passkeys and TOTP generators there are."),
    COLUMN(ROW, has_device, COLUMN_BOOL, .doc = "Were they logged in somewhere before?"),
    COLUMN(ROW, created_at, COLUMN_TIME, .flags = COLUMN_FIXED, .api = "created_at",
           .doc = "When they joined."),
    COLUMN(ROW, version, COLUMN_INT, .api = "version",
           .doc = "Seq of the last act that changed it."),
};
const struct table persons_table = {
    .name = "persons",
    .kind = TABLE_STATE,
    .row_bytes = sizeof(ROW),
    .columns = persons_columns,
    .column_count = COUNT_OF(persons_columns),
    .key_count = 1,
    .version = &persons_columns[COUNT_OF(persons_columns) - 1],
    .doc = "People: one row a home.",
};
#undef ROW

#define ROW struct authenticator_row
static const struct column authenticators_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG,
           .doc = "The person's home, or an organisation in which they are a member."),
    COLUMN(ROW, id, COLUMN_ID, .prefix = "atn", .api = "id", .doc = "The authenticator."),
    COLUMN(ROW, person, COLUMN_ID, .flags = COLUMN_FIXED, .prefix = "per", .api = "person",
           .doc = "Whose."),
    COLUMN(ROW, kind, COLUMN_ENUM, .flags = COLUMN_FIXED, .names = signature_kind_names,
           .api = "kind", .doc = "What it is."),
    COLUMN(ROW, name, COLUMN_TEXT, .flags = COLUMN_FIXED, .api = "name",
           .doc = "What its owner calls it."),
    COLUMN(ROW, credential, COLUMN_BYTES, .flags = COLUMN_FIXED | COLUMN_OPTIONAL,
           .doc = "WebAuthn's credential id."),
    COLUMN(ROW, public_key, COLUMN_BYTES, .flags = COLUMN_FIXED | COLUMN_OPTIONAL,
           .doc = "COSE_Key."),
    COLUMN(ROW, algorithm, COLUMN_INT, .flags = COLUMN_FIXED, .api = "algorithm",
           .doc = "Of COSE: -7 ES256, -8 EdDSA, -257 RS256; 0: TOTP."),
    COLUMN(ROW, rp_id, COLUMN_TEXT, .flags = COLUMN_FIXED | COLUMN_OPTIONAL,
           .doc = "WebAuthn's relying party."),
    COLUMN(ROW, backup_eligible, COLUMN_BOOL, .flags = COLUMN_FIXED, .api = "backup_eligible",
           .doc = "May it be copied to other devices?"),
    COLUMN(ROW, backed_up, COLUMN_BOOL, .api = "backed_up", .doc = "Was it?"),
    COLUMN(ROW, sign_count, COLUMN_INT, .doc = "Its counter, where it has one."),
    COLUMN(ROW, registered_at, COLUMN_TIME, .flags = COLUMN_FIXED, .api = "registered_at",
           .doc = "When it was registered."),
    COLUMN(ROW, held_until, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "held_until",
           .doc = "Sensitive acts wait until then."),
    COLUMN(ROW, approved_by, COLUMN_ID, .flags = COLUMN_OPTIONAL, .prefix = "atn",
           .api = "approved_by", .doc = "The older authenticator that ended the hold."),
    COLUMN(ROW, last_nonce_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL,
           .doc = "When the nonce of its newest signature was made."),
    COLUMN(ROW, last_step, COLUMN_INT, .doc = "The time step of its newest TOTP code."),
    COLUMN(ROW, removed_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "removed_at",
           .doc = "Since when it is refused."),
    COLUMN(ROW, version, COLUMN_INT, .api = "version",
           .doc = "Seq of the last act that changed it."),
};
const struct table authenticators_table = {
    .name = "authenticators",
    .kind = TABLE_STATE,
    .row_bytes = sizeof(ROW),
    .columns = authenticators_columns,
    .column_count = COUNT_OF(authenticators_columns),
    .key_count = 2,
    .version = &authenticators_columns[COUNT_OF(authenticators_columns) - 1],
    .doc = "Passkeys and TOTP generators: of people, and copies in their organisations.",
};
#undef ROW

#define ROW struct session_row
static const struct column sessions_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .doc = "The person's home."),
    COLUMN(ROW, id, COLUMN_ID, .prefix = "ses", .api = "id", .doc = "The session."),
    COLUMN(ROW, authenticator, COLUMN_ID, .flags = COLUMN_OPTIONAL, .prefix = "atn",
           .api = "authenticator", .doc = "What opened it."),
    COLUMN(ROW, method, COLUMN_ENUM, .names = auth_method_names, .api = "method",
           .doc = "How the person proved who they are."),
    COLUMN(ROW, secret, COLUMN_BYTES, .doc = "SHA-256 of the cookie's secret."),
    COLUMN(ROW, authenticated_at, COLUMN_TIME, .api = "authenticated_at",
           .doc = "When they last did."),
    COLUMN(ROW, opened_at, COLUMN_TIME, .flags = COLUMN_FIXED, .api = "opened_at",
           .doc = "When it was opened."),
    COLUMN(ROW, expires_at, COLUMN_TIME, .flags = COLUMN_FIXED, .api = "expires_at",
           .doc = "When it ends by itself."),
    COLUMN(ROW, held_until, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "held_until",
           .doc = "Sensitive acts wait until then: the device is new."),
    COLUMN(ROW, device_key, COLUMN_TEXT, .flags = COLUMN_FIXED | COLUMN_OPTIONAL,
           .doc = "The device."),
    COLUMN(ROW, device, COLUMN_TEXT, .flags = COLUMN_FIXED | COLUMN_OPTIONAL, .api = "device",
           .doc = "What it said that it is."),
    COLUMN(ROW, place, COLUMN_TEXT, .flags = COLUMN_FIXED | COLUMN_OPTIONAL, .api = "place",
           .doc = "The address that it was opened from."),
    COLUMN(ROW, ended_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "ended_at",
           .doc = "When it was ended."),
    COLUMN(ROW, ended_why, COLUMN_TEXT, .flags = COLUMN_OPTIONAL, .api = "ended_why",
           .doc = "Why."),
    COLUMN(ROW, version, COLUMN_INT, .api = "version",
           .doc = "Seq of the last act that changed it."),
};
const struct table sessions_table = {
    .name = "sessions",
    .kind = TABLE_STATE,
    .row_bytes = sizeof(ROW),
    .columns = sessions_columns,
    .column_count = COUNT_OF(sessions_columns),
    .key_count = 2,
    .version = &sessions_columns[COUNT_OF(sessions_columns) - 1],
    .doc = "Log-ins.",
};
#undef ROW

#define ROW struct device_row
static const struct column devices_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .doc = "The person's home."),
    COLUMN(ROW, key, COLUMN_TEXT, .doc = "SHA-256 of the device's cookie."),
    COLUMN(ROW, first_at, COLUMN_TIME, .flags = COLUMN_FIXED, .doc = "When it was seen first."),
    COLUMN(ROW, held_until, COLUMN_TIME, .flags = COLUMN_OPTIONAL,
           .doc = "Sensitive acts wait until then."),
};
const struct table devices_table = {
    .name = "devices",
    .kind = TABLE_STATE,
    .row_bytes = sizeof(ROW),
    .columns = devices_columns,
    .column_count = COUNT_OF(devices_columns),
    .key_count = 2,
    .doc = "Browsers in which people were logged in before.",
};
#undef ROW

#define ROW struct session_use_row
static const struct column session_uses_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .doc = "The person's home."),
    COLUMN(ROW, session, COLUMN_ID, .prefix = "ses", .doc = "The session."),
    COLUMN(ROW, used_at, COLUMN_TIME, .doc = "When, to the minute."),
    COLUMN(ROW, place, COLUMN_TEXT, .flags = COLUMN_OPTIONAL, .doc = "From which address."),
};
const struct table session_uses_table = {
    .name = "session_uses",
    .kind = TABLE_OPERATIONAL,
    .row_bytes = sizeof(ROW),
    .columns = session_uses_columns,
    .column_count = COUNT_OF(session_uses_columns),
    .key_count = 2,
    .doc = "When and from where sessions were last used.",
};
#undef ROW

#define ROW struct member_row
static const struct column members_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .api = "org", .doc = "The organisation."),
    COLUMN(ROW, id, COLUMN_ID, .prefix = "mem", .api = "id", .doc = "The membership."),
    COLUMN(ROW, person, COLUMN_ID, .flags = COLUMN_FIXED, .prefix = "per", .api = "person",
           .doc = "Who."),
    COLUMN(ROW, name, COLUMN_TEXT, .api = "name", .doc = "What people call them."),
    COLUMN(ROW, email, COLUMN_TEXT, .flags = COLUMN_OPTIONAL, .api = "email",
           .doc = "Where notices go."),
    COLUMN(ROW, role, COLUMN_ENUM, .names = member_role_names, .api = "role",
           .doc = "What they are in the organisation."),
    COLUMN(ROW, permissions, COLUMN_TEXT, .flags = COLUMN_OPTIONAL, .api = "permissions",
           .doc = "Of staff: what they may."),
    COLUMN(ROW, invited_by, COLUMN_ID, .flags = COLUMN_OPTIONAL, .prefix = "per",
           .api = "invited_by", .doc = "Who let them in; none: the operator."),
    COLUMN(ROW, joined_at, COLUMN_TIME, .api = "joined_at", .doc = "Since when."),
    COLUMN(ROW, left_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "left_at",
           .doc = "Until when."),
    COLUMN(ROW, version, COLUMN_INT, .api = "version",
           .doc = "Seq of the last act that changed it."),
};
const struct table members_table = {
    .name = "members",
    .kind = TABLE_STATE,
    .row_bytes = sizeof(ROW),
    .columns = members_columns,
    .column_count = COUNT_OF(members_columns),
    .key_count = 2,
    .version = &members_columns[COUNT_OF(members_columns) - 1],
    .doc = "Who may act for an organisation.",
};
#undef ROW

#define ROW struct invitation_row
static const struct column invitations_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .api = "org", .doc = "The organisation."),
    COLUMN(ROW, id, COLUMN_ID, .prefix = "inv", .api = "id", .doc = "The invitation."),
    COLUMN(ROW, name, COLUMN_TEXT, .flags = COLUMN_FIXED | COLUMN_OPTIONAL, .api = "name",
           .doc = "Whom it is for."),
    COLUMN(ROW, email, COLUMN_TEXT, .flags = COLUMN_FIXED | COLUMN_OPTIONAL, .api = "email",
           .doc = "Their address."),
    COLUMN(ROW, role, COLUMN_ENUM, .flags = COLUMN_FIXED, .names = member_role_names, .api = "role",
           .doc = "What they will be."),
    COLUMN(ROW, permissions, COLUMN_TEXT, .flags = COLUMN_FIXED | COLUMN_OPTIONAL,
           .api = "permissions", .doc = "Of staff: what they will be allowed."),
    COLUMN(ROW, secret, COLUMN_BYTES, .flags = COLUMN_FIXED, .doc = "SHA-256 of its secret."),
    COLUMN(ROW, invited_by, COLUMN_ID, .flags = COLUMN_FIXED | COLUMN_OPTIONAL, .prefix = "per",
           .api = "invited_by", .doc = "Who invites; none: the operator."),
    COLUMN(ROW, made_at, COLUMN_TIME, .flags = COLUMN_FIXED, .api = "made_at",
           .doc = "When it was made."),
    COLUMN(ROW, expires_at, COLUMN_TIME, .flags = COLUMN_FIXED, .api = "expires_at",
           .doc = "Until when it holds."),
    COLUMN(ROW, opens_at, COLUMN_TIME, .flags = COLUMN_FIXED | COLUMN_OPTIONAL, .api = "opens_at",
           .doc = "Of a recovery: it cannot be used before, and any member may refuse it."),
    COLUMN(ROW, used_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "used_at",
           .doc = "When it was used."),
    COLUMN(ROW, used_by, COLUMN_ID, .flags = COLUMN_OPTIONAL, .prefix = "per", .api = "used_by",
           .doc = "By whom."),
    COLUMN(ROW, withdrawn_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "withdrawn_at",
           .doc = "When it was taken back."),
    COLUMN(ROW, version, COLUMN_INT, .api = "version",
           .doc = "Seq of the last act that changed it."),
};
const struct table invitations_table = {
    .name = "invitations",
    .kind = TABLE_STATE,
    .row_bytes = sizeof(ROW),
    .columns = invitations_columns,
    .column_count = COUNT_OF(invitations_columns),
    .key_count = 2,
    .version = &invitations_columns[COUNT_OF(invitations_columns) - 1],
    .doc = "Invitations to be a member.",
};
#undef ROW

#define ROW struct verification_row
static const struct column verifications_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .api = "org", .doc = "The organisation."),
    COLUMN(ROW, id, COLUMN_ID, .prefix = "ver", .api = "id", .doc = "The check."),
    COLUMN(ROW, what, COLUMN_ENUM, .flags = COLUMN_FIXED, .names = verification_what_names,
           .api = "what", .doc = "What was checked."),
    COLUMN(ROW, result, COLUMN_ENUM, .flags = COLUMN_FIXED, .names = verification_result_names,
           .api = "result", .doc = "What came out."),
    COLUMN(ROW, shown, COLUMN_TEXT, .flags = COLUMN_FIXED | COLUMN_OPTIONAL, .api = "shown",
           .doc = "What buyers may read of it."),
    COLUMN(ROW, note, COLUMN_TEXT, .flags = COLUMN_FIXED | COLUMN_OPTIONAL,
           .doc = "What they may not."),
    COLUMN(ROW, checked_by, COLUMN_ID, .flags = COLUMN_FIXED | COLUMN_OPTIONAL, .prefix = "per",
           .api = "checked_by", .doc = "Who checked; none: the operator, by key."),
    COLUMN(ROW, checked_at, COLUMN_TIME, .flags = COLUMN_FIXED, .api = "checked_at",
           .doc = "When."),
    COLUMN(ROW, valid_until, COLUMN_TIME, .flags = COLUMN_FIXED | COLUMN_OPTIONAL,
           .api = "valid_until", .doc = "Until when it holds."),
    COLUMN(ROW, version, COLUMN_INT, .api = "version",
           .doc = "Seq of the last act that changed it."),
};
const struct table verifications_table = {
    .name = "verifications",
    .kind = TABLE_STATE,
    .row_bytes = sizeof(ROW),
    .columns = verifications_columns,
    .column_count = COUNT_OF(verifications_columns),
    .key_count = 2,
    .version = &verifications_columns[COUNT_OF(verifications_columns) - 1],
    .doc = "What was checked of organisations.",
};
#undef ROW

#define ROW struct support_code_row
static const struct column support_codes_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .doc = "The organisation."),
    COLUMN(ROW, code, COLUMN_TEXT, .doc = "SHA-256 of the code."),
    COLUMN(ROW, made_by, COLUMN_ID, .flags = COLUMN_FIXED, .prefix = "per", .doc = "Who made it."),
    COLUMN(ROW, made_at, COLUMN_TIME, .flags = COLUMN_FIXED, .doc = "When."),
    COLUMN(ROW, expires_at, COLUMN_TIME, .flags = COLUMN_FIXED, .doc = "Until when it holds."),
    COLUMN(ROW, used_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .doc = "When it was used."),
};
const struct table support_codes_table = {
    .name = "support_codes",
    .kind = TABLE_STATE,
    .row_bytes = sizeof(ROW),
    .columns = support_codes_columns,
    .column_count = COUNT_OF(support_codes_columns),
    .key_count = 2,
    .doc = "Codes by which support proves that a member called for it.",
};
#undef ROW

#define ROW struct support_contact_row
static const struct column support_contacts_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .api = "org", .doc = "The organisation."),
    COLUMN(ROW, person, COLUMN_ID, .prefix = "per", .api = "person", .doc = "The member of staff."),
    COLUMN(ROW, name, COLUMN_TEXT, .api = "name", .doc = "What they are called."),
    COLUMN(ROW, let_in_by, COLUMN_ID, .prefix = "per", .api = "let_in_by",
           .doc = "The member who gave them the code."),
    COLUMN(ROW, opened_at, COLUMN_TIME, .api = "opened_at", .doc = "Since when."),
    COLUMN(ROW, ends_at, COLUMN_TIME, .api = "ends_at", .doc = "Until when."),
    COLUMN(ROW, version, COLUMN_INT, .api = "version",
           .doc = "Seq of the last act that changed it."),
};
const struct table support_contacts_table = {
    .name = "support_contacts",
    .kind = TABLE_STATE,
    .row_bytes = sizeof(ROW),
    .columns = support_contacts_columns,
    .column_count = COUNT_OF(support_contacts_columns),
    .key_count = 2,
    .version = &support_contacts_columns[COUNT_OF(support_contacts_columns) - 1],
    .doc = "Staff of the marketplace that an organisation let in.",
};
#undef ROW

#define ROW struct hand_over_key_row
static const struct column hand_over_keys_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .doc = "The marketplace."),
    COLUMN(ROW, id, COLUMN_ID, .prefix = "hok", .api = "id", .doc = "The key."),
    COLUMN(ROW, public_key, COLUMN_BYTES, .flags = COLUMN_FIXED, .doc = "Ed25519."),
    COLUMN(ROW, label, COLUMN_TEXT, .flags = COLUMN_FIXED | COLUMN_OPTIONAL, .api = "label",
           .doc = "What it is used for."),
    COLUMN(ROW, created_at, COLUMN_TIME, .flags = COLUMN_FIXED, .api = "created_at",
           .doc = "When it was added."),
    COLUMN(ROW, revoked_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "revoked_at",
           .doc = "Since when it is refused."),
    COLUMN(ROW, version, COLUMN_INT, .api = "version",
           .doc = "Seq of the last act that changed it."),
};
const struct table hand_over_keys_table = {
    .name = "hand_over_keys",
    .kind = TABLE_STATE,
    .row_bytes = sizeof(ROW),
    .columns = hand_over_keys_columns,
    .column_count = COUNT_OF(hand_over_keys_columns),
    .key_count = 2,
    .version = &hand_over_keys_columns[COUNT_OF(hand_over_keys_columns) - 1],
    .doc = "Public keys by which the shop hands buyers over.",
};
#undef ROW

#define ROW struct hand_over_row
static const struct column hand_overs_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .doc = "The buyer's home."),
    COLUMN(ROW, jti, COLUMN_TEXT, .doc = "The hand-over."),
    COLUMN(ROW, used_at, COLUMN_TIME, .flags = COLUMN_FIXED, .doc = "When it was used."),
};
const struct table hand_overs_table = {
    .name = "hand_overs",
    .kind = TABLE_STATE,
    .row_bytes = sizeof(ROW),
    .columns = hand_overs_columns,
    .column_count = COUNT_OF(hand_overs_columns),
    .key_count = 2,
    .doc = "Hand-overs that were used.",
};
#undef ROW
