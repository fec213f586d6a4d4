/* The description of the interface: canonical, whole, the same each time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "market/market.h"
#include "net/openapi.h"

static void it_is_canonical(void **state)
{
    struct buffer first, second, sorted;
    struct problem problem;
    (void)state;
    buffer_init(&first);
    buffer_init(&second);
    buffer_init(&sorted);
    openapi_write(&first, &catalogue, "1.2.3");
    openapi_write(&second, &catalogue, "1.2.3");
    assert_true(text_equal(buffer_view(&first), buffer_view(&second)));
    json_t *json = json_read(buffer_view(&first), &problem);
    assert_non_null(json);
    json_canonical(&sorted, json);
    assert_true(text_equal(buffer_view(&first), buffer_view(&sorted)));
    json_free(json);
    buffer_done(&first);
    buffer_done(&second);
    buffer_done(&sorted);
}

static bool has_path_parameter(const char *path)
{
    return strchr(path, '{') != NULL;
}

static void every_act_and_view_is_described(void **state)
{
    struct buffer text;
    struct problem problem;
    size_t operations = 0;
    const char *path;
    json_t *item;
    (void)state;
    buffer_init(&text);
    openapi_write(&text, &catalogue, "1.2.3");
    json_t *json = json_read(buffer_view(&text), &problem);
    const json_t *webhooks = json_object_get(json, "webhooks");
    json_object_foreach(json_object_get(json, "paths"), path, item)
    {
        operations += json_object_size(item);
        if (has_path_parameter(path) && strncmp(path, "/log/", 5) != 0)
            assert_non_null(json_object_get(
                json_array_get(
                    json_object_get(json_object_iter_value(json_object_iter(item)), "parameters"),
                    0),
                "required"));
    }
    for (const struct act_type *const *type = catalogue.acts; *type != NULL; type++) {
        assert_non_null(json_object_get(webhooks, (*type)->name));
        operations -= (*type)->path != NULL;
    }
    for (const struct view *const *view = catalogue.views; *view != NULL; view++)
        operations--;
    assert_true(operations > 10 && operations < 100); /* the fixed routes */
    json_free(json);
    buffer_done(&text);
}

/* Each names a schema or an answer that the document has. */
static void check_references(const json_t *document, const json_t *value, size_t *count)
{
    const char *name;
    json_t *each;
    size_t index;
    json_array_foreach(value, index, each) check_references(document, each, count);
    json_object_foreach((json_t *)(uintptr_t)value, name, each)
    {
        check_references(document, each, count);
        if (strcmp(name, "$ref") != 0)
            continue;
        struct text path = json_string_view(each);
        const json_t *target = document;
        assert_true(text_is(text_cut(&path, '/'), "#"));
        while (path.length > 0) {
            struct text part = text_cut(&path, '/');
            target = json_object_getn(target, part.bytes, part.length);
        }
        if (target == NULL)
            fail_msg("%s is not there", json_string_value(each));
        ++*count;
    }
}

static void references_lead_somewhere(void **state)
{
    struct buffer text;
    struct problem problem;
    size_t count = 0;
    (void)state;
    buffer_init(&text);
    openapi_write(&text, &catalogue, "1.2.3");
    json_t *json = json_read(buffer_view(&text), &problem);
    check_references(json, json, &count);
    assert_true(count > 50);
    json_free(json);
    buffer_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_canonical),
        cmocka_unit_test(every_act_and_view_is_described),
        cmocka_unit_test(references_lead_somewhere),
    };
    return cmocka_run_group_tests_name("net_openapi", tests, NULL, NULL);
}
