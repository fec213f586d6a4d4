/* The one road, with orders on it: what is accepted, refused, recorded, numbered, proved. */
#include "road.h"

#include "act/evidence.h"
#include "act/ledger.h"
#include "act/receipts.h"
#include "act/replay.h"

static const struct id nobody = {{0}};

static void test_unseen_request_stops_shipping(void **state)
{
    struct road *road = *state;
    struct id order = road_order(road, "1001");
    struct id request = road_cancel_request(road, order);
    struct submission *early = road_ship(road, order);
    char id[ID_TEXT_BYTES];
    assert_refused(early, PROBLEM_CANCEL_REQUEST_UNSEEN);
    assert_true(early->recorded);
    id_format("cr", request, id);
    assert_non_null(
        memmem(early->problem.extension.bytes, early->problem.extension.length, id, strlen(id)));
    assert_int_equal(road_load_order(road, order).state, ORDER_PLACED);
    assert_accepted(road_see(road, order, request));
    assert_accepted(road_ship(road, order));
    struct order_row shipped = road_load_order(road, order);
    assert_int_equal(shipped.state, ORDER_SHIPPED);
    assert_int_equal(shipped.cancel_state, CANCEL_OVERTAKEN);
}

static bool has_notice(struct road *road, struct id act, enum audience audience)
{
    struct notice_row row = {.org = road->org, .act = act, .audience = (int64_t)audience};
    return road_load(road, &notices_table, &row);
}

/* Of a shipment the buyer must be told only if it overtook their request. */
static void test_waived_deadlines(void **state)
{
    struct road *road = *state;
    struct submission *plain = road_ship(road, road_order(road, "1001"));
    assert_accepted(plain);
    assert_int_equal(plain->act.deadlines[0], 0);
    assert_false(has_notice(road, plain->act.id, AUDIENCE_BUYER));
    struct id order = road_order(road, "1002");
    assert_accepted(road_see(road, order, road_cancel_request(road, order)));
    struct submission *overtaking = road_ship(road, order);
    assert_accepted(overtaking);
    assert_int_equal(overtaking->act.deadlines[0], overtaking->act.at + TIME_HOUR);
    assert_true(has_notice(road, overtaking->act.id, AUDIENCE_BUYER));
}

static void test_seen_twice_and_wrong_request(void **state)
{
    struct road *road = *state;
    struct id order = road_order(road, "1001");
    struct id other = road_order(road, "1002");
    struct id request = road_cancel_request(road, order);
    assert_refused(road_see(road, other, request), PROBLEM_NOT_FOUND);
    assert_refused(road_see(road, order, id_new(road->org)), PROBLEM_NOT_FOUND);
    assert_accepted(road_see(road, order, request));
    assert_refused(road_see(road, order, request), PROBLEM_ALREADY_DONE);
}

static void test_decisions(void **state)
{
    struct road *road = *state;
    struct id order = road_order(road, "1001");
    struct cancel_decided_body body = {.present = 3, .reason = TEXT("At the carrier")};
    body.cancel_request = road_cancel_request(road, order);
    assert_accepted(road_act(road, &order_cancel_refused, road_seller(road), order, &body));
    struct order_row refused = road_load_order(road, order);
    assert_int_equal(refused.cancel_state, CANCEL_REFUSED);
    assert_int_not_equal(refused.cancel_seen_at, 0); /* who decides has seen */
    assert_refused(road_act(road, &order_cancel_accepted, road_seller(road), order, &body),
                   PROBLEM_CANCEL_REQUEST_CLOSED);
    /* The buyer may ask again, and now it is accepted. */
    body.cancel_request = road_cancel_request(road, order);
    assert_accepted(road_act(road, &order_cancel_accepted, road_seller(road), order, &body));
    assert_int_equal(road_load_order(road, order).state, ORDER_CANCELED);
    assert_refused(road_ship(road, order), PROBLEM_ORDER_STATE);
}

static void test_only_parties(void **state)
{
    struct road *road = *state;
    struct id order = road_order(road, "1001");
    static const struct cancel_requested_body body = {0};
    struct submission *stranger =
        road_act(road, &order_cancel_requested, road_buyer("b-18"), order, &body);
    assert_refused(stranger, PROBLEM_NOT_FOUND);
    assert_false(stranger->recorded);
    assert_refused(road_ship(road, id_new(road->org)), PROBLEM_NOT_FOUND);
}

static void test_reference_is_unique(void **state)
{
    struct road *road = *state;
    road_order(road, "1001");
    assert_refused(road_act(road, &order_created, road_shop, nobody, road_order_body(road, "1001")),
                   PROBLEM_ALREADY_EXISTS);
}

static struct submission *with_key(struct road *road, const char *key, const char *reference)
{
    struct submission *submission = ARENA_NEW(road->arena, struct submission);
    *submission = (struct submission){.arena = road->arena,
                                      .act = {.type = &order_created,
                                              .actor = road_shop,
                                              .org = road->org,
                                              .body = road_order_body(road, reference)},
                                      .idempotency_key = text_of(key),
                                      .request = digest_of(reference, strlen(reference))};
    kernel_act(road->kernel, submission);
    return submission;
}

static void test_repeated_request(void **state)
{
    struct road *road = *state;
    struct buffer first, second;
    buffer_init(&first);
    buffer_init(&second);
    struct submission *once = with_key(road, "k1", "1001");
    struct submission *twice = with_key(road, "k1", "1001");
    assert_accepted(once);
    assert_accepted(twice);
    assert_false(once->replayed);
    assert_true(twice->replayed);
    submission_write(&first, once);
    submission_write(&second, twice);
    assert_true(text_equal(buffer_view(&first), buffer_view(&second)));
    assert_refused(with_key(road, "k1", "1002"), PROBLEM_IDEMPOTENCY_MISMATCH);
    /* A refusal is an answer too. */
    assert_refused(with_key(road, "k2", "1001"), PROBLEM_ALREADY_EXISTS);
    assert_true(with_key(road, "k2", "1001")->replayed);
    road_stop(road);
    road_start(road);
    assert_true(with_key(road, "k1", "1001")->replayed);
    buffer_done(&first);
    buffer_done(&second);
}

/* The row of an Idempotency-Key of the shop without a key of its own. */
static struct idempotency_row load_key(struct road *road, const char *key)
{
    struct submission submission = {.act = {.actor = road_shop}, .idempotency_key = text_of(key)};
    struct idempotency_row row = submission_key(&submission, road->arena);
    assert_true(road_load(road, &idempotency_table, &row));
    return row;
}

static void test_key_belongs_to_its_principal(void **state)
{
    struct road *road = *state;
    struct id order = road_order(road, "1000");
    assert_accepted(with_key(road, "k1", "1001"));
    road->org = id_org(order) + 1; /* the same key for another organisation is another request */
    assert_refused(with_key(road, "k1", "1001b"), PROBLEM_IDEMPOTENCY_MISMATCH);
    road->org = id_org(order);
}

static void test_keys_expire_unless_money_moved(void **state)
{
    struct road *road = *state;
    struct order_canceled_body reason = {.present = 1, .reason = TEXT("Payment failed")};
    struct submission *created = with_key(road, "k1", "1001");
    assert_accepted(created);
    assert_int_equal(load_key(road, "k1").expires_at, created->act.at + TIME_DAY);
    struct submission canceled = {.arena = road->arena,
                                  .act = {.type = &order_canceled,
                                          .actor = road_shop,
                                          .org = road->org,
                                          .subject = created->act.subject,
                                          .body = &reason},
                                  .idempotency_key = TEXT("k2")};
    kernel_act(road->kernel, &canceled);
    assert_accepted(&canceled);
    assert_int_equal(load_key(road, "k2").expires_at, 0);
    /* Two days later k1 is free again, and k2 is not. */
    struct submission later = *created;
    later.act = (struct act){.type = &order_created,
                             .actor = road_shop,
                             .org = road->org,
                             .at = created->act.at + 2 * TIME_DAY,
                             .body = road_order_body(road, "1002")};
    later.request = digest_of("another", 7);
    kernel_act(road->kernel, &later);
    assert_accepted(&later);
    assert_false(later.replayed);
    canceled.act.at += 2 * TIME_DAY;
    kernel_act(road->kernel, &canceled);
    assert_true(canceled.replayed);
}

/* Whose order it is not learns nothing about it, not even its version. */
static void test_strangers_learn_no_version(void **state)
{
    struct road *road = *state;
    static const struct cancel_requested_body body = {0};
    struct submission stranger = {.arena = road->arena,
                                  .act = {.type = &order_cancel_requested,
                                          .actor = road_buyer("b-18"),
                                          .org = road->org,
                                          .subject = road_order(road, "1001"),
                                          .body = &body},
                                  .if_match = 1};
    kernel_act(road->kernel, &stranger);
    assert_refused(&stranger, PROBLEM_NOT_FOUND);
}

static void test_delivery_over_an_open_request_is_told(void **state)
{
    struct road *road = *state;
    static const struct order_delivered_body body = {0};
    struct id plain = road_order(road, "1001");
    struct id asked = road_order(road, "1002");
    assert_accepted(road_ship(road, plain));
    assert_accepted(road_ship(road, asked));
    road_cancel_request(road, asked);
    struct submission *quiet = road_act(road, &order_delivered, road_shop, plain, &body);
    struct submission *told = road_act(road, &order_delivered, road_shop, asked, &body);
    assert_accepted(quiet);
    assert_accepted(told);
    assert_false(has_notice(road, quiet->act.id, AUDIENCE_BUYER));
    assert_true(has_notice(road, told->act.id, AUDIENCE_BUYER));
    assert_int_equal(road_load_order(road, asked).cancel_state, CANCEL_OVERTAKEN);
}

static void test_seen_says_only_what_was_stated(void **state)
{
    struct road *road = *state;
    struct id order = road_order(road, "1001");
    struct id request = road_cancel_request(road, order);
    assert_accepted(road_see(road, order, request)); /* without `means` */
    struct notice_row notice = road_load_notice(road, request, AUDIENCE_SELLER);
    assert_int_not_equal(notice.seen_at, 0);
    assert_true(notice.seen_means.bytes == NULL);
}

static void test_one_currency(void **state)
{
    struct road *road = *state;
    struct order_created_body *body = road_order_body(road, "1001");
    struct order_item *item = body->items.items;
    item->present |= 1 << 1;
    item->freight = (struct money){100, "USD"};
    assert_refused(road_act(road, &order_created, road_shop, nobody, body), PROBLEM_BODY_INVALID);
    item->freight = (struct money){100, "EUR"};
    struct order_payment payment = {
        .present = 1 | 1 << 2, .amount = {12500, "JPY"}, .method = TEXT("card")};
    body->payments = (struct list){1, &payment};
    body->present |= 1 << 4;
    assert_refused(road_act(road, &order_created, road_shop, nobody, body), PROBLEM_BODY_INVALID);
}

static void test_versions(void **state)
{
    struct road *road = *state;
    struct id order = road_order(road, "1001");
    static const struct order_shipped_body body = {0};
    struct submission stale = {.arena = road->arena,
                               .act = {.type = &order_shipped,
                                       .actor = road_seller(road),
                                       .org = road->org,
                                       .subject = order,
                                       .body = &body},
                               .if_match = road_load_order(road, order).version + 1};
    kernel_act(road->kernel, &stale);
    assert_refused(&stale, PROBLEM_PRECONDITION_FAILED);
    assert_false(stale.recorded);
    stale.if_match--;
    kernel_act(road->kernel, &stale);
    assert_accepted(&stale);
    assert_int_equal(road_load_order(road, order).version, stale.act.seq);
}

/* Acts that are queued together, so that they share groups. */
struct crowd {
    pthread_mutex_t lock;
    pthread_cond_t finished;
    size_t outstanding;
};

static void crowd_done(struct submission *submission)
{
    struct crowd *crowd = submission->context;
    pthread_mutex_lock(&crowd->lock);
    crowd->outstanding--;
    pthread_cond_signal(&crowd->finished);
    pthread_mutex_unlock(&crowd->lock);
}

#define RACES 300

static void test_race_of_cancel_and_ship(void **state)
{
    struct road *road = *state;
    static const struct cancel_requested_body ask = {0};
    static const struct order_shipped_body ship = {0};
    struct submission *acts = arena_array(road->arena, RACES, 2 * sizeof *acts);
    struct crowd crowd = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, RACES * 2};
    for (size_t i = 0; i < RACES; i++) {
        char reference[16];
        snprintf(reference, sizeof reference, "%zu", i);
        struct id order = road_order(road, arena_string(road->arena, text_of(reference)));
        acts[i * 2].act = (struct act){.type = &order_cancel_requested,
                                       .actor = road_buyer("b-17"),
                                       .org = road->org,
                                       .subject = order,
                                       .body = &ask};
        acts[i * 2 + 1].act = (struct act){.type = &order_shipped,
                                           .actor = road_seller(road),
                                           .org = road->org,
                                           .subject = order,
                                           .body = &ship};
    }
    for (size_t i = 0; i < RACES * 2; i++) {
        size_t mixed = i * 7 % (RACES * 2); /* 7 and 600 have no common divisor */
        acts[mixed].arena = road->arena;
        acts[mixed].done = crowd_done;
        acts[mixed].context = &crowd;
        kernel_submit(road->kernel, &acts[mixed]);
    }
    pthread_mutex_lock(&crowd.lock);
    while (crowd.outstanding > 0)
        pthread_cond_wait(&crowd.finished, &crowd.lock);
    pthread_mutex_unlock(&crowd.lock);
    size_t shipped = 0;
    for (size_t i = 0; i < RACES; i++) {
        const struct submission *asked = &acts[i * 2];
        const struct submission *sent = &acts[i * 2 + 1];
        assert_accepted(asked);
        assert_true(sent->recorded);
        assert_true(sent->accepted == (sent->act.seq < asked->act.seq));
        shipped += sent->accepted;
    }
    assert_in_range(shipped, 1, RACES - 1); /* both orders were tried */
}

struct counting {
    int64_t next;
    size_t count;
};

static bool count_act(void *context, const void *row, struct problem *problem)
{
    struct counting *counting = context;
    const struct act_row *act = row;
    (void)problem;
    assert_int_equal(act->seq, counting->next++);
    counting->count++;
    return true;
}

static void test_feed_has_no_gaps(void **state)
{
    struct road *road = *state;
    struct id order = road_order(road, "1001");
    struct id request = road_cancel_request(road, order);
    road_ship(road, order);
    assert_accepted(road_see(road, order, request));
    struct counting counting = {.next = 1};
    const struct value org = VALUE_OF_INT(road->org);
    struct reader *reader = store_reader_take(road->store);
    assert_true(reader_rows(reader, &acts_table, "WHERE org = ?1 ORDER BY seq", &org, 1,
                            road->arena, count_act, &counting, &road->problem));
    store_reader_give(road->store, reader);
    assert_int_equal(counting.count, 5); /* org, order, request, refused shipment, seen */
}

static void test_receipt(void **state)
{
    struct road *road = *state;
    struct id order = road_order(road, "1001");
    struct id request = road_cancel_request(road, order);
    assert_int_equal(road_load_notice(road, request, AUDIENCE_SELLER).delivered_at, 0);
    receipts_note(road->kernel, road->org, request, AUDIENCE_SELLER, MEANS_STREAM, TEXT("key_x"));
    receipts_note(road->kernel, road->org, request, AUDIENCE_SELLER, MEANS_PULL, TEXT("key_y"));
    receipts_note(road->kernel, road->org, request, AUDIENCE_BUYER, MEANS_PULL, TEXT("key_z"));
    road_order(road, "1002"); /* behind them in the queue */
    struct notice_row notice = road_load_notice(road, request, AUDIENCE_SELLER);
    assert_int_not_equal(notice.delivered_at, 0);
    assert_true(text_is(notice.delivered_by, "stream"));
    assert_int_equal(notice.seen_at, 0); /* delivered is not seen */
    assert_refused(road_ship(road, order), PROBLEM_CANCEL_REQUEST_UNSEEN);
}

/* Looks until the notice is an incident: the timekeeper needs a moment. */
static bool becomes_incident(struct road *road, struct id act, enum audience audience)
{
    for (int i = 0; i < 600; i++) {
        if (road_load_notice(road, act, audience).incident_at != 0)
            return true;
        usleep(50000);
    }
    return false;
}

static void test_overdue_becomes_incident(void **state)
{
    struct road *road = *state;
    road_stop(road);
    road->rules.deliver_within_us = 1;
    road->timers = true;
    road_start(road);
    struct id order = road_order(road, "1001");
    struct id request = road_cancel_request(road, order);
    assert_true(becomes_incident(road, request, AUDIENCE_SELLER));
    /* Late is better than never: the receipt closes it. */
    receipts_note(road->kernel, road->org, request, AUDIENCE_SELLER, MEANS_WEBHOOK, TEXT("end_x"));
    road_order(road, "1002");
    assert_int_not_equal(road_load_notice(road, request, AUDIENCE_SELLER).delivered_at, 0);
}

static void test_undecided_under_way_lapses(void **state)
{
    struct road *road = *state;
    road_stop(road);
    road->rules.decide_within_us = 1;
    road->timers = true;
    road_start(road);
    struct id placed = road_order(road, "1001");
    struct id shipped = road_order(road, "1002");
    assert_accepted(road_ship(road, shipped));
    road_cancel_request(road, placed);
    road_cancel_request(road, shipped);
    for (int i = 0; i < 600 && road_load_order(road, shipped).state != ORDER_CANCELED; i++)
        usleep(50000);
    assert_int_equal(road_load_order(road, shipped).cancel_state, CANCEL_LAPSED);
    /* An order that is not under way waits for the seller, however long. */
    assert_int_equal(road_load_order(road, placed).cancel_state, CANCEL_OPEN);
}

static void remember_finding(void *context, const char *what)
{
    struct buffer *findings = context;
    buffer_format(findings, "%s\n", what);
}

static uint64_t replay(struct road *road, struct buffer *findings)
{
    struct replay_report report;
    struct store *empty = road_store_open(road, road->again_url);
    const struct replay_options options = {.catalogue = &catalogue,
                                           .store = road->store,
                                           .empty = empty,
                                           .finding = remember_finding,
                                           .context = findings};
    if (!replay_check(&options, &report, &road->problem))
        fail_msg("%s", road->problem.detail);
    assert_true(report.acts > 5 && report.rows > 10);
    store_close(empty);
    return report.findings;
}

static void make_history(struct road *road)
{
    struct id order = road_order(road, "1001");
    struct id request = road_cancel_request(road, order);
    assert_refused(road_ship(road, order), PROBLEM_CANCEL_REQUEST_UNSEEN);
    receipts_note(road->kernel, road->org, request, AUDIENCE_SELLER, MEANS_PULL, TEXT("key_y"));
    assert_accepted(road_see(road, order, request));
    assert_accepted(road_ship(road, order));
    assert_accepted(with_key(road, "k1", "1002"));
    assert_true(with_key(road, "k1", "1002")->replayed);
}

static void test_replay_gives_the_same_tables(void **state)
{
    struct road *road = *state;
    struct buffer findings;
    buffer_init(&findings);
    make_history(road);
    uint64_t count = replay(road, &findings);
    if (count != 0)
        fail_msg("%.*s", TEXT_ARG(buffer_view(&findings)));
    buffer_done(&findings);
}

static bool take_last(void *context, const void *row, struct problem *problem)
{
    (void)problem;
    *(struct log_entry_row *)context = *(const struct log_entry_row *)row;
    return true;
}

/* As a node leaves it that was killed before the log took up its last act. */
static void put_last_back(struct road *road)
{
    struct log_entry_row entry;
    struct reader *reader = store_reader_take(road->store);
    assert_true(reader_rows(reader, &log_entries_table, "ORDER BY position DESC LIMIT 1", NULL, 0,
                            road->arena, take_last, &entry, &road->problem));
    store_reader_give(road->store, reader);
    struct log_queue_row queued = {.org = entry.org, .seq = entry.seq, .entry = entry.entry};
    struct row_slot remove = {
        .table = &log_entries_table, .row = &entry, .found = true, .removed = true};
    struct row_slot insert = {.table = &log_queue_table, .row = &queued, .changed = true};
    struct row_slot *slots[] = {&remove, &insert};
    struct writer *writer = store_writer(road->store, 0);
    assert_true(writer_begin(writer, &road->problem));
    assert_true(writer_save(writer, slots, 2, &road->problem));
    assert_true(writer_commit(writer, &road->problem));
}

static void test_replay_takes_up_what_waits_for_the_log(void **state)
{
    struct road *road = *state;
    struct buffer findings;
    buffer_init(&findings);
    make_history(road);
    kernel_close(road->kernel);
    put_last_back(road);
    put_last_back(road);
    uint64_t count = replay(road, &findings);
    if (count != 0)
        fail_msg("%.*s", TEXT_ARG(buffer_view(&findings)));
    buffer_done(&findings);
    store_close(road->store);
    road_start(road);
}

static void test_replay_finds_a_changed_row(void **state)
{
    struct road *road = *state;
    struct buffer findings;
    buffer_init(&findings);
    make_history(road);
    struct id order = road_order(road, "1003");
    struct order_row row = road_load_order(road, order);
    row.state = ORDER_DELIVERED; /* nobody did that */
    struct row_slot slot = {.table = &orders_table, .row = &row, .found = true, .changed = true};
    assert_true(
        kernel_save(road->kernel, LEASE_NONE, &(struct row_slot *){&slot}, 1, &road->problem));
    assert_int_equal(replay(road, &findings), 1);
    buffer_char(&findings, '\0');
    assert_non_null(strstr(findings.bytes, "table orders"));
    buffer_done(&findings);
}

static void test_replay_finds_a_changed_record(void **state)
{
    struct road *road = *state;
    struct buffer findings;
    buffer_init(&findings);
    make_history(road);
    struct act_row act = {.org = road->org, .seq = 3};
    assert_true(road_load(road, &acts_table, &act));
    char *at = memmem(act.record.bytes, act.record.length, "Ordered twice", 13);
    assert_non_null(at);
    memcpy(at, "Ordered never", 13);
    struct row_slot remove = {.table = &acts_table, .row = &act, .found = true, .removed = true};
    struct row_slot insert = {.table = &acts_table, .row = &act, .changed = true};
    struct row_slot *slots[] = {&remove, &insert};
    assert_true(kernel_save(road->kernel, LEASE_NONE, slots, 2, &road->problem));
    assert_true(replay(road, &findings) >= 1);
    buffer_char(&findings, '\0');
    assert_non_null(strstr(findings.bytes, "not the one that was logged"));
    buffer_done(&findings);
}

static bool bundle_fits(struct road *road, struct text bundle, const struct trust_policy *policy,
                        struct evidence *evidence)
{
    struct arena *arena = arena_new();
    bool fits = evidence_check(&catalogue, bundle, policy, arena, evidence, &road->problem);
    arena_free(arena);
    return fits;
}

static struct trust_policy *policy_of_log(struct road *road)
{
    struct buffer text;
    buffer_init(&text);
    buffer_format(&text, "log %s\nquorum none\n", road->vkey.bytes);
    struct trust_policy *policy = trust_policy_new(buffer_view(&text), &road->problem);
    assert_non_null(policy);
    buffer_done(&text);
    return policy;
}

static void test_evidence_one_changed_character(void **state)
{
    struct road *road = *state;
    struct buffer bundle;
    struct evidence evidence;
    buffer_init(&bundle);
    struct id order = road_order(road, "1001");
    road_cancel_request(road, order);
    road_ship(road, order);
    const struct principal buyer = {.role = ROLE_BUYER};
    assert_true(
        evidence_write(road->kernel, road->org, order, &buyer, NULL, 0, &bundle, &road->problem));
    struct trust_policy *policy = policy_of_log(road);
    if (!bundle_fits(road, buffer_view(&bundle), policy, &evidence))
        fail_msg("%s", road->problem.detail);
    assert_int_equal(evidence.count, 3);
    for (size_t i = 0; i < bundle.length; i++) {
        char kept = bundle.bytes[i];
        for (char bit = 1; bit < 4; bit++) {
            bundle.bytes[i] = (char)(kept ^ bit);
            if (bundle_fits(road, buffer_view(&bundle), policy, &evidence))
                fail_msg("a change at byte %zu was not found", i);
        }
        bundle.bytes[i] = kept;
    }
    buffer_char(&bundle, ' ');
    assert_false(bundle_fits(road, buffer_view(&bundle), policy, &evidence));
    trust_policy_free(policy);
    buffer_done(&bundle);
}

/* Anybody can add a witness of their own making to a bundle; nobody's name is told for it. */
static void test_evidence_names_only_trusted_witnesses(void **state)
{
    struct road *road = *state;
    struct buffer bundle;
    struct evidence evidence;
    struct buffer vkey;
    struct note_secret stranger;
    static const uint8_t seed[ED25519_KEY_BYTES] = {9};
    buffer_init(&bundle);
    buffer_init(&vkey);
    assert_true(note_secret_from_seed(&stranger, TEXT("witness.example/w"), NOTE_COSIGNATURE, seed,
                                      &road->problem));
    note_key_add(&vkey, &stranger.key);
    buffer_char(&vkey, '\0');
    struct id order = road_order(road, "1001");
    struct buffer note;
    struct note parsed;
    struct checkpoint checkpoint;
    buffer_init(&note);
    ledger_checkpoint(road->kernel, &note);
    assert_true(note_parse(buffer_view(&note), &parsed, &road->problem));
    assert_true(checkpoint_parse(parsed.text, &checkpoint, &road->problem));
    struct text signed_text = arena_text(road->arena, parsed.text);
    const struct note_signer signer = {&stranger.key, note_secret_sign, &stranger};
    assert_true(note_sign(&note, signed_text, &signer, 1700000000, &road->problem));
    assert_true(
        ledger_store_cosigned(road->kernel, checkpoint.size, buffer_view(&note), &road->problem));
    const char *witnesses[] = {vkey.bytes};
    assert_true(evidence_write(road->kernel, road->org, order, &road_shop, witnesses, 1, &bundle,
                               &road->problem));
    struct trust_policy *policy = policy_of_log(road);
    if (!bundle_fits(road, buffer_view(&bundle), policy, &evidence))
        fail_msg("%s", road->problem.detail);
    assert_int_equal(evidence.witness_count, 0);
    assert_int_equal(evidence.stranger_count, 1);
    trust_policy_free(policy);
    note_secret_done(&stranger);
    buffer_done(&note);
    buffer_done(&vkey);
    buffer_done(&bundle);
}

/* Refused attempts cannot bury what happened. */
static void test_evidence_beneath_refusals(void **state)
{
    struct road *road = *state;
    struct buffer bundle;
    struct evidence evidence;
    buffer_init(&bundle);
    struct id order = road_order(road, "1001");
    struct id request = road_cancel_request(road, order);
    for (int i = 0; i < 1010; i++)
        assert_refused(road_ship(road, order), PROBLEM_CANCEL_REQUEST_UNSEEN);
    assert_accepted(road_see(road, order, request));
    assert_true(evidence_write(road->kernel, road->org, order, &road_shop, NULL, 0, &bundle,
                               &road->problem));
    struct trust_policy *policy = policy_of_log(road);
    struct arena *arena = arena_new();
    assert_true(
        evidence_check(&catalogue, buffer_view(&bundle), policy, arena, &evidence, &road->problem));
    assert_int_equal(evidence.count, 1003);
    assert_true(evidence.acts[1002].record.act.type == &order_cancel_seen);
    arena_free(arena);
    trust_policy_free(policy);
    buffer_done(&bundle);
}

static void test_evidence_of_nothing(void **state)
{
    struct road *road = *state;
    struct buffer bundle;
    buffer_init(&bundle);
    assert_false(evidence_write(road->kernel, road->org, id_new(road->org), &road_shop, NULL, 0,
                                &bundle, &road->problem));
    assert_int_equal(road->problem.code, PROBLEM_NOT_FOUND);
    buffer_done(&bundle);
}

static void test_log_survives_a_restart(void **state)
{
    struct road *road = *state;
    struct buffer before, after;
    buffer_init(&before);
    buffer_init(&after);
    for (int i = 0; i < 300; i++) {
        char reference[16];
        snprintf(reference, sizeof reference, "%d", i);
        road_order(road, arena_string(road->arena, text_of(reference)));
    }
    ledger_checkpoint(road->kernel, &before);
    road_stop(road);
    road_start(road);
    ledger_checkpoint(road->kernel, &after);
    assert_true(text_equal(buffer_view(&before), buffer_view(&after)));
    struct merkle_proof proof;
    assert_true(ledger_prove_consistency(road->kernel, 7, 301, &proof, &road->problem));
    buffer_done(&before);
    buffer_done(&after);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, road_set_up, road_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_unseen_request_stops_shipping),
        TEST(test_waived_deadlines),
        TEST(test_seen_twice_and_wrong_request),
        TEST(test_decisions),
        TEST(test_only_parties),
        TEST(test_reference_is_unique),
        TEST(test_repeated_request),
        TEST(test_key_belongs_to_its_principal),
        TEST(test_keys_expire_unless_money_moved),
        TEST(test_strangers_learn_no_version),
        TEST(test_delivery_over_an_open_request_is_told),
        TEST(test_seen_says_only_what_was_stated),
        TEST(test_one_currency),
        TEST(test_versions),
        TEST(test_race_of_cancel_and_ship),
        TEST(test_feed_has_no_gaps),
        TEST(test_receipt),
        TEST(test_overdue_becomes_incident),
        TEST(test_undecided_under_way_lapses),
        TEST(test_replay_gives_the_same_tables),
        TEST(test_replay_takes_up_what_waits_for_the_log),
        TEST(test_replay_finds_a_changed_row),
        TEST(test_replay_finds_a_changed_record),
        TEST(test_evidence_one_changed_character),
        TEST(test_evidence_names_only_trusted_witnesses),
        TEST(test_evidence_beneath_refusals),
        TEST(test_evidence_of_nothing),
        TEST(test_log_survives_a_restart),
    };
    return cmocka_run_group_tests_name("road", tests, NULL, NULL);
}
