/* Mail: addresses, messages that nothing can break out of, texts, and the queue without a server.
 */
#include "people.h"

#include "act/receipts.h"
#include "base/embedded.h"
#include "net/mail_message.h"
#include "net/mail_private.h"

/* Addresses. */

static const struct {
    const char *address;
    bool valid;
} addresses[] = {
    {"ana@shop.example", true},
    {"ana.b+notices@mail.shop.example", true},
    {"a@b", true},
    {"1-2_3@x-y.example", true},
    {"", false},
    {"ana", false},
    {"@shop.example", false},
    {"ana@", false},
    {"ana@shop..example", false},
    {"ana@-shop.example", false},
    {"ana@shop.example.", false},
    {".ana@shop.example", false},
    {"-ana@shop.example", false},
    {"ana@shop@example", false},
    {"ana b@shop.example", false},
    {"\"ana b\"@shop.example", false},
    {"ana@shop.example>", false},
    {"ana>\r\nRCPT TO:<eve@x.example", false},
    {"ana@shop.example\r\nBcc: eve@x.example", false},
    {"ana@shop.example\n", false},
    {"ana@[127.0.0.1]", false},
    {"an\xc3\xa4@shop.example", false},
    {"ana@shop\xc3\xa4.example", false},
    {"Ana <ana@shop.example>", false},
    {"ana@shop.example,eve@x.example", false},
};

static void addresses_are_plain(void **state)
{
    struct buffer longest;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(addresses); i++)
        if (mail_address_valid(text_of(addresses[i].address)) != addresses[i].valid)
            fail_msg("%s", addresses[i].address);
    assert_false(mail_address_valid((struct text){"a\0b@c", 5}));
    buffer_init(&longest);
    for (size_t i = 0; i < 65; i++)
        buffer_char(&longest, 'a');
    buffer_string(&longest, "@shop.example");
    assert_false(mail_address_valid(buffer_view(&longest)));
    assert_true(mail_address_valid(text_slice(buffer_view(&longest), 1, longest.length)));
    buffer_done(&longest);
}

/* Messages. */

static struct mail_message plain_message(void)
{
    return (struct mail_message){.id = id_new(1),
                                 .at = INT64_C(1772874303000000),
                                 .from = "notices@shop.example",
                                 .from_name = "The Shop",
                                 .to = "ana@seller.example",
                                 .title = TEXT("Hello"),
                                 .body = TEXT("One line.\n.\nFrom here on.\n")};
}

static void a_message_is_lines_of_ascii(void **state)
{
    struct problem problem;
    struct buffer out;
    struct mail_message message = plain_message();
    (void)state;
    message.title = TEXT("Покупатель просит отменить заказ, и ещё раз: отменить заказ, пожалуйста");
    message.body = TEXT("Купон\n.\n\xe2\x82\xac 12\n");
    buffer_init(&out);
    assert_true(mail_message_write(&message, &out, &problem));
    size_t line = 0;
    for (size_t i = 0; i < out.length; i++) {
        unsigned char c = (unsigned char)out.bytes[i];
        assert_true((c >= 0x20 && c < 0x7f) || c == '\r' || c == '\n');
        if (c == '\n')
            assert_true(i > 0 && out.bytes[i - 1] == '\r');
        if (c == '\r')
            assert_true(i + 1 < out.length && out.bytes[i + 1] == '\n');
        line = c == '\n' ? 0 : line + 1;
        assert_true(line <= 79);
    }
    buffer_char(&out, '\0');
    assert_non_null(strstr(out.bytes, "To: ana@seller.example\r\n"));
    assert_non_null(strstr(out.bytes, "From: The Shop <notices@shop.example>\r\n"));
    assert_non_null(strstr(out.bytes, "Auto-Submitted: auto-generated\r\n"));
    assert_non_null(strstr(out.bytes, "Content-Type: text/plain; charset=utf-8\r\n"));
    assert_non_null(strstr(out.bytes, "Date: Sat, 07 Mar 2026 09:05:03 +0000\r\n"));
    assert_non_null(strstr(out.bytes, "Message-Id: <mail_"));
    buffer_done(&out);
}

static void nothing_breaks_out_of_a_message(void **state)
{
    static const char *const lines[] = {
        "a\r\nBcc: eve@x.example", "a\nb", "a\rb", "a\tb", "a\x7f", "\xff", "a\xc3"};
    struct problem problem;
    struct buffer out;
    (void)state;
    buffer_init(&out);
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct mail_message message = plain_message();
        message.title = text_of(lines[i]);
        assert_false(mail_message_write(&message, &out, &problem));
        message = plain_message();
        message.from_name = lines[i];
        assert_false(mail_message_write(&message, &out, &problem));
        message = plain_message();
        message.to = lines[i];
        assert_false(mail_message_write(&message, &out, &problem));
    }
    struct mail_message message = plain_message();
    message.body = (struct text){"a\0b", 3};
    assert_false(mail_message_write(&message, &out, &problem));
    message.body = TEXT("\xff");
    assert_false(mail_message_write(&message, &out, &problem));
    assert_int_equal(out.length, 0);
    buffer_done(&out);
}

/* Texts. */

static void compare_objects(const char *path, json_t *english, json_t *other)
{
    const char *name;
    json_t *value;
    json_object_foreach(english, name, value)
    {
        json_t *same = json_object_get(other, name);
        if (same == NULL || json_typeof(same) != json_typeof(value))
            fail_msg("%s lacks %s", path, name);
        if (json_is_object(value)) {
            compare_objects(path, value, same);
            continue;
        }
        struct text rest = json_string_view(value);
        while (rest.length > 0) {
            (void)text_cut(&rest, '{');
            struct text field = text_cut(&rest, '}');
            char braced[80];
            snprintf(braced, sizeof braced, "{%.*s}", TEXT_ARG(field));
            if (field.length > 0 && strstr(json_string_value(same), braced) == NULL)
                fail_msg("%s: %s lacks %s", path, name, braced);
        }
    }
    assert_int_equal(json_object_size(english), json_object_size(other));
}

static json_t *texts_of(const struct embedded_file *file)
{
    struct problem problem;
    json_t *json = json_read((struct text){(const char *)file->bytes, file->length}, &problem);
    assert_non_null(json);
    return json;
}

static void every_language_says_the_same(void **state)
{
    json_t *english = NULL;
    size_t count = 0;
    (void)state;
    for (const struct embedded_file *file = embedded_texts; file->path != NULL; file++)
        if (strcmp(file->path, "en.json") == 0)
            english = texts_of(file);
    assert_non_null(english);
    for (const struct embedded_file *file = embedded_texts; file->path != NULL; file++) {
        json_t *json = texts_of(file);
        compare_objects(file->path, english, json);
        json_free(json);
        count++;
    }
    assert_int_equal(count, 5);
    /* What is written for an act names an act that there is, and only fields that it has. */
    const char *name;
    json_t *said;
    json_object_foreach(json_object_get(english, "acts"), name, said)
    {
        const struct act_type *type = catalogue_act(&catalogue, text_of(name));
        if (type == NULL)
            fail_msg("there is no act %s", name);
        struct text rest = json_string_view(json_object_get(said, "text"));
        while (rest.length > 0) {
            (void)text_cut(&rest, '{');
            struct text field = text_cut(&rest, '}');
            bool found = field.length == 0;
            for (size_t i = 0; i < type->field_count; i++)
                found = found || text_is(field, type->fields[i].name);
            if (!found)
                fail_msg("%s has no %.*s", name, TEXT_ARG(field));
        }
    }
    for (const struct act_type *const *type = catalogue.acts; *type != NULL; type++)
        if (act_type_tells(*type, AUDIENCE_PERSON) &&
            json_object_get(json_object_get(english, "acts"), (*type)->name) == NULL)
            fail_msg("nobody has written what %s says", (*type)->name);
    json_free(english);
}

static void words_of_a_buyer_stay_on_their_line(void **state)
{
    const struct cancel_requested_body body = {
        .present = 1, .reason = TEXT("late\r\nBcc: eve@x.example\r\n\r\nPay here")};
    const struct act act = {.type = &order_cancel_requested, .body = &body, .at = TIME_EARLIEST};
    const struct mail_occasion occasion = {
        .act = &act, .language = TEXT("xx"), .org_name = TEXT("A\nB"), .link = ""};
    struct mail_texts *texts = mail_texts_new();
    struct buffer title, text;
    (void)state;
    buffer_init(&title);
    buffer_init(&text);
    mail_texts_write(texts, &occasion, &title, &text);
    buffer_char(&title, '\0');
    buffer_char(&text, '\0');
    assert_string_equal(title.bytes, "A buyer asks to cancel an order");
    assert_non_null(strstr(text.bytes, "late  Bcc: eve@x.example    Pay here"));
    assert_non_null(strstr(text.bytes, "on record for A B."));
    buffer_done(&title);
    buffer_done(&text);
    mail_texts_free(texts);
}

/* The queue. */

static const char *const staff[] = {"desk@shop.example", "lead@shop.example"};

static void queue_begin(struct mailer *mailer, struct road *road, struct feed *feed)
{
    memset(mailer, 0, sizeof *mailer);
    mailer->options = (struct mail_options){.kernel = road->kernel,
                                            .feed = feed,
                                            .server = "smtp://x",
                                            .folder = "",
                                            .language = "en",
                                            .staff = staff,
                                            .staff_count = COUNT_OF(staff),
                                            .time_scale = 1};
    mailer->texts = mail_texts_new();
    assert_true(mail_queue_open(mailer, &road->problem));
}

static void take_all(struct mailer *mailer, struct road *road)
{
    bool more = true;
    while (more)
        assert_true(mail_queue_take(mailer, &more, &road->problem));
}

static int64_t count_mails(struct road *road, const char *sql)
{
    int64_t count = -1;
    struct reader *reader = store_reader_take(road->store);
    assert_true(reader_number(reader, sql, NULL, 0, &count, &road->problem));
    store_reader_give(road->store, reader);
    return count;
}

/* Something that the shop must know of. */
static void raise_incident(struct road *road, const char *reference)
{
    struct id order = road_order(road, reference);
    struct id asked = road_cancel_request(road, order);
    struct incident_raised_body body = {.present = 15,
                                        .act = asked,
                                        .audience = AUDIENCE_SELLER,
                                        .type = TEXT("order.cancel_requested"),
                                        .message = TEXT("The seller has not been reached yet.")};
    struct submission *raised = road_submission(
        road, &incident_raised, (struct principal){.role = ROLE_SYSTEM}, order, &body);
    raised->act.prefix = "ord";
    kernel_act(road->kernel, raised);
    assert_accepted(raised);
}

static void a_notice_is_one_mail_an_address(void **state)
{
    struct road *road = *state;
    struct mailer mailer;
    struct feed *feed = feed_new(&catalogue);
    raise_incident(road, "1000"); /* before mail was set up: not told any more */
    queue_begin(&mailer, road, feed);
    take_all(&mailer, road);
    assert_int_equal(count_mails(road, "SELECT count(*) FROM mails"), 0);
    raise_incident(road, "1001");
    take_all(&mailer, road);
    assert_int_equal(count_mails(road, "SELECT count(*) FROM mails"), 2);
    take_all(&mailer, road);
    mail_texts_free(mailer.texts);

    queue_begin(&mailer, road, feed); /* a restart */
    take_all(&mailer, road);
    assert_int_equal(count_mails(road, "SELECT count(*) FROM mails"), 2);
    raise_incident(road, "1002");
    take_all(&mailer, road);
    assert_int_equal(count_mails(road, "SELECT count(*) FROM mails"), 4);
    mail_texts_free(mailer.texts);
    feed_free(feed);
}

static void what_was_under_way_is_uncertain(void **state)
{
    struct road *road = *state;
    struct mailer mailer;
    struct mail_list due;
    struct feed *feed = feed_new(&catalogue);
    queue_begin(&mailer, road, feed);
    take_all(&mailer, road);
    raise_incident(road, "1001");
    take_all(&mailer, road);
    assert_true(mail_queue_due(&mailer, &due, road->arena, &road->problem));
    assert_int_equal(due.count, 2);
    due.rows[0].state = MAIL_SENDING;
    due.rows[0].next_at = 0;
    assert_true(mail_queue_save(&mailer, due.rows, 1, &road->problem));
    mail_texts_free(mailer.texts);

    queue_begin(&mailer, road, feed);
    assert_int_equal(count_mails(road, "SELECT count(*) FROM mails WHERE state = 4"), 1);
    assert_true(mail_queue_due(&mailer, &due, road->arena, &road->problem));
    assert_int_equal(due.count, 1);
    due.rows[0].state = MAIL_SENDING;
    due.rows[0].next_at = 0;
    assert_true(mail_queue_save(&mailer, due.rows, 1, &road->problem));
    mailer.options.folder = "/tmp"; /* into a folder it is written again: the same file */
    assert_true(mail_queue_open(&mailer, &road->problem));
    assert_true(mail_queue_due(&mailer, &due, road->arena, &road->problem));
    assert_int_equal(due.count, 1);
    mail_texts_free(mailer.texts);
    feed_free(feed);
}

/* People. */

static int64_t mails_to(struct road *road, const char *type)
{
    struct text sql = arena_format(
        road->arena, "SELECT count(*) FROM mails WHERE audience = 1 AND type = '%s'", type);
    return count_mails(road, sql.bytes);
}

static void members_are_told_what_concerns_them(void **state)
{
    struct road *road = *state;
    struct mailer mailer;
    struct feed *feed = feed_new(&catalogue);
    struct signer *owner = people_new(road, NULL, MEMBER_OWNER, NULL, "Ana");
    queue_begin(&mailer, road, feed);
    take_all(&mailer, road);
    road_cancel_request(road, road_order(road, "1001"));
    take_all(&mailer, road);
    assert_int_equal(mails_to(road, "order.cancel_requested"), 1);
    assert_int_equal(count_mails(road, "SELECT count(*) FROM mails WHERE person IS NULL"), 0);
    /* Somebody of the same address: one mail all the same. */
    struct signer *admin = people_new(road, owner, MEMBER_ADMIN, NULL, "Boris");
    road_cancel_request(road, road_order(road, "1002"));
    take_all(&mailer, road);
    assert_int_equal(mails_to(road, "order.cancel_requested"), 2);
    soft_key_free(&owner->key);
    soft_key_free(&admin->key);
    mail_texts_free(mailer.texts);
    feed_free(feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_plain),
        cmocka_unit_test(a_message_is_lines_of_ascii),
        cmocka_unit_test(nothing_breaks_out_of_a_message),
        cmocka_unit_test(every_language_says_the_same),
        cmocka_unit_test(words_of_a_buyer_stay_on_their_line),
        cmocka_unit_test_setup_teardown(a_notice_is_one_mail_an_address, road_set_up,
                                        road_tear_down),
        cmocka_unit_test_setup_teardown(members_are_told_what_concerns_them, road_set_up,
                                        road_tear_down),
        cmocka_unit_test_setup_teardown(what_was_under_way_is_uncertain, road_set_up,
                                        road_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
