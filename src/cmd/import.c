/* `counterfoil import olist`: real orders of a marketplace into the store of this one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/door.h"
#include "cmd/engine.h"
#include "cmd/olist.h"
#include "cmd/progress.h"
#include "market/orders.h"

#define ACTS_A_PART_MAX 4 /* created; shipped or cancelled; delivered; reviewed */

struct importer {
    struct olist olist;
    struct arena *arena;
    struct store *store;
    struct door *door; /* NULL while a daemon has the store: then it is only compared */
    int64_t *orgs;     /* by row of the sellers' file; 0: not there yet */
    size_t missing;    /* acts that were not there */
    size_t made, refused;
    struct problem first_refusal;
};

static void add_money(struct json_writer *json, const char *name, int64_t centavos)
{
    json_name(json, name);
    money_write(json, &(struct money){centavos, "BRL"});
}

static void add_time(struct json_writer *json, const char *name, int64_t at)
{
    if (at == 0)
        return;
    json_name(json, name);
    json_time(json, at);
}

static void add_items(struct json_writer *json, const struct olist_part *part)
{
    json_name(json, "items");
    json_open_list(json);
    for (size_t i = 0; i < part->item_count; i++) {
        const struct olist_item *item = &part->items[i];
        json_open(json);
        if (item->category.length > 0)
            json_member(json, "category", item->category);
        add_money(json, "freight", item->freight);
        add_money(json, "price", item->price);
        json_member_int(json, "quantity", 1);
        add_time(json, "ship_by", item->ship_by);
        json_member(json, "sku", item->product);
        json_close(json);
    }
    json_close_list(json);
}

static void add_payments(struct json_writer *json, const struct olist_part *part)
{
    json_name(json, "payments");
    json_open_list(json);
    for (size_t i = 0; i < part->payment_count; i++) {
        json_open(json);
        add_money(json, "amount", part->payments[i].amount);
        json_member_int(json, "installments", part->payments[i].installments);
        json_member(json, "method", part->payments[i].method);
        json_close(json);
    }
    json_close_list(json);
}

static void write_order(struct buffer *body, const struct olist_part *part, int64_t org)
{
    struct json_writer json = json_writer(body);
    int64_t total = 0;
    for (size_t i = 0; i < part->item_count; i++)
        total += part->items[i].price + part->items[i].freight;
    json_open(&json);
    json_member(&json, "buyer", part->buyer);
    json_member(&json, "destination", part->destination);
    add_items(&json, part);
    json_name(&json, "org");
    json_org(&json, org);
    if (part->payment_count > 0)
        add_payments(&json, part);
    add_time(&json, "placed_at", part->placed_at);
    json_member(&json, "reference", part->reference);
    add_money(&json, "total", total);
    json_close(&json);
}

/* The acts of one part that are not there yet, in their order. */
struct steps {
    struct importer *importer;
    int64_t org;
    struct id order;
    struct buffer body;
};

static struct json_writer begin_body(struct steps *steps)
{
    buffer_clear(&steps->body);
    return json_writer(&steps->body);
}

static void step(struct steps *steps, const struct act_type *type, enum role role)
{
    const struct door_act act = {.type = type,
                                 .org = steps->org,
                                 .subject = steps->order,
                                 .role = role,
                                 .body = buffer_view(&steps->body)};
    steps->importer->missing++;
    if (steps->importer->door != NULL)
        door_act(steps->importer->door, &act);
}

static void step_times(struct steps *steps, const struct act_type *type, enum role role,
                       const char *name, int64_t at)
{
    struct json_writer json = begin_body(steps);
    json_open(&json);
    add_time(&json, name, at);
    json_close(&json);
    step(steps, type, role);
}

static void step_canceled(struct steps *steps)
{
    struct json_writer json = begin_body(steps);
    json_open(&json);
    json_member(&json, "reason", TEXT("Cancelled; the data set does not say why"));
    json_close(&json);
    step(steps, &order_canceled, ROLE_SHOP);
}

static void step_reviewed(struct steps *steps, const struct olist_part *part)
{
    struct json_writer json = begin_body(steps);
    json_open(&json);
    add_time(&json, "answered_at", part->answered_at);
    add_time(&json, "reviewed_at", part->reviewed_at);
    json_member_int(&json, "stars", part->stars);
    json_close(&json);
    step(steps, &order_reviewed, ROLE_SHOP);
}

/* Reads what is there of the part: *found says whether there is anything. */
static bool read_present(struct importer *importer, const struct olist_part *part, int64_t org,
                         struct order_row *order, bool *found, struct problem *problem)
{
    struct order_reference_row reference = {.org = org, .reference = part->reference};
    struct reader *reader = store_reader_take(importer->store);
    *found = false;
    bool ok = org == 0 || reader_load(reader, &order_references_table, &reference, importer->arena,
                                      found, problem);
    if (ok && *found) {
        *order = (struct order_row){.org = org, .id = reference.order_id};
        ok = reader_load(reader, &orders_table, order, importer->arena, found, problem);
    }
    store_reader_give(importer->store, reader);
    return ok;
}

static bool take_part(struct importer *importer, const struct olist_part *part,
                      struct problem *problem)
{
    struct steps steps = {.importer = importer, .org = importer->orgs[part->seller]};
    struct order_row order = {.state = ORDER_PLACED};
    bool found;
    if (!read_present(importer, part, steps.org, &order, &found, problem))
        return false;
    buffer_init(&steps.body);
    steps.order = found ? order.id : id_new(steps.org);
    if (!found) {
        write_order(&steps.body, part, steps.org);
        step(&steps, &order_created, ROLE_SHOP);
    }
    if (part->shipped_at != 0 && order.state == ORDER_PLACED)
        step_times(&steps, &order_shipped, ROLE_SELLER, "handed_over_at", part->shipped_at);
    if (part->canceled && order.state == ORDER_PLACED)
        step_canceled(&steps);
    if (part->delivered_at != 0 && (order.state == ORDER_PLACED || order.state == ORDER_SHIPPED))
        step_times(&steps, &order_delivered, ROLE_SHOP, "delivered_at", part->delivered_at);
    if (part->stars != 0 && order.stars == 0)
        step_reviewed(&steps, part);
    buffer_done(&steps.body);
    return true;
}

/* Waits for the batch and counts what became of it. */
static void finish_batch(struct importer *importer)
{
    if (importer->door == NULL)
        return;
    door_wait(importer->door);
    for (size_t i = 0; i < door_count(importer->door); i++) {
        const struct submission *done = door_result(importer->door, i);
        importer->made += done->accepted;
        if (done->accepted)
            continue;
        if (importer->refused++ == 0) {
            importer->first_refusal = done->problem;
            importer->first_refusal.extension = TEXT_NONE;
        }
    }
}

static void begin_batch(struct importer *importer)
{
    finish_batch(importer);
    if (importer->door != NULL)
        door_clear(importer->door);
}

static bool is_full(const struct importer *importer, size_t next)
{
    return importer->door != NULL && door_count(importer->door) + next > DOOR_BATCH_MAX;
}

/* ---- sellers ---- */

struct known_org {
    struct text reference;
    int64_t org;
};

struct known_orgs {
    struct arena *arena;
    struct buffer list; /* of struct known_org */
};

static bool keep_org(void *context, const void *row, struct problem *problem)
{
    struct known_orgs *known = context;
    const struct org_row *org = row;
    (void)problem;
    const struct known_org kept = {arena_text(known->arena, org->reference), org->org};
    if (org->reference.length > 0)
        buffer_add(&known->list, &kept, sizeof kept);
    return true;
}

static int compare_known(const void *a, const void *b)
{
    return text_compare(((const struct known_org *)a)->reference,
                        ((const struct known_org *)b)->reference);
}

/* Organisations that are there already go by the seller's id, which is their reference. */
static bool read_orgs(struct importer *importer, struct problem *problem)
{
    struct known_orgs known = {.arena = importer->arena};
    buffer_init(&known.list);
    struct reader *reader = store_reader_take(importer->store);
    bool ok = reader_rows(reader, &orgs_table, "ORDER BY org", NULL, 0, importer->arena, keep_org,
                          &known, problem);
    store_reader_give(importer->store, reader);
    size_t count = known.list.length / sizeof(struct known_org);
    struct known_org *list = arena_array(importer->arena, count + 1, sizeof *list);
    if (count > 0)
        memcpy(list, known.list.bytes, known.list.length);
    buffer_done(&known.list);
    qsort(list, count, sizeof *list, compare_known);
    for (size_t i = 0; i < importer->olist.files[OLIST_SELLERS].row_count; i++) {
        const struct known_org wanted = {olist_seller_id(&importer->olist, i), 0};
        const struct known_org *found = bsearch(&wanted, list, count, sizeof *list, compare_known);
        importer->orgs[i] = found == NULL ? 0 : found->org;
    }
    return ok;
}

static void make_org(struct importer *importer, size_t seller)
{
    struct buffer body;
    buffer_init(&body);
    struct json_writer json = json_writer(&body);
    json_open(&json);
    json_member(&json, "name", olist_seller_name(&importer->olist, seller, importer->arena));
    json_member(&json, "reference", olist_seller_id(&importer->olist, seller));
    json_close(&json);
    const struct door_act act = {.type = &org_created,
                                 .org = org_random(),
                                 .subject = id_new(ORG_MARKETPLACE),
                                 .role = ROLE_OPERATOR,
                                 .body = buffer_view(&body)};
    importer->missing++;
    if (importer->door != NULL)
        door_act(importer->door, &act);
    buffer_done(&body);
}

static bool make_orgs(struct importer *importer, struct problem *problem)
{
    if (!read_orgs(importer, problem))
        return false;
    for (size_t i = 0; i < importer->olist.files[OLIST_SELLERS].row_count; i++) {
        if (importer->orgs[i] != 0 || importer->olist.fates[OLIST_SELLERS][i] != OLIST_USED)
            continue;
        if (is_full(importer, 1))
            begin_batch(importer);
        make_org(importer, i);
    }
    begin_batch(importer);
    return importer->door == NULL || read_orgs(importer, problem);
}

static bool make_orders(struct importer *importer, struct problem *problem)
{
    struct progress progress;
    bool ok = true;
    progress_init(&progress, "loading orders");
    for (size_t i = 0; ok && i < importer->olist.part_count; i++) {
        if (is_full(importer, ACTS_A_PART_MAX))
            begin_batch(importer);
        ok = take_part(importer, &importer->olist.parts[i], problem);
        progress_show(&progress, i + 1, importer->olist.part_count);
    }
    begin_batch(importer);
    progress_done(&progress);
    return ok;
}

/* ---- the report ---- */

static void print_report(const struct importer *importer)
{
    const struct olist *olist = &importer->olist;
    printf("%.*s\n", TEXT_ARG(buffer_view(&olist->notes)));
    printf("%-16s %8s %8s %10s\n", "file", "rows", "loaded", "not loaded");
    for (enum olist_file file = 0; file < OLIST_FILES; file++)
        printf("%-16s %8zu %8zu %10zu\n", olist_names[file], olist->counts[file].rows,
               olist->counts[file].used, olist->counts[file].noted);
    printf("\nEach row that was not loaded, or not all of it, is named above. %zu orders of "
           "several sellers\nbecame one order a seller: %zu orders in all. Payments and reviews "
           "stand with the first of them.\nNot kept, because orders here have no place for it: "
           "time of approval, estimated delivery,\nmeasures of products, zip codes.\n",
           olist->split, olist->part_count);
    printf("\n%zu acts made, %zu refused%s\n", importer->made, importer->refused,
           importer->missing == 0 ? "; everything was there already" : "");
}

static bool run_steps(struct importer *importer, struct problem *problem)
{
    importer->orgs = arena_array(
        importer->arena, importer->olist.files[OLIST_SELLERS].row_count + 1, sizeof(int64_t));
    if (!make_orgs(importer, problem) || !make_orders(importer, problem))
        return false;
    if (importer->door == NULL && importer->missing > 0)
        return problem_set(problem, PROBLEM_STORE_LOCKED,
                           "%zu acts are missing; stop the server for as long as they are loaded",
                           importer->missing);
    print_report(importer);
    if (importer->refused > 0)
        *problem = importer->first_refusal;
    return importer->refused == 0;
}

static bool import_here(struct importer *importer, struct engine *engine, struct problem *problem)
{
    importer->store = engine->store;
    importer->door = door_new(engine->kernel);
    bool ok = run_steps(importer, problem);
    door_free(importer->door);
    return ok;
}

/* A daemon has the store: see whether anything is missing. */
static bool compare_only(struct importer *importer, const struct config *config,
                         struct problem *problem)
{
    char url[HOME_PATH_BYTES];
    engine_store_url(config, url);
    importer->store = store_open(url, false, problem);
    if (importer->store == NULL)
        return false;
    bool ok = run_steps(importer, problem);
    store_close(importer->store);
    return ok;
}

static bool import_olist(const char *folder, const struct config *config, struct problem *problem)
{
    struct engine engine;
    struct importer importer = {.arena = arena_new()};
    const struct engine_options options = {.config = config, .history = true};
    bool ok = olist_init(&importer.olist, folder, importer.arena, problem);
    if (!ok) {
        arena_free(importer.arena);
        return false;
    }
    if (engine_init(&engine, &options, problem)) {
        ok = import_here(&importer, &engine, problem);
        engine_done(&engine);
    } else {
        ok = problem->code == PROBLEM_STORE_LOCKED && compare_only(&importer, config, problem);
    }
    olist_done(&importer.olist);
    arena_free(importer.arena);
    return ok;
}

static int run_import_olist(const struct invocation *invocation)
{
    struct problem problem;
    struct config *config = invocation_config(invocation, &problem);
    if (config == NULL)
        return command_failed(&problem);
    bool ok = import_olist(invocation->arguments[0], config, &problem);
    config_free(config);
    if (!ok)
        return command_failed(&problem);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

const struct command command_import_olist = {
    .name = "import olist",
    .arguments = "FOLDER",
    .argument_min = 1,
    .argument_max = 1,
    .configured = true,
    .summary = "load the orders of the Olist data set, real ones from Brazil",
    .help = "FOLDER holds its CSV files (olist_orders_dataset.csv and six more). Every row is "
            "loaded or\nnamed in the report. What is there already is left alone, so a broken "
            "import goes on where it\nbroke. Acts are recorded as of now; their bodies carry the "
            "times of then, read as S\xc3\xa3o Paulo's.\nTo load, the server must not run; while "
            "it runs, this only says whether anything is missing.",
    .examples = "  counterfoil import olist ./olist --data /var/lib/counterfoil",
    .run = run_import_olist,
};
