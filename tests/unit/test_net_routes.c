/* Routes: which path leads where, and what is said of those that lead nowhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "market/market.h"
#include "net/routes.h"

static const struct {
    const char *method, *path;
    const char *route, *subject; /* NULL: it leads nowhere */
    const char *allow;
} cases[] = {
    {"GET", "/v1/orders", "/v1/orders", "", NULL},
    {"HEAD", "/v1/orders", "/v1/orders", "", NULL},
    {"POST", "/v1/orders", "/v1/orders", "", NULL},
    {"GET", "/v1/orders/ord_1", "/v1/orders/{subject}", "ord_1", NULL},
    {"POST", "/v1/orders/ord_1/ship", "/v1/orders/{subject}/ship", "ord_1", NULL},
    {"POST", "/v1/orders/ord_1/cancel-requests/seen", "/v1/orders/{subject}/cancel-requests/seen",
     "ord_1", NULL},
    {"GET", "/v1/orders/ord_1/acts", "/v1/orders/{subject}/acts", "ord_1", NULL},
    {"GET", "/v1/feed/stream", "/v1/feed/stream", "", NULL},
    {"GET", "/log/checkpoint", "/log/checkpoint", "", NULL},
    {"GET", "/log/tile/0/x001/067", "/log/*", "tile/0/x001/067", NULL},
    {"GET", "/", "/", "", NULL},
    {"GET", "/main-12345678.js", "/*", "main-12345678.js", NULL},
    {"GET", "/assets/a/b.css", "/*", "assets/a/b.css", NULL},
    /* Not the same as without the slash; the console's files take what is left. */
    {"GET", "/v1/orders/", "/*", "v1/orders/", NULL},
    {"GET", "/v1/orders/ord_1/nothing", "/*", "v1/orders/ord_1/nothing", NULL},
    {"GET", "//v1/orders", "/*", "/v1/orders", NULL},
    {"DELETE", "/v1/orders", NULL, NULL, "POST, GET, HEAD"},
    {"GET", "/v1/orders/ord_1/ship", "/*", "v1/orders/ord_1/ship", NULL},
    {"PUT", "/v1/orders/ord_1/ship", NULL, NULL, "POST"},
    {"POST", "/v1/feed", NULL, NULL, "GET, HEAD"},
    {"POST", "/log/checkpoint", NULL, NULL, "GET, HEAD"},
    {"get", "/v1/orders", NULL, NULL, "POST, GET, HEAD"},
    {"POST", "/nothing", NULL, NULL, "GET, HEAD"},
};

static void paths_lead_to_their_routes(void **state)
{
    struct routes *routes = routes_new(&catalogue);
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct problem problem;
        struct text subject;
        struct buffer allow;
        buffer_init(&allow);
        const struct route *route = routes_find(routes, text_of(cases[i].method),
                                                text_of(cases[i].path), &subject, &allow, &problem);
        if ((route == NULL) != (cases[i].route == NULL))
            fail_msg("%s %s", cases[i].method, cases[i].path);
        if (route != NULL) {
            assert_string_equal(route->path, cases[i].route);
            assert_true(text_is(subject, cases[i].subject));
        } else {
            assert_int_equal(problem.code, PROBLEM_METHOD_NOT_ALLOWED);
            assert_true(text_is(buffer_view(&allow), cases[i].allow));
        }
        buffer_done(&allow);
    }
    routes_free(routes);
}

static void every_declaration_has_its_route(void **state)
{
    struct routes *routes = routes_new(&catalogue);
    size_t found = 0;
    (void)state;
    for (size_t i = 0; i < routes_count(routes); i++) {
        const struct route *route = routes_get(routes, i);
        assert_non_null(route->handle);
        if (route->act != NULL) {
            found++;
            assert_int_equal(route->roles, route->act->roles);
        }
        if (strstr(route->path, "{subject}") != NULL)
            assert_non_null(route->subject_prefix);
    }
    for (const struct act_type *const *type = catalogue.acts; *type != NULL; type++)
        found -= (*type)->path != NULL;
    assert_int_equal(found, 0);
    routes_free(routes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_to_their_routes),
        cmocka_unit_test(every_declaration_has_its_route),
    };
    return cmocka_run_group_tests_name("net_routes", tests, NULL, NULL);
}
