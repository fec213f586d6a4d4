-- The foundation: acts and the log over them, feeds, receipts, webhooks, organisations, orders.
--
-- Generic types: a driver adapts them. Times are microseconds since 1970 UTC, ids 16 bytes, money
-- minor units, JSON canonical. The tables derive from the program's descriptors (a test compares
-- them); the indexes at the end are by hand. Never edited once released: a change is a new file.

-- Every act, accepted or refused, as it was recorded.
CREATE TABLE acts (
    -- The organisation that the act touches.
    org INTEGER NOT NULL,
    -- Position in the organisation's feed, without gaps.
    seq INTEGER NOT NULL,
    -- The act.
    id BLOB NOT NULL,
    -- The object it is about.
    subject BLOB NOT NULL,
    -- Its type: order.shipped …
    type TEXT NOT NULL,
    -- 32 random bytes; none once the record was erased.
    salt BLOB,
    -- Canonical JSON; none once erased.
    record TEXT,
    -- The client's address; never shown to another party.
    address TEXT,
    -- What the client said that it is; never shown to another party.
    device TEXT,
    -- What rows were before and after it; none once erased.
    changes TEXT,
    CONSTRAINT acts_key PRIMARY KEY (org, seq)
);

-- How far each organisation's feed has come.
CREATE TABLE feeds (
    -- The organisation.
    org INTEGER NOT NULL,
    -- The last number given out in its feed.
    last_seq INTEGER NOT NULL,
    CONSTRAINT feeds_key PRIMARY KEY (org)
);

-- Which node does what only one may do.
CREATE TABLE leases (
    -- What is held, or node/… for a node that is alive.
    name TEXT NOT NULL,
    -- Which node; none: free.
    holder TEXT,
    -- Grows with each new holder.
    fence INTEGER NOT NULL,
    -- When, by the holder's clock; for people.
    renewed_at INTEGER NOT NULL,
    -- Grows with each renewal.
    beat INTEGER NOT NULL,
    CONSTRAINT leases_key PRIMARY KEY (name)
);

-- Requests that may come again, and what they became.
CREATE TABLE idempotency (
    -- The API key's own organisation.
    org INTEGER NOT NULL,
    -- The API key's id and the Idempotency-Key it sent.
    key TEXT NOT NULL,
    -- SHA-256 of route and body.
    request BLOB NOT NULL,
    -- The organisation of the act that it became.
    act_org INTEGER NOT NULL,
    -- Its position there.
    seq INTEGER NOT NULL,
    -- When it may be forgotten; none: never (the act moved money).
    expires_at INTEGER,
    CONSTRAINT idempotency_key PRIMARY KEY (org, key)
);

-- Acts that somebody must know of, and whether they do.
CREATE TABLE notices (
    -- The organisation.
    org INTEGER NOT NULL,
    -- What must be known.
    act BLOB NOT NULL,
    -- Who must know.
    -- 0 shop, 1 seller, 2 buyer, 3 person
    audience INTEGER NOT NULL,
    -- What it is about.
    subject BLOB NOT NULL,
    -- The act's type.
    type TEXT NOT NULL,
    -- When the act was recorded.
    told_at INTEGER NOT NULL,
    -- Until then the addressee must have been reached.
    due_at INTEGER NOT NULL,
    -- When it reached them.
    delivered_at INTEGER,
    -- How: webhook, stream, pull, page, answer.
    delivered_by TEXT,
    -- Which endpoint or key.
    delivered_to TEXT,
    -- When they said that they saw it.
    seen_at INTEGER,
    -- Which person or app.
    seen_by TEXT,
    -- By which means.
    seen_means TEXT,
    -- When it became an incident; open until delivered.
    incident_at INTEGER,
    -- Seq of the last act that changed it.
    version INTEGER NOT NULL,
    -- What it is about: ord for an order, sub for a paid service …
    prefix TEXT,
    CONSTRAINT notices_key PRIMARY KEY (org, act, audience)
);

-- The log's entries: salted commitments, one an act.
CREATE TABLE log_entries (
    -- Whose act it commits to.
    org INTEGER NOT NULL,
    -- Which.
    seq INTEGER NOT NULL,
    -- Index in the log.
    position INTEGER NOT NULL,
    -- SHA-256(salt ‖ record).
    entry BLOB NOT NULL,
    CONSTRAINT log_entries_key PRIMARY KEY (org, seq)
);

-- The acts that have their places in the log.
CREATE VIEW logged_acts AS
SELECT a.org, a.seq, a.id, a.subject, a.type, e.position AS log_index, a.salt, a.record,
    a.address, a.device
FROM acts AS a JOIN log_entries AS e ON e.org = a.org AND e.seq = a.seq;

-- Where several nodes write: entries that wait for their places in the log.
CREATE TABLE log_queue (
    -- Whose act it commits to.
    org INTEGER NOT NULL,
    -- Which.
    seq INTEGER NOT NULL,
    -- SHA-256(salt ‖ record).
    entry BLOB NOT NULL,
    CONSTRAINT log_queue_key PRIMARY KEY (org, seq)
);

-- Where several nodes write: the key that all of them sign the log with.
CREATE TABLE log_identity (
    -- Always: log.
    name TEXT NOT NULL,
    -- Its verifier key.
    key TEXT NOT NULL,
    CONSTRAINT log_identity_key PRIMARY KEY (name)
);

-- Where this store's log moves, or went. Empty: it stands here.
CREATE TABLE moves (
    -- here: it is on its way; away: it is elsewhere now.
    -- 0 here, 1 away
    direction INTEGER NOT NULL,
    -- The other store.
    place TEXT NOT NULL,
    -- Since when.
    at INTEGER NOT NULL,
    CONSTRAINT moves_key PRIMARY KEY (direction)
);

-- Roots of the log's full tiles; level 0 is hashed from the entries.
CREATE TABLE log_nodes (
    -- The tile level that the hash stands in, from 1.
    level INTEGER NOT NULL,
    -- Its index in that level.
    position INTEGER NOT NULL,
    -- The root of a full tile below.
    hash BLOB NOT NULL,
    CONSTRAINT log_nodes_key PRIMARY KEY (level, position)
);

-- The newest checkpoint that witnesses cosigned.
CREATE TABLE log_checkpoints (
    -- Size of the tree.
    size INTEGER NOT NULL,
    -- The signed note with its cosignatures.
    note TEXT NOT NULL,
    CONSTRAINT log_checkpoints_key PRIMARY KEY (size)
);

-- Who wants to be told by webhook.
CREATE TABLE endpoints (
    -- Whose endpoint.
    org INTEGER NOT NULL,
    -- The endpoint.
    id BLOB NOT NULL,
    -- Where events are posted.
    url TEXT NOT NULL,
    -- The act types it wants; none: all.
    events TEXT,
    -- Seq of the act that made it; older acts are not sent.
    since INTEGER NOT NULL,
    -- When it was added.
    created_at INTEGER NOT NULL,
    -- When it was removed.
    removed_at INTEGER,
    -- When deliveries to it were given up.
    disabled_at INTEGER,
    -- Why.
    disabled_reason TEXT,
    -- Seq of the last act that changed it.
    version INTEGER NOT NULL,
    CONSTRAINT endpoints_key PRIMARY KEY (org, id)
);

-- How far each endpoint's feed has been taken for delivery.
CREATE TABLE endpoint_cursors (
    -- Whose endpoint.
    org INTEGER NOT NULL,
    -- The endpoint.
    endpoint BLOB NOT NULL,
    -- Events of its feed up to here were taken.
    position INTEGER NOT NULL,
    -- The same of a replay that was asked for.
    replay_position INTEGER NOT NULL,
    -- Where that replay ends.
    replay_through INTEGER NOT NULL,
    CONSTRAINT endpoint_cursors_key PRIMARY KEY (org, endpoint)
);

-- Events that somebody wants to be sent again.
CREATE TABLE endpoint_replays (
    -- Whose endpoint.
    org INTEGER NOT NULL,
    -- The endpoint.
    endpoint BLOB NOT NULL,
    -- Of this order.
    id BLOB NOT NULL,
    -- Events behind this position …
    after INTEGER NOT NULL,
    -- … up to this one.
    through INTEGER NOT NULL,
    CONSTRAINT endpoint_replays_key PRIMARY KEY (org, endpoint, id)
);

-- Events on their way to endpoints.
CREATE TABLE deliveries (
    -- Whose endpoint.
    org INTEGER NOT NULL,
    -- The endpoint.
    endpoint BLOB NOT NULL,
    -- Of the event in its feed.
    position INTEGER NOT NULL,
    -- The act, and the webhook-id.
    act BLOB NOT NULL,
    -- Where the act stands.
    act_org INTEGER NOT NULL,
    -- Where the act stands.
    act_seq INTEGER NOT NULL,
    -- The object: one attempt at a time, in order.
    subject BLOB NOT NULL,
    -- The act's type.
    type TEXT NOT NULL,
    -- What became of it.
    -- 0 pending, 1 delivered, 2 failed
    state INTEGER NOT NULL,
    -- Attempts of the schedule so far.
    tries INTEGER NOT NULL,
    -- When the next attempt is due.
    next_at INTEGER,
    -- When the endpoint confirmed it.
    delivered_at INTEGER,
    -- The newest attempts: when, answer's status and first kilobyte, how long.
    attempts TEXT,
    CONSTRAINT deliveries_key PRIMARY KEY (org, endpoint, position)
);

-- Organisations: the sellers, and the marketplace itself.
CREATE TABLE orgs (
    -- The organisation.
    org INTEGER NOT NULL,
    -- Its name.
    name TEXT NOT NULL,
    -- The shop's name for it.
    reference TEXT,
    -- When it joined.
    created_at INTEGER NOT NULL,
    -- Seq of the last act that changed it.
    version INTEGER NOT NULL,
    -- Since when nothing sensitive may be done for it.
    frozen_at INTEGER,
    -- Its members who are owners.
    owners INTEGER NOT NULL,
    -- Does what is signed need two of its people?
    four_eyes INTEGER NOT NULL,
    CONSTRAINT orgs_key PRIMARY KEY (org)
);

-- API keys, without their secrets.
CREATE TABLE api_keys (
    -- The organisation whose key it is.
    org INTEGER NOT NULL,
    -- The key.
    id BLOB NOT NULL,
    -- What it may do.
    -- 0 shop, 1 seller, 2 buyer, 3 auditor, 4 operator, 5 system
    role INTEGER NOT NULL,
    -- The shop's name of the buyer.
    buyer TEXT,
    -- What it is used for.
    label TEXT,
    -- SHA-256 of its secret.
    secret BLOB NOT NULL,
    -- When it was made.
    created_at INTEGER NOT NULL,
    -- Since when it is refused.
    revoked_at INTEGER,
    -- Seq of the last act that changed it.
    version INTEGER NOT NULL,
    CONSTRAINT api_keys_key PRIMARY KEY (org, id)
);

-- Orders, one a seller and shop's number, with their current cancel request.
CREATE TABLE orders (
    -- The seller's organisation.
    org INTEGER NOT NULL,
    -- The order.
    id BLOB NOT NULL,
    -- The shop's number of it.
    reference TEXT NOT NULL,
    -- The shop's name of the buyer.
    buyer TEXT NOT NULL,
    -- How far it has come.
    -- 0 placed, 1 shipped, 2 delivered, 3 canceled
    state INTEGER NOT NULL,
    -- When the buyer placed it.
    placed_at INTEGER NOT NULL,
    -- What the buyer pays, in minor units.
    total_amount INTEGER NOT NULL,
    -- ISO 4217.
    currency TEXT NOT NULL,
    -- What was ordered, as the shop sent it.
    items TEXT NOT NULL,
    -- How it was paid, as the shop sent it.
    payments TEXT,
    -- Where it goes: a region, not an address.
    destination TEXT,
    -- The cancel request; the same number as the act that asked.
    cancel_id BLOB,
    -- What became of it.
    -- 0 none, 1 open, 2 accepted, 3 refused, 4 overtaken, 5 lapsed
    cancel_state INTEGER NOT NULL,
    -- Why the buyer asks.
    cancel_reason TEXT,
    -- When.
    cancel_requested_at INTEGER,
    -- When the seller saw it.
    cancel_seen_at INTEGER,
    -- Which person or app saw it.
    cancel_seen_by TEXT,
    -- Orders under way: if nothing is decided by then, it counts as accepted.
    cancel_decide_by INTEGER,
    -- When it was decided.
    cancel_decided_at INTEGER,
    -- Why it was decided so.
    cancel_decision_reason TEXT,
    -- Who carries it.
    carrier TEXT,
    -- The carrier's number of it.
    tracking TEXT,
    -- When it was handed over.
    shipped_at INTEGER,
    -- When it reached the buyer.
    delivered_at INTEGER,
    -- When it was cancelled.
    canceled_at INTEGER,
    -- Of the buyer's review; 0: none.
    stars INTEGER NOT NULL,
    -- Seq of the last act that changed it.
    version INTEGER NOT NULL,
    CONSTRAINT orders_key PRIMARY KEY (org, id)
);

-- That no shop's number makes two orders.
CREATE TABLE order_references (
    -- The seller's organisation.
    org INTEGER NOT NULL,
    -- The shop's number.
    reference TEXT NOT NULL,
    -- Its order.
    order_id BLOB NOT NULL,
    CONSTRAINT order_references_key PRIMARY KEY (org, reference)
);

-- Indexes, by hand: what views, timers and deliveries look for other than by key.

-- The log in its order: tiles, and feeds of all organisations.
CREATE INDEX log_entries_by_position ON log_entries (position);

-- An object's acts: evidence, and feeds of one object or one buyer. Ids ascend in time and name
-- their organisation: with the id first, what is new stands together at the index's end.
CREATE INDEX acts_by_subject ON acts (subject, org, seq);

-- What is due, and what was not reached in time: few rows at any moment.
CREATE INDEX notices_due ON notices (due_at)
    WHERE delivered_at IS NULL AND incident_at IS NULL;
CREATE INDEX notices_incidents ON notices (act)
    WHERE incident_at IS NOT NULL AND delivered_at IS NULL;
CREATE INDEX notices_by_subject ON notices (subject, org, act, audience);
CREATE INDEX idempotency_expiring ON idempotency (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX deliveries_next ON deliveries (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX orders_lapsing ON orders (cancel_decide_by)
    WHERE cancel_decide_by IS NOT NULL AND cancel_decided_at IS NULL;

-- The shop's list of all orders, and a buyer's.
CREATE INDEX orders_by_id ON orders (id);
CREATE INDEX orders_by_buyer ON orders (buyer, id);
