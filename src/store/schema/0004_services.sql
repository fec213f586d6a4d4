-- Paid services: what is offered, what organisations have, what is charged.

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

-- What is due: charges, announcements, refunds, ends.
CREATE INDEX subscriptions_charging ON subscriptions (charge_at) WHERE charge_at IS NOT NULL;
CREATE INDEX subscriptions_renewing ON subscriptions (notice_at) WHERE notice_at IS NOT NULL;
CREATE INDEX subscriptions_refunding ON subscriptions (ended_at) WHERE refunds_left > 0;
CREATE INDEX subscriptions_ending ON subscriptions (end_at) WHERE end_at IS NOT NULL;

CREATE INDEX services_by_id ON services (id);
CREATE INDEX subscriptions_by_id ON subscriptions (id);
CREATE INDEX money_ledger_by_act ON money_ledger (act);
CREATE INDEX money_ledger_by_org ON money_ledger (org, act);
