-- Notices by mail.

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

CREATE INDEX mails_next ON mails (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX mails_sending ON mails (id) WHERE state = 1;
CREATE INDEX mails_by_id ON mails (id);
CREATE INDEX mails_by_org ON mails (org, id);
