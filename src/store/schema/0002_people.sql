-- People: accounts, authenticators, sessions, members of organisations, hand-overs from the shop.

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

-- Indexes, by hand. Whose memberships, and which account a passkey or an address belongs to.
CREATE INDEX members_by_person ON members (person, org);
CREATE INDEX authenticators_by_credential ON authenticators (credential)
    WHERE credential IS NOT NULL;
CREATE INDEX persons_by_email ON persons (email) WHERE email IS NOT NULL;
