#include "cmd/olist.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act/field.h"
#include "cmd/sao_paulo.h"

const char *const olist_names[OLIST_FILES] = {
    "sellers", "customers", "products", "orders", "order_items", "order_payments", "order_reviews"};

/* The columns that are read. */
enum column {
    SELLER_ID,
    SELLER_CITY,
    SELLER_STATE,
    CUSTOMER_ID,
    CUSTOMER_PERSON,
    CUSTOMER_CITY,
    CUSTOMER_STATE,
    PRODUCT_ID,
    PRODUCT_CATEGORY,
    ORDER_ID,
    ORDER_CUSTOMER,
    ORDER_STATUS,
    ORDER_PLACED,
    ORDER_SHIPPED,
    ORDER_DELIVERED,
    ITEM_ORDER,
    ITEM_PRODUCT,
    ITEM_SELLER,
    ITEM_SHIP_BY,
    ITEM_PRICE,
    ITEM_FREIGHT,
    PAYMENT_ORDER,
    PAYMENT_TYPE,
    PAYMENT_INSTALLMENTS,
    PAYMENT_VALUE,
    REVIEW_ORDER,
    REVIEW_SCORE,
    REVIEW_CREATED,
    REVIEW_ANSWERED,
    COLUMNS
};

static const struct {
    enum olist_file file;
    const char *name;
} columns[COLUMNS] = {
    [SELLER_ID] = {OLIST_SELLERS, "seller_id"},
    [SELLER_CITY] = {OLIST_SELLERS, "seller_city"},
    [SELLER_STATE] = {OLIST_SELLERS, "seller_state"},
    [CUSTOMER_ID] = {OLIST_CUSTOMERS, "customer_id"},
    [CUSTOMER_PERSON] = {OLIST_CUSTOMERS, "customer_unique_id"},
    [CUSTOMER_CITY] = {OLIST_CUSTOMERS, "customer_city"},
    [CUSTOMER_STATE] = {OLIST_CUSTOMERS, "customer_state"},
    [PRODUCT_ID] = {OLIST_PRODUCTS, "product_id"},
    [PRODUCT_CATEGORY] = {OLIST_PRODUCTS, "product_category_name"},
    [ORDER_ID] = {OLIST_ORDERS, "order_id"},
    [ORDER_CUSTOMER] = {OLIST_ORDERS, "customer_id"},
    [ORDER_STATUS] = {OLIST_ORDERS, "order_status"},
    [ORDER_PLACED] = {OLIST_ORDERS, "order_purchase_timestamp"},
    [ORDER_SHIPPED] = {OLIST_ORDERS, "order_delivered_carrier_date"},
    [ORDER_DELIVERED] = {OLIST_ORDERS, "order_delivered_customer_date"},
    [ITEM_ORDER] = {OLIST_ITEMS, "order_id"},
    [ITEM_PRODUCT] = {OLIST_ITEMS, "product_id"},
    [ITEM_SELLER] = {OLIST_ITEMS, "seller_id"},
    [ITEM_SHIP_BY] = {OLIST_ITEMS, "shipping_limit_date"},
    [ITEM_PRICE] = {OLIST_ITEMS, "price"},
    [ITEM_FREIGHT] = {OLIST_ITEMS, "freight_value"},
    [PAYMENT_ORDER] = {OLIST_PAYMENTS, "order_id"},
    [PAYMENT_TYPE] = {OLIST_PAYMENTS, "payment_type"},
    [PAYMENT_INSTALLMENTS] = {OLIST_PAYMENTS, "payment_installments"},
    [PAYMENT_VALUE] = {OLIST_PAYMENTS, "payment_value"},
    [REVIEW_ORDER] = {OLIST_REVIEWS, "order_id"},
    [REVIEW_SCORE] = {OLIST_REVIEWS, "review_score"},
    [REVIEW_CREATED] = {OLIST_REVIEWS, "review_creation_date"},
    [REVIEW_ANSWERED] = {OLIST_REVIEWS, "review_answer_timestamp"},
};

/* Rows of a file by the id in one of their columns; rows of one id in the order of the file. */
struct index {
    size_t count;
    struct entry {
        struct text id;
        size_t row;
    } * entries;
};

struct range {
    const struct entry *entries;
    size_t count;
};

struct planner {
    struct olist *olist;
    struct arena *arena;
    size_t column[COLUMNS];
    struct index sellers, customers, products, items, payments, reviews;
    size_t order; /* row in the file of orders */
};

bool olist_amount(struct text text, int64_t *amount)
{
    uint64_t whole;
    uint64_t cents = 0;
    struct text decimals = text;
    struct text units = text_cut(&decimals, '.');
    bool has_point = units.length < text.length;
    if (!text_to_u64(units, MONEY_MAX / 100 - 1, &whole) || decimals.length > 2 ||
        (has_point && decimals.length == 0))
        return false;
    for (size_t i = 0; i < decimals.length; i++) {
        if (decimals.bytes[i] < '0' || decimals.bytes[i] > '9')
            return false;
        cents = cents * 10 + (uint64_t)(decimals.bytes[i] - '0');
    }
    *amount = (int64_t)(whole * 100 + (decimals.length == 1 ? cents * 10 : cents));
    return true;
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *left = a;
    const struct entry *right = b;
    int order = text_compare(left->id, right->id);
    return order != 0 ? order : (left->row > right->row) - (left->row < right->row);
}

static struct text cell(const struct planner *planner, enum column column, size_t row)
{
    return csv_cell(&planner->olist->files[columns[column].file], row, planner->column[column]);
}

static void index_by(struct planner *planner, struct index *index, enum column column)
{
    size_t count = planner->olist->files[columns[column].file].row_count;
    index->count = count;
    index->entries = arena_array(planner->arena, count + 1, sizeof(struct entry));
    for (size_t i = 0; i < count; i++)
        index->entries[i] = (struct entry){cell(planner, column, i), i};
    qsort(index->entries, count, sizeof(struct entry), compare_entries);
}

static struct range find(const struct index *index, struct text id)
{
    size_t low = 0;
    size_t high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (text_compare(index->entries[middle].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    struct range range = {index->entries + low, 0};
    while (low + range.count < index->count && text_equal(range.entries[range.count].id, id))
        range.count++;
    return range;
}

__attribute__((format(printf, 4, 5))) static void
note(struct planner *planner, enum olist_file file, size_t row, const char *format, ...)
{
    struct olist *olist = planner->olist;
    va_list arguments;
    char words[400];
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    buffer_format(&olist->notes, "%s, line %zu: %s\n", olist_names[file],
                  olist->files[file].lines[row + 1], words);
    if (olist->fates[file][row] == OLIST_LEFT)
        olist->fates[file][row] = OLIST_NOTED;
}

static void use(struct planner *planner, enum olist_file file, size_t row)
{
    planner->olist->fates[file][row] = OLIST_USED;
}

/* An empty cell is no time. */
static bool read_time(const struct planner *planner, enum column column, size_t row, int64_t *at)
{
    struct text text = cell(planner, column, row);
    *at = 0;
    return text.length == 0 || sao_paulo_parse(text, at);
}

static bool read_item(struct planner *planner, size_t row, struct olist_item *item)
{
    item->row = row;
    item->product = cell(planner, ITEM_PRODUCT, row);
    struct range product = find(&planner->products, item->product);
    if (!olist_amount(cell(planner, ITEM_PRICE, row), &item->price) ||
        !olist_amount(cell(planner, ITEM_FREIGHT, row), &item->freight) ||
        !read_time(planner, ITEM_SHIP_BY, row, &item->ship_by)) {
        note(planner, OLIST_ITEMS, row, "an amount or a date is none; its order is left out");
        return false;
    }
    if (product.count != 1 || find(&planner->sellers, cell(planner, ITEM_SELLER, row)).count != 1) {
        note(planner, OLIST_ITEMS, row, "no such product or seller; its order is left out");
        return false;
    }
    item->category = cell(planner, PRODUCT_CATEGORY, product.entries[0].row);
    return true;
}

static void add_payments(struct planner *planner, struct olist_part *part, struct range rows)
{
    part->payments = arena_array(planner->arena, rows.count + 1, sizeof(struct olist_payment));
    for (size_t i = 0; i < rows.count; i++) {
        size_t row = rows.entries[i].row;
        struct olist_payment *payment = &part->payments[part->payment_count];
        uint64_t installments;
        payment->method = cell(planner, PAYMENT_TYPE, row);
        if (part->payment_count == OLIST_PAYMENTS_MAX || payment->method.length == 0 ||
            !text_to_u64(cell(planner, PAYMENT_INSTALLMENTS, row), 1000, &installments) ||
            !olist_amount(cell(planner, PAYMENT_VALUE, row), &payment->amount)) {
            note(planner, OLIST_PAYMENTS, row, "not loaded: an amount or a number is none");
            continue;
        }
        payment->installments = (int64_t)installments;
        part->payment_count++;
        use(planner, OLIST_PAYMENTS, row);
    }
}

static void add_review(struct planner *planner, struct olist_part *part, struct range rows)
{
    for (size_t i = 0; i < rows.count; i++) {
        size_t row = rows.entries[i].row;
        uint64_t stars;
        if (part->stars != 0) {
            note(planner, OLIST_REVIEWS, row, "not loaded: the order has another review already");
        } else if (!text_to_u64(cell(planner, REVIEW_SCORE, row), 5, &stars) || stars == 0 ||
                   !read_time(planner, REVIEW_CREATED, row, &part->reviewed_at) ||
                   !read_time(planner, REVIEW_ANSWERED, row, &part->answered_at)) {
            note(planner, OLIST_REVIEWS, row, "not loaded: a score or a date is none");
        } else {
            part->stars = (int64_t)stars;
            use(planner, OLIST_REVIEWS, row);
        }
    }
}

/* What became of the order, as far as one of ours can tell it; the rest is noted. */
static bool read_status(struct planner *planner, struct olist_part *part)
{
    size_t row = planner->order;
    struct text status = cell(planner, ORDER_STATUS, row);
    if (!read_time(planner, ORDER_PLACED, row, &part->placed_at) || part->placed_at == 0 ||
        !read_time(planner, ORDER_SHIPPED, row, &part->shipped_at) ||
        !read_time(planner, ORDER_DELIVERED, row, &part->delivered_at)) {
        note(planner, OLIST_ORDERS, row, "not loaded: a date is none");
        return false;
    }
    part->canceled = text_is(status, "canceled") || text_is(status, "unavailable");
    if (part->canceled && part->shipped_at != 0) {
        part->canceled = false;
        note(planner, OLIST_ORDERS, row,
             "cancelled after it was shipped: loaded as shipped, the cancellation is not loaded");
    }
    if (part->shipped_at == 0 && part->delivered_at != 0) {
        part->delivered_at = 0;
        note(planner, OLIST_ORDERS, row, "delivered but never handed over: loaded as placed");
    }
    if (text_is(status, "delivered") && part->delivered_at == 0)
        note(planner, OLIST_ORDERS, row, "delivered, but nobody wrote down when: loaded as %s",
             part->shipped_at != 0 ? "shipped" : "placed");
    if (part->shipped_at != 0 && part->shipped_at < part->placed_at)
        note(planner, OLIST_ORDERS, row, "loaded, though handed over before it was placed");
    return true;
}

static bool read_buyer(struct planner *planner, struct olist_part *part)
{
    struct range customer =
        find(&planner->customers, cell(planner, ORDER_CUSTOMER, planner->order));
    if (customer.count != 1) {
        note(planner, OLIST_ORDERS, planner->order, "not loaded: no such customer");
        return false;
    }
    size_t row = customer.entries[0].row;
    part->buyer = cell(planner, CUSTOMER_PERSON, row);
    part->destination =
        arena_format(planner->arena, "%.*s, %.*s", TEXT_ARG(cell(planner, CUSTOMER_CITY, row)),
                     TEXT_ARG(cell(planner, CUSTOMER_STATE, row)));
    use(planner, OLIST_CUSTOMERS, row);
    return true;
}

/* Puts the item into the part of its seller, which is made where there is none yet. */
static void add_item(struct planner *planner, const struct olist_part *common, size_t first,
                     const struct olist_item *item, size_t items_max)
{
    struct olist *olist = planner->olist;
    size_t seller = find(&planner->sellers, cell(planner, ITEM_SELLER, item->row)).entries[0].row;
    size_t at = first;
    while (at < olist->part_count && olist->parts[at].seller != seller)
        at++;
    struct olist_part *part = &olist->parts[at];
    if (at == olist->part_count) {
        olist->part_count++;
        *part = *common;
        part->seller = seller;
        part->items = arena_array(planner->arena, items_max, sizeof(struct olist_item));
    }
    part->items[part->item_count++] = *item;
    use(planner, OLIST_ITEMS, item->row);
    use(planner, OLIST_SELLERS, seller);
    use(planner, OLIST_PRODUCTS, find(&planner->products, item->product).entries[0].row);
}

static void plan_order(struct planner *planner)
{
    struct olist *olist = planner->olist;
    size_t first = olist->part_count;
    struct olist_part common = {.reference = cell(planner, ORDER_ID, planner->order)};
    struct range items = find(&planner->items, common.reference);
    struct olist_item read[OLIST_ITEMS_MAX];
    if (items.count == 0 || items.count > OLIST_ITEMS_MAX) {
        note(planner, OLIST_ORDERS, planner->order, "not loaded: order %.*s (%.*s) has %s items",
             TEXT_ARG(common.reference), TEXT_ARG(cell(planner, ORDER_STATUS, planner->order)),
             items.count == 0 ? "no" : "too many");
        return;
    }
    for (size_t i = 0; i < items.count; i++)
        if (!read_item(planner, items.entries[i].row, &read[i]))
            return;
    if (!read_status(planner, &common) || !read_buyer(planner, &common))
        return;
    for (size_t i = 0; i < items.count; i++)
        add_item(planner, &common, first, &read[i], items.count);
    add_payments(planner, &olist->parts[first], find(&planner->payments, common.reference));
    add_review(planner, &olist->parts[first], find(&planner->reviews, common.reference));
    olist->split += olist->part_count > first + 1;
    use(planner, OLIST_ORDERS, planner->order);
}

static bool read_files(struct planner *planner, const char *folder, struct problem *problem)
{
    struct olist *olist = planner->olist;
    for (enum olist_file file = 0; file < OLIST_FILES; file++) {
        char *path =
            arena_string(planner->arena, arena_format(planner->arena, "%s/olist_%s_dataset.csv",
                                                      folder, olist_names[file]));
        if (!csv_read(path, planner->arena, &olist->files[file], problem))
            return false;
        olist->fates[file] =
            arena_array(planner->arena, olist->files[file].row_count + 1, sizeof(enum olist_fate));
    }
    for (enum column column = 0; column < COLUMNS; column++)
        if (!csv_column(&olist->files[columns[column].file], columns[column].name,
                        &planner->column[column], problem))
            return false;
    return true;
}

static void index_files(struct planner *planner)
{
    index_by(planner, &planner->sellers, SELLER_ID);
    index_by(planner, &planner->customers, CUSTOMER_ID);
    index_by(planner, &planner->products, PRODUCT_ID);
    index_by(planner, &planner->items, ITEM_ORDER);
    index_by(planner, &planner->payments, PAYMENT_ORDER);
    index_by(planner, &planner->reviews, REVIEW_ORDER);
}

/* Rows that belong to no order that is loaded, each by name. */
static void count_rows(struct planner *planner)
{
    static const enum column ids[OLIST_FILES] = {SELLER_ID,  CUSTOMER_ID,   PRODUCT_ID,  ORDER_ID,
                                                 ITEM_ORDER, PAYMENT_ORDER, REVIEW_ORDER};
    struct olist *olist = planner->olist;
    for (enum olist_file file = 0; file < OLIST_FILES; file++) {
        struct olist_counts *counts = &olist->counts[file];
        counts->rows = olist->files[file].row_count;
        for (size_t row = 0; row < counts->rows; row++) {
            counts->used += olist->fates[file][row] == OLIST_USED;
            if (olist->fates[file][row] == OLIST_LEFT)
                note(planner, file, row, "not loaded: no loaded order needs %.*s",
                     TEXT_ARG(cell(planner, ids[file], row)));
        }
        counts->noted = counts->rows - counts->used;
    }
}

bool olist_init(struct olist *olist, const char *folder, struct arena *arena,
                struct problem *problem)
{
    struct planner planner = {.olist = olist, .arena = arena};
    *olist = (struct olist){0};
    buffer_init(&olist->notes);
    if (!read_files(&planner, folder, problem)) {
        buffer_done(&olist->notes);
        return false;
    }
    index_files(&planner);
    size_t items = olist->files[OLIST_ITEMS].row_count;
    olist->parts = arena_array(arena, items + 1, sizeof(struct olist_part));
    for (planner.order = 0; planner.order < olist->files[OLIST_ORDERS].row_count; planner.order++)
        plan_order(&planner);
    count_rows(&planner);
    return true;
}

void olist_done(struct olist *olist)
{
    buffer_done(&olist->notes);
}

static struct text seller_cell(const struct olist *olist, size_t seller, const char *name)
{
    struct problem problem;
    size_t column;
    MUST(csv_column(&olist->files[OLIST_SELLERS], name, &column, &problem));
    return csv_cell(&olist->files[OLIST_SELLERS], seller, column);
}

struct text olist_seller_id(const struct olist *olist, size_t seller)
{
    return seller_cell(olist, seller, "seller_id");
}

struct text olist_seller_name(const struct olist *olist, size_t seller, struct arena *arena)
{
    struct text id = olist_seller_id(olist, seller);
    return arena_format(arena, "Seller %.*s (%.*s, %.*s)",
                        TEXT_ARG(text_slice(id, 0, id.length < 8 ? id.length : 8)),
                        TEXT_ARG(seller_cell(olist, seller, "seller_city")),
                        TEXT_ARG(seller_cell(olist, seller, "seller_state")));
}
