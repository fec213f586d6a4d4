/*
 * The Olist data set (Brazilian E-Commerce Public Dataset): seven CSV files of one marketplace's
 * orders, read whole, tied together by their ids, and planned as orders of ours.
 *
 * An order of several sellers becomes one order a seller (a part) with the same reference. Its
 * payments and reviews concern the whole and stand with its first part. Each row of each file is
 * either part of the plan (used) or noted with the reason why not.
 */
#pragma once

#include "cmd/csv.h"

enum olist_file {
    OLIST_SELLERS,
    OLIST_CUSTOMERS,
    OLIST_PRODUCTS,
    OLIST_ORDERS,
    OLIST_ITEMS,
    OLIST_PAYMENTS,
    OLIST_REVIEWS,
    OLIST_FILES
};

#define OLIST_PAYMENTS_MAX 50
#define OLIST_ITEMS_MAX 200

struct olist_item {
    size_t row;
    int64_t price, freight; /* centavos */
    int64_t ship_by;
    struct text product, category; /* category: none if the file has none */
};

struct olist_payment {
    int64_t amount, installments;
    struct text method;
};

/* An order of ours; times are 0 where there are none. */
struct olist_part {
    struct text reference, buyer, destination;
    size_t seller; /* row in the sellers' file */
    size_t item_count, payment_count;
    struct olist_item *items;
    struct olist_payment *payments;
    int64_t placed_at, shipped_at, delivered_at;
    bool canceled;
    int64_t stars, reviewed_at, answered_at; /* stars 0: no review */
};

enum olist_fate { OLIST_LEFT, OLIST_USED, OLIST_NOTED };

struct olist_counts {
    size_t rows, used, noted;
};

struct olist {
    struct csv files[OLIST_FILES];
    enum olist_fate *fates[OLIST_FILES]; /* by row */
    struct olist_counts counts[OLIST_FILES];
    size_t part_count;
    struct olist_part *parts; /* in the order of the file */
    struct buffer notes;      /* a line for each row that is not used, or not all of it */
    size_t split;             /* orders that became several parts */
};

extern const char *const olist_names[OLIST_FILES]; /* "sellers", … */

void olist_done(struct olist *olist);
/* Reads FOLDER and plans; memory is of ARENA. A damaged file is refused as a whole. */
MUST_CHECK bool olist_init(struct olist *olist, const char *folder, struct arena *arena,
                           struct problem *problem);
/* "Seller 0015a82c (santo andre, SP)": the data set has no names. */
struct text olist_seller_name(const struct olist *olist, size_t seller, struct arena *arena);
struct text olist_seller_id(const struct olist *olist, size_t seller);

/* "109.9" as centavos; at most two decimals. */
MUST_CHECK bool olist_amount(struct text text, int64_t *amount);
