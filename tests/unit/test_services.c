/* Paid services down the whole road, signed with passkeys in software: who can, who cannot, what is
 * charged, and that nothing else is (I1). */
#include "market.h"

#include <semaphore.h>

#include "act/replay.h"
#include "identity/recheck.h"

static const struct service_reason_body no_reason = {0};

static struct subscription_row load(const struct market *market)
{
    struct subscription_row row = {.org = market->road->org, .id = market->subscription};
    assert_true(road_load(market->road, &subscriptions_table, &row));
    return row;
}

static int64_t count(struct road *road, const char *sql)
{
    int64_t number = -1;
    struct reader *reader = store_reader_take(road->store);
    assert_true(reader_number(reader, sql, NULL, 0, &number, &road->problem));
    store_reader_give(road->store, reader);
    return number;
}

static const void *consent(const struct market *market)
{
    return people_complete(market->road, &service_activated, market->subscription, &english);
}

/* What TIMER finds due at AT, done at AT; how many came to be. */
struct due {
    const struct timer *timer;
    struct road *road;
    size_t count;
    struct submission acts[8];
};

static bool take_due(void *context, const void *row, struct problem *problem)
{
    struct due *due = context;
    (void)problem;
    struct submission *submission = &due->acts[due->count++];
    *submission = (struct submission){.arena = due->road->arena};
    submission->act.type = due->timer->type;
    submission->act.actor = people_system;
    due->timer->prepare(row, &submission->act, due->road->arena);
    return true;
}

static size_t run_timer(struct road *road, const struct timer *timer, int64_t at)
{
    struct due due = {.timer = timer, .road = road};
    const struct value values[] = {VALUE_OF_INT(at), VALUE_OF_INT(8)};
    size_t accepted = 0;
    struct reader *reader = store_reader_take(road->store);
    assert_true(reader_rows(reader, timer->table, timer->due, values, 2, road->arena, take_due,
                            &due, &road->problem));
    store_reader_give(road->store, reader);
    for (size_t i = 0; i < due.count; i++) {
        due.acts[i].act.at = at;
        kernel_act(road->kernel, &due.acts[i]);
        accepted += due.acts[i].accepted;
    }
    return accepted;
}

static void fail_finding(void *context, const char *what)
{
    (void)context;
    print_error("%s\n", what);
}

/* Into a file: there one writer brings the organisations' acts into the order of the log. */
static void assert_replays(struct road *road)
{
    struct replay_report report;
    char url[128];
    snprintf(url, sizeof url, "sqlite:%s/again.db", road->folder);
    struct store *empty = road_store_open(road, url);
    const struct replay_options options = {
        .catalogue = &catalogue, .store = road->store, .empty = empty, .finding = fail_finding};
    assert_true(replay_check(&options, &report, &road->problem));
    assert_int_equal(report.findings, 0);
    store_close(empty);
}

/* The way it goes. */

static void an_owner_signs_and_is_charged(void **state)
{
    struct market market;
    begin(&market, *state);
    struct submission *activated = activate(&market, market.owner);
    assert_accepted(activated);
    struct subscription_row row = load(&market);
    assert_int_equal(row.state, SUBSCRIPTION_ACTIVE);
    assert_int_equal(row.level, LEVEL_PASSKEY);
    assert_true(id_equal(row.consent, activated->act.id));
    assert_true(id_equal(row.signed_by, market.owner->person));
    assert_int_equal(row.total_amount, 1250000);
    assert_int_equal(row.tax_amount, 208333);
    assert_int_equal(row.withdraw_until, row.signed_at + 14 * TIME_DAY);
    assert_true(text_is(row.words, "12,500.00 RUB a month for \"Front page\" (edition 1), tax of "
                                   "20 % included (2,083.33 RUB); renewed until cancelled, "
                                   "announced 7 days before; first charge at once; can be "
                                   "withdrawn for 14 days (signed with a code: 28 days)"));
    assert_int_equal(run_timer(market.road, &charge_timer, time_now()), 1);
    assert_int_equal(run_timer(market.road, &charge_timer, time_now()), 0);
    struct money_entry_row entry = {
        .org = market.road->org, .consent = activated->act.id, .period = 1, .kind = MONEY_CHARGE};
    assert_true(road_load(market.road, &money_ledger_table, &entry));
    assert_int_equal(entry.total_amount, 1250000);
    assert_int_equal(count(market.road, "SELECT count(*) FROM notices WHERE type = "
                                        "'service.activated'"),
                     1);
    assert_replays(market.road);
    finish(&market);
}

/* Who cannot. Each try is on record, with who it was and from where. */

static void assert_on_record(const struct market *market, const struct submission *try,
                             const char *slug)
{
    struct act_row row = {.org = market->road->org, .seq = try->act.seq};
    char code[80];
    assert_true(try->recorded);
    assert_true(road_load(market->road, &acts_table, &row));
    assert_true(text_is(row.type, "service.activated"));
    assert_true(text_equal(row.address, try->act.from));
    snprintf(code, sizeof code, "\"code\":\"%s\"", slug);
    assert_non_null(memmem(row.record.bytes, row.record.length, code, strlen(code)));
    assert_int_equal(load(market).state, SUBSCRIPTION_PROPOSED);
}

static struct submission *try_as(const struct market *market, struct principal actor,
                                 const struct signature *signature)
{
    struct submission *submission = ARENA_NEW(market->road->arena, struct submission);
    submission->arena = market->road->arena;
    submission->act.type = &service_activated;
    submission->act.actor = actor;
    submission->act.org = market->road->org;
    submission->act.subject = market->subscription;
    submission->act.body = consent(market);
    submission->act.from = TEXT("198.51.100.9");
    submission->act.signature = signature;
    kernel_act(market->road->kernel, submission);
    assert_false(submission->accepted);
    return submission;
}

static void nobody_else_can(void **state)
{
    struct market market;
    begin(&market, *state);
    struct road *road = market.road;
    struct principal leaked = road_seller(road);
    leaked.key = id_new(road->org);
    assert_on_record(&market, try_as(&market, leaked, NULL), "signature-required");
    struct principal shop = {.role = ROLE_SHOP, .key = id_new(ORG_MARKETPLACE)};
    assert_on_record(&market, try_as(&market, shop, NULL), "signature-required");
    assert_on_record(&market, try_as(&market, people_operator, NULL), "signature-required");
    assert_on_record(&market, try_as(&market, people_system, NULL), "signature-required");
    struct principal stolen = people_actor(road, market.owner); /* the cookie, not the passkey */
    assert_on_record(&market, try_as(&market, stolen, NULL), "signature-required");
    struct submission *staff =
        people_prepare(road, &service_activated, market.staff, market.subscription, &english);
    kernel_act(road->kernel, staff);
    assert_refused(staff, PROBLEM_OWNER_REQUIRED);
    assert_on_record(&market, staff, "owner-required");
    struct principal support = {
        .role = ROLE_SUPPORT, .person = id_new(person_random()), .authenticated_at = time_now()};
    assert_on_record(&market, try_as(&market, support, NULL), "support-not-let-in");
    finish(&market);
}

/* Support that was let in still cannot, with whatever signature. */
static void support_can_propose_and_cancel_but_not_activate(void **state)
{
    struct market market;
    begin(&market, *state);
    struct road *road = market.road;
    struct principal support = {.role = ROLE_SUPPORT,
                                .person = id_new(person_random()),
                                .authenticated_at = time_now(),
                                .method = AUTH_PASSKEY};
    struct support_code_body made = {.present = 1,
                                     .code = TEXT("abcdefabcdefabcdefabcdefabcdefab"
                                                  "abcdefabcdefabcdefabcdefabcdefab")};
    assert_accepted(road_act(road, &support_code_made, people_actor(road, market.owner),
                             member_id(market.owner->person, road->org), &made));
    struct support_let_in_body in = {
        .present = 7, .code = made.code, .name = TEXT("Dee"), .org = road->org};
    struct submission *let_in =
        road_act(road, &support_let_in, support, id_in(support.person, road->org), &in);
    assert_accepted(let_in);
    assert_refused(try_as(&market, support, NULL), PROBLEM_SIGNATURE_REQUIRED);
    struct submission draft = {.act = {.type = &service_activated,
                                       .actor = support,
                                       .org = road->org,
                                       .subject = market.subscription,
                                       .body = consent(&market)}};
    struct text terms = people_terms(road, &draft.act);
    struct signature *borrowed =
        people_sign(road, market.owner, &draft.act, terms, time_now(), NULL);
    assert_refused(try_as(&market, support, borrowed), PROBLEM_SIGNATURE_INVALID);

    assert_accepted(activate(&market, market.owner));
    assert_accepted(road_act(road, &service_canceled, support, market.subscription, &no_reason));
    assert_int_equal(load(&market).state, SUBSCRIPTION_CANCELED);
    assert_accepted(
        road_act(road, &service_withdrawal_begun, support, market.subscription, &no_reason));
    assert_accepted(road_act(road, &service_withdrawn, support, market.subscription, &no_reason));
    assert_accepted(propose(&market, support));
    finish(&market);
}

/* Signatures that do not hold. */

static struct submission *with_signature(const struct market *market, const struct signer *signer,
                                         struct text terms, int64_t nonce_at,
                                         const struct soft *lie)
{
    struct submission draft = {.act = {.type = &service_activated,
                                       .actor = people_actor(market->road, signer),
                                       .org = market->road->org,
                                       .subject = market->subscription,
                                       .body = consent(market)}};
    if (terms.bytes == NULL)
        terms = people_terms(market->road, &draft.act);
    return try_as(market, people_actor(market->road, signer),
                  people_sign(market->road, signer, &draft.act, terms, nonce_at, lie));
}

static void forged_signatures_do_not_hold(void **state)
{
    struct market market;
    begin(&market, *state);
    static const struct soft lies[] = {
        {.flip = true},
        {.clear = AUTHENTICATOR_USER_PRESENT},
        {.clear = AUTHENTICATOR_USER_VERIFIED},
        {.origin = "https://market.example.evil.example"},
        {.rp_id = "evil.example"},
        {.type = "webauthn.create"},
    };
    for (size_t i = 0; i < COUNT_OF(lies); i++) {
        struct submission *forged =
            with_signature(&market, market.owner, TEXT_NONE, time_now(), &lies[i]);
        assert_refused(forged, PROBLEM_SIGNATURE_INVALID);
        assert_on_record(&market, forged, "signature-invalid");
    }
    int64_t long_ago = time_now() - SIGNATURE_US - TIME_SECOND;
    assert_refused(with_signature(&market, market.owner, TEXT_NONE, long_ago, NULL),
                   PROBLEM_SIGNATURE_EXPIRED);
    struct signer stranger = *market.staff;
    stranger.authenticator = market.owner->authenticator; /* signs with a key of its own */
    stranger.person = market.owner->person;
    assert_refused(with_signature(&market, &stranger, TEXT_NONE, time_now(), NULL),
                   PROBLEM_SIGNATURE_INVALID);
    finish(&market);
}

static void changed_terms_no_longer_fit(void **state)
{
    struct market market;
    begin(&market, *state);
    struct road *road = market.road;
    struct submission *signed_before =
        people_prepare(road, &service_activated, market.owner, market.subscription, &english);
    struct service_body dearer = plan;
    dearer.price.amount = 1490000;
    assert_accepted(road_act_of(road, ORG_MARKETPLACE, &service_changed, people_operator,
                                market.service, &dearer, 0));
    signed_before->act.body = consent(&market); /* as it comes in now */
    kernel_act(road->kernel, signed_before);
    assert_refused(signed_before, PROBLEM_TERMS_CHANGED);
    const struct text said = signed_before->problem.extension;
    static const char price[] = "{\"is\":1490000,\"name\":\"terms/price_minor\",\"was\":1250000}";
    assert_non_null(memmem(said.bytes, said.length, price, strlen(price)));
    assert_on_record(&market, signed_before, "terms-changed");
    assert_accepted(activate(&market, market.owner));
    assert_int_equal(load(&market).total_amount, 1490000);
    finish(&market);
}

static void a_signature_works_once(void **state)
{
    struct market market;
    begin(&market, *state);
    struct road *road = market.road;
    struct submission *first =
        people_prepare(road, &service_activated, market.owner, market.subscription, &english);
    struct submission again = *first;
    kernel_act(road->kernel, first);
    assert_accepted(first);
    assert_accepted(road_act(road, &service_withdrawal_begun, road_seller(road),
                             market.subscription, &no_reason));
    assert_accepted(
        road_act(road, &service_withdrawn, road_seller(road), market.subscription, &no_reason));
    assert_accepted(propose(&market, road_shop));
    kernel_act(road->kernel, &again);
    assert_refused(&again, PROBLEM_SIGNATURE_USED);
    assert_int_equal(load(&market).state, SUBSCRIPTION_PROPOSED);
    finish(&market);
}

/* Two at the same moment. */

static void post_done(struct submission *submission)
{
    sem_post(submission->context);
}

static void two_devices_at_once_are_one_activation(void **state)
{
    struct market market;
    begin(&market, *state);
    struct road *road = market.road;
    for (int i = 0; i < 100; i++) {
        struct service_body body = plan;
        body.name = arena_format(road->arena, "Plan %d", i);
        market.service = publish(road, &body);
        market.subscription = id_in(market.service, road->org);
        assert_accepted(propose(&market, road_shop));
        sem_t done;
        sem_init(&done, 0, 0);
        struct submission *both[] = {
            people_prepare(road, &service_activated, market.owner, market.subscription, &english),
            people_prepare(road, &service_activated, market.second, market.subscription, &english)};
        for (size_t j = 0; j < 2; j++) {
            both[j]->done = post_done;
            both[j]->context = &done;
        }
        for (size_t j = 0; j < 2; j++)
            kernel_submit(road->kernel, both[j]);
        for (size_t j = 0; j < 2; j++)
            sem_wait(&done);
        sem_destroy(&done);
        assert_int_equal(both[0]->accepted + both[1]->accepted, 1);
        assert_refused(both[both[0]->accepted], PROBLEM_ALREADY_DONE);
        assert_int_equal(run_timer(road, &charge_timer, time_now()), 1);
        assert_int_equal(run_timer(road, &charge_timer, time_now()), 0);
    }
    assert_int_equal(count(road, "SELECT count(*) FROM money_ledger"), 100);
    assert_int_equal(count(road, "SELECT count(*) FROM notices WHERE type = 'service.activated'"),
                     100);
    assert_replays(road);
    finish(&market);
}

/* A code is the lower level. */

static struct submission *activate_by_code(const struct market *market, const struct signer *signer,
                                           int64_t step)
{
    struct submission *submission = ARENA_NEW(market->road->arena, struct submission);
    struct signature *signature = ARENA_NEW(market->road->arena, struct signature);
    submission->arena = market->road->arena;
    submission->act = (struct act){.type = &service_activated,
                                   .actor = people_actor(market->road, signer),
                                   .org = market->road->org,
                                   .subject = market->subscription,
                                   .body = consent(market)};
    *signature = (struct signature){.present = 1 << SIGNATURE_AUTHENTICATOR | 1 << SIGNATURE_KIND |
                                               1 << SIGNATURE_NONCE | 1 << SIGNATURE_REGISTERED_AT |
                                               1 << SIGNATURE_STEP | 1 << SIGNATURE_TERMS,
                                    .authenticator = signer->authenticator,
                                    .kind = SIGNATURE_TOTP,
                                    .nonce = people_nonce(time_now()),
                                    .registered_at = signer->registered_at,
                                    .step = step,
                                    .terms = people_terms(market->road, &submission->act)};
    submission->act.signature = signature;
    kernel_act(market->road->kernel, submission);
    return submission;
}

static void a_code_is_for_small_prices_and_can_be_withdrawn_longer(void **state)
{
    struct market market;
    begin(&market, *state);
    struct road *road = market.road;
    struct signer with_code = *market.owner;
    people_register(road, &with_code, SIGNATURE_TOTP, "Phone");
    assert_refused(activate_by_code(&market, &with_code, 100), PROBLEM_PASSKEY_REQUIRED);
    struct service_body small = plan;
    small.price.amount = 500000;
    market.service = publish(road, &small);
    market.subscription = id_in(market.service, road->org);
    assert_accepted(propose(&market, road_shop));
    struct submission *activated = activate_by_code(&market, &with_code, 101);
    assert_accepted(activated);
    struct subscription_row row = load(&market);
    assert_int_equal(row.level, LEVEL_CODE);
    assert_int_equal(row.withdraw_until, row.signed_at + 28 * TIME_DAY);
    assert_true(signature_recheck(&activated->act, road->arena, &road->problem));
    finish(&market);
}

/* Four eyes. */

static void want_four_eyes(const struct market *market, bool wanted)
{
    struct org_settings_body body = {.present = 1, .four_eyes = wanted};
    struct submission *set =
        people_act(market->road, &org_settings_changed, market->owner, (struct id){{0}}, &body);
    assert_accepted(set);
}

static struct submission *countersign(const struct market *market, const struct signer *signer)
{
    return people_act(market->road, &service_countersigned, signer, market->subscription, &english);
}

static void four_eyes_are_two_people_and_the_same_terms(void **state)
{
    struct market market;
    begin(&market, *state);
    struct road *road = market.road;
    want_four_eyes(&market, true);
    assert_refused(activate(&market, market.owner), PROBLEM_COUNTERSIGNATURE_REQUIRED);
    assert_accepted(countersign(&market, market.owner));
    assert_refused(activate(&market, market.owner), PROBLEM_COUNTERSIGNATURE_REQUIRED);
    assert_accepted(countersign(&market, market.staff));
    struct service_body dearer = plan;
    dearer.price.amount++;
    assert_accepted(road_act_of(road, ORG_MARKETPLACE, &service_changed, people_operator,
                                market.service, &dearer, 0));
    assert_refused(activate(&market, market.owner), PROBLEM_COUNTERSIGNATURE_REQUIRED);
    assert_accepted(countersign(&market, market.staff));
    assert_refused(activate(&market, market.staff), PROBLEM_OWNER_REQUIRED);
    assert_accepted(activate(&market, market.owner));
    finish(&market);
}

/* I1: no charge without a consent. */

static struct submission *charge(const struct market *market, struct id consent, int64_t period,
                                 struct money total, int64_t at)
{
    struct service_charged_body *body = ARENA_NEW(market->road->arena, struct service_charged_body);
    *body = (struct service_charged_body){
        .present = 7, .consent = consent, .period = period, .total = total};
    return road_act_of(market->road, market->road->org, &service_charged, people_system,
                       market->subscription, body, at);
}

static void no_charge_without_consent(void **state)
{
    struct market market;
    begin(&market, *state);
    struct road *road = market.road;
    int64_t now = time_now();
    const struct id none = {{0}};
    struct id proposal = load(&market).proposal;
    assert_refused(charge(&market, proposal, 1, RUB(1250000), 0), PROBLEM_CONSENT_REQUIRED);
    assert_refused(charge(&market, none, 1, RUB(1250000), 0), PROBLEM_CONSENT_REQUIRED);
    struct submission *activated = activate(&market, market.owner);
    assert_accepted(activated);
    struct id consent = activated->act.id;
    assert_refused(charge(&market, proposal, 1, RUB(1250000), 0), PROBLEM_CONSENT_REQUIRED);
    assert_refused(charge(&market, consent, 1, RUB(1250001), 0), PROBLEM_CONSENT_REQUIRED);
    assert_refused(charge(&market, consent, 1, (struct money){1250000, "EUR"}, 0),
                   PROBLEM_CONSENT_REQUIRED);
    assert_refused(charge(&market, consent, 2, RUB(1250000), 0), PROBLEM_CONSENT_REQUIRED);
    assert_refused(charge(&market, consent, 1, RUB(1250000), now - TIME_HOUR),
                   PROBLEM_CONSENT_REQUIRED); /* before it is due */
    assert_int_equal(count(road, "SELECT count(*) FROM money_ledger"), 0);
    assert_accepted(charge(&market, consent, 1, RUB(1250000), 0));
    assert_refused(charge(&market, consent, 1, RUB(1250000), 0), PROBLEM_ALREADY_EXISTS);
    assert_refused(charge(&market, consent, 2, RUB(1250000), now + 40 * TIME_DAY),
                   PROBLEM_CONSENT_REQUIRED); /* not announced */
    assert_accepted(road_act(road, &service_withdrawal_begun, road_seller(road),
                             market.subscription, &no_reason));
    assert_accepted(
        road_act(road, &service_withdrawn, road_seller(road), market.subscription, &no_reason));
    assert_refused(charge(&market, consent, 2, RUB(1250000), now + 40 * TIME_DAY),
                   PROBLEM_CONSENT_REQUIRED);
    assert_int_equal(count(road, "SELECT count(*) FROM money_ledger"), 1);
    finish(&market);
}

/* Nothing that comes from outside reaches the ledger, and nothing but these two does. */
static void two_acts_alone_write_the_ledger(void **state)
{
    (void)state;
    for (const struct act_type *const *type = catalogue.acts; *type != NULL; type++)
        for (size_t i = 0; i < (*type)->need_count; i++)
            if ((*type)->needs[i].table == &money_ledger_table) {
                assert_true(*type == &service_charged || *type == &service_refunded);
                assert_null((*type)->path);
                assert_int_equal((*type)->roles, ROLE_SYSTEM);
            }
    assert_true(money_ledger_table.key_count >= 2);
    assert_string_equal(money_ledger_table.columns[1].name, "consent");
    assert_int_equal(money_ledger_table.columns[1].flags & COLUMN_OPTIONAL, 0);
}

/* Renewals, withdrawal, cancellation. */

static void a_renewal_is_announced_and_then_charged(void **state)
{
    struct market market;
    begin(&market, *state);
    struct road *road = market.road;
    assert_accepted(activate(&market, market.owner));
    assert_int_equal(run_timer(road, &charge_timer, time_now()), 1);
    struct subscription_row row = load(&market);
    int64_t renews_at = row.period_ends_at;
    assert_int_equal(row.notice_at, renews_at - 7 * TIME_DAY);
    assert_int_equal(run_timer(road, &renewal_timer, row.notice_at - 1), 0);
    assert_int_equal(run_timer(road, &charge_timer, renews_at), 0); /* unannounced */
    assert_int_equal(run_timer(road, &renewal_timer, row.notice_at), 1);
    assert_int_equal(run_timer(road, &renewal_timer, row.notice_at), 0);
    assert_int_equal(run_timer(road, &charge_timer, renews_at - 1), 0);
    assert_int_equal(run_timer(road, &charge_timer, renews_at), 1);
    row = load(&market);
    assert_int_equal(row.period, 2);
    assert_int_equal(row.period_started_at, renews_at);
    assert_int_equal(
        count(road, "SELECT count(*) FROM notices WHERE type = 'service.renewal_announced'"), 1);
    assert_replays(road);
    finish(&market);
}

/* Decided, not by the timer: what a server that was away would announce. */
static void a_late_announcement_moves_the_renewal(void **state)
{
    struct market market;
    begin(&market, *state);
    struct road *road = market.road;
    assert_accepted(activate(&market, market.owner));
    assert_int_equal(run_timer(road, &charge_timer, time_now()), 1);
    struct subscription_row row = load(&market);
    int64_t late_at = row.period_ends_at + TIME_DAY;
    struct service_renewal_body body = {.present = 15,
                                        .consent = row.consent,
                                        .period = 2,
                                        .renews_at = late_at + 7 * TIME_DAY,
                                        .total = RUB(1250000)};
    assert_accepted(road_act_of(road, road->org, &service_renewal_announced, people_system,
                                market.subscription, &body, late_at));
    assert_int_equal(run_timer(road, &charge_timer, late_at + TIME_DAY), 0);
    assert_int_equal(run_timer(road, &charge_timer, late_at + 7 * TIME_DAY), 1);
    assert_int_equal(load(&market).period_started_at, late_at + 7 * TIME_DAY);
    finish(&market);
}

static struct submission *end_with(const struct market *market, const struct act_type *type,
                                   int64_t at)
{
    return road_act_of(market->road, market->road->org, type, road_seller(market->road),
                       market->subscription, &no_reason, at);
}

static void a_withdrawal_takes_two_steps_and_refunds(void **state)
{
    struct market market;
    begin(&market, *state);
    struct road *road = market.road;
    assert_accepted(activate(&market, market.owner));
    assert_int_equal(run_timer(road, &charge_timer, time_now()), 1);
    int64_t last = load(&market).withdraw_until;
    assert_refused(end_with(&market, &service_withdrawn, 0), PROBLEM_WITHDRAWAL_NOT_BEGUN);
    assert_refused(end_with(&market, &service_withdrawal_begun, last + 1), PROBLEM_WITHDRAWAL_OVER);
    assert_accepted(end_with(&market, &service_withdrawal_begun, last));
    assert_refused(end_with(&market, &service_withdrawn, last + TIME_DAY + 1),
                   PROBLEM_WITHDRAWAL_OVER);
    assert_accepted(end_with(&market, &service_withdrawn, last + TIME_DAY));
    assert_refused(end_with(&market, &service_withdrawn, 0), PROBLEM_ALREADY_DONE);
    assert_int_equal(load(&market).refunds_left, 1);
    assert_refused(propose(&market, road_shop), PROBLEM_SERVICE_STATE); /* the refund is due */
    int64_t later = last + 2 * TIME_DAY;
    assert_int_equal(run_timer(road, &refund_timer, later), 1);
    assert_int_equal(run_timer(road, &refund_timer, later), 0);
    assert_int_equal(run_timer(road, &charge_timer, later + 100 * TIME_DAY), 0);
    assert_int_equal(run_timer(road, &renewal_timer, later + 100 * TIME_DAY), 0);
    assert_int_equal(count(road, "SELECT count(*) FROM money_ledger WHERE kind = 1"), 1);
    assert_int_equal(count(road, "SELECT CAST(sum(CASE kind WHEN 0 THEN total_amount ELSE "
                                 "-total_amount END) AS BIGINT) FROM money_ledger"),
                     0);
    assert_accepted(propose(&market, road_shop));
    assert_replays(road);
    finish(&market);
}

static void cancelled_it_runs_to_the_end_of_what_is_paid(void **state)
{
    struct market market;
    begin(&market, *state);
    struct road *road = market.road;
    assert_refused(end_with(&market, &service_canceled, 0), PROBLEM_SERVICE_STATE);
    assert_accepted(activate(&market, market.owner));
    assert_int_equal(run_timer(road, &charge_timer, time_now()), 1);
    int64_t end_at = load(&market).period_ends_at;
    assert_accepted(end_with(&market, &service_canceled, 0));
    assert_refused(end_with(&market, &service_canceled, 0), PROBLEM_ALREADY_DONE);
    assert_refused(activate(&market, market.second), PROBLEM_ALREADY_DONE);
    assert_int_equal(run_timer(road, &renewal_timer, end_at), 0);
    assert_int_equal(run_timer(road, &charge_timer, end_at), 0);
    assert_int_equal(run_timer(road, &end_timer, end_at - 1), 0);
    assert_int_equal(run_timer(road, &end_timer, end_at), 1);
    assert_int_equal(load(&market).state, SUBSCRIPTION_ENDED);
    assert_int_equal(run_timer(road, &end_timer, end_at + TIME_DAY), 0);
    finish(&market);
}

/* Proposals. */

static void proposals_come_from_anybody_and_start_nothing(void **state)
{
    struct market market;
    begin(&market, *state);
    struct road *road = market.road;
    assert_refused(propose(&market, road_shop), PROBLEM_ALREADY_DONE);
    assert_accepted(road_act(road, &service_declined, people_actor(road, market.staff),
                             market.subscription, &no_reason));
    assert_refused(activate(&market, market.owner), PROBLEM_SERVICE_STATE);
    assert_accepted(propose(&market, people_actor(road, market.staff)));
    assert_true(id_equal(load(&market).proposed_person, market.staff->person));
    struct principal app = road_seller(road);
    app.key = id_new(road->org);
    assert_accepted(road_act(road, &service_declined, app, market.subscription, &no_reason));
    assert_accepted(propose(&market, app));
    assert_true(id_equal(load(&market).proposed_key, app.key));
    assert_int_equal(run_timer(road, &charge_timer, time_now() + 1000 * TIME_DAY), 0);
    assert_accepted(road_act_of(road, ORG_MARKETPLACE, &service_retired, people_operator,
                                market.service, &no_reason, 0));
    struct service_consent_body body = english;
    const struct act act = {
        .type = &service_activated, .org = road->org, .subject = market.subscription};
    struct reader *reader = store_reader_take(road->store);
    assert_false(service_complete_consent(reader, &act, &body, road->arena, &road->problem));
    store_reader_give(road->store, reader);
    assert_int_equal(road->problem.code, PROBLEM_SERVICE_STATE);
    finish(&market);
}

static void services_must_make_sense(void **state)
{
    struct road *road = *state;
    struct service_text twice[] = {plan_text, plan_text};
    struct service_body bodies[3] = {plan, plan, plan};
    bodies[0].tax_rate = 0;
    bodies[1].code_withdrawal_days = 14;
    bodies[2].texts = (struct list){2, twice};
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        struct submission *published =
            road_act_of(road, ORG_MARKETPLACE, &service_published, people_operator,
                        (struct id){{0}}, &bodies[i], 0);
        assert_refused(published, PROBLEM_BODY_INVALID);
        assert_false(published->recorded);
    }
}

/* The price is the server's to say, and an act without one is refused. */
static void nobody_brings_an_offer_of_their_own(void **state)
{
    struct market market;
    begin(&market, *state);
    struct road *road = market.road;
    struct service_consent_body *own = (struct service_consent_body *)(uintptr_t)consent(&market);
    ((struct service_offer *)own->offer.items)->price.amount = 1;
    const struct act act = {
        .type = &service_activated, .org = road->org, .subject = market.subscription};
    struct reader *reader = store_reader_take(road->store);
    assert_false(service_complete_consent(reader, &act, own, road->arena, &road->problem));
    struct service_consent_body french = {.present = 1, .language = TEXT("fr")};
    assert_false(service_complete_consent(reader, &act, &french, road->arena, &road->problem));
    store_reader_give(road->store, reader);
    struct submission without = {.arena = road->arena};
    without.act = (struct act){.type = &service_proposed,
                               .actor = road_shop,
                               .org = road->org,
                               .subject = market.subscription,
                               .body = &(struct service_proposed_body){.present = 0}};
    kernel_act(road->kernel, &without);
    assert_refused(&without, PROBLEM_BODY_INVALID);
    finish(&market);
}

/* Terms are canonical, and periods are of the calendar. */

static void terms_are_canonical(void **state)
{
    struct market market;
    begin(&market, *state);
    struct submission *activated = activate(&market, market.owner);
    struct buffer again;
    json_t *terms = json_read(activated->act.signature->terms, &market.road->problem);
    assert_non_null(terms);
    buffer_init(&again);
    json_canonical(&again, terms);
    assert_true(text_equal(buffer_view(&again), activated->act.signature->terms));
    buffer_done(&again);
    json_free(terms);
    finish(&market);
}

static void periods_are_of_the_calendar(void **state)
{
    static const struct {
        const char *anchor;
        struct period period;
        int64_t number;
        const char *end;
    } cases[] = {
        {"2026-01-31T10:00:00Z", {PERIOD_MONTH, 1}, 1, "2026-02-28T10:00:00Z"},
        {"2026-01-31T10:00:00Z", {PERIOD_MONTH, 1}, 2, "2026-03-31T10:00:00Z"},
        {"2028-01-31T10:00:00Z", {PERIOD_MONTH, 1}, 1, "2028-02-29T10:00:00Z"},
        {"2026-11-30T23:59:59Z", {PERIOD_MONTH, 3}, 1, "2027-02-28T23:59:59Z"},
        {"2026-12-15T00:00:00Z", {PERIOD_MONTH, 1}, 1, "2027-01-15T00:00:00Z"},
        {"2028-02-29T12:00:00Z", {PERIOD_YEAR, 1}, 1, "2029-02-28T12:00:00Z"},
        {"2028-02-29T12:00:00Z", {PERIOD_YEAR, 1}, 4, "2032-02-29T12:00:00Z"},
        {"2026-02-27T12:00:00Z", {PERIOD_DAY, 30}, 1, "2026-03-29T12:00:00Z"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t anchor, end;
        assert_true(time_parse(text_of(cases[i].anchor), &anchor));
        assert_true(time_parse(text_of(cases[i].end), &end));
        assert_int_equal(period_end(anchor, cases[i].period, cases[i].number), end);
    }
}

static void taxes_are_rounded_half_up(void **state)
{
    static const struct {
        int64_t tax, price, rate, amount, total;
    } cases[] = {
        {TAX_NONE, 1000, 0, 0, 1000},          {TAX_INCLUDED, 1250000, 2000, 208333, 1250000},
        {TAX_ADDED, 1000, 1900, 190, 1190},    {TAX_ADDED, 1005, 1000, 101, 1106},
        {TAX_INCLUDED, 1, 2000, 0, 1},         {TAX_ADDED, 1, 5000, 1, 2},
        {TAX_INCLUDED, 1199, 1990, 199, 1199},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct service_offer offer = {
            .tax = cases[i].tax, .price.amount = cases[i].price, .tax_rate = cases[i].rate};
        assert_int_equal(service_tax_amount(&offer), cases[i].amount);
        assert_int_equal(service_total_amount(&offer), cases[i].total);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, road_set_up, road_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_owner_signs_and_is_charged),
        TEST(nobody_else_can),
        TEST(support_can_propose_and_cancel_but_not_activate),
        TEST(forged_signatures_do_not_hold),
        TEST(changed_terms_no_longer_fit),
        TEST(a_signature_works_once),
        TEST(two_devices_at_once_are_one_activation),
        TEST(a_code_is_for_small_prices_and_can_be_withdrawn_longer),
        TEST(four_eyes_are_two_people_and_the_same_terms),
        TEST(no_charge_without_consent),
        cmocka_unit_test(two_acts_alone_write_the_ledger),
        TEST(a_renewal_is_announced_and_then_charged),
        TEST(a_late_announcement_moves_the_renewal),
        TEST(a_withdrawal_takes_two_steps_and_refunds),
        TEST(cancelled_it_runs_to_the_end_of_what_is_paid),
        TEST(proposals_come_from_anybody_and_start_nothing),
        TEST(services_must_make_sense),
        TEST(nobody_brings_an_offer_of_their_own),
        TEST(terms_are_canonical),
        cmocka_unit_test(periods_are_of_the_calendar),
        cmocka_unit_test(taxes_are_rounded_half_up),
    };
    return cmocka_run_group_tests_name("services", tests, NULL, NULL);
}
