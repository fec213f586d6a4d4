#include "net/sessions.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "identity/people_acts.h"
#include "net/service_private.h"

#define ID_DIGITS 26
#define SECRET_DIGITS 43 /* 32 bytes in base64url */
#define DEVICE_DAYS 400  /* the most that browsers keep a cookie */
#define TOUCH_EVERY TIME_MINUTE
#define MEMBERSHIPS_MAX 100

/* Cookies. */

static bool is_secure(const struct service *service)
{
    return service->options.origin_count > 0 &&
           strncmp(service->options.origins[0], "https://", 8) == 0;
}

static struct text cookie_name(const struct call *call, const char *name)
{
    return arena_format(call->request->arena, "%s%s", is_secure(call->service) ? "__Host-" : "",
                        name);
}

static struct text read_cookie(const struct call *call, const char *name)
{
    struct text rest = http_header(call->request, "Cookie");
    struct text wanted = cookie_name(call, name);
    while (rest.length > 0) {
        struct text value = text_trim(text_cut(&rest, ';'));
        struct text given = text_cut(&value, '=');
        if (text_equal(given, wanted))
            return value;
    }
    return TEXT_NONE;
}

static void add_cookie(const struct call *call, struct http_answer *answer, const char *name,
                       struct text value, int64_t seconds)
{
    struct text text = arena_format(call->request->arena,
                                    "%.*s=%.*s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s",
                                    TEXT_ARG(cookie_name(call, name)), TEXT_ARG(value),
                                    (long long)seconds, is_secure(call->service) ? "; Secure" : "");
    http_answer_header(answer, "Set-Cookie", text);
}

void session_cookie_add(const struct call *call, struct http_answer *answer, struct id session,
                        struct text secret)
{
    char id[ID_TEXT_BYTES];
    id_format("ses", session, id);
    add_cookie(call, answer, "counterfoil",
               arena_format(call->request->arena, "%s.%.*s", id + 4, TEXT_ARG(secret)),
               kernel_rules(call->service->kernel)->session_us / TIME_SECOND);
}

void session_cookie_remove(const struct call *call, struct http_answer *answer)
{
    add_cookie(call, answer, "counterfoil", TEXT(""), 0);
}

static struct text hex_of(struct arena *arena, struct text words)
{
    struct digest digest = digest_of_pieces(&words, 1);
    struct buffer hex;
    buffer_init(&hex);
    hex_add(&hex, digest.bytes, DIGEST_BYTES);
    struct text text = arena_text(arena, buffer_view(&hex));
    buffer_done(&hex);
    return text;
}

struct text device_key_of(const struct call *call, struct text *fresh)
{
    struct text device = read_cookie(call, "counterfoil-device");
    *fresh = TEXT_NONE;
    if (device.length == SECRET_DIGITS)
        return hex_of(call->request->arena, device);
    uint8_t bytes[DIGEST_BYTES];
    struct buffer text;
    random_bytes(bytes, sizeof bytes);
    buffer_init(&text);
    base64url_add(&text, bytes, sizeof bytes);
    *fresh = arena_text(call->request->arena, buffer_view(&text));
    buffer_done(&text);
    return hex_of(call->request->arena, *fresh);
}

void device_cookie_add(const struct call *call, struct http_answer *answer, struct text fresh)
{
    if (fresh.length > 0)
        add_cookie(call, answer, "counterfoil-device", fresh,
                   DEVICE_DAYS * (TIME_DAY / TIME_SECOND));
}

/* Where requests may come from. */

bool origin_is_ours(const struct service *service, struct text origin)
{
    const struct service_options *options = &service->options;
    for (size_t i = 0; i < options->origin_count; i++)
        if (text_is(origin, options->origins[i]))
            return true;
    char local[40];
    snprintf(local, sizeof local, "http://localhost:%u", atomic_load(&service->port));
    return options->origin_count == 0 && text_is(origin, local);
}

bool same_site_check(const struct call *call, struct problem *problem)
{
    const struct http_request *request = call->request;
    struct text site = http_header(request, "Sec-Fetch-Site");
    bool is_read = text_is(request->method, "GET") || text_is(request->method, "HEAD");
    if (site.length > 0 && !text_is(site, "same-origin") && !(is_read && text_is(site, "none")))
        return problem_set(problem, PROBLEM_CROSS_SITE, "Sec-Fetch-Site is %.*s",
                           TEXT_ARG(text_slice(site, 0, site.length < 40 ? site.length : 40)));
    if (is_read)
        return true;
    if (!origin_is_ours(call->service, http_header(request, "Origin")))
        return problem_set(problem, PROBLEM_CROSS_SITE,
                           "the Origin is none of `people.origins` (http://localhost and the port, "
                           "if there are none)");
    return http_header(request, "Counterfoil-Client").length > 0 ||
           problem_set(problem, PROBLEM_CROSS_SITE, "the field Counterfoil-Client is missing");
}

/* The claim. */

static bool read_session_cookie(struct text cookie, struct claim *claim, struct arena *arena)
{
    struct text secret = cookie;
    struct text id = text_cut(&secret, '.');
    if (id.length != ID_DIGITS || secret.length != SECRET_DIGITS ||
        !id_parse("ses", arena_format(arena, "ses_%.*s", TEXT_ARG(id)), &claim->key))
        return false;
    claim->secret = digest_of_pieces(&secret, 1);
    return true;
}

/* For whom: named by the path's object, or else by the header field. */
static bool read_org(const struct call *call, struct claim *claim, struct problem *problem)
{
    struct text named = http_header(call->request, "Counterfoil-Org");
    struct id subject;
    if (call->route->subject_prefix != NULL &&
        id_parse(call->route->subject_prefix, call->subject, &subject)) {
        claim->has_org = true;
        claim->org = id_org(subject);
        return true;
    }
    claim->has_org = named.length > 0;
    return named.length == 0 || org_parse(named, &claim->org) ||
           problem_set(problem, PROBLEM_ORG_UNCLEAR, "Counterfoil-Org must be like org_7k3n8fqr");
}

bool session_claim(const struct call *call, struct claim *claim, bool *found,
                   struct problem *problem)
{
    struct text cookie = read_cookie(call, "counterfoil");
    *found = cookie.length > 0;
    if (!*found)
        return true;
    *claim = (struct claim){.is_session = true,
                            .roles = call->route->roles,
                            .permission = call->route->permission,
                            .is_change = call->route->act != NULL};
    if (!read_session_cookie(cookie, claim, call->request->arena))
        return problem_set(problem, PROBLEM_UNAUTHENTICATED, "that is no session's cookie");
    return read_org(call, claim, problem) && same_site_check(call, problem);
}

/* The session. */

struct wearing {
    struct reader *reader;
    const struct claim *claim;
    struct arena *arena;
    struct person_row person;
    struct session_row session;
    size_t count;
    struct member_row *members; /* of organisations that they have not left */
};

static bool load_session(struct wearing *wearing, struct problem *problem)
{
    const struct claim *claim = wearing->claim;
    const struct text given = {(const char *)claim->secret.bytes, DIGEST_BYTES};
    bool has_session;
    bool has_person;
    wearing->session = (struct session_row){.org = id_org(claim->key), .id = claim->key};
    wearing->person = (struct person_row){.org = id_org(claim->key)};
    if (!reader_load(wearing->reader, &sessions_table, &wearing->session, wearing->arena,
                     &has_session, problem) ||
        !reader_load(wearing->reader, &persons_table, &wearing->person, wearing->arena, &has_person,
                     problem))
        return false;
    return (has_session && has_person && text_equal_secret(wearing->session.secret, given) &&
            session_is_open(&wearing->session, &wearing->person, time_now())) ||
           problem_set(problem, PROBLEM_UNAUTHENTICATED, "the session has ended");
}

static bool take_member(void *context, const void *row, struct problem *problem)
{
    struct wearing *wearing = context;
    (void)problem;
    if (wearing->count < MEMBERSHIPS_MAX)
        wearing->members[wearing->count++] = *(const struct member_row *)row;
    return true;
}

static bool load_members(struct wearing *wearing, struct problem *problem)
{
    const struct value values[] = {VALUE_OF_ID(wearing->person.id), VALUE_OF_INT(MEMBERSHIPS_MAX)};
    wearing->members = arena_array(wearing->arena, MEMBERSHIPS_MAX, sizeof(struct member_row));
    return reader_rows(wearing->reader, &members_table,
                       "WHERE person = ?1 AND left_at IS NULL ORDER BY org LIMIT ?2", values, 2,
                       wearing->arena, take_member, wearing, problem);
}

static const struct member_row *member_of(const struct wearing *wearing, int64_t org)
{
    for (size_t i = 0; i < wearing->count; i++)
        if (wearing->members[i].org == org)
            return &wearing->members[i];
    return NULL;
}

/* The member of the organisation that is named, or of the only one there is; NULL: of none. */
static const struct member_row *find_member(const struct wearing *wearing, bool *unclear)
{
    const struct member_row *found = NULL;
    *unclear = false;
    if (wearing->claim->has_org)
        return wearing->claim->org == ORG_MARKETPLACE ? NULL
                                                      : member_of(wearing, wearing->claim->org);
    for (size_t i = 0; i < wearing->count; i++)
        if (wearing->members[i].org != ORG_MARKETPLACE) {
            *unclear = found != NULL;
            found = &wearing->members[i];
        }
    return found;
}

static enum role role_of_staff(const struct member_row *staff, unsigned roles)
{
    if (staff == NULL)
        return 0;
    if (staff->role != MEMBER_STAFF && (roles & ROLE_OPERATOR) != 0)
        return ROLE_OPERATOR;
    bool supports = (member_permissions(staff) & PERMISSION_SUPPORT) != 0;
    return supports && (roles & ROLE_SUPPORT) != 0 ? ROLE_SUPPORT : 0;
}

static bool choose_hat(const struct wearing *wearing, struct principal *principal,
                       struct problem *problem)
{
    const struct claim *claim = wearing->claim;
    bool unclear;
    const struct member_row *member = find_member(wearing, &unclear);
    enum role staff = role_of_staff(member_of(wearing, ORG_MARKETPLACE), claim->roles);
    if ((claim->roles & ROLE_PERSON) != 0) {
        principal->role = ROLE_PERSON;
        principal->org = wearing->person.org;
    } else if ((claim->roles & ROLE_SELLER) != 0 && member != NULL) {
        if (unclear)
            return problem_set(problem, PROBLEM_ORG_UNCLEAR, "you act for several");
        principal->role = ROLE_SELLER;
        principal->org = member->org;
        principal->permissions = member_permissions(member);
        return member_may(member, claim->permission, wearing->arena, problem);
    } else if (staff != 0) {
        principal->role = staff;
        principal->org = staff == ROLE_SUPPORT && claim->has_org ? claim->org : ORG_MARKETPLACE;
    } else if ((claim->roles & ROLE_BUYER) != 0 && wearing->person.buyer.length > 0) {
        principal->role = ROLE_BUYER;
        principal->org = ORG_MARKETPLACE;
        principal->buyer = wearing->person.buyer;
    } else {
        return problem_set(problem, PROBLEM_FORBIDDEN, "nothing that you are in may");
    }
    return true;
}

/* What support reads, it reads because it was let in. What it does is ruled on the road. */
static bool check_contact(const struct wearing *wearing, const struct principal *principal,
                          struct problem *problem)
{
    struct support_contact_row contact = {.org = principal->org, .person = principal->person};
    bool found;
    if (principal->role != ROLE_SUPPORT || principal->org == ORG_MARKETPLACE)
        return true;
    if (!reader_load(wearing->reader, &support_contacts_table, &contact, wearing->arena, &found,
                     problem))
        return false;
    return (found && contact.ends_at > time_now()) ||
           problem_set(problem, PROBLEM_SUPPORT_NOT_LET_IN, "no code was given");
}

static bool put_on(struct wearing *wearing, struct principal *principal, struct problem *problem)
{
    const struct session_row *session = &wearing->session;
    *principal = (struct principal){.person = wearing->person.id,
                                    .session = session->id,
                                    .authenticator = session->authenticator,
                                    .method = session->method,
                                    .authenticated_at = session->authenticated_at,
                                    .held_until = session->held_until};
    if (!load_members(wearing, problem) || !choose_hat(wearing, principal, problem))
        return false;
    if (wearing->person.frozen_at != 0 && principal->role != ROLE_PERSON)
        return problem_set(problem, PROBLEM_FROZEN, "it is yours");
    return wearing->claim->is_change || check_contact(wearing, principal, problem);
}

bool session_check(struct kernel *kernel, const struct claim *claim, struct arena *arena,
                   struct principal *principal, struct problem *problem)
{
    struct wearing wearing = {.claim = claim, .arena = arena};
    struct store *store = kernel_store(kernel);
    wearing.reader = store_reader_take(store);
    bool checked = load_session(&wearing, problem) && put_on(&wearing, principal, problem);
    store_reader_give(store, wearing.reader);
    return checked;
}

bool person_load(const struct call *call, struct id person, struct person_row *row,
                 struct problem *problem)
{
    struct store *store = kernel_store(call->service->kernel);
    struct reader *reader = store_reader_take(store);
    bool found = false;
    *row = (struct person_row){.org = id_org(person)};
    bool read = reader_load(reader, &persons_table, row, call->request->arena, &found, problem);
    store_reader_give(store, reader);
    return read && ((found && id_equal(row->id, person)) ||
                    problem_set(problem, PROBLEM_NOT_FOUND, "no such person"));
}

void session_touch(struct call *call)
{
    struct session_use_row row = {.org = id_org(call->principal.session),
                                  .session = call->principal.session};
    struct row_slot slot = {.table = &session_uses_table, .row = &row};
    struct row_slot *const slots[] = {&slot};
    struct kernel *kernel = call->service->kernel;
    struct problem problem;
    struct reader *reader = store_reader_take(kernel_store(kernel));
    bool read =
        reader_load(reader, &session_uses_table, &row, call->request->arena, &slot.found, &problem);
    store_reader_give(kernel_store(kernel), reader);
    int64_t now = time_now();
    if (!read || !slot.found || now - row.used_at < TOUCH_EVERY)
        return;
    row.used_at = now;
    row.place = call->request->address;
    slot.changed = true;
    if (!kernel_save(kernel, LEASE_NONE, slots, 1, &problem))
        log_problem(LOG_WARN, "session.touch_failed", &problem);
}
