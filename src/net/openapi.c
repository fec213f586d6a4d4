#include "net/openapi.h"

#include <stdio.h>
#include <string.h>

#include "base/embedded.h"
#include "identity/identity.h"
#include "net/routes.h"
#include "net/secrets.h"

#define FIELDS_MAX 32
#define NAME_BYTES 80

static void member(struct json_writer *json, const char *name, const char *value)
{
    json_member(json, name, text_of(value));
}

static void open_member(struct json_writer *json, const char *name)
{
    json_name(json, name);
    json_open(json);
}

static void reference(struct json_writer *json, const char *kind, const char *name)
{
    char pointer[NAME_BYTES + 40];
    snprintf(pointer, sizeof pointer, "#/components/%s/%s", kind, name);
    json_open(json);
    member(json, "$ref", pointer);
    json_close(json);
}

/* "order.cancel_requested" becomes PREFIX + "OrderCancelRequested". */
static const char *pascal(const char *prefix, const char *name, char out[NAME_BYTES])
{
    size_t at = (size_t)snprintf(out, NAME_BYTES, "%s", prefix);
    bool up = true;
    for (; *name != '\0' && at + 1 < NAME_BYTES; name++) {
        if (*name == '.' || *name == '_') {
            up = true;
            continue;
        }
        out[at++] = up && *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name;
        up = false;
    }
    out[at] = '\0';
    return out;
}

static const char *camel(const char *name, char out[NAME_BYTES])
{
    pascal("", name, out);
    out[0] = out[0] >= 'A' && out[0] <= 'Z' ? (char)(out[0] - 'A' + 'a') : out[0];
    return out;
}

/* Bodies of acts. */

/* The fields that a client sends: secrets are made by the server itself. */
static size_t sent_fields(const struct act_type *type, struct field out[FIELDS_MAX])
{
    size_t count = 0;
    const char *made = secrets_field(type);
    MUST(type->field_count <= FIELDS_MAX);
    for (size_t i = 0; i < type->field_count; i++)
        if (made == NULL || strcmp(type->fields[i].name, made) != 0)
            out[count++] = type->fields[i];
    return count;
}

/* May or must a person sign it? */
static bool takes_signature(const struct act_type *type)
{
    return type->path != NULL &&
           (type->authority == AUTHORITY_SIGNED || (type->flags & ACT_HELD) != 0);
}

/* The same schema with the member `signature`. */
static void add_signature(const struct act_type *type, struct buffer *schema)
{
    struct problem problem;
    json_t *tree = json_read(buffer_view(schema), &problem);
    json_t *signature = json_pack("{s:s}", "$ref", "#/components/schemas/Signature");
    json_t *required = json_object_get(tree, "required");
    MUST(json_object_set_new(json_object_get(tree, "properties"), "signature", signature) == 0);
    if (type->authority == AUTHORITY_SIGNED && required == NULL)
        MUST(json_object_set_new(tree, "required", json_pack("[s]", "signature")) == 0);
    else if (type->authority == AUTHORITY_SIGNED)
        MUST(json_array_append_new(required, json_string("signature")) == 0);
    buffer_clear(schema);
    json_canonical(schema, tree);
    json_free(tree);
}

static void write_act_schema(struct json_writer *json, const struct act_type *type)
{
    struct field fields[FIELDS_MAX];
    struct buffer schema;
    size_t count = sent_fields(type, fields);
    buffer_init(&schema);
    struct json_writer inner = json_writer(&schema);
    fields_schema(&inner, fields, count);
    if (takes_signature(type))
        add_signature(type, &schema);
    json_raw(json, buffer_view(&schema));
    buffer_done(&schema);
}

static void write_act_schemas(struct json_writer *json, const struct catalogue *catalogue)
{
    char name[NAME_BYTES];
    for (const struct act_type *const *type = catalogue->acts; *type != NULL; type++) {
        json_name(json, pascal("", (*type)->name, name));
        write_act_schema(json, *type);
    }
}

/* What the fields give as examples, if all that are required do. */
static void write_example(struct json_writer *json, const struct act_type *type)
{
    struct field fields[FIELDS_MAX];
    size_t count = sent_fields(type, fields);
    if (type->authority == AUTHORITY_SIGNED)
        return; /* no signature holds twice */
    for (size_t i = 0; i < count; i++)
        if (fields[i].required && fields[i].example == NULL)
            return;
    open_member(json, "example");
    for (size_t i = 0; i < count; i++)
        if (fields[i].example != NULL) {
            json_name(json, fields[i].name);
            json_raw(json, text_of(fields[i].example));
        }
    json_close(json);
}

/* Rows of views. */

static const char *type_of(const struct column *column)
{
    switch (column->type) {
    case COLUMN_INT:
        return "integer";
    case COLUMN_BOOL:
        return "boolean";
    case COLUMN_ENUM:
    case COLUMN_TIME:
    case COLUMN_ORG:
    case COLUMN_ID:
    case COLUMN_TEXT:
    case COLUMN_BYTES:
        return "string";
    case COLUMN_JSON:
        break;
    }
    return NULL; /* any */
}

static void write_pattern(struct json_writer *json, const char *prefix, int digits)
{
    char pattern[64];
    snprintf(pattern, sizeof pattern, "^%s_[0-9a-hjkmnp-tv-z]{%d}$", prefix, digits);
    member(json, "pattern", pattern);
}

static void write_type(struct json_writer *json, const char *type, bool optional)
{
    json_name(json, "type");
    if (!optional) {
        json_text(json, text_of(type));
        return;
    }
    json_open_list(json);
    json_text(json, text_of(type));
    json_text(json, TEXT("null"));
    json_close_list(json);
}

static void write_enum(struct json_writer *json, const struct column *column, bool optional)
{
    json_name(json, "enum");
    json_open_list(json);
    for (size_t i = 0; column->names[i] != NULL; i++)
        json_text(json, text_of(column->names[i]));
    if (optional)
        json_null_value(json);
    json_close_list(json);
}

static void write_column(struct json_writer *json, const struct column *column)
{
    bool optional = (column->flags & COLUMN_OPTIONAL) != 0;
    json_open(json);
    if (column->doc != NULL)
        member(json, "description", column->doc);
    if (type_of(column) != NULL)
        write_type(json, type_of(column), optional);
    if (column->type == COLUMN_ENUM)
        write_enum(json, column, optional);
    else if (column->type == COLUMN_TIME)
        member(json, "format", "date-time");
    else if (column->type == COLUMN_ID)
        write_pattern(json, column->prefix != NULL ? column->prefix : "[a-z]{1,12}", 26);
    else if (column->type == COLUMN_ORG)
        write_pattern(json, "org", 8);
    json_close(json);
}

/* The first part of a column's path behind SKIP; *nested says whether more follows. */
static void part_of(const struct column *column, size_t skip, char name[NAME_BYTES], bool *nested)
{
    struct text path = text_of(column->api + skip);
    struct text first = text_cut(&path, '/');
    MUST(first.length < NAME_BYTES);
    memcpy(name, first.bytes, first.length);
    name[first.length] = '\0';
    *nested = path.length > 0;
}

static size_t group_end(const struct table *table, size_t from, size_t length)
{
    size_t at = from + 1;
    while (at < table->column_count &&
           (table->columns[at].api == NULL ||
            strncmp(table->columns[at].api, table->columns[from].api, length) == 0))
        at++;
    return at;
}

static void write_columns(struct json_writer *json, const struct table *table, size_t from,
                          size_t to, size_t skip)
{
    char name[NAME_BYTES];
    bool nested;
    open_member(json, "properties");
    for (size_t at = from; at < to;) {
        const struct column *column = &table->columns[at++];
        if (column->api == NULL)
            continue;
        part_of(column, skip, name, &nested);
        json_name(json, name);
        if (!nested) {
            write_column(json, column);
            continue;
        }
        size_t inside = skip + strlen(name) + 1;
        size_t end = group_end(table, at - 1, inside);
        json_open(json);
        write_columns(json, table, at - 1, end, inside);
        write_type(json, "object", (column->flags & COLUMN_OPTIONAL) != 0);
        json_close(json);
        at = end;
    }
    json_close(json);
    json_name(json, "required");
    json_open_list(json);
    char last[NAME_BYTES] = "";
    for (size_t at = from; at < to; at++) {
        if (table->columns[at].api == NULL)
            continue;
        part_of(&table->columns[at], skip, name, &nested);
        if (strcmp(name, last) != 0)
            json_text(json, text_of(name));
        memcpy(last, name, sizeof last);
    }
    json_close_list(json);
}

static void write_table_schema(struct json_writer *json, const struct table *table)
{
    json_open(json);
    json_name(json, "additionalProperties");
    json_bool(json, false);
    member(json, "description", table->doc);
    write_columns(json, table, 0, table->column_count, 0);
    member(json, "type", "object");
    json_close(json);
}

/* A row's schema is named after its table, once for all views of it. */
static void write_view_schemas(struct json_writer *json, const struct catalogue *catalogue)
{
    char name[NAME_BYTES];
    for (const struct table *const *table = catalogue->tables; *table != NULL; table++)
        for (const struct view *const *view = catalogue->views; *view != NULL; view++)
            if ((*view)->table == *table) {
                json_name(json, pascal("Row", (*table)->name, name));
                write_table_schema(json, *table);
                break;
            }
}

static void write_page_schema(struct json_writer *json, const struct view *view)
{
    char name[NAME_BYTES];
    const struct column *cursor = table_column(view->table, view->cursor);
    MUST(cursor != NULL);
    json_open(json);
    open_member(json, "properties");
    open_member(json, view->name);
    json_name(json, "items");
    reference(json, "schemas", pascal("Row", view->table->name, name));
    member(json, "type", "array");
    json_close(json);
    open_member(json, "next");
    member(json, "description", "Pass it as `after` for the next page; null: this was the last.");
    write_type(json, type_of(cursor), true);
    json_close(json);
    json_close(json);
    json_name(json, "required");
    json_open_list(json);
    json_text(json, text_of(view->name));
    json_text(json, TEXT("next"));
    json_close_list(json);
    member(json, "type", "object");
    json_close(json);
}

/* Parameters. */

static void write_parameter(struct json_writer *json, const char *name, const char *in,
                            const char *doc, const char *schema)
{
    json_open(json);
    if (doc != NULL)
        member(json, "description", doc);
    member(json, "in", in);
    member(json, "name", name);
    json_name(json, "required");
    json_bool(json, strcmp(in, "path") == 0);
    json_name(json, "schema");
    json_raw(json, text_of(schema));
    json_close(json);
}

static void write_filter(struct json_writer *json, const struct view *view,
                         const struct view_filter *filter)
{
    const struct column *column = table_column(view->table, filter->column);
    struct buffer schema;
    MUST(column != NULL);
    buffer_init(&schema);
    struct json_writer inner = json_writer(&schema);
    json_open(&inner);
    member(&inner, "type", "string");
    if (column->type == COLUMN_ENUM)
        write_enum(&inner, column, false);
    json_close(&inner);
    buffer_char(&schema, '\0');
    write_parameter(json, filter->name, "query", column->doc, schema.bytes);
    buffer_done(&schema);
}

static void write_view_parameters(struct json_writer *json, const struct view *view)
{
    if (view->single) {
        write_parameter(json, "If-None-Match", "header", "The ETag that you have.",
                        "{\"type\":\"string\"}");
        return;
    }
    write_parameter(json, "after", "query", "`next` of the page before.", "{\"type\":\"string\"}");
    write_parameter(json, "limit", "query", "How many at most.",
                    "{\"default\":50,\"maximum\":500,\"minimum\":1,\"type\":\"integer\"}");
    for (size_t i = 0; i < COUNT_OF(view->filters) && view->filters[i].name != NULL; i++)
        write_filter(json, view, &view->filters[i]);
}

/* "/v1/orders/{subject}/ship": what stands before {subject}, in the singular. */
static const char *subject_name(const char *path, char out[NAME_BYTES])
{
    const char *subject = strstr(path, "/{subject}");
    const char *from = subject;
    while (from > path && from[-1] != '/')
        from--;
    size_t length = (size_t)(subject - from);
    MUST(length > 1 && length < NAME_BYTES && from[length - 1] == 's');
    memcpy(out, from, length - 1);
    out[length - 1] = '\0';
    return out;
}

static void write_path_parameter(struct json_writer *json, const struct route *route)
{
    char name[NAME_BYTES];
    char schema[NAME_BYTES];
    if (strstr(route->path, "{subject}") != NULL) {
        snprintf(schema, sizeof schema,
                 "{\"pattern\":\"^%s_[0-9a-hjkmnp-tv-z]{26}$\",\"type\":\"string\"}",
                 route->subject_prefix);
        write_parameter(json, subject_name(route->path, name), "path", NULL, schema);
    } else if (strchr(route->path, '*') != NULL) {
        write_parameter(json, "path", "path", "May contain slashes.", "{\"type\":\"string\"}");
    }
}

static void write_parameters(struct json_writer *json, const struct route *route)
{
    json_name(json, "parameters");
    json_open_list(json);
    write_path_parameter(json, route);
    if (route->view != NULL)
        write_view_parameters(json, route->view);
    if (strcmp(route->method, "POST") == 0)
        write_parameter(json, "Idempotency-Key", "header",
                        "The same key and body give the same answer; another body is refused.",
                        "{\"maxLength\":255,\"minLength\":1,\"type\":\"string\"}");
    if (route->act != NULL && route->act->subject == SUBJECT_PATH)
        write_parameter(json, "If-Match", "header", "Act only on the version with this ETag.",
                        "{\"type\":\"string\"}");
    if (route->parameters != NULL)
        for (const struct route_parameter *each = route->parameters; each->name != NULL; each++)
            write_parameter(json, each->name, "query", each->doc, each->schema);
    json_close_list(json);
}

/* Operations. */

static void open_content(struct json_writer *json, const char *media_type)
{
    open_member(json, "content");
    open_member(json, media_type);
}

static void close_content(struct json_writer *json)
{
    json_close(json);
    json_close(json);
}

static void write_request(struct json_writer *json, const struct route *route)
{
    char name[NAME_BYTES];
    const char *schema = route->act != NULL ? pascal("", route->act->name, name) : route->request;
    if (schema == NULL)
        return;
    open_member(json, "requestBody");
    open_content(json, "application/json");
    if (route->act != NULL)
        write_example(json, route->act);
    json_name(json, "schema");
    reference(json, "schemas", schema);
    close_content(json);
    json_name(json, "required");
    json_bool(json, true);
    json_close(json);
}

static void write_view_answer(struct json_writer *json, const struct view *view)
{
    char name[NAME_BYTES];
    json_name(json, "schema");
    if (view->single)
        reference(json, "schemas", pascal("Row", view->table->name, name));
    else
        write_page_schema(json, view);
}

static void write_success(struct json_writer *json, const struct route *route)
{
    char status[8];
    snprintf(status, sizeof status, "%u",
             route->act != NULL ? 201 : (route->view != NULL ? 200 : route->status));
    open_member(json, status);
    open_content(json, route->media_type != NULL ? route->media_type : "application/json");
    if (route->view != NULL) {
        write_view_answer(json, route->view);
    } else if (route->act != NULL) {
        json_name(json, "schema");
        reference(json, "schemas", "Accepted");
    } else if (route->answer != NULL) {
        json_name(json, "schema");
        reference(json, "schemas", route->answer);
    }
    close_content(json);
    member(json, "description", route->act != NULL ? "On record." : "As asked.");
    json_close(json);
}

static void write_responses(struct json_writer *json, const struct route *route)
{
    open_member(json, "responses");
    write_success(json, route);
    if (route->view != NULL && route->view->single) {
        open_member(json, "304");
        member(json, "description", "You have the newest version.");
        json_close(json);
    }
    json_name(json, "default");
    reference(json, "responses", "Problem");
    json_close(json);
}

static void write_roles(struct json_writer *json, unsigned roles)
{
    json_name(json, "x-roles");
    json_open_list(json);
    for (unsigned i = 0; i < ROLE_COUNT; i++)
        if ((roles >> i & 1U) != 0)
            json_text(json, text_of(role_names[i]));
    json_close_list(json);
}

static const char *operation_id(const struct route *route, char out[NAME_BYTES])
{
    if (route->act != NULL)
        return camel(route->act->name, out);
    if (route->view != NULL)
        return pascal(route->view->single ? "read" : "list", route->view->name, out);
    return route->name;
}

static const char *doc_of(const struct route *route)
{
    if (route->act != NULL)
        return route->act->doc;
    return route->view != NULL ? route->view->doc : route->doc;
}

static void write_operation(struct json_writer *json, const struct route *route)
{
    char id[NAME_BYTES];
    struct text doc = text_of(doc_of(route));
    struct text summary = doc;
    const char *end = memmem(doc.bytes, doc.length, ". ", 2);
    if (end != NULL)
        summary.length = (size_t)(end - doc.bytes) + 1;
    open_member(json, strcmp(route->method, "POST") == 0 ? "post" : "get");
    json_member(json, "description", doc);
    member(json, "operationId", operation_id(route, id));
    write_parameters(json, route);
    write_request(json, route);
    write_responses(json, route);
    json_name(json, "security");
    json_open_list(json);
    if (route->roles != 0)
        json_raw(json, TEXT("{\"key\":[]},{\"session\":[]}"));
    json_close_list(json);
    json_member(json, "summary", summary);
    write_roles(json, route->roles);
    if (route->permission != PERMISSION_NONE)
        json_member(json, "x-permission",
                    text_of(permission_names[__builtin_ctz((unsigned)route->permission)]));
    json_close(json);
}

/* {subject} gets its name, "*" too. */
static void write_path_name(struct json_writer *json, const char *path)
{
    char name[NAME_BYTES];
    struct buffer out;
    const char *subject = strstr(path, "{subject}");
    const char *star = strchr(path, '*');
    buffer_init(&out);
    if (subject != NULL)
        buffer_format(&out, "%.*s{%s}%s", (int)(subject - path), path, subject_name(path, name),
                      subject + strlen("{subject}"));
    else if (star != NULL)
        buffer_format(&out, "%.*s{path}", (int)(star - path), path);
    else
        buffer_string(&out, path);
    buffer_char(&out, '\0');
    json_name(json, out.bytes);
    buffer_done(&out);
}

static bool is_described(const struct route *route)
{
    return route->act != NULL || route->view != NULL || route->name != NULL;
}

static void write_paths(struct json_writer *json, const struct routes *routes)
{
    open_member(json, "paths");
    for (size_t i = 0; i < routes_count(routes); i++) {
        const struct route *route = routes_get(routes, i);
        size_t first = 0;
        while (strcmp(routes_get(routes, first)->path, route->path) != 0)
            first++;
        if (first < i || !is_described(route))
            continue;
        write_path_name(json, route->path);
        json_open(json);
        for (size_t j = i; j < routes_count(routes); j++)
            if (strcmp(routes_get(routes, j)->path, route->path) == 0)
                write_operation(json, routes_get(routes, j));
        json_close(json);
    }
    json_close(json);
}

static void write_webhooks(struct json_writer *json, const struct catalogue *catalogue)
{
    open_member(json, "webhooks");
    for (const struct act_type *const *type = catalogue->acts; *type != NULL; type++) {
        char id[NAME_BYTES];
        open_member(json, (*type)->name);
        open_member(json, "post");
        member(json, "description", (*type)->doc);
        member(json, "operationId", pascal("on", (*type)->name, id));
        open_member(json, "requestBody");
        open_content(json, "application/json");
        json_name(json, "schema");
        reference(json, "schemas", "Webhook");
        close_content(json);
        json_close(json);
        json_name(json, "responses");
        json_raw(json, TEXT("{\"2XX\":{\"description\":\"Received; anything else is tried "
                            "again.\"},\"410\":{\"description\":\"Send nothing more.\"}}"));
        member(json, "summary", (*type)->name);
        json_close(json);
        json_close(json);
    }
    json_close(json);
}

static void write_problem_codes(struct json_writer *json)
{
    open_member(json, "ProblemCode");
    json_name(json, "enum");
    json_open_list(json);
    for (int code = PROBLEM_NONE + 1; code < PROBLEM_CODES; code++)
        json_text(json, text_of(problem_kind((enum problem_code)code)->slug));
    json_close_list(json);
    member(json, "type", "string");
    json_close(json);
}

static void write_components(struct json_writer *json, const struct catalogue *catalogue)
{
    open_member(json, "components");
    json_name(json, "responses");
    json_raw(json, TEXT("{\"Problem\":{\"content\":{\"application/problem+json\":{\"schema\":{"
                        "\"$ref\":\"#/components/schemas/Problem\"}}},\"description\":"
                        "\"What is wrong and what to do (RFC 9457).\"}}"));
    open_member(json, "schemas");
    write_act_schemas(json, catalogue);
    write_view_schemas(json, catalogue);
    write_problem_codes(json);
    json_close(json);
    json_name(json, "securitySchemes");
    json_raw(json, TEXT("{\"key\":{\"description\":\"An API key: cf_<role>_<id>_<secret>.\","
                        "\"scheme\":\"bearer\",\"type\":\"http\"},\"session\":{"
                        "\"description\":\"The cookie of a person's session; with `__Host-` where "
                        "the console is served by https.\",\"in\":\"cookie\",\"name\":"
                        "\"counterfoil\",\"type\":\"apiKey\"}}"));
    json_close(json);
}

static void write_info(struct json_writer *json, const char *version)
{
    open_member(json, "info");
    member(json, "description",
           "The trust server of a marketplace: every act is recorded, proved and delivered with a "
           "receipt.");
    json_name(json, "license");
    json_raw(json, TEXT("{\"identifier\":\"Apache-2.0\",\"name\":\"Apache-2.0\"}"));
    member(json, "title", "Counterfoil");
    member(json, "version", version);
    json_close(json);
}

/* What no table declares, from openapi/schemas.json; a name of both is a mistake there. */
static void add_fixed_schemas(json_t *document)
{
    struct problem problem;
    const struct embedded_file *file = embedded_openapi;
    json_t *schemas = json_object_get(json_object_get(document, "components"), "schemas");
    MUST(file->path != NULL && text_is(text_of(file->path), "schemas.json"));
    json_t *fixed = json_read((struct text){(const char *)file->bytes, file->length}, &problem);
    MUST(json_is_object(fixed));
    size_t count = json_object_size(schemas) + json_object_size(fixed);
    MUST(json_object_update(schemas, fixed) == 0 && json_object_size(schemas) == count);
    json_free(fixed);
}

void openapi_write(struct buffer *out, const struct catalogue *catalogue, const char *version)
{
    struct routes *routes = routes_new(catalogue);
    struct problem problem;
    struct buffer raw;
    buffer_init(&raw);
    struct json_writer json = json_writer(&raw);
    json_open(&json);
    write_components(&json, catalogue);
    write_info(&json, version);
    member(&json, "openapi", "3.1.0");
    write_paths(&json, routes);
    json_name(&json, "servers");
    json_raw(&json, TEXT("[{\"url\":\"/\"}]"));
    write_webhooks(&json, catalogue);
    json_close(&json);
    json_t *tree = json_read(buffer_view(&raw), &problem);
    MUST(tree != NULL); /* a declaration's `example` or `schema` is no JSON */
    add_fixed_schemas(tree);
    json_canonical(out, tree);
    json_free(tree);
    buffer_done(&raw);
    routes_free(routes);
}
