#include "cmd/demo_plan.h"

#include <stdlib.h>

#define STEPS_MAX 10
#define TWO_WEEKS (14 * 24 * 60)

const char *const demo_seller_names[DEMO_SELLERS] = {
    "Nordlicht Lamps",  "Harbour Books",    "Casa Azul Ceramics", "Kobo Paper",
    "Alder & Sons",     "Fjord Outdoor",    "Minimal Bikes",      "Sakura Tea House",
    "Volt Electronics", "Oak Street Tools", "Pixel & Thread",     "Green Balcony",
};

static const struct demo_article articles[] = {
    {"LAMP-3", "Reading lamp", "lamps", 4990},
    {"LAMP-7", "Floor lamp, brass", "lamps", 12900},
    {"BOOK-100", "A book of tides", "books", 1995},
    {"BOOK-212", "Atlas of quiet places", "books", 3450},
    {"BOWL-2", "Serving bowl, blue", "ceramics", 3200},
    {"NOTE-A5", "Notebook, dotted, A5", "stationery", 1290},
    {"CHAIR-1", "Garden chair, oak", "garden", 8900},
    {"TENT-2", "Tent for two", "outdoor", 21900},
    {"BIKE-BELL", "Bicycle bell", "bicycles", 1590},
    {"TEA-SEN", "Sencha, 200 g", "groceries", 1450},
    {"USB-65", "Charger, 65 W", "electronics", 3990},
    {"DRILL-18", "Cordless drill", "tools", 11900},
    {"SCARF-W", "Wool scarf", "clothing", 4500},
    {"POT-30", "Planter, 30 cm", "garden", 2490},
};

static const char *const reasons[] = {
    "Ordered twice by mistake", "It would arrive after the birthday", "I chose the wrong size",
    "Found it nearer by",       "The address is the old one",
};

struct scene {
    enum demo_kind kind;
    int64_t after; /* minutes since the scene before */
};

struct script {
    unsigned count; /* orders with it */
    int64_t ended;  /* minutes ago; -1: any time within two weeks */
    struct scene scenes[STEPS_MAX];
};

static const struct script scripts[DEMO_SCRIPTS] = {
    [DEMO_UNREACHED] = {3, 17, {{DEMO_CREATE, 0}, {DEMO_ASK, 340}, {DEMO_END, 0}}},
    [DEMO_INCIDENT_OPEN] = {2,
                            95,
                            {{DEMO_CREATE, 0},
                             {DEMO_ASK, 600},
                             {DEMO_INCIDENT, 61},
                             {DEMO_TELL_BUYER, 4},
                             {DEMO_TELL_SHOP, 1},
                             {DEMO_END, 0}}},
    [DEMO_SHIP_REFUSED] = {3,
                           35,
                           {{DEMO_CREATE, 0},
                            {DEMO_ASK, 410},
                            {DEMO_TELL_SELLER, 1},
                            {DEMO_SHIP, 25},
                            {DEMO_END, 0}}},
    [DEMO_SEEN_UNDECIDED] = {4,
                             50,
                             {{DEMO_CREATE, 0},
                              {DEMO_ASK, 220},
                              {DEMO_TELL_SELLER, 1},
                              {DEMO_SEEN, 14},
                              {DEMO_END, 0}}},
    [DEMO_DECIDED_REFUSED] = {4,
                              2600,
                              {{DEMO_CREATE, 0},
                               {DEMO_ASK, 900},
                               {DEMO_TELL_SELLER, 1},
                               {DEMO_SEEN, 20},
                               {DEMO_REFUSE, 6},
                               {DEMO_TELL_BUYER, 3},
                               {DEMO_SHIP, 120},
                               {DEMO_END, 0}}},
    [DEMO_DECIDED_ACCEPTED] = {6,
                               1500,
                               {{DEMO_CREATE, 0},
                                {DEMO_ASK, 75},
                                {DEMO_TELL_SELLER, 1},
                                {DEMO_SEEN, 33},
                                {DEMO_ACCEPT, 2},
                                {DEMO_TELL_BUYER, 8},
                                {DEMO_END, 0}}},
    [DEMO_OVERTAKEN] = {2,
                        700,
                        {{DEMO_CREATE, 0},
                         {DEMO_ASK, 1300},
                         {DEMO_TELL_SELLER, 1},
                         {DEMO_SEEN, 3},
                         {DEMO_SHIP, 4},
                         {DEMO_TELL_BUYER, 2},
                         {DEMO_END, 0}}},
    [DEMO_UNDER_WAY] = {2,
                        46 * 60,
                        {{DEMO_CREATE, 0},
                         {DEMO_SHIP, 1000},
                         {DEMO_ASK, 300},
                         {DEMO_TELL_SELLER, 2},
                         {DEMO_END, 0}}},
    [DEMO_SHOP_CANCELED] = {4,
                            -1,
                            {{DEMO_CREATE, 0},
                             {DEMO_CANCEL, 45},
                             {DEMO_TELL_SELLER, 1},
                             {DEMO_TELL_BUYER, 3},
                             {DEMO_END, 0}}},
    [DEMO_DELIVERED] = {210,
                        -1,
                        {{DEMO_CREATE, 0},
                         {DEMO_SHIP, 1100},
                         {DEMO_DELIVER, 2900},
                         {DEMO_REVIEW, 1600},
                         {DEMO_END, 0}}},
    [DEMO_SHIPPED] = {40, -1, {{DEMO_CREATE, 0}, {DEMO_SHIP, 900}, {DEMO_END, 0}}},
    [DEMO_PLACED] = {30, -1, {{DEMO_CREATE, 0}, {DEMO_END, 0}}},
};

/* xorshift64*: the same demonstration for the same seed, on every machine. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static uint64_t pick(uint64_t *state, uint64_t below)
{
    return (next_random(state) >> 33) % below;
}

static void plan_order(struct demo_plan *plan, enum demo_script script, uint64_t *state)
{
    struct demo_order *order = &plan->orders[plan->order_count];
    order->script = script;
    order->seller = (unsigned)pick(state, DEMO_SELLERS);
    order->buyer = (unsigned)pick(state, DEMO_BUYERS);
    order->article = &articles[pick(state, COUNT_OF(articles))];
    order->quantity = 1 + (int64_t)pick(state, 3);
    order->stars = 5 - (int64_t)(pick(state, 16) / 4);
    order->reason = reasons[pick(state, COUNT_OF(reasons))];
}

/* Backwards from when the last scene was. */
static void plan_events(struct demo_plan *plan, uint64_t *state)
{
    const struct script *script = &scripts[plan->orders[plan->order_count].script];
    int64_t ago = script->ended >= 0 ? script->ended + (int64_t)pick(state, 9)
                                     : 10 + (int64_t)pick(state, TWO_WEEKS);
    size_t steps = 0;
    while (script->scenes[steps].kind != DEMO_END)
        steps++;
    for (size_t i = steps; i-- > 0;) {
        plan->events[plan->event_count++] =
            (struct demo_event){ago, plan->order_count, i, script->scenes[i].kind};
        int64_t after = script->scenes[i].after;
        ago += after < 300 ? after : after + (int64_t)pick(state, (uint64_t)after / 2);
    }
}

static int compare_events(const void *a, const void *b)
{
    const struct demo_event *left = a;
    const struct demo_event *right = b;
    if (left->minutes_ago != right->minutes_ago)
        return left->minutes_ago > right->minutes_ago ? -1 : 1;
    if (left->order != right->order)
        return left->order < right->order ? -1 : 1;
    return (left->step > right->step) - (left->step < right->step);
}

void demo_plan_make(struct demo_plan *plan, uint64_t seed, struct arena *arena)
{
    uint64_t state = seed * 2 + 1; /* never 0 */
    size_t count = 0;
    for (size_t i = 0; i < DEMO_SCRIPTS; i++)
        count += scripts[i].count;
    *plan = (struct demo_plan){
        .orders = arena_array(arena, count, sizeof(struct demo_order)),
        .events = arena_array(arena, count * STEPS_MAX, sizeof(struct demo_event)),
    };
    for (enum demo_script script = 0; script < DEMO_SCRIPTS; script++)
        for (unsigned i = 0; i < scripts[script].count; i++) {
            plan_order(plan, script, &state);
            plan_events(plan, &state);
            plan->order_count++;
        }
    qsort(plan->events, plan->event_count, sizeof(struct demo_event), compare_events);
}
