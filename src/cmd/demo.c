/* `counterfoil demo`: a marketplace to look at, made by itself, with its stories part-way through.
 */
#include <stdio.h>

#include "act/receipts.h"
#include "base/file.h"
#include "cmd/commands.h"
#include "cmd/demo_plan.h"
#include "cmd/demo_services.h"
#include "cmd/init.h"
#include "cmd/progress.h"
#include "market/orders.h"

#define BASE "http://localhost:8080"
#define DEFAULT_SEED 20261123

/* Where an order of the plan stands while it is played. */
struct played {
    struct id order;
    struct id request; /* the cancel request, that is the act that asked */
    struct id last;    /* the last act that somebody must know of */
};

struct demo {
    const char *folder;
    struct engine engine;
    struct arena *arena;
    struct door *door;
    struct demo_plan plan;
    int64_t now;
    int64_t orgs[DEMO_SELLERS];
    struct played *played;
    struct buffer body;
};

static struct json_writer begin_body(struct demo *demo)
{
    buffer_clear(&demo->body);
    struct json_writer json = json_writer(&demo->body);
    json_open(&json);
    return json;
}

static void add_money(struct json_writer *json, const char *name, int64_t cents)
{
    json_name(json, name);
    money_write(json, &(struct money){cents, "EUR"});
}

static struct text buyer_name(const struct demo *demo, const struct demo_order *order)
{
    return arena_format(demo->arena, "b-%u", 101 + order->buyer);
}

static void write_order(struct demo *demo, const struct demo_event *event)
{
    const struct demo_order *order = &demo->plan.orders[event->order];
    struct json_writer json = begin_body(demo);
    json_member(&json, "buyer", buyer_name(demo, order));
    json_name(&json, "items");
    json_open_list(&json);
    json_open(&json);
    json_member(&json, "category", text_of(order->article->category));
    add_money(&json, "price", order->article->price);
    json_member_int(&json, "quantity", order->quantity);
    json_member(&json, "sku", text_of(order->article->sku));
    json_member(&json, "title", text_of(order->article->title));
    json_close(&json);
    json_close_list(&json);
    json_name(&json, "org");
    json_org(&json, demo->orgs[order->seller]);
    json_member(&json, "reference", arena_format(demo->arena, "2026-%04zu", 1001 + event->order));
    add_money(&json, "total", order->article->price * order->quantity);
    json_close(&json);
}

static void write_words(struct demo *demo, const char *name, const char *words)
{
    struct json_writer json = begin_body(demo);
    if (name != NULL)
        json_member(&json, name, text_of(words));
    json_close(&json);
}

static void write_shipment(struct demo *demo, const struct demo_event *event)
{
    static const char *const carriers[] = {"DHL", "DPD", "UPS"};
    struct json_writer json = begin_body(demo);
    json_member(&json, "carrier", text_of(carriers[event->order % COUNT_OF(carriers)]));
    json_member(&json, "tracking", arena_format(demo->arena, "CF%010zu", 7001 + event->order * 37));
    json_close(&json);
}

static void write_review(struct demo *demo, int64_t stars)
{
    struct json_writer json = begin_body(demo);
    json_member_int(&json, "stars", stars);
    json_close(&json);
}

static void write_decision(struct demo *demo, const struct demo_event *event)
{
    struct json_writer json = begin_body(demo);
    if (event->kind == DEMO_SEEN)
        json_member(&json, "by", TEXT("Ana, warehouse"));
    json_name(&json, "cancel_request");
    json_id(&json, "cr", demo->played[event->order].request);
    if (event->kind == DEMO_SEEN)
        json_member(&json, "means", TEXT("app"));
    if (event->kind == DEMO_REFUSE)
        json_member(&json, "reason", TEXT("Cut to your measure already"));
    json_close(&json);
}

static void write_incident(struct demo *demo, const struct demo_event *event)
{
    struct json_writer json = begin_body(demo);
    json_name(&json, "act");
    json_id(&json, "act", demo->played[event->order].request);
    json_member(&json, "audience", TEXT("seller"));
    json_member(&json, "message", TEXT("The seller has not been reached yet."));
    json_member(&json, "type", text_of(order_cancel_requested.name));
    json_close(&json);
}

static void write_receipt(struct demo *demo, const struct demo_event *event)
{
    bool seller = event->kind == DEMO_TELL_SELLER;
    struct json_writer json = begin_body(demo);
    json_name(&json, "act");
    json_id(&json, "act", demo->played[event->order].last);
    json_member(&json, "audience",
                text_of(seller                           ? "seller"
                        : event->kind == DEMO_TELL_BUYER ? "buyer"
                                                         : "shop"));
    json_member(&json, "means", text_of(seller ? "webhook" : "pull"));
    json_close(&json);
}

/* Writes the body and says what the act is. */
static void write_event(struct demo *demo, const struct demo_event *event, struct door_act *act)
{
    const struct demo_order *order = &demo->plan.orders[event->order];
    static const struct {
        const struct act_type *type;
        enum role role;
    } kinds[] = {
        [DEMO_CREATE] = {&order_created, ROLE_SHOP},
        [DEMO_SHIP] = {&order_shipped, ROLE_SELLER},
        [DEMO_DELIVER] = {&order_delivered, ROLE_SHOP},
        [DEMO_REVIEW] = {&order_reviewed, ROLE_SHOP},
        [DEMO_ASK] = {&order_cancel_requested, ROLE_BUYER},
        [DEMO_SEEN] = {&order_cancel_seen, ROLE_SELLER},
        [DEMO_ACCEPT] = {&order_cancel_accepted, ROLE_SELLER},
        [DEMO_REFUSE] = {&order_cancel_refused, ROLE_SELLER},
        [DEMO_CANCEL] = {&order_canceled, ROLE_SHOP},
        [DEMO_INCIDENT] = {&incident_raised, ROLE_SYSTEM},
        [DEMO_TELL_SELLER] = {&receipt_delivered, ROLE_SYSTEM},
        [DEMO_TELL_BUYER] = {&receipt_delivered, ROLE_SYSTEM},
        [DEMO_TELL_SHOP] = {&receipt_delivered, ROLE_SYSTEM},
    };
    act->type = kinds[event->kind].type;
    act->role = kinds[event->kind].role;
    if (act->role == ROLE_BUYER)
        act->buyer = buyer_name(demo, order);
    if (event->kind == DEMO_CREATE)
        write_order(demo, event);
    else if (event->kind == DEMO_SHIP)
        write_shipment(demo, event);
    else if (event->kind == DEMO_DELIVER)
        write_words(demo, NULL, NULL);
    else if (event->kind == DEMO_REVIEW)
        write_review(demo, order->stars);
    else if (event->kind == DEMO_ASK)
        write_words(demo, "reason", order->reason);
    else if (event->kind == DEMO_CANCEL)
        write_words(demo, "reason", "The payment was not confirmed");
    else if (event->kind == DEMO_INCIDENT)
        write_incident(demo, event);
    else if (event->kind >= DEMO_TELL_SELLER)
        write_receipt(demo, event);
    else
        write_decision(demo, event);
}

static bool play_event(struct demo *demo, const struct demo_event *event, struct problem *problem)
{
    struct played *played = &demo->played[event->order];
    const struct demo_order *order = &demo->plan.orders[event->order];
    struct submission done;
    struct door_act act = {.org = demo->orgs[order->seller],
                           .prefix = "ord",
                           .at = demo->now - event->minutes_ago * TIME_MINUTE};
    if (event->kind == DEMO_CREATE)
        played->order = id_new(act.org);
    act.subject = played->order;
    write_event(demo, event, &act);
    act.body = buffer_view(&demo->body);
    bool refused = event->kind == DEMO_SHIP && order->script == DEMO_SHIP_REFUSED;
    bool accepted = door_single(demo->door, &act, &done, problem);
    if (accepted == refused || (refused && !done.recorded))
        return problem_set(problem, PROBLEM_INTERNAL, "the plan and the rules differ at %s: %.200s",
                           act.type->name, accepted ? "accepted" : done.problem.detail);
    if (event->kind == DEMO_ASK)
        played->request = done.act.id;
    if (event->kind < DEMO_TELL_SELLER)
        played->last = done.act.id;
    return true;
}

static bool play(struct demo *demo, struct problem *problem)
{
    struct progress progress;
    bool ok = true;
    progress_init(&progress, "playing the demonstration");
    demo->played = arena_array(demo->arena, demo->plan.order_count, sizeof(struct played));
    for (size_t i = 0; ok && i < demo->plan.event_count; i++) {
        ok = play_event(demo, &demo->plan.events[i], problem);
        progress_show(&progress, i + 1, demo->plan.event_count);
    }
    progress_done(&progress);
    return ok;
}

static bool make_sellers(struct demo *demo, struct problem *problem)
{
    for (size_t i = 0; i < DEMO_SELLERS; i++) {
        struct submission done;
        struct json_writer json = begin_body(demo);
        json_member(&json, "name", text_of(demo_seller_names[i]));
        json_member(&json, "reference", arena_format(demo->arena, "seller-%zu", i + 1));
        json_close(&json);
        const struct door_act act = {.type = &org_created,
                                     .org = org_random(),
                                     .subject = id_new(ORG_MARKETPLACE),
                                     .role = ROLE_SHOP,
                                     .at = demo->now - 30 * TIME_DAY,
                                     .body = buffer_view(&demo->body)};
        if (!door_single(demo->door, &act, &done, problem))
            return false;
        demo->orgs[i] = done.act.org;
    }
    return true;
}

/* ---- the welcome text ---- */

static bool make_keys(struct demo *demo, const struct demo_order *order, char shop[KEY_TEXT_BYTES],
                      char seller[KEY_TEXT_BYTES], struct problem *problem)
{
    char org[ID_TEXT_BYTES];
    org_format(demo->orgs[order->seller], org);
    const struct key_wish wishes[] = {{.role = "shop", .label = "demonstration"},
                                      {.role = "seller", .org = org, .label = "demonstration"}};
    return key_make(demo->door, &wishes[0], shop, problem) &&
           key_make(demo->door, &wishes[1], seller, problem);
}

static void write_welcome(struct buffer *text, const struct demo *demo, const char *order,
                          const char *seller_name, const char *shop, const char *seller)
{
    buffer_format(text,
                  "Open  " BASE "/#order=%s&key=%s\n"
                  "      An order whose buyer asked to cancel a while ago. You look at it as the "
                  "seller, %s.\n\n",
                  order, seller, seller_name);
    buffer_format(text,
                  "Try   three orders of the whole marketplace, as its shop:\n"
                  "  curl -s '" BASE "/v1/orders?limit=3' -H 'Authorization: Bearer %s'\n\n",
                  shop);
    buffer_format(text,
                  "      ship the order that the buyer wants cancelled, and be refused, because "
                  "you have\n      not confirmed that you saw the request:\n"
                  "  curl -s " BASE "/v1/orders/%s/ship -H 'Authorization: Bearer %s' "
                  "-H 'Content-Type: application/json' -d '{\"carrier\":\"DHL\"}'\n\n",
                  order, seller);
    buffer_format(
        text,
        "      take the evidence away and check it without the server:\n"
        "  curl -s " BASE "/v1/orders/%s/evidence -H 'Authorization: Bearer %s' "
        "-o /tmp/bundle.json && build/counterfoil verify /tmp/bundle.json --log-key '%s'\n",
        order, seller, demo->engine.verifier_key);
}

static bool welcome(struct demo *demo, struct problem *problem)
{
    char shop[KEY_TEXT_BYTES];
    char seller[KEY_TEXT_BYTES];
    char order[ID_TEXT_BYTES];
    char path[HOME_PATH_BYTES];
    struct buffer text;
    const struct demo_order *shown = &demo->plan.orders[0]; /* its script is DEMO_UNREACHED */
    if (!make_keys(demo, shown, shop, seller, problem))
        return false;
    id_format("ord", demo->played[0].order, order);
    buffer_init(&text);
    write_welcome(&text, demo, order, demo_seller_names[shown->seller], shop, seller);
    home_path(demo->folder, HOME_WELCOME, path);
    bool ok = file_create(path, buffer_view(&text), 0600, problem); /* it holds keys */
    buffer_done(&text);
    return ok;
}

static bool make_demo(const char *folder, uint64_t seed, struct problem *problem)
{
    struct text settings = TEXT("demo = on\n"
                                "# Only because this is a demonstration: webhooks may go to this "
                                "machine,\n"
                                "# and mail goes into a folder here.\n"
                                "webhook.allow_private = on\nmail.folder = mail\n"
                                "mail.staff = desk@market.example\n");
    struct demo demo = {.folder = folder, .now = time_now()};
    if (!init_folder(folder, NULL, settings, problem) || !init_open(folder, &demo.engine, problem))
        return false;
    demo.arena = arena_new();
    demo.door = door_new(demo.engine.kernel);
    buffer_init(&demo.body);
    demo_plan_make(&demo.plan, seed, demo.arena);
    bool ok = make_sellers(&demo, problem) && play(&demo, problem) &&
              demo_services_make(demo.door, demo.orgs, DEMO_SELLERS / 2, demo.now, problem) &&
              welcome(&demo, problem);
    buffer_done(&demo.body);
    door_free(demo.door);
    arena_free(demo.arena);
    engine_done(&demo.engine);
    return ok;
}

static int run_demo(const struct invocation *invocation)
{
    struct problem problem;
    uint64_t seed = DEFAULT_SEED;
    const char *wanted = invocation_option(invocation, "seed");
    if (wanted != NULL && !text_to_u64(text_of(wanted), UINT32_MAX, &seed)) {
        problem_set(&problem, PROBLEM_USAGE, "--seed %.20s: must be a number", wanted);
        return command_failed(&problem);
    }
    if (!make_demo(invocation->arguments[0], seed, &problem))
        return command_failed(&problem);
    struct buffer out;
    buffer_init(&out);
    buffer_format(&out, "%s holds a demonstration marketplace; %s/%s says what to look at\n",
                  invocation->arguments[0], invocation->arguments[0], HOME_WELCOME);
    return command_output(&out);
}

static const struct option demo_options[] = {
    {"seed", "NUMBER", 0, "another number, another marketplace"},
};

const struct command command_demo = {
    .name = "demo",
    .arguments = "FOLDER",
    .argument_min = 1,
    .argument_max = 1,
    .options = demo_options,
    .option_count = COUNT_OF(demo_options),
    .summary = "make a data folder with a demonstration marketplace",
    .help = "Sellers, buyers and a few hundred orders of the last two weeks, some with cancel "
            "requests in\nevery stage: not reached, an incident, seen, refused, accepted, "
            "overtaken. FOLDER must not\nexist, or be empty.",
    .examples = "  counterfoil demo ./data && counterfoil serve --data ./data",
    .run = run_demo,
};
