#include "market/market.h"

#include "act/mails.h"
#include "act/outbox.h"
#include "act/receipts.h"
#include "act/tables.h"
#include "identity/identity.h"
#include "identity/people.h"
#include "market/orders.h"
#include "market/services.h"

static const struct table *const tables[] = {
    &acts_table,
    &feeds_table,
    &idempotency_table,
    &notices_table,
    &log_entries_table,
    &log_nodes_table,
    &log_checkpoints_table,
    &endpoints_table,
    &endpoint_cursors_table,
    &deliveries_table,
    &mails_table,
    &mail_cursors_table,
    &orgs_table,
    &keys_table,
    &orders_table,
    &order_references_table,
    &services_table,
    &subscriptions_table,
    &money_ledger_table,
    &persons_table,
    &authenticators_table,
    &sessions_table,
    &devices_table,
    &session_uses_table,
    &members_table,
    &invitations_table,
    &verifications_table,
    &support_codes_table,
    &support_contacts_table,
    &hand_over_keys_table,
    &hand_overs_table,
    NULL,
};

static const struct act_type *const acts[] = {
    &org_created,
    &key_created,
    &key_revoked,
    &endpoint_created,
    &endpoint_removed,
    &endpoint_disabled,
    &order_created,
    &order_cancel_requested,
    &order_cancel_seen,
    &order_cancel_accepted,
    &order_cancel_refused,
    &order_cancel_lapsed,
    &order_shipped,
    &order_delivered,
    &order_canceled,
    &order_reviewed,
    &receipt_relayed,
    &service_published,
    &service_changed,
    &service_retired,
    &service_proposed,
    &service_declined,
    &service_countersigned,
    &service_activated,
    &service_renewal_announced,
    &service_charged,
    &service_withdrawal_begun,
    &service_withdrawn,
    &service_refunded,
    &service_canceled,
    &service_ended,
    &receipt_delivered,
    &incident_raised,
    NULL,
};

static const struct view *const views[] = {
    &orgs_view,          &keys_view,
    &endpoints_view,     &deliveries_view,
    &mails_view,         &incidents_view,
    &orders_view,        &order_view,
    &order_notices_view, &services_view,
    &subscriptions_view, &subscription_view,
    &money_ledger_view,  NULL,
};

static const struct timer *const timers[] = {
    &overdue_timer, &lapse_timer, &renewal_timer, &charge_timer, &refund_timer, &end_timer, NULL};

const struct catalogue catalogue = {tables, acts, views, timers, &people_authority};
