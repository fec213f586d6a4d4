#include "cmd/keys.h"

#include <stdio.h>
#include <string.h>

#include "cmd/commands.h"
#include "net/fetch.h"
#include "net/people.h"

#define ANSWER_BYTES_MAX ((size_t)256 * 1024)
#define ANSWER_TIMEOUT (30 * TIME_SECOND)

static void add_member(struct json_writer *json, const char *name, const char *value)
{
    if (value != NULL)
        json_member(json, name, text_of(value));
}

static void add_digest(struct json_writer *json, const char *name, const struct digest *digest)
{
    struct buffer digits;
    if (digest == NULL)
        return;
    buffer_init(&digits);
    hex_add(&digits, digest->bytes, DIGEST_BYTES);
    json_member(json, name, buffer_view(&digits));
    buffer_done(&digits);
}

static bool check_words(const struct key_wish *wish, struct problem *problem)
{
    const char *const words[] = {wish->role, wish->org, wish->buyer, wish->label};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (words[i] != NULL && !text_is_utf8(text_of(words[i])))
            return problem_set(problem, PROBLEM_USAGE, "what is given must be UTF-8");
    return true;
}

/* SECRET is NULL for the API, which makes it itself. */
static void write_wish(struct buffer *body, const struct key_wish *wish,
                       const struct digest *secret)
{
    struct json_writer json = json_writer(body);
    json_open(&json);
    add_member(&json, "buyer", wish->buyer);
    add_member(&json, "label", wish->label);
    add_member(&json, "org", wish->org);
    add_member(&json, "role", wish->role);
    add_digest(&json, "secret", secret);
    json_close(&json);
}

static bool read_role(const char *name, enum role *role, struct problem *problem)
{
    for (unsigned i = 0; key_role_names[i] != NULL; i++)
        if (strcmp(key_role_names[i], name) == 0) {
            *role = (enum role)(1U << i);
            return true;
        }
    return problem_set(problem, PROBLEM_USAGE,
                       "--role %.40s: must be shop, seller, buyer, auditor or operator", name);
}

bool key_make(struct door *door, const struct key_wish *wish, char text[KEY_TEXT_BYTES],
              struct problem *problem)
{
    enum role role = ROLE_OPERATOR;
    int64_t org = ORG_MARKETPLACE;
    struct digest secret;
    struct submission done;
    struct buffer body;
    if (!check_words(wish, problem) || !read_role(wish->role, &role, problem))
        return false;
    if (wish->org != NULL && !org_parse(text_of(wish->org), &org))
        return problem_set(problem, PROBLEM_USAGE, "--org %.40s: is no organisation's id",
                           wish->org);
    struct id id = id_new(org);
    key_secret_new(role, id, text, &secret);
    buffer_init(&body);
    write_wish(&body, wish, &secret);
    const struct door_act act = {.type = &key_created,
                                 .org = org,
                                 .subject = id,
                                 .role = ROLE_OPERATOR,
                                 .body = buffer_view(&body)};
    bool ok = door_single(door, &act, &done, problem);
    buffer_done(&body);
    return ok;
}

bool key_make_operator(struct door *door, const char *folder, struct problem *problem)
{
    char text[KEY_TEXT_BYTES];
    const struct key_wish wish = {.role = "operator", .label = "this machine"};
    bool ok = key_make(door, &wish, text, problem) &&
              home_write_line(folder, HOME_OPERATOR_KEY, text, true, problem);
    explicit_bzero(text, sizeof text);
    return ok;
}

/* ---- through the running daemon ---- */

/* The daemon's problem, as if it were our own. */
static bool read_refusal(const json_t *answer, struct problem *problem)
{
    const char *slug = json_string_value(json_object_get(answer, "code"));
    const char *detail = json_string_value(json_object_get(answer, "detail"));
    const json_t *errors = json_object_get(answer, "errors");
    enum problem_code code = PROBLEM_INTERNAL;
    for (enum problem_code at = PROBLEM_NONE + 1; slug != NULL && at < PROBLEM_CODES; at++)
        if (strcmp(problem_kind(at)->slug, slug) == 0)
            code = at;
    problem_set(problem, code, "%.300s", detail != NULL ? detail : "");
    for (size_t i = 0; i < json_array_size(errors); i++) {
        const json_t *error = json_array_get(errors, i);
        const char *pointer = json_string_value(json_object_get(error, "pointer"));
        const char *what = json_string_value(json_object_get(error, "detail"));
        problem_add(problem, code, pointer != NULL ? pointer : "", "%s", what != NULL ? what : "");
    }
    return false;
}

static json_t *ask_daemon(const char *folder, const char *path, struct text body,
                          struct problem *problem)
{
    char address[HOME_LINE_BYTES_MAX];
    char key[HOME_LINE_BYTES_MAX];
    unsigned status = 0;
    struct buffer url;
    struct buffer answer;
    if (!home_read_line(folder, HOME_ADDRESS, address, problem) ||
        !home_read_line(folder, HOME_OPERATOR_KEY, key, problem))
        return NULL;
    bool local = strncmp(address, "unix:", 5) == 0;
    buffer_init(&url);
    buffer_init(&answer);
    buffer_format(&url, "%s%s", local ? "http://localhost" : address, path);
    buffer_char(&url, '\0');
    const struct fetch request = {.method = "POST",
                                  .url = url.bytes,
                                  .socket = local ? address + 5 : NULL,
                                  .content_type = "application/json",
                                  .body = body,
                                  .bearer = key,
                                  .answer_bytes_max = ANSWER_BYTES_MAX,
                                  .timeout_us = ANSWER_TIMEOUT};
    json_t *json = NULL;
    if (fetch(&request, &status, &answer, problem))
        json = json_read(buffer_view(&answer), problem);
    explicit_bzero(key, sizeof key);
    if (answer.bytes != NULL)
        explicit_bzero(answer.bytes, answer.capacity); /* it may hold a key */
    buffer_done(&answer);
    buffer_done(&url);
    if (json != NULL && status / 100 != 2) {
        read_refusal(json, problem);
        json_free(json);
        return NULL;
    }
    return json;
}

/* Prints a member of the daemon's answer; NULL: nothing. */
static int print_answer(const char *folder, const char *path, struct text body, const char *member)
{
    struct problem problem;
    json_t *answer = ask_daemon(folder, path, body, &problem);
    if (answer == NULL)
        return command_failed(&problem);
    const char *value = member == NULL ? NULL : json_string_value(json_object_get(answer, member));
    struct buffer out;
    buffer_init(&out);
    if (value != NULL)
        buffer_format(&out, "%s\n", value);
    json_free(answer);
    return command_output(&out);
}

/* ---- in this process, or else through the daemon ---- */

enum where { HERE, AT_THE_DAEMON, NOWHERE };

static enum where find_place(struct engine *engine, const struct config *config,
                             struct problem *problem)
{
    const struct engine_options options = {.config = config};
    if (engine_init(engine, &options, problem))
        return HERE;
    return problem->code == PROBLEM_STORE_LOCKED ? AT_THE_DAEMON : NOWHERE;
}

static int print_line(const char *line)
{
    struct buffer out;
    buffer_init(&out);
    buffer_format(&out, "%s\n", line);
    return command_output(&out);
}

static int create_key_here(struct engine *engine, const struct key_wish *wish)
{
    struct problem problem;
    char text[KEY_TEXT_BYTES];
    struct door *door = door_new(engine->kernel);
    bool ok = key_make(door, wish, text, &problem);
    door_free(door);
    int status = ok ? print_line(text) : command_failed(&problem);
    explicit_bzero(text, sizeof text);
    return status;
}

static int create_key_there(const char *folder, const struct key_wish *wish)
{
    struct problem problem;
    struct buffer body;
    enum role role;
    if (!check_words(wish, &problem) || !read_role(wish->role, &role, &problem))
        return command_failed(&problem);
    buffer_init(&body);
    write_wish(&body, wish, NULL);
    int status = print_answer(folder, "/v1/keys", buffer_view(&body), "key");
    buffer_done(&body);
    return status;
}

static int run_key_create(const struct invocation *invocation)
{
    struct problem problem;
    struct engine engine;
    const struct key_wish wish = {.role = invocation_option(invocation, "role"),
                                  .org = invocation_option(invocation, "org"),
                                  .buyer = invocation_option(invocation, "buyer"),
                                  .label = invocation_option(invocation, "label")};
    struct config *config = invocation_config(invocation, &problem);
    if (config == NULL)
        return command_failed(&problem);
    int status = EXIT_FAILED;
    switch (find_place(&engine, config, &problem)) {
    case HERE:
        status = create_key_here(&engine, &wish);
        engine_done(&engine);
        break;
    case AT_THE_DAEMON:
        status = create_key_there(config_text(config, CONFIG_DATA), &wish);
        break;
    case NOWHERE:
        status = command_failed(&problem);
        break;
    }
    config_free(config);
    return status;
}

static int act_here(struct engine *engine, const struct door_act *act, bool print_org)
{
    struct problem problem;
    struct submission done;
    char org[ID_TEXT_BYTES];
    struct door *door = door_new(engine->kernel);
    bool ok = door_single(door, act, &done, &problem);
    if (ok)
        org_format(done.act.org, org);
    door_free(door);
    if (!ok)
        return command_failed(&problem);
    return print_org ? print_line(org) : EXIT_DONE;
}

/* One act of the operator's. */
static int run_act(const struct invocation *invocation, struct door_act *act, const char *path,
                   bool print_org)
{
    struct problem problem;
    struct engine engine;
    struct config *config = invocation_config(invocation, &problem);
    if (config == NULL)
        return command_failed(&problem);
    int status = EXIT_FAILED;
    act->role = ROLE_OPERATOR;
    switch (find_place(&engine, config, &problem)) {
    case HERE:
        status = act_here(&engine, act, print_org);
        engine_done(&engine);
        break;
    case AT_THE_DAEMON:
        status = print_answer(config_text(config, CONFIG_DATA), path, act->body,
                              print_org ? "org" : NULL);
        break;
    case NOWHERE:
        status = command_failed(&problem);
        break;
    }
    config_free(config);
    return status;
}

static int run_key_revoke(const struct invocation *invocation)
{
    struct problem problem;
    struct id id;
    char name[ID_TEXT_BYTES];
    char path[64];
    enum role role;
    struct digest secret;
    struct text text = text_of(invocation->arguments[0]);
    /* Whoever found a leaked key has the whole of it, not its id. */
    if (!id_parse("key", text, &id) && !key_parse(text, &role, &id, &secret)) {
        problem_set(&problem, PROBLEM_USAGE, "%.40s: is neither a key nor its id",
                    invocation->arguments[0]);
        return command_failed(&problem);
    }
    id_format("key", id, name);
    snprintf(path, sizeof path, "/v1/keys/%s/revoke", name);
    struct door_act act = {
        .type = &key_revoked, .org = id_org(id), .subject = id, .body = TEXT("{}")};
    return run_act(invocation, &act, path, false);
}

static int run_org_create(const struct invocation *invocation)
{
    struct problem problem;
    const char *name = invocation_option(invocation, "name");
    const char *reference = invocation_option(invocation, "reference");
    if (!text_is_utf8(text_of(name)) || !text_is_utf8(text_of(reference))) {
        problem_set(&problem, PROBLEM_USAGE, "what is given must be UTF-8");
        return command_failed(&problem);
    }
    struct buffer body;
    buffer_init(&body);
    struct json_writer json = json_writer(&body);
    json_open(&json);
    add_member(&json, "name", name);
    add_member(&json, "reference", reference);
    json_close(&json);
    struct door_act act = {.type = &org_created,
                           .org = org_random(),
                           .subject = id_new(ORG_MARKETPLACE),
                           .body = buffer_view(&body)};
    int status = run_act(invocation, &act, "/v1/orgs", true);
    buffer_done(&body);
    return status;
}

static const struct option key_create_options[] = {
    {"role", "ROLE", OPTION_REQUIRED, "shop, seller, buyer, auditor or operator"},
    {"org", "ORG", 0, "a seller's organisation (org_…)"},
    {"buyer", "NAME", 0, "the shop's name of the buyer whose key it is"},
    {"label", "TEXT", 0, "what it will be used for"},
};

const struct command command_key_create = {
    .name = "key create",
    .arguments = "",
    .options = key_create_options,
    .option_count = COUNT_OF(key_create_options),
    .configured = true,
    .summary = "make an API key and print it, this once",
    .help = "Only a digest of the key is kept. While a server runs on the data folder it is asked "
            "to\nmake the key; otherwise this is done here.",
    .examples = "  counterfoil key create --role seller --org org_0f3k9x2m --label warehouse\n"
                "  counterfoil key create --role buyer --buyer b-17",
    .run = run_key_create,
};

const struct command command_key_revoke = {
    .name = "key revoke",
    .arguments = "KEY",
    .argument_min = 1,
    .argument_max = 1,
    .configured = true,
    .summary = "make an API key worthless at once",
    .help = "KEY is its id (key_…) or the key itself.",
    .examples = "  counterfoil key revoke key_01jdm7k3n8fqrb2v5x9w4y6z0h",
    .run = run_key_revoke,
};

static const struct option org_create_options[] = {
    {"name", "NAME", OPTION_REQUIRED, "what people call it"},
    {"reference", "TEXT", 0, "the shop's own name for it"},
};

const struct command command_org_create = {
    .name = "org create",
    .arguments = "",
    .options = org_create_options,
    .option_count = COUNT_OF(org_create_options),
    .configured = true,
    .summary = "let an organisation (a seller) join, and print its id",
    .help = "Its first owner is invited by `counterfoil owner invite --org ORG`.",
    .examples = "  counterfoil org create --name \"Nordlicht Lamps\" --reference seller-17",
    .run = run_org_create,
};

/* ---- the first owner ---- */

struct owner_wish {
    const char *org; /* "org_…", or NULL: the marketplace itself */
    const char *name, *email;
    bool recovers; /* who has lost everything */
};

/* SECRET is NULL for the API, which makes it itself. */
static void write_owner(struct buffer *body, const struct owner_wish *wish,
                        const struct digest *secret)
{
    struct json_writer json = json_writer(body);
    json_open(&json);
    add_member(&json, "email", wish->email);
    add_member(&json, "name", wish->name);
    add_member(&json, "org", wish->org);
    add_digest(&json, "secret", secret);
    json_close(&json);
}

/* Where somebody opens it: an origin of the console, or this machine. */
static int print_invitation(const struct config *config, const char *invitation)
{
    char address[HOME_LINE_BYTES_MAX];
    struct problem problem;
    struct buffer out;
    const char *listen = config_text(config, CONFIG_LISTEN);
    const char *port = strrchr(listen, ':');
    if (home_read_line(config_text(config, CONFIG_DATA), HOME_ADDRESS, address, &problem) &&
        strncmp(address, "unix:", 5) != 0)
        port = strrchr(address, ':');
    buffer_init(&out);
    if (config_count(config, CONFIG_PEOPLE_ORIGINS) > 0)
        buffer_string(&out, config_item(config, CONFIG_PEOPLE_ORIGINS, 0));
    else
        buffer_format(&out, "http://localhost%s", port != NULL ? port : "");
    buffer_format(&out, "/#invitation=%s\n", invitation);
    return command_output(&out);
}

static int invite_here(struct engine *engine, const struct config *config,
                       const struct owner_wish *wish)
{
    struct problem problem;
    struct submission done;
    struct digest secret;
    struct buffer body;
    char id[ID_TEXT_BYTES];
    int64_t org = ORG_MARKETPLACE;
    if (wish->org != NULL && !org_parse(text_of(wish->org), &org)) {
        problem_set(&problem, PROBLEM_USAGE, "--org %.40s: is no organisation's id", wish->org);
        return command_failed(&problem);
    }
    struct arena *arena = arena_new();
    struct text text = secret_new(arena, &secret);
    struct id invitation = id_new(org);
    buffer_init(&body);
    write_owner(&body, wish, &secret);
    const struct door_act act = {.type = wish->recovers ? &owner_recovery_invited : &owner_invited,
                                 .org = org,
                                 .subject = invitation,
                                 .role = ROLE_OPERATOR,
                                 .body = buffer_view(&body)};
    struct door *door = door_new(engine->kernel);
    bool ok = door_single(door, &act, &done, &problem);
    id_format("inv", invitation, id);
    int status =
        ok ? print_invitation(config, arena_format(arena, "%s.%.*s", id, TEXT_ARG(text)).bytes)
           : command_failed(&problem);
    door_free(door);
    buffer_done(&body);
    arena_free(arena);
    return status;
}

static int invite_there(const struct config *config, const struct owner_wish *wish)
{
    struct problem problem;
    struct buffer body;
    buffer_init(&body);
    write_owner(&body, wish, NULL);
    json_t *answer = ask_daemon(config_text(config, CONFIG_DATA),
                                wish->recovers ? "/v1/owners/recover" : "/v1/owners",
                                buffer_view(&body), &problem);
    buffer_done(&body);
    if (answer == NULL)
        return command_failed(&problem);
    const char *invitation = json_string_value(json_object_get(answer, "invitation"));
    int status = print_invitation(config, invitation != NULL ? invitation : "");
    json_free(answer);
    return status;
}

static int run_owner_invite(const struct invocation *invocation)
{
    struct problem problem;
    struct engine engine;
    const struct owner_wish wish = {.org = invocation_option(invocation, "org"),
                                    .name = invocation_option(invocation, "name"),
                                    .email = invocation_option(invocation, "email"),
                                    .recovers = invocation_option(invocation, "recover") != NULL};
    if (!text_is_utf8(text_of(wish.name)) || !text_is_utf8(text_of(wish.email))) {
        problem_set(&problem, PROBLEM_USAGE, "what is given must be UTF-8");
        return command_failed(&problem);
    }
    struct config *config = invocation_config(invocation, &problem);
    if (config == NULL)
        return command_failed(&problem);
    int status = EXIT_FAILED;
    switch (find_place(&engine, config, &problem)) {
    case HERE:
        status = invite_here(&engine, config, &wish);
        engine_done(&engine);
        break;
    case AT_THE_DAEMON:
        status = invite_there(config, &wish);
        break;
    case NOWHERE:
        status = command_failed(&problem);
        break;
    }
    config_free(config);
    return status;
}

static const struct option owner_invite_options[] = {
    {"org", "ORG", 0, "the organisation (org_…); none: the marketplace itself"},
    {"name", "NAME", 0, "whom it is for"},
    {"email", "ADDRESS", 0, "where they get their mail"},
    {"recover", NULL, 0,
     "an owner who has lost every passkey and code, and whom no owner can invite"},
};

const struct command command_owner_invite = {
    .name = "owner invite",
    .arguments = "",
    .options = owner_invite_options,
    .option_count = COUNT_OF(owner_invite_options),
    .configured = true,
    .summary = "invite an organisation's first owner, and print the link for them",
    .help = "Who opens the link makes an account with a passkey, or with a password and a TOTP "
            "generator,\nand owns the organisation. An owner invites everybody else. The link "
            "works once.\n\n"
            "With --recover for an organisation whose owners can get in no more: the link opens "
            "only after\nthe time of a hold (72 h, people.hold). Everybody of the organisation is "
            "told at once, and any\nof them may refuse it.",
    .examples = "  counterfoil owner invite --org org_0f3k9x2m --name \"Ana Lima\"\n"
                "  counterfoil owner invite --name \"Ops\"   # of the marketplace itself",
    .run = run_owner_invite,
};
