/* Rows: access, keys, comparison, JSON, and the SQL that derives from a descriptor. */
#include "test_store_fixture.h"

#include "base/time.h"

static struct parcel_row full_parcel(void)
{
    static const struct id id = {{0x01, 0x89, 0x0a, 0x5d, 0xac, 0x96, 0x77, 0x4b, 0xbc, 0xce, 0xb3,
                                  0x02, 0x09, 0x9a, 0x80, 0x57}};
    return (struct parcel_row){
        .org = 1,
        .id = id,
        .state = 1,
        .insured = 1,
        .weight = -5,
        .label = TEXT("a\"b"),
        .contents = TEXT("[1]"),
        .seal = TEXT("\xff"),
        .courier = id,
        .sent_at = 1,
        .sent_by = TEXT("shop"),
        .version = 3,
    };
}

static void assert_json(const struct table *table, const void *row, const char *expected)
{
    struct buffer out;
    buffer_init(&out);
    struct json_writer json = json_writer(&out);
    row_write(&json, table, row);
    if (!text_is(buffer_view(&out), expected))
        fail_msg("%.*s", TEXT_ARG(buffer_view(&out)));
    buffer_done(&out);
}

static void an_id_has_the_prefix_that_its_row_says(void **state)
{
    const size_t prefix_at = offsetof(struct parcel_row, label);
    struct column column = {
        .type = COLUMN_ID, .offset = offsetof(struct parcel_row, id), .prefix = "par"};
    const struct table table = {.columns = &column, .column_count = 1};
    struct parcel_row row = full_parcel();
    (void)state;
    column.api = "id";
    row.label = TEXT("sub");
    assert_json(&table, &row, "{\"id\":\"par_01h455vb4pex5vsknk084sn02q\"}");
    column.prefix = NULL;
    column.prefix_at = prefix_at;
    assert_json(&table, &row, "{\"id\":\"sub_01h455vb4pex5vsknk084sn02q\"}");
}

static void rows_as_json(void **state)
{
    struct parcel_row row = full_parcel();
    (void)state;
    assert_json(&parcels_table, &row,
                "{\"organisation\":\"org_00000001\",\"id\":\"par_01h455vb4pex5vsknk084sn02q\","
                "\"state\":\"sent\",\"insured\":true,\"weight\":-5,\"label\":\"a\\\"b\","
                "\"contents\":[1],\"seal\":\"/w==\",\"courier\":\"cou_01h455vb4pex5vsknk084sn02q\","
                "\"sent\":{\"at\":\"1970-01-01T00:00:00.000001Z\",\"by\":\"shop\"}}");
    row.contents = row.seal = row.sent_by = TEXT_NONE;
    row.courier = (struct id){{0}};
    row.insured = 0;
    assert_json(&parcels_table, &row,
                "{\"organisation\":\"org_00000001\",\"id\":\"par_01h455vb4pex5vsknk084sn02q\","
                "\"state\":\"sent\",\"insured\":false,\"weight\":-5,\"label\":\"a\\\"b\","
                "\"contents\":null,\"seal\":null,\"courier\":null,"
                "\"sent\":{\"at\":\"1970-01-01T00:00:00.000001Z\",\"by\":null}}");
    row.sent_at = 0;
    row.sent_by = TEXT("nobody is asked"); /* the group's first column is none */
    assert_json(&parcels_table, &row,
                "{\"organisation\":\"org_00000001\",\"id\":\"par_01h455vb4pex5vsknk084sn02q\","
                "\"state\":\"sent\",\"insured\":false,\"weight\":-5,\"label\":\"a\\\"b\","
                "\"contents\":null,\"seal\":null,\"courier\":null,\"sent\":null}");
}

struct deep_row {
    int64_t a, hidden, b, c, d, e;
};
static const struct column deep_columns[] = {
    COLUMN(struct deep_row, a, COLUMN_INT, .api = "x/y/a"),
    COLUMN(struct deep_row, hidden, COLUMN_INT),
    COLUMN(struct deep_row, b, COLUMN_INT, .api = "x/y/b"),
    COLUMN(struct deep_row, c, COLUMN_INT, .api = "x/z"),
    COLUMN(struct deep_row, d, COLUMN_INT, .api = "xx/d"), /* not in x */
    COLUMN(struct deep_row, e, COLUMN_INT, .api = "e"),
};
static const struct table deep_table = {.name = "deep",
                                        .columns = deep_columns,
                                        .column_count = COUNT_OF(deep_columns),
                                        .key_count = 1};

static void objects_nest_as_their_names_say(void **state)
{
    struct deep_row row = {1, 9, 2, 3, 4, 5};
    (void)state;
    assert_json(&deep_table, &row,
                "{\"x\":{\"y\":{\"a\":1,\"b\":2},\"z\":3},\"xx\":{\"d\":4},\"e\":5}");
}

/* Changes one column at a time, and expects comparison and key to notice what concerns them. */
static void comparison_sees_every_column(void **state)
{
    const struct parcel_row row = full_parcel();
    (void)state;
    assert_true(row_equal(&parcels_table, &row, &row));
    for (size_t i = 0; i < COUNT_OF(parcel_columns); i++) {
        struct parcel_row other = row;
        struct text text = TEXT("zz");
        char *member = (char *)&other + parcel_columns[i].offset;
        if (parcel_columns[i].type == COLUMN_TEXT || parcel_columns[i].type == COLUMN_JSON ||
            parcel_columns[i].type == COLUMN_BYTES)
            memcpy(member, &text, sizeof text);
        else
            member[0] = (char)(member[0] + 1);
        bool is_key = i < parcels_table.key_count;
        assert_false(row_equal(&parcels_table, &row, &other));
        assert_int_equal(row_key_equal(&parcels_table, &row, &other), !is_key);
        assert_int_equal(row_key_hash(&parcels_table, &row) == row_key_hash(&parcels_table, &other),
                         !is_key);
        assert_int_equal(row_key_compare(&parcels_table, &row, &other) < 0, is_key);
        assert_int_equal(row_key_compare(&parcels_table, &other, &row) > 0, is_key);
    }
}

static void keys_are_ordered_column_by_column(void **state)
{
    const struct stop_row ordered[] = {
        {TEXT(""), 5},      {TEXT("Oulu"), -7},    {TEXT("Oulu"), 3}, {TEXT("Oulu"), INT64_MAX},
        {TEXT("Ouluu"), 1}, {TEXT("\xc3\x84"), 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ordered); i++)
        for (size_t j = 0; j < COUNT_OF(ordered); j++) {
            int order = row_key_compare(&stops_table, &ordered[i], &ordered[j]);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
}

/* The hash is of the bytes that a text has, not of where they are; tables have hashes apart. */
static void hashes_depend_on_the_key_alone(void **state)
{
    char town[] = "Turku";
    struct stop_row a = {TEXT("Turku"), 1};
    struct stop_row b = {{town, 5}, 1};
    struct table other = stops_table;
    (void)state;
    assert_true(row_key_hash(&stops_table, &a) == row_key_hash(&stops_table, &b));
    assert_false(row_key_hash(&stops_table, &a) == row_key_hash(&other, &a));
    b.town.length = 4;
    assert_false(row_key_hash(&stops_table, &a) == row_key_hash(&stops_table, &b));
}

static void none_is_zero_where_that_can_be(void **state)
{
    struct parcel_row row = {.label = TEXT("")};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(parcel_columns); i++) {
        enum column_type type = parcel_columns[i].type;
        bool number =
            type == COLUMN_INT || type == COLUMN_BOOL || type == COLUMN_ENUM || type == COLUMN_ORG;
        assert_int_equal(row_is_none(&parcel_columns[i], &row), !number);
    }
    row = full_parcel();
    for (size_t i = 0; i < COUNT_OF(parcel_columns); i++)
        assert_false(row_is_none(&parcel_columns[i], &row));
    assert_ptr_equal(table_column(&parcels_table, "label"), &parcel_columns[5]);
    assert_null(table_column(&parcels_table, "labels"));
}

static void assert_sql(void (*write)(struct buffer *sql, const struct table *table),
                       const struct table *table, const char *expected)
{
    struct buffer sql;
    buffer_init(&sql);
    write(&sql, table);
    if (!text_is(buffer_view(&sql), expected))
        fail_msg("%.*s", TEXT_ARG(buffer_view(&sql)));
    buffer_done(&sql);
}

static void sql_derives_from_the_descriptor(void **state)
{
    (void)state;
    assert_sql(table_sql_create, &stops_table,
               "-- Stops on the way.\n"
               "CREATE TABLE stops (\n"
               "    -- Where.\n"
               "    town TEXT NOT NULL,\n"
               "    -- Which.\n"
               "    number INTEGER NOT NULL,\n"
               "    CONSTRAINT stops_key PRIMARY KEY (town, number)\n"
               ");\n");
    assert_sql(table_sql_load, &parcels_table,
               "SELECT state, insured, weight, label, contents, seal, courier, sent_at, sent_by, "
               "version FROM parcels WHERE org = ?1 AND id = ?2");
    assert_sql(table_sql_insert, &parcels_table,
               "INSERT INTO parcels (org, id, state, insured, weight, label, contents, seal, "
               "courier, sent_at, sent_by, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, "
               "?10, ?11, ?12)");
    /* weight is fixed; parameters have no gap, which PostgreSQL would not take */
    assert_sql(table_sql_update, &parcels_table,
               "UPDATE parcels SET state = ?3, insured = ?4, label = ?5, contents = ?6, "
               "seal = ?7, courier = ?8, sent_at = ?9, sent_by = ?10, version = ?11 "
               "WHERE org = ?1 AND id = ?2");
    assert_sql(table_sql_remove, &parcels_table, "DELETE FROM parcels WHERE org = ?1 AND id = ?2");
    assert_sql(table_sql_load, &stops_table,
               "SELECT town FROM stops WHERE town = ?1 AND number = ?2");
    assert_sql(table_sql_update, &stops_table, "");
}

/* A few columns under a key of several: in the key's tree. Else: in order of arrival. */
static void sqlite_is_told_where_rows_lie(void **state)
{
    static const struct table *const tables[] = {&stops_table, &parcels_table, &deep_table};
    struct buffer sql;
    size_t places[COUNT_OF(tables)];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        buffer_init(&sql);
        table_sql_create(&sql, tables[i]);
        char *adapted = sqlite_schema(buffer_view(&sql));
        const char *options = strstr(adapted, ") STRICT");
        assert_non_null(options);
        places[i] = strlen(options);
        free(adapted);
        buffer_done(&sql);
    }
    assert_int_equal(places[0], strlen(") STRICT, WITHOUT ROWID;\n"));
    assert_int_equal(places[1], strlen(") STRICT;\n"));
    assert_int_equal(places[2], strlen(") STRICT;\n"));
    char *index = sqlite_schema(TEXT("CREATE INDEX a ON b (c,\n    d);\n"));
    assert_string_equal(index, "CREATE INDEX a ON b (c,\n    d);\n");
    free(index);
}

static void values_that_do_not_fit_are_refused(void **state)
{
    static const char sixteen[16] = "0123456789abcdef";
    const struct {
        size_t column;
        struct value value;
        bool fits;
    } cases[] = {
        {0, VALUE_OF_INT(ORG_MAX), true},
        {0, VALUE_OF_INT(ORG_MAX + 1), false},
        {0, VALUE_OF_INT(-1), false},
        {0, VALUE_IS_NONE, false},
        {1, {.type = VALUE_BYTES, .text = {sixteen, 16}}, true},
        {1, {.type = VALUE_BYTES, .text = {sixteen, 15}}, false},
        {1, {.type = VALUE_TEXT, .text = {sixteen, 16}}, false},
        {2, VALUE_OF_INT(2), true},
        {2, VALUE_OF_INT(3), false},
        {2, VALUE_OF_INT(INT64_MAX), false},
        {2, VALUE_OF_INT(-1), false},
        {3, VALUE_OF_INT(1), true},
        {3, VALUE_OF_INT(2), false},
        {4, VALUE_OF_INT(INT64_MIN), true},
        {4, VALUE_OF_TEXT(TEXT("4")), false},
        {5, VALUE_OF_TEXT(TEXT("x")), true},
        {5, {.type = VALUE_BYTES, .text = TEXT("x")}, false},
        {5, VALUE_IS_NONE, false},
        {6, VALUE_IS_NONE, true},
        {7, VALUE_OF_TEXT(TEXT("x")), false},
        {8, VALUE_IS_NONE, true},
        {9, VALUE_OF_INT(INT64_MAX), false},
        {9, VALUE_OF_INT(INT64_MIN), false},
        {9, VALUE_OF_INT(TIME_LATEST), true},
    };
    struct arena *arena = arena_new();
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct value values[COUNT_OF(parcel_columns)];
        struct parcel_row row = full_parcel();
        struct parcel_row out;
        struct problem problem;
        for (size_t j = 0; j < COUNT_OF(values); j++)
            values[j] = row_value(&parcel_columns[j], &row);
        values[cases[i].column] = cases[i].value;
        bool read = row_read(&parcels_table, 0, values, COUNT_OF(values), &out, arena, &problem);
        if (read != cases[i].fits)
            fail_msg("case %zu", i);
        if (read) {
            struct value again = row_value(&parcel_columns[cases[i].column], &out);
            assert_int_equal(again.type, cases[i].value.type);
            assert_int_equal(again.integer, cases[i].value.integer);
            assert_true(text_equal(again.text, cases[i].value.text));
        } else {
            assert_int_equal(problem.code, PROBLEM_STORE_CORRUPT);
        }
    }
    arena_free(arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_id_has_the_prefix_that_its_row_says),
    cmocka_unit_test(rows_as_json),
    cmocka_unit_test(objects_nest_as_their_names_say),
    cmocka_unit_test(comparison_sees_every_column),
    cmocka_unit_test(keys_are_ordered_column_by_column),
    cmocka_unit_test(hashes_depend_on_the_key_alone),
    cmocka_unit_test(none_is_zero_where_that_can_be),
    cmocka_unit_test(sql_derives_from_the_descriptor),
    cmocka_unit_test(sqlite_is_told_where_rows_lie),
    cmocka_unit_test(values_that_do_not_fit_are_refused),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
