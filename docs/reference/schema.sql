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

-- Notices on their way to people's addresses: one an act, audience and address.
CREATE TABLE mails (
    -- The organisation.
    org INTEGER NOT NULL,
    -- What must be known.
    act BLOB NOT NULL,
    -- Who must know.
    -- 0 shop, 1 seller, 2 buyer, 3 person
    audience INTEGER NOT NULL,
    -- Where it goes.
    address TEXT NOT NULL,
    -- The mail, also in its Message-ID.
    id BLOB NOT NULL,
    -- Whose address it is; none: the marketplace's.
    person BLOB,
    -- Of its text.
    language TEXT NOT NULL,
    -- What the act is about.
    subject BLOB NOT NULL,
    -- Where the act stands.
    act_seq INTEGER NOT NULL,
    -- The act's type.
    type TEXT NOT NULL,
    -- When it was put into the queue.
    made_at INTEGER NOT NULL,
    -- What became of it.
    -- 0 pending, 1 sending, 2 sent, 3 failed, 4 uncertain
    state INTEGER NOT NULL,
    -- Attempts so far.
    tries INTEGER NOT NULL,
    -- When the next attempt is due.
    next_at INTEGER,
    -- When the mail server took it.
    sent_at INTEGER,
    -- The newest attempts: when, the server's answer.
    attempts TEXT,
    CONSTRAINT mails_key PRIMARY KEY (org, act, audience, address)
);

-- How far the log has been read for notices to mail.
CREATE TABLE mail_cursors (
    -- The marketplace.
    org INTEGER NOT NULL,
    -- Entries of the log up to here were looked at.
    position INTEGER NOT NULL,
    CONSTRAINT mail_cursors_key PRIMARY KEY (org)
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

-- Paid services that the operator publishes.
CREATE TABLE services (
    -- The marketplace.
    org INTEGER NOT NULL,
    -- The service.
    id BLOB NOT NULL,
    -- What people call it.
    name TEXT NOT NULL,
    -- 1, and one more with each change; who signed an earlier one keeps it.
    edition INTEGER NOT NULL,
    -- For one period, in minor units.
    price_amount INTEGER NOT NULL,
    -- ISO 4217.
    currency TEXT NOT NULL,
    -- Of a period.
    -- 0 day, 1 month, 2 year
    period_unit INTEGER NOT NULL,
    -- How many of them are a period.
    period_count INTEGER NOT NULL,
    -- Is tax in the price, or added to it?
    -- 0 none, 1 included, 2 added
    tax INTEGER NOT NULL,
    -- In hundredths of a percent.
    tax_rate INTEGER NOT NULL,
    -- Does the next period begin by itself?
    -- 0 automatic, 1 none
    renewal INTEGER NOT NULL,
    -- From the signature to the first charge.
    first_charge_days INTEGER NOT NULL,
    -- How long it can be withdrawn, with a refund.
    withdrawal_days INTEGER NOT NULL,
    -- Up to which total a code is enough, in minor units; 0: never.
    code_price_max INTEGER NOT NULL,
    -- The same as withdrawal_days, of what was signed with a code.
    code_withdrawal_days INTEGER NOT NULL,
    -- How long before a renewal it is announced.
    notice_days INTEGER NOT NULL,
    -- The terms, a text a language.
    texts TEXT NOT NULL,
    -- When it was published.
    published_at INTEGER NOT NULL,
    -- When this edition was.
    changed_at INTEGER,
    -- Since when nobody can begin it any more.
    retired_at INTEGER,
    -- Seq of the last act that changed it.
    version INTEGER NOT NULL,
    CONSTRAINT services_key PRIMARY KEY (org, id)
);

-- Paid services of organisations: proposed, signed, running, over; one a service.
CREATE TABLE subscriptions (
    -- The organisation.
    org INTEGER NOT NULL,
    -- The subscription: the service's id with the organisation's number in it.
    id BLOB NOT NULL,
    -- How it stands.
    -- 0 proposed, 1 active, 2 canceled, 3 withdrawn, 4 ended, 5 declined
    state INTEGER NOT NULL,
    -- Of the service.
    name TEXT NOT NULL,
    -- The act that proposed it.
    proposal BLOB NOT NULL,
    -- Of the service at that time.
    proposed_edition INTEGER NOT NULL,
    -- Who proposed it.
    proposed_by TEXT NOT NULL,
    -- Which person.
    proposed_person BLOB,
    -- Which API key.
    proposed_key BLOB,
    -- What led to it: a promotion, a call.
    proposed_via TEXT,
    -- Why.
    proposed_reason TEXT,
    -- When.
    proposed_at INTEGER NOT NULL,
    -- Who signed the same terms as the second one.
    countersigned_by BLOB,
    -- When.
    countersigned_at INTEGER,
    -- SHA-256 of the terms.
    countersigned_terms BLOB,
    -- The act that carries the owner's signature.
    consent BLOB,
    -- Signed with a passkey, or with a code, which is not bound to the terms.
    -- 0 none, 1 passkey, 2 code
    level INTEGER NOT NULL,
    -- The owner who signed.
    signed_by BLOB,
    -- With what.
    authenticator BLOB,
    -- When.
    signed_at INTEGER,
    -- Of the service, as signed; so is what follows.
    edition INTEGER NOT NULL,
    -- Of the text that was agreed to.
    language TEXT,
    -- The terms in a sentence.
    words TEXT,
    -- For a period, in minor units.
    price_amount INTEGER NOT NULL,
    -- The tax of it.
    tax_amount INTEGER NOT NULL,
    -- What is charged.
    total_amount INTEGER NOT NULL,
    -- ISO 4217.
    currency TEXT,
    -- Of a period.
    -- 0 day, 1 month, 2 year
    period_unit INTEGER NOT NULL,
    -- How many of them are a period.
    period_count INTEGER NOT NULL,
    -- Does the next period begin by itself?
    -- 0 automatic, 1 none
    renewal INTEGER NOT NULL,
    -- How long before a renewal it is announced.
    notice_days INTEGER NOT NULL,
    -- Until when it can be withdrawn, with a refund.
    withdraw_until INTEGER,
    -- The first of the two steps of a withdrawal.
    withdrawal_begun_at INTEGER,
    -- How many so far.
    period INTEGER NOT NULL,
    -- When the running period began.
    period_started_at INTEGER,
    -- When it ends.
    period_ends_at INTEGER,
    -- When the first period began.
    anchor_at INTEGER,
    -- When the next charge is due; none: there will be none.
    charge_at INTEGER,
    -- When the next renewal is announced.
    notice_at INTEGER,
    -- The last renewal that was announced.
    noticed_period INTEGER NOT NULL,
    -- When it ends, if that is known.
    end_at INTEGER,
    -- Charges that are still to be refunded.
    refunds_left INTEGER NOT NULL,
    -- When it was cancelled, withdrawn or declined.
    ended_at INTEGER,
    -- By whom.
    ended_by TEXT,
    -- Why.
    ended_reason TEXT,
    -- Seq of the last act that changed it.
    version INTEGER NOT NULL,
    CONSTRAINT subscriptions_key PRIMARY KEY (org, id)
);

-- Charges for paid services, and refunds: each names the consent that it rests on.
CREATE TABLE money_ledger (
    -- Whose account.
    org INTEGER NOT NULL,
    -- The act that its owner signed: no entry is without one.
    consent BLOB NOT NULL,
    -- Of that consent, from 1.
    period INTEGER NOT NULL,
    -- Charged, or given back.
    -- 0 charge, 1 refund
    kind INTEGER NOT NULL,
    -- The act that made it.
    act BLOB NOT NULL,
    -- For what.
    subscription BLOB NOT NULL,
    -- In minor units.
    total_amount INTEGER NOT NULL,
    -- The tax of it.
    tax_amount INTEGER NOT NULL,
    -- ISO 4217.
    currency TEXT NOT NULL,
    -- The period that it is for.
    from_at INTEGER NOT NULL,
    -- Its end.
    until_at INTEGER NOT NULL,
    -- When.
    made_at INTEGER NOT NULL,
    CONSTRAINT money_ledger_key PRIMARY KEY (org, consent, period, kind)
);

-- People: one row a home.
CREATE TABLE persons (
    -- The person's own number.
    org INTEGER NOT NULL,
    -- The person.
    id BLOB NOT NULL,
    -- What people call them.
    name TEXT NOT NULL,
    -- Where notices go.
    email TEXT,
    -- BCP 47, of notices.
    language TEXT,
    -- The shop's name of the buyer.
    buyer TEXT,
    -- Argon2id of the peppered password.
    password TEXT,
    -- When the password was set.
    password_at INTEGER,
    -- SHA-256 of each recovery code that is left.
    recovery BLOB,
    -- When recovery codes were made.
    recovery_at INTEGER,
    -- Since when the account is frozen.
    frozen_at INTEGER,
    -- Sessions that were opened before are ended.
    sessions_from INTEGER,
    -- The session that was spared then.
    kept_session BLOB,
    -- How many passkeys and TOTP generators there are.
    authenticators INTEGER NOT NULL,
    -- Were they logged in somewhere before?
    has_device INTEGER NOT NULL,
    -- When they joined.
    created_at INTEGER NOT NULL,
    -- Seq of the last act that changed it.
    version INTEGER NOT NULL,
    CONSTRAINT persons_key PRIMARY KEY (org)
);

-- Passkeys and TOTP generators: of people, and copies in their organisations.
CREATE TABLE authenticators (
    -- The person's home, or an organisation in which they are a member.
    org INTEGER NOT NULL,
    -- The authenticator.
    id BLOB NOT NULL,
    -- Whose.
    person BLOB NOT NULL,
    -- What it is.
    -- 0 passkey, 1 totp
    kind INTEGER NOT NULL,
    -- What its owner calls it.
    name TEXT NOT NULL,
    -- WebAuthn's credential id.
    credential BLOB,
    -- COSE_Key.
    public_key BLOB,
    -- Of COSE: -7 ES256, -8 EdDSA, -257 RS256; 0: TOTP.
    algorithm INTEGER NOT NULL,
    -- WebAuthn's relying party.
    rp_id TEXT,
    -- May it be copied to other devices?
    backup_eligible INTEGER NOT NULL,
    -- Was it?
    backed_up INTEGER NOT NULL,
    -- Its counter, where it has one.
    sign_count INTEGER NOT NULL,
    -- When it was registered.
    registered_at INTEGER NOT NULL,
    -- Sensitive acts wait until then.
    held_until INTEGER,
    -- The older authenticator that ended the hold.
    approved_by BLOB,
    -- When the nonce of its newest signature was made.
    last_nonce_at INTEGER,
    -- The time step of its newest TOTP code.
    last_step INTEGER NOT NULL,
    -- Since when it is refused.
    removed_at INTEGER,
    -- Seq of the last act that changed it.
    version INTEGER NOT NULL,
    CONSTRAINT authenticators_key PRIMARY KEY (org, id)
);

-- Log-ins.
CREATE TABLE sessions (
    -- The person's home.
    org INTEGER NOT NULL,
    -- The session.
    id BLOB NOT NULL,
    -- What opened it.
    authenticator BLOB,
    -- How the person proved who they are.
    -- 0 none, 1 passkey, 2 totp, 3 recovery-code, 4 hand-over, 5 invitation
    method INTEGER NOT NULL,
    -- SHA-256 of the cookie's secret.
    secret BLOB NOT NULL,
    -- When they last did.
    authenticated_at INTEGER NOT NULL,
    -- When it was opened.
    opened_at INTEGER NOT NULL,
    -- When it ends by itself.
    expires_at INTEGER NOT NULL,
    -- Sensitive acts wait until then: the device is new.
    held_until INTEGER,
    -- The device.
    device_key TEXT,
    -- What it said that it is.
    device TEXT,
    -- The address that it was opened from.
    place TEXT,
    -- When it was ended.
    ended_at INTEGER,
    -- Why.
    ended_why TEXT,
    -- Seq of the last act that changed it.
    version INTEGER NOT NULL,
    CONSTRAINT sessions_key PRIMARY KEY (org, id)
);

-- Browsers in which people were logged in before.
CREATE TABLE devices (
    -- The person's home.
    org INTEGER NOT NULL,
    -- SHA-256 of the device's cookie.
    key TEXT NOT NULL,
    -- When it was seen first.
    first_at INTEGER NOT NULL,
    -- Sensitive acts wait until then.
    held_until INTEGER,
    CONSTRAINT devices_key PRIMARY KEY (org, key)
);

-- When and from where sessions were last used.
CREATE TABLE session_uses (
    -- The person's home.
    org INTEGER NOT NULL,
    -- The session.
    session BLOB NOT NULL,
    -- When, to the minute.
    used_at INTEGER NOT NULL,
    -- From which address.
    place TEXT,
    CONSTRAINT session_uses_key PRIMARY KEY (org, session)
);

-- Who may act for an organisation.
CREATE TABLE members (
    -- The organisation.
    org INTEGER NOT NULL,
    -- The membership.
    id BLOB NOT NULL,
    -- Who.
    person BLOB NOT NULL,
    -- What people call them.
    name TEXT NOT NULL,
    -- Where notices go.
    email TEXT,
    -- What they are in the organisation.
    -- 0 owner, 1 admin, 2 staff
    role INTEGER NOT NULL,
    -- Of staff: what they may.
    permissions TEXT,
    -- Who let them in; none: the operator.
    invited_by BLOB,
    -- Since when.
    joined_at INTEGER NOT NULL,
    -- Until when.
    left_at INTEGER,
    -- Seq of the last act that changed it.
    version INTEGER NOT NULL,
    CONSTRAINT members_key PRIMARY KEY (org, id)
);

-- Invitations to be a member.
CREATE TABLE invitations (
    -- The organisation.
    org INTEGER NOT NULL,
    -- The invitation.
    id BLOB NOT NULL,
    -- Whom it is for.
    name TEXT,
    -- Their address.
    email TEXT,
    -- What they will be.
    -- 0 owner, 1 admin, 2 staff
    role INTEGER NOT NULL,
    -- Of staff: what they will be allowed.
    permissions TEXT,
    -- SHA-256 of its secret.
    secret BLOB NOT NULL,
    -- Who invites; none: the operator.
    invited_by BLOB,
    -- When it was made.
    made_at INTEGER NOT NULL,
    -- Until when it holds.
    expires_at INTEGER NOT NULL,
    -- Of a recovery: it cannot be used before, and any member may refuse it.
    opens_at INTEGER,
    -- When it was used.
    used_at INTEGER,
    -- By whom.
    used_by BLOB,
    -- When it was taken back.
    withdrawn_at INTEGER,
    -- Seq of the last act that changed it.
    version INTEGER NOT NULL,
    CONSTRAINT invitations_key PRIMARY KEY (org, id)
);

-- What was checked of organisations.
CREATE TABLE verifications (
    -- The organisation.
    org INTEGER NOT NULL,
    -- The check.
    id BLOB NOT NULL,
    -- What was checked.
    -- 0 name, 1 business-register, 2 address, 3 tax-number, 4 bank-account, 5 person
    what INTEGER NOT NULL,
    -- What came out.
    -- 0 passed, 1 failed, 2 withdrawn
    result INTEGER NOT NULL,
    -- What buyers may read of it.
    shown TEXT,
    -- What they may not.
    note TEXT,
    -- Who checked; none: the operator, by key.
    checked_by BLOB,
    -- When.
    checked_at INTEGER NOT NULL,
    -- Until when it holds.
    valid_until INTEGER,
    -- Seq of the last act that changed it.
    version INTEGER NOT NULL,
    CONSTRAINT verifications_key PRIMARY KEY (org, id)
);

-- Codes by which support proves that a member called for it.
CREATE TABLE support_codes (
    -- The organisation.
    org INTEGER NOT NULL,
    -- SHA-256 of the code.
    code TEXT NOT NULL,
    -- Who made it.
    made_by BLOB NOT NULL,
    -- When.
    made_at INTEGER NOT NULL,
    -- Until when it holds.
    expires_at INTEGER NOT NULL,
    -- When it was used.
    used_at INTEGER,
    CONSTRAINT support_codes_key PRIMARY KEY (org, code)
);

-- Staff of the marketplace that an organisation let in.
CREATE TABLE support_contacts (
    -- The organisation.
    org INTEGER NOT NULL,
    -- The member of staff.
    person BLOB NOT NULL,
    -- What they are called.
    name TEXT NOT NULL,
    -- The member who gave them the code.
    let_in_by BLOB NOT NULL,
    -- Since when.
    opened_at INTEGER NOT NULL,
    -- Until when.
    ends_at INTEGER NOT NULL,
    -- Seq of the last act that changed it.
    version INTEGER NOT NULL,
    CONSTRAINT support_contacts_key PRIMARY KEY (org, person)
);

-- Public keys by which the shop hands buyers over.
CREATE TABLE hand_over_keys (
    -- The marketplace.
    org INTEGER NOT NULL,
    -- The key.
    id BLOB NOT NULL,
    -- Ed25519.
    public_key BLOB NOT NULL,
    -- What it is used for.
    label TEXT,
    -- When it was added.
    created_at INTEGER NOT NULL,
    -- Since when it is refused.
    revoked_at INTEGER,
    -- Seq of the last act that changed it.
    version INTEGER NOT NULL,
    CONSTRAINT hand_over_keys_key PRIMARY KEY (org, id)
);

-- Hand-overs that were used.
CREATE TABLE hand_overs (
    -- The buyer's home.
    org INTEGER NOT NULL,
    -- The hand-over.
    jti TEXT NOT NULL,
    -- When it was used.
    used_at INTEGER NOT NULL,
    CONSTRAINT hand_overs_key PRIMARY KEY (org, jti)
);
