#include "net/views.h"

#include <string.h>

#include "act/tables.h"
#include "net/handlers.h"
#include "net/service_private.h"
#include "net/telling.h"

#define FILTERS_MAX 2
#define VALUES 7
/* The most rows that share a cursor value, and one more, which tells that there is more. */
#define CURSOR_ROWS_MAX (AUDIENCES + 1)

/* How a view is asked: its parameters ?1 to ?7 and the rows that came back, as JSON. */
struct viewing {
    struct call *call;
    const struct view *view;
    struct text texts[2 + FILTERS_MAX]; /* after, limit, the filters; as given */
    struct value values[VALUES];
    struct id after_id;
    int64_t limit;
    size_t count; /* rows written */
    bool more;
    struct buffer rows;   /* the page's elements, or the single row */
    struct buffer cursor; /* of the last row written, as JSON */
    int64_t version;
    struct telling telling; /* what the answer tells of */
};

static const char *tail_for(const struct view *view, enum role role)
{
    if ((role & (ROLE_SELLER | ROLE_SUPPORT | ROLE_PERSON)) != 0)
        return view->for_seller;
    return role == ROLE_BUYER ? view->for_buyer : view->for_all;
}

static const char *tail_of_filter(const struct view_filter *filter, enum role role)
{
    if ((role & (ROLE_SELLER | ROLE_SUPPORT | ROLE_PERSON)) != 0)
        return filter->for_seller;
    return role == ROLE_BUYER ? filter->for_buyer : filter->for_all;
}

static bool bad(struct problem *problem, const char *name, const char *what)
{
    return problem_add(problem, PROBLEM_QUERY_INVALID, name, "%s", what);
}

static bool read_after(struct viewing *viewing, struct problem *problem)
{
    struct text after = viewing->texts[0];
    const struct column *cursor = table_column(viewing->view->table, viewing->view->cursor);
    int64_t number = 0;
    MUST(cursor != NULL);
    if (after.bytes == NULL) { /* before the first: a range, so that an index finds it */
        viewing->values[3] =
            cursor->type == COLUMN_ID ? VALUE_OF_ID(viewing->after_id) : VALUE_OF_INT(-1);
        return true;
    }
    if (cursor->type == COLUMN_ID) {
        if (!id_parse(cursor->prefix, after, &viewing->after_id))
            return bad(problem, "after", "must be an id as `next` gave it");
        viewing->values[3] = VALUE_OF_ID(viewing->after_id);
        return true;
    }
    if (cursor->type == COLUMN_ORG && !org_parse(after, &number))
        return bad(problem, "after", "must be an organisation as `next` gave it");
    if (cursor->type != COLUMN_ORG && !query_number("after", after, 0, &number, problem))
        return false;
    viewing->values[3] = VALUE_OF_INT(number);
    return true;
}

static bool read_filter(struct viewing *viewing, size_t index, struct problem *problem)
{
    const struct view_filter *filter = &viewing->view->filters[index];
    const struct column *column = table_column(viewing->view->table, filter->column);
    struct text given = viewing->texts[2 + index];
    MUST(column != NULL);
    if (given.bytes == NULL)
        return true;
    if (column->type != COLUMN_ENUM) {
        viewing->values[5 + index] = VALUE_OF_TEXT(given);
        return true;
    }
    for (int64_t i = 0; column->names[i] != NULL; i++)
        if (text_is(given, column->names[i])) {
            viewing->values[5 + index] = VALUE_OF_INT(i);
            return true;
        }
    return bad(problem, filter->name, "is none of its values");
}

static bool read_page_query(struct viewing *viewing, struct problem *problem)
{
    const struct view *view = viewing->view;
    const char *names[2 + FILTERS_MAX + 1] = {
        "after", "limit", view->filters[0].name,
        view->filters[0].name == NULL ? NULL : view->filters[1].name};
    if (!call_query(viewing->call, names, viewing->texts, problem) ||
        !read_after(viewing, problem) || !query_limit(viewing->texts[1], &viewing->limit, problem))
        return false;
    for (size_t i = 0; i < FILTERS_MAX && view->filters[i].name != NULL; i++)
        if (!read_filter(viewing, i, problem))
            return false;
    viewing->values[4] = VALUE_OF_INT(viewing->limit + CURSOR_ROWS_MAX);
    return true;
}

static void set_values(struct viewing *viewing)
{
    const struct call *call = viewing->call;
    bool about = call->route->subject_prefix != NULL;
    for (size_t i = 0; i < VALUES; i++)
        viewing->values[i] = VALUE_IS_NONE;
    viewing->values[0] = VALUE_OF_INT(about ? id_org(call->subject_id) : call->principal.org);
    if (call->principal.buyer.length > 0)
        viewing->values[1] = VALUE_OF_TEXT(call->principal.buyer);
    if (about)
        viewing->values[2] = VALUE_OF_ID(call->subject_id);
}

static void write_cursor(const struct view *view, const void *row, struct buffer *out)
{
    buffer_clear(out);
    struct json_writer json = json_writer(out);
    column_write(&json, table_column(view->table, view->cursor), row);
}

static bool shares_cursor(const struct viewing *viewing, const void *row)
{
    struct buffer cursor;
    buffer_init(&cursor);
    write_cursor(viewing->view, row, &cursor);
    bool same = text_equal(buffer_view(&cursor), buffer_view(&viewing->cursor));
    buffer_done(&cursor);
    return same;
}

/* Rows of one cursor value (the notices of one act) stay on one page, or the next would miss some:
   a page may so be a little longer than asked. */
static bool take_row(void *context, const void *row, struct problem *problem)
{
    struct viewing *viewing = context;
    const struct table *table = viewing->view->table;
    (void)problem;
    if (!viewing->view->single && viewing->count >= (size_t)viewing->limit &&
        !shares_cursor(viewing, row)) {
        viewing->more = true;
        return true;
    }
    struct json_writer json = {&viewing->rows, viewing->count > 0};
    row_write(&json, table, row);
    viewing->count++;
    if (!viewing->view->single)
        write_cursor(viewing->view, row, &viewing->cursor);
    else if (table->version != NULL)
        viewing->version = row_int(table->version, row);
    return true;
}

/* The view's own, or that of the first filter which is given and knows better. */
static const char *tail_of(const struct viewing *viewing)
{
    enum role role = viewing->call->principal.role;
    const char *tail = tail_for(viewing->view, role);
    for (size_t i = FILTERS_MAX; i-- > 0;) {
        const char *better = tail_of_filter(&viewing->view->filters[i], role);
        if (viewing->texts[2 + i].bytes != NULL && better != NULL)
            tail = better;
    }
    return tail;
}

static bool take_notice(void *context, const void *row, struct problem *problem)
{
    struct viewing *viewing = context;
    const struct notice_row *notice = row;
    const struct call *call = viewing->call;
    const struct act_type *type = catalogue_act(call->service->catalogue, notice->type);
    (void)problem;
    if (type != NULL && feed_shows(&call->principal, type))
        telling_add(&viewing->telling, notice->org, notice->act);
    return true;
}

/* Acts that the row shows to a reader who had to be told of them and was not. The reader sees the
   moment that the row is of: nothing that came later. */
static bool find_outstanding(struct viewing *viewing, struct reader *reader,
                             struct problem *problem)
{
    struct telling *telling = &viewing->telling;
    if (viewing->view->tells == NULL || viewing->count == 0 || !telling->has_audience)
        return true;
    const struct value values[] = {viewing->values[0], viewing->values[2],
                                   VALUE_OF_INT((int64_t)telling->audience)};
    return reader_rows(reader, &notices_table, viewing->view->tells, values, COUNT_OF(values),
                       viewing->call->request->arena, take_notice, viewing, problem);
}

static bool run(struct viewing *viewing, struct problem *problem)
{
    const struct call *call = viewing->call;
    const char *tail = tail_of(viewing);
    if (tail == NULL)
        return true;
    struct store *store = kernel_store(call->service->kernel);
    struct reader *reader = store_reader_take(store);
    bool read = reader_rows(reader, viewing->view->table, tail, viewing->values, VALUES,
                            call->request->arena, take_row, viewing, problem) &&
                find_outstanding(viewing, reader, problem);
    store_reader_give(store, reader);
    return read;
}

static void answer_single(struct viewing *viewing)
{
    struct call *call = viewing->call;
    struct problem problem;
    if (viewing->count == 0) {
        problem_set(&problem, PROBLEM_NOT_FOUND, "no such id");
        call_problem(call, &problem);
        return;
    }
    struct http_answer answer = {.status = 200, .media_type = "application/json"};
    struct text etag = arena_format(call->request->arena, "\"%lld\"", (long long)viewing->version);
    http_answer_header(&answer, "ETag", etag);
    http_answer_header(&answer, "Cache-Control", TEXT("private, no-cache"));
    if (call_matches_etag(call, etag)) {
        answer.status = 304;
        telling_clear(&viewing->telling); /* it shows nothing */
    } else {
        answer.body = buffer_view(&viewing->rows);
    }
    call_answer(call, &answer);
}

static void answer_page(struct viewing *viewing)
{
    struct buffer body;
    buffer_init(&body);
    struct json_writer json = json_writer(&body);
    json_open(&json);
    json_name(&json, viewing->view->name);
    json_open_list(&json);
    if (viewing->count > 0)
        json_raw(&json, buffer_view(&viewing->rows));
    json_close_list(&json);
    json_name(&json, "next");
    json_raw(&json, viewing->more ? buffer_view(&viewing->cursor) : TEXT("null"));
    json_close(&json);
    call_json(viewing->call, 200, &body);
    buffer_done(&body);
}

/* Answers, and then puts on record whom the page has told of what. */
static void answer(struct viewing *viewing)
{
    struct kernel *kernel = viewing->call->service->kernel;
    if (viewing->view->single)
        answer_single(viewing);
    else
        answer_page(viewing);
    telling_send(&viewing->telling, kernel, MEANS_PAGE);
}

static bool may_view(struct viewing *viewing, struct problem *problem)
{
    const struct call *call = viewing->call;
    bool visible = true;
    if (!viewing->view->single && call->route->subject_prefix != NULL &&
        !views_see(call, call->route->subject_prefix, call->subject_id, &visible, problem))
        return false;
    return visible || problem_set(problem, PROBLEM_NOT_FOUND, "no such id");
}

void view_handle(struct call *call)
{
    static const char *const no_parameters[] = {NULL};
    struct viewing viewing = {.call = call, .view = call->route->view};
    struct problem problem;
    problem_clear(&problem);
    buffer_init(&viewing.rows);
    buffer_init(&viewing.cursor);
    telling_init(&viewing.telling, call);
    set_values(&viewing);
    bool asked = viewing.view->single ? call_query(call, no_parameters, viewing.texts, &problem)
                                      : read_page_query(&viewing, &problem);
    if (asked && may_view(&viewing, &problem) && run(&viewing, &problem))
        answer(&viewing);
    else
        call_problem(call, &problem);
    buffer_done(&viewing.rows);
    buffer_done(&viewing.cursor);
    telling_done(&viewing.telling);
}

static bool take_sight(void *context, const void *row, struct problem *problem)
{
    (void)row;
    (void)problem;
    *(bool *)context = true;
    return true;
}

bool views_see(const struct call *call, const char *prefix, struct id subject, bool *visible,
               struct problem *problem)
{
    const struct view *const *view = call->service->catalogue->views;
    while (*view != NULL && !((*view)->single && (*view)->subject_prefix != NULL &&
                              strcmp((*view)->subject_prefix, prefix) == 0))
        view++;
    *visible = (call->principal.role & (ROLE_SELLER | ROLE_SUPPORT | ROLE_PERSON)) == 0 ||
               id_org(subject) == call->principal.org;
    if (*view == NULL || !*visible)
        return true;
    const char *tail = tail_for(*view, call->principal.role);
    *visible = false;
    if (tail == NULL)
        return true;
    const struct value values[VALUES] = {
        VALUE_OF_INT(id_org(subject)),
        call->principal.buyer.length > 0 ? VALUE_OF_TEXT(call->principal.buyer) : VALUE_IS_NONE,
        VALUE_OF_ID(subject)};
    struct store *store = kernel_store(call->service->kernel);
    struct reader *reader = store_reader_take(store);
    bool read = reader_rows(reader, (*view)->table, tail, values, VALUES, call->request->arena,
                            take_sight, visible, problem);
    store_reader_give(store, reader);
    return read;
}
