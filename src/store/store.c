#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_private.h"

static const struct store_driver *const drivers[] = {&sqlite_driver, &postgres_driver};

static const struct store_driver *driver_of(const char *url, const char **location)
{
    for (size_t i = 0; i < COUNT_OF(drivers); i++) {
        size_t length = strlen(drivers[i]->scheme);
        if (strncmp(url, drivers[i]->scheme, length) == 0 && url[length] == ':') {
            *location = url + length + 1;
            return drivers[i];
        }
    }
    return NULL;
}

struct store *store_open_with(const char *url, const struct store_options *options,
                              struct problem *problem)
{
    const char *location = NULL;
    const struct store_driver *driver = driver_of(url, &location);
    if (driver == NULL || location[0] == '\0') {
        problem_set(problem, PROBLEM_CONFIGURATION,
                    "the store's URL must be sqlite:PATH or postgresql://…");
        return NULL;
    }
    struct store *store = driver->open(location, options, problem);
    if (store == NULL)
        return NULL;
    store->driver = driver;
    store->writable = options->writable;
    MUST(pthread_mutex_init(&store->lock, NULL) == 0);
    MUST(pthread_cond_init(&store->reader_given, NULL) == 0);
    MUST(driver->writers <= STORE_WRITERS);
    for (size_t i = 0; i < driver->writers; i++)
        store->writers[i] = driver->writer_new(store);
    if (!store_migrate(store, options->schema, problem)) {
        store_close(store);
        return NULL;
    }
    return store;
}

struct store *store_open(const char *url, bool writable, struct problem *problem)
{
    struct store_options options = {.writable = writable, .schema = embedded_schema};
    return store_open_with(url, &options, problem);
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    for (size_t i = 0; i < store->driver->writers; i++)
        store->driver->writer_free(store->writers[i]);
    for (size_t i = 0; i < STORE_READERS; i++) {
        if (store->readers[i] == NULL)
            continue;
        MUST(!store->readers[i]->taken);
        store->driver->reader_free(store->readers[i]);
    }
    pthread_mutex_destroy(&store->lock);
    pthread_cond_destroy(&store->reader_given);
    free(store->place);
    free(store->identity);
    store->driver->close(store);
}

bool store_schema_write(struct buffer *sql, const char *engine)
{
    const struct store_driver *driver = NULL;
    for (size_t i = 0; i < COUNT_OF(drivers); i++)
        if (strcmp(drivers[i]->scheme, engine) == 0)
            driver = drivers[i];
    for (size_t i = 0; driver != NULL && embedded_schema[i].path != NULL; i++) {
        char *adapted = driver->schema(
            (struct text){(const char *)embedded_schema[i].bytes, embedded_schema[i].length});
        buffer_string(sql, adapted);
        free(adapted);
    }
    return driver != NULL;
}

const char *store_engine(const struct store *store)
{
    return store->engine;
}

const char *store_place(const struct store *store)
{
    return store->place;
}

bool store_same(const struct store *a, const struct store *b)
{
    return a->driver == b->driver && strcmp(a->identity, b->identity) == 0;
}

void store_statistics(struct store *store, struct store_statistics *statistics)
{
    *statistics = (struct store_statistics){
        .commits = store->commits,
        .rows_loaded = store->rows_loaded,
        .rows_saved = store->rows_saved,
        .file_bytes = store->driver->file_bytes(store),
    };
}

bool store_is_shared(const struct store *store)
{
    return store->driver->shared;
}

size_t store_writers(const struct store *store)
{
    return store->driver->writers;
}

struct writer *store_writer(struct store *store, size_t index)
{
    MUST(index < store->driver->writers);
    return store->writers[index];
}

bool writer_begin(struct writer *writer, struct problem *problem)
{
    if (!writer->store->writable)
        return problem_set(problem, PROBLEM_STORE_READ_ONLY, "it was opened for reading only");
    return writer->store->driver->begin(writer, problem);
}

bool writer_load(struct writer *writer, struct row_slot *const *slots, size_t count,
                 struct arena *arena, struct problem *problem)
{
    if (!writer->store->driver->load(writer, slots, count, arena, problem))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct column *version = slots[i]->table->version;
        slots[i]->loaded = true;
        if (slots[i]->found && version != NULL)
            slots[i]->version = row_int(version, slots[i]->row);
        writer->store->rows_loaded += slots[i]->found;
    }
    return true;
}

bool writer_save(struct writer *writer, struct row_slot *const *slots, size_t count,
                 struct problem *problem)
{
    if (!writer->store->driver->save(writer, slots, count, problem))
        return false;
    for (size_t i = 0; i < count; i++)
        writer->store->rows_saved += slots[i]->changed || slots[i]->removed;
    return true;
}

bool writer_commit(struct writer *writer, struct problem *problem)
{
    if (!writer->store->driver->commit(writer, problem))
        return false;
    writer->store->commits++;
    return true;
}

void writer_rollback(struct writer *writer)
{
    writer->store->driver->rollback(writer);
}

bool store_backup(struct store *store, const char *path,
                  void (*progress)(void *context, uint64_t done, uint64_t total), void *context,
                  struct problem *problem)
{
    return store->driver->backup(store, path, progress, context, problem);
}

/* A reader that nobody holds, or NULL. */
static struct reader *free_reader(struct store *store)
{
    for (size_t i = 0; i < STORE_READERS; i++) {
        if (store->readers[i] == NULL)
            store->readers[i] = store->driver->reader_new(store);
        if (!store->readers[i]->taken)
            return store->readers[i];
    }
    return NULL;
}

struct reader *store_reader_take(struct store *store)
{
    struct reader *reader;
    pthread_mutex_lock(&store->lock);
    while ((reader = free_reader(store)) == NULL)
        pthread_cond_wait(&store->reader_given, &store->lock);
    reader->taken = true;
    pthread_mutex_unlock(&store->lock);
    return reader;
}

void store_reader_give(struct store *store, struct reader *reader)
{
    store->driver->reader_rest(reader);
    pthread_mutex_lock(&store->lock);
    MUST(reader->store == store && reader->taken);
    reader->taken = false;
    pthread_cond_signal(&store->reader_given);
    pthread_mutex_unlock(&store->lock);
}

void query_sql(struct buffer *sql, const struct query *query)
{
    if (query->table == NULL) {
        buffer_string(sql, query->sql);
    } else if (query->sql == NULL) {
        table_sql_load(sql, query->table);
    } else {
        buffer_string(sql, "SELECT ");
        table_sql_columns(sql, query->table);
        buffer_format(sql, " FROM %s %s", query->table->name, query->sql);
    }
}

bool reader_query(struct reader *reader, const char *sql, const struct value *values,
                  size_t value_count, query_row each, void *context, struct problem *problem)
{
    struct query query = {.sql = sql, .values = values, .value_count = value_count};
    return reader->store->driver->reader_query(reader, &query, each, context, problem);
}

/* Turns the values of a query into rows of a table. */
struct row_reader {
    const struct table *table;
    size_t from; /* the first column that the query gives */
    void *row;
    struct arena *arena;
    table_row each; /* or NULL */
    void *context;
    size_t count;
};

static bool read_row(void *context, const struct value *columns, size_t count,
                     struct problem *problem)
{
    struct row_reader *rows = context;
    const struct table *table = rows->table;
    void *row = rows->row == NULL ? arena_take(rows->arena, table->row_bytes) : rows->row;
    rows->count++;
    if (rows->from == table->column_count)
        return true; /* nothing but the key, which the caller has */
    return row_read(table, rows->from, columns, count, row, rows->arena, problem) &&
           (rows->each == NULL || rows->each(rows->context, row, problem));
}

bool reader_rows(struct reader *reader, const struct table *table, const char *tail,
                 const struct value *values, size_t value_count, struct arena *arena,
                 table_row each, void *context, struct problem *problem)
{
    struct query query = {table, tail, values, value_count};
    struct row_reader rows = {.table = table, .arena = arena, .each = each, .context = context};
    return reader->store->driver->reader_query(reader, &query, read_row, &rows, problem);
}

static bool take_number(void *context, const struct value *columns, size_t count,
                        struct problem *problem)
{
    (void)problem;
    MUST(count == 1);
    if (columns[0].type == VALUE_INT)
        *(int64_t *)context = columns[0].integer;
    return true;
}

bool reader_number(struct reader *reader, const char *sql, const struct value *values,
                   size_t value_count, int64_t *number, struct problem *problem)
{
    return reader_query(reader, sql, values, value_count, take_number, number, problem);
}

bool reader_load(struct reader *reader, const struct table *table, void *row, struct arena *arena,
                 bool *found, struct problem *problem)
{
    struct value key[STORE_COLUMNS_MAX];
    MUST(table->key_count <= COUNT_OF(key));
    for (size_t i = 0; i < table->key_count; i++)
        key[i] = row_value(&table->columns[i], row);
    struct query query = {.table = table, .values = key, .value_count = table->key_count};
    struct row_reader rows = {.table = table, .from = table->key_count, .row = row, .arena = arena};
    if (!reader->store->driver->reader_query(reader, &query, read_row, &rows, problem))
        return false;
    *found = rows.count == 1;
    return true;
}

struct description {
    struct store_column *columns;
    size_t capacity, count;
};

static bool describe_column(void *context, const struct value *columns, size_t count,
                            struct problem *problem)
{
    struct description *description = context;
    MUST(count == 4);
    if (description->count == description->capacity)
        return problem_set(problem, PROBLEM_STORE_FAILED, "a table has more than %zu columns",
                           description->capacity);
    struct store_column *column = &description->columns[description->count++];
    snprintf(column->name, sizeof column->name, "%.*s", TEXT_ARG(columns[0].text));
    snprintf(column->type, sizeof column->type, "%.*s", TEXT_ARG(columns[1].text));
    column->optional = columns[2].integer == 0;
    column->key_position = (size_t)columns[3].integer;
    return true;
}

bool store_describe(struct store *store, const char *table, struct store_column *columns,
                    size_t capacity, size_t *count, struct problem *problem)
{
    struct description description = {.columns = columns, .capacity = capacity};
    struct value name = VALUE_OF_TEXT(text_of(table));
    struct reader *reader = store_reader_take(store);
    bool described = reader_query(reader, store->driver->describe_sql, &name, 1, describe_column,
                                  &description, problem);
    store_reader_give(store, reader);
    *count = description.count;
    return described;
}
