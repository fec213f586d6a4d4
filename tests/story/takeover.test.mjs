// Somebody wants to take an account over: with a new device, a stolen cookie, a new passkey, a
// recovery code, or by posing as support.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { answersFit, eventually, startServer } from './harness.mjs';
import { Authenticator } from './support/authenticator.mjs';
import { mailbox } from './support/mailbox.mjs';
import { Person, freshCode, totp } from './support/person.mjs';

const problem = (answer, status, code) => {
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.json.code, code, answer.text);
    return answer.json;
};
const types = async (client) => (await client.feed()).map(({ act }) => act);

const nextCode = (secret) => freshCode(secret, new Set([totp(secret)]));

describe('a new device and a new passkey', () => {
    let server, org, ana, phone, mallory;

    before(async () => {
        server = await startServer({ settings: { 'people.hold': '72h' } });
        org = await server.organisation('Nordlicht');
        ana = await new Person(server, 'Ana').enrol(await server.invitation(org));
        phone = ana.authenticator;
    });
    after(async () => server?.stop());

    test('a passkey that was added is on hold; sensitive acts say until when', async () => {
        const laptop = new Authenticator({ origin: ana.origin() });
        const added = await ana.addPasskey('Laptop', laptop);
        assert.ok(Date.parse(added.held_until) > Date.now() + 71 * 3600 * 1000);
        mallory = ana.elsewhere();
        mallory.authenticator = laptop;
        await mallory.login();
        const me = await mallory.read('/v1/me');
        assert.ok(me.session.held_until, 'a session by it is, too');
        const told = problem(await mallory.post('/v1/invitations', { role: 'owner' }), 403,
            'on-hold');
        assert.equal(told.held_until, me.session.held_until);
        problem(await mallory.trySign('/v1/org/settings', 'org.settings_changed',
            { four_eyes: true }), 403, 'on-hold');
        problem(await mallory.post('/v1/endpoints', { url: 'https://hooks.example.org/' }), 403,
            'on-hold');
        problem(await mallory.post('/v1/me/profile',
            { email: 'mallory@example.org', email_before: ana.email }), 403, 'on-hold');
        problem(await mallory.post('/v1/me/password', { password: 'a heron at the weir' }), 403,
            'on-hold');
        problem(await mallory.post('/v1/me/recovery-codes', {}), 403, 'on-hold');
        problem(await mallory.post(`/v1/me/authenticators/${
            (await ana.read('/v1/me')).session.authenticator}/remove`, {}), 403, 'on-hold');
        const tried = (await types(ana)).filter((act) => act.outcome === 'refused');
        assert.deepEqual(tried.map(({ type }) => type),
            ['member.invited', 'org.settings_changed', 'endpoint.created'],
            'every try is in the organisation\'s activity');
        await mallory.read('/v1/members');
    });

    test('it does not approve itself; an older passkey does', async () => {
        const [, laptop] = await ana.list('/v1/me/authenticators', 'authenticators');
        const path = `/v1/me/authenticators/${laptop.id}/approve`;
        problem(await mallory.trySign(path, 'authenticator.approved', {}, laptop.id), 403,
            'on-hold');
        await ana.sign(path, 'authenticator.approved', {}, laptop.id);
        await mallory.confirm();
        await mallory.sign('/v1/org/settings', 'org.settings_changed', { four_eyes: true });
        const rows = await ana.list('/v1/me/authenticators', 'authenticators');
        assert.equal(rows[1].held_until, null);
        assert.equal(rows[1].approved_by, rows[0].id);
    });

    test('what is removed signs nothing any more, in no organisation', async () => {
        const [, laptop] = await ana.list('/v1/me/authenticators', 'authenticators');
        const terms = await mallory.terms('org.settings_changed', { four_eyes: false });
        const signature = mallory.signature(terms);
        await ana.act(`/v1/me/authenticators/${laptop.id}/remove`, { reason: 'lost' });
        const told = problem(await mallory.post('/v1/org/settings',
            { four_eyes: false, signature }), 403, 'signature-invalid');
        assert.equal(told.reason, 'unknown-authenticator');
        problem(await mallory.elsewhere().tryLogin(), 401, 'login-failed');
    });

    test('the last authenticator stays', async () => {
        const [own] = await ana.list('/v1/me/authenticators', 'authenticators');
        problem(await ana.post(`/v1/me/authenticators/${own.id}/remove`, {}), 409,
            'last-authenticator');
    });

    test('a stolen cookie has no passkey: it signs nothing', async () => {
        const thief = new Person(server, 'Thief');
        thief.cookies = new Map(ana.cookies);
        await thief.read('/v1/members');
        problem(await thief.post('/v1/org/settings', { four_eyes: false }), 403,
            'signature-required');
        const tried = (await types(ana)).at(-1);
        assert.equal(tried.type, 'org.settings_changed');
        assert.equal(tried.actor.person, ana.id);
        assert.equal(tried.actor.session, (await ana.read('/v1/me')).session.id);
    });

    test('the panic switch: nothing goes until an older passkey ends it', async () => {
        await ana.act('/v1/me/freeze', {});
        problem(await ana.get('/v1/members'), 403, 'frozen');
        problem(await ana.post('/v1/me/profile', { name: 'Ana L.' }), 403, 'frozen');
        problem(await ana.post('/v1/me/unfreeze', {}), 403, 'signature-required');
        await ana.read('/v1/me/sessions');
        await ana.act('/v1/me/sessions/end-others', {});
        await ana.sign('/v1/me/unfreeze', 'person.unfrozen');
        await ana.read('/v1/members');
    });

    test('any key or member freezes an organisation; an owner unfreezes it', async () => {
        const seller = await server.seller('', org);
        await seller.act('/v1/org/freeze', { reason: 'strange log-ins' });
        problem(await ana.post('/v1/invitations', { role: 'staff' }), 403, 'frozen');
        problem(await seller.post('/v1/endpoints', { url: 'https://hooks.example.org/' }), 403,
            'frozen');
        problem(await seller.post('/v1/org/unfreeze', {}), 403, 'signature-required');
        await ana.sign('/v1/org/unfreeze', 'org.unfrozen');
        await ana.act('/v1/invitations', { role: 'staff', permissions: 'orders' });
    });

    test('the phone is what it was', () => assert.equal(ana.authenticator, phone));
    answersFit(test, () => server);
});

describe('a hold', () => {
    test('ends by itself', async () => {
        const server = await startServer({ settings: { 'people.hold': '1s' } });
        const org = await server.organisation('Nordlicht');
        const ana = await new Person(server, 'Ana').enrol(await server.invitation(org));
        const key = new Authenticator({ origin: ana.origin() });
        await ana.addPasskey('Key', key);
        ana.authenticator = key;
        await eventually('the hold is over', async () =>
            (await ana.trySign('/v1/org/settings', 'org.settings_changed', { four_eyes: true }))
                .status === 201);
        await server.stop();
    });
});

describe('recovery', () => {
    let server, org, ana;

    before(async () => {
        server = await startServer();
        org = await server.organisation('Nordlicht');
        ana = await new Person(server, 'Ana').enrol(await server.invitation(org));
    });
    after(async () => server?.stop());

    test('a code works once, opens a session on hold, and asks for the password too', async () => {
        const { codes } = ana.expect(201, await ana.post('/v1/me/recovery-codes', {})).json;
        assert.equal(codes.length, 10);
        ana.expect(200, await ana.post('/v1/me/password',
            { password: 'grey heron over the weir' }));
        const there = ana.elsewhere();
        const recover = (code, password) => there.post('/v1/login/recovery',
            { email: ana.email, code, ...(password ? { password } : {}) });
        problem(await recover(codes[0]), 401, 'login-failed');
        there.expect(200, await recover(codes[0], 'grey heron over the weir'));
        const me = await there.read('/v1/me');
        assert.equal(me.session.method, 'recovery-code');
        assert.ok(me.session.held_until);
        assert.equal(me.recovery_codes, 9);
        problem(await there.post('/v1/invitations', { role: 'owner' }), 403, 'on-hold');
        // A new passkey is what it is for; that one is on hold, too.
        const added = await there.addPasskey('New phone',
            new Authenticator({ origin: there.origin() }));
        assert.ok(added.held_until);
        problem(await recover(codes[0], 'grey heron over the weir'), 401, 'login-failed');
    });

    test('new codes void the old ones; a weak password is refused', async () => {
        const old = ana.expect(201, await ana.post('/v1/me/recovery-codes', {})).json.codes;
        await ana.post('/v1/me/recovery-codes', {});
        problem(await ana.elsewhere().post('/v1/login/recovery', { email: ana.email, code: old[0],
            password: 'grey heron over the weir' }), 401, 'login-failed');
        for (const password of ['password', 'short', 'ana@example.org']) {
            const told = problem(await ana.post('/v1/me/password', { password }), 422,
                'body-invalid');
            assert.equal(told.errors[0].pointer, '/password');
        }
    });

    answersFit(test, () => server);
});

describe('a new device by password', () => {
    test('is on hold until the device is old or a passkey confirms', async () => {
        const server = await startServer();
        const org = await server.organisation('Nordlicht');
        const ana = await new Person(server, 'Ana').enrolWithPassword(
            await server.invitation(org), 'grey heron over the weir');
        const there = ana.elsewhere();
        there.expect(200, await there.tryPassword(ana.password, await nextCode(ana.secret)));
        assert.ok((await there.read('/v1/me')).session.held_until);
        problem(await there.post('/v1/invitations', { role: 'owner' }), 403, 'on-hold');
        assert.equal((await ana.read('/v1/me')).session.held_until, null);
        // The lower level: a code signs, and the record says so.
        const terms = await ana.terms('org.settings_changed', { four_eyes: true });
        assert.equal(terms.has_totp, true);
        const code = await nextCode(ana.secret);
        const sent = { four_eyes: true,
            signature: { nonce: terms.nonce, terms: terms.terms, code } };
        await ana.act('/v1/org/settings', sent);
        const record = (await types(ana)).at(-1);
        assert.equal(record.signature.kind, 'totp');
        problem(await ana.tryPassword(ana.password, code), 401, 'login-failed');
        problem(await ana.post('/v1/org/settings', sent), 403, 'signature-used');
        const fresh = await ana.terms('org.settings_changed', { four_eyes: true });
        const wrong = problem(await ana.post('/v1/org/settings', { four_eyes: true,
            signature: { nonce: fresh.nonce, terms: fresh.terms, code: '000000' } }), 403,
        'signature-invalid');
        assert.equal(wrong.reason, 'code');
        await server.stop();
    });
});

describe('support', () => {
    let server, org, ana, chief, sam;

    before(async () => {
        server = await startServer();
        org = await server.organisation('Nordlicht');
        ana = await new Person(server, 'Ana').enrol(await server.invitation(org));
        chief = await new Person(server, 'Chief').enrol(await server.invitation());
        const { invitation } = await chief.act('/v1/invitations',
            { name: 'Sam', role: 'staff', permissions: 'support' });
        sam = await new Person(server, 'Sam').enrol(invitation);
    });
    after(async () => server?.stop());

    test('sees nothing of an organisation that did not let it in', async () => {
        sam.for = org;
        problem(await sam.get('/v1/members'), 403, 'support-not-let-in');
    });

    test('is let in by a code that a member makes, once; both sides see it', async () => {
        assert.deepEqual(await ana.list('/v1/support/contacts', 'support_contacts'), []);
        const { code } = await ana.act('/v1/support/codes', {});
        assert.match(code, /^[0-9a-z]{4}-[0-9a-z]{4}$/);
        problem(await sam.post('/v1/support/contacts', { org, code: '0000-0000', name: 'Sam' }),
            409, 'support-code-invalid');
        await sam.act('/v1/support/contacts', { org, code: code.toUpperCase(), name: 'Sam' });
        problem(await sam.post('/v1/support/contacts', { org, code, name: 'Sam' }), 409,
            'support-code-invalid');
        const [contact] = await ana.list('/v1/support/contacts', 'support_contacts');
        assert.equal(contact.name, 'Sam');
        assert.equal(contact.person, sam.id);
        assert.equal(contact.let_in_by, ana.id);
        assert.ok(Date.parse(contact.ends_at) > Date.now());
        assert.equal((await sam.list('/v1/members', 'members')).length, 1);
        const tries = (await types(ana)).filter(({ type }) => type === 'support.let_in');
        assert.deepEqual(tries.map(({ outcome }) => outcome), ['refused', 'accepted', 'refused']);
        assert.ok(!JSON.stringify(tries).includes(code), 'the code itself is nowhere');
    });

    test('may not do what members do, and is out when they say so', async () => {
        problem(await sam.post('/v1/invitations', { role: 'owner' }), 403, 'forbidden');
        problem(await sam.post('/v1/org/settings', { four_eyes: false }), 403, 'forbidden');
        await ana.act('/v1/support/contacts/end', { person: sam.id });
        problem(await sam.get('/v1/members'), 403, 'support-not-let-in');
    });

    test('staff of the marketplace follow the same rules', async () => {
        problem(await sam.post('/v1/invitations', { role: 'staff' }, { 'Counterfoil-Org': null }),
            403, 'forbidden');
        const laptop = new Authenticator({ origin: chief.origin() });
        await chief.addPasskey('Laptop', laptop);
        const there = chief.elsewhere();
        there.authenticator = laptop;
        await there.login();
        problem(await there.post('/v1/invitations', { role: 'admin' }), 403, 'on-hold');
        problem(await there.post('/v1/hand-over-keys', { public_key: 'A'.repeat(43) }), 403,
            'on-hold');
    });

    answersFit(test, () => server);
});

describe('a challenge', () => {
    test('is refused once its time is over, with its own reason and on record', async () => {
        const server = await startServer({ settings: { 'people.nonce': '2s' } });
        const org = await server.organisation('Nordlicht');
        const ana = await new Person(server, 'Ana').enrol(await server.invitation(org));
        const made = Date.now();
        const terms = await ana.terms('org.settings_changed', { four_eyes: true });
        assert.equal(terms.timeout_ms, 2000);
        const signature = ana.signature(terms);
        const login = await ana.challenge('/v1/login/challenge');
        await eventually('its time is over', () => Date.now() > made + 2500);
        problem(await ana.post('/v1/org/settings', { four_eyes: true, signature }), 403,
            'signature-expired');
        const [tried] = (await types(ana)).slice(-1);
        assert.equal(tried.type, 'org.settings_changed');
        assert.equal(tried.outcome, 'refused');
        assert.equal(tried.problem.code, 'signature-expired');
        assert.equal(tried.actor.person, ana.id);
        problem(await ana.elsewhere().post('/v1/login/passkey', { nonce: login.nonce,
            user_handle: ana.authenticator.get({ challenge: login.challenge,
                rpId: login.rp_id }).response.userHandle,
            ...ana.assertion(login) }), 422, 'challenge-invalid');
        // The same, made anew, is accepted: nothing but its age was wrong.
        await ana.sign('/v1/org/settings', 'org.settings_changed', { four_eyes: true });
        await server.stop();
    });
});

describe('an owner who has lost everything', () => {
    const settings = { 'people.hold': '5s', 'mail.folder': 'mail' };
    let server, org, ana, ben;

    before(async () => {
        server = await startServer({ settings });
        org = await server.organisation('Nordlicht');
        ana = await new Person(server, 'Ana').enrol(await server.invitation(org));
        const { invitation } = await ana.act('/v1/invitations', { name: 'Ben', role: 'staff' });
        ben = await new Person(server, 'Ben').enrol(invitation);
    });
    after(async () => server?.stop());

    const recover = async (...args) => {
        // On PostgreSQL the command does not go through the server, and needs its settings.
        const link = await server.command('owner invite', '--recover', '--name', 'Ana again',
            '--set', 'people.hold=5s', ...args);
        return /#invitation=(inv_\S+)\n$/.exec(link)[1];
    };
    const opened = (link) => eventually('it opens', async () =>
        (await new Person(server, 'X').post('/v1/enrolment/challenge', { invitation: link }))
            .status === 200);
    const idOf = (link) => link.split('.')[0];
    const isOpen = (from) => eventually('the time of a hold is over', () =>
        Date.now() > from + 6000);

    test('is invited anew by another owner, and the old membership is ended', async () => {
        const { invitation } = await ana.act('/v1/invitations', { name: 'Cy', role: 'owner' });
        const cy = await new Person(server, 'Cy').enrol(invitation);
        // Cy's telephone is lost with all that was on it.
        const again = await ana.act('/v1/invitations', { name: 'Cy', role: 'owner' });
        const anew = await new Person(server, 'Cy', { email: 'cy.new@example.org' })
            .enrol(again.invitation);
        const row = async (person) => (await ana.list('/v1/members', 'members'))
            .find((member) => member.person === person.id);
        await ana.act(`/v1/members/${(await row(cy)).id}/remove`, { reason: 'lost telephone' });
        problem(await cy.get('/v1/members'), 403, 'forbidden');
        await anew.sign('/v1/org/settings', 'org.settings_changed', { four_eyes: false });
        await ana.act(`/v1/members/${(await row(anew)).id}/remove`, {});
    });

    test('without another owner: told to all at once, and refused by anybody', async () => {
        const from = Date.now();
        const link = await recover('--org', org);
        const mallory = new Person(server, 'Mallory');
        problem(await mallory.post('/v1/enrolment/challenge', { invitation: link }), 409,
            'invitation-invalid');
        const told = await eventually('both are told', () => {
            const mails = mailbox(server).filter(({ title }) => /wants to recover/.test(title));
            return mails.length === 2 && mails;
        });
        assert.deepEqual(told.map(({ to }) => to).sort(), [ana.email, ben.email]);
        const other = await ana.act('/v1/invitations', { name: 'Dee', role: 'staff' });
        problem(await ben.post(`/v1/invitations/${idOf(other.invitation)}/refuse`, {}), 403,
            'permission-required');
        await ben.act(`/v1/invitations/${idOf(link)}/refuse`, {});
        await isOpen(from);
        problem(await mallory.post('/v1/enrolment/challenge', { invitation: link }), 409,
            'invitation-invalid');
        const types = (await ana.feed()).map(({ act }) => act.type);
        assert.ok(types.includes('owner.recovery_invited'));
        assert.ok(types.includes('invitation.refused'));
    });

    test('the panic switch keeps it shut', async () => {
        const link = await recover('--org', org);
        await ben.act('/v1/org/freeze', { reason: 'nobody of us asked for it' });
        await opened(link);
        await assert.rejects(new Person(server, 'Mallory').enrol(link), /frozen/);
        await ana.sign('/v1/org/unfreeze', 'org.unfrozen');
        await ana.act(`/v1/invitations/${idOf(link)}/withdraw`, {});
    });

    test('it opens after a hold; the passkey made with it is on hold again', async () => {
        const link = await recover('--org', org);
        await opened(link);
        problem(await ben.post('/v1/invitations/accept', { invitation: link }), 409,
            'invitation-invalid');
        await assert.rejects(new Person(server, 'Ana', { email: 'p@example.org' })
            .enrolWithPassword(link, 'grey heron over the weir'), /passkey/);
        const again = await new Person(server, 'Ana', { email: 'ana.new@example.org' }).enrol(link);
        const me = await again.read('/v1/me');
        assert.ok(Date.parse(me.session.held_until) > Date.now());
        problem(await again.post('/v1/invitations', { role: 'owner' }), 403, 'on-hold');
        problem(await again.trySign('/v1/org/settings', 'org.settings_changed',
            { four_eyes: true }), 403, 'on-hold');
        await eventually('the hold is over', async () =>
            (await again.trySign('/v1/org/settings', 'org.settings_changed', { four_eyes: true }))
                .status === 201);
        problem(await new Person(server, 'Mallory').post('/v1/enrolment/challenge',
            { invitation: link }), 409, 'invitation-invalid');
    });

    test('is not for an organisation that has no owner, and not for the shop', async () => {
        const empty = await server.organisation('Empty');
        const outcome = await server.tryCommand('owner invite', '--recover', '--org', empty);
        assert.notEqual(outcome.status, 0);
        assert.match(outcome.stderr, /no owner/);
        const shop = await server.shop();
        problem(await shop.post('/v1/owners/recover', { org }), 403, 'forbidden');
    });

    answersFit(test, () => server);
});

describe('people are told at their own addresses', () => {
    let server, org, ana, ben;

    before(async () => {
        server = await startServer({ settings: { 'mail.folder': 'mail' } });
        org = await server.organisation('Nordlicht');
        ana = await new Person(server, 'Ana').enrol(await server.invitation(org));
        const { invitation } = await ana.act('/v1/invitations', { name: 'Ben', role: 'owner' });
        ben = await new Person(server, 'Ben').enrol(invitation);
    });
    after(async () => server?.stop());

    // Waits until nothing is under way any more, and answers the titles by address.
    async function told() {
        await eventually('no mail waits', async () =>
            (await server.operator().list('/v1/mails', 'mails'))
                .every(({ state }) => state === 'sent'));
        return mailbox(server);
    }
    // What came since the last time.
    let seen = 0;
    async function news(count) {
        const all = await eventually(`${count} more mails`, async () => {
            const mails = await told();
            return mails.length >= seen + count && mails;
        });
        const fresh = all.slice(seen);
        assert.equal(fresh.length, count, JSON.stringify(fresh, null, 2));
        seen = all.length;
        return fresh;
    }
    const heads = (mails) => mails.map(({ to, title }) => `${to}: ${title}`).sort();

    test('who owns the organisation, of invitations and of who joins', async () => {
        const mails = await news(4);
        assert.deepEqual(heads(mails), [
            'ana@example.org: Somebody joined your organisation',
            'ana@example.org: Somebody joined your organisation',
            'ana@example.org: Somebody was invited to your organisation',
            'ben@example.org: Somebody joined your organisation',
        ]);
        assert.match(mails[1].text, /for Ben/);
        assert.match(mails[0].text, /^From: 127\.0\.0\.1$/m);
        assert.match(mails[0].text, /on record for Nordlicht\./);
    });

    test('a new authenticator, the log-in by it, its approval, its end', async () => {
        const laptop = new Authenticator({ origin: ana.origin() });
        await ana.addPasskey('Laptop', laptop);
        const [added] = await news(1);
        assert.equal(added.to, ana.email);
        assert.match(added.text, /“Laptop” was added to your account/);
        const there = ana.elsewhere();
        there.authenticator = laptop;
        await there.login();
        assert.deepEqual(heads(await news(1)),
            ['ana@example.org: Somebody logged in to your account in a new way']);
        const [, row] = await ana.list('/v1/me/authenticators', 'authenticators');
        await ana.sign(`/v1/me/authenticators/${row.id}/approve`, 'authenticator.approved', {},
            row.id);
        assert.deepEqual(heads(await news(1)),
            ['ana@example.org: A new authenticator was approved']);
        await ana.act(`/v1/me/authenticators/${row.id}/remove`, { reason: 'lost' });
        const [removed] = await news(1);
        assert.match(removed.text, /was removed from your account: lost/);
        // A log-in as ever is no news.
        await ana.login();
        await ana.confirm();
    });

    test('recovery: the codes, and the log-in with one', async () => {
        const { codes } = ana.expect(201, await ana.post('/v1/me/recovery-codes', {})).json;
        const there = ana.elsewhere();
        there.expect(200, await there.post('/v1/login/recovery',
            { email: ana.email, code: codes[0] }));
        assert.deepEqual(heads(await news(2)), [
            'ana@example.org: New recovery codes were made',
            'ana@example.org: Somebody logged in to your account in a new way',
        ]);
    });

    test('guessing', async () => {
        const mallory = new Person(server, 'Mallory');
        await ana.post('/v1/me/password', { password: 'grey heron over the weir' });
        for (let i = 0; i < 6; i++) {
            await mallory.post('/v1/login/password',
                { email: ana.email, password: `wrong ${i}`, code: '000000' });
        }
        const mails = await news(2);
        assert.deepEqual(heads(mails), [
            'ana@example.org: A password was set for your account',
            'ana@example.org: Somebody tries to log in to your account',
        ]);
        assert.match(mails[1].text, /attempts to log in to your account failed, the last from 127/);
    });

    test('the panic switches', async () => {
        await ana.act('/v1/me/freeze', {});
        await ana.sign('/v1/me/unfreeze', 'person.unfrozen');
        const seller = await server.seller('', org);
        await seller.act('/v1/org/freeze', { reason: 'strange log-ins' });
        await ana.sign('/v1/org/unfreeze', 'org.unfrozen');
        assert.deepEqual(heads(await news(8)), [
            'ana@example.org: An API key was made for your organisation',
            'ana@example.org: Your account was frozen',
            'ana@example.org: Your account was unfrozen',
            'ana@example.org: Your organisation was frozen',
            'ana@example.org: Your organisation was unfrozen',
            'ben@example.org: An API key was made for your organisation',
            'ben@example.org: Your organisation was frozen',
            'ben@example.org: Your organisation was unfrozen',
        ]);
    });

    test('a change of address: the old one, once, in the person\'s language', async () => {
        await ana.act('/v1/me/profile', { language: 'es' });
        await news(1);
        await ana.act('/v1/me/profile', { email: 'new@example.org', email_before: ana.email });
        const [mail] = await news(1);
        assert.equal(mail.to, ana.email);
        assert.match(mail.title, /Se han cambiado los datos de su cuenta/);
        assert.match(mail.text, /los avisos van a new@example\.org/);
        problem(await ana.post('/v1/me/profile',
            { name: 'Ana L.', email_before: 'victim@example.org' }), 422, 'body-invalid');
        await ana.act('/v1/endpoints', { url: 'https://hooks.example.org/' });
        assert.deepEqual((await news(2)).map(({ to }) => to).sort(),
            ['ben@example.org', 'new@example.org'], 'what follows goes to the new one');
    });

    test('an owner who is removed learns of it, too', async () => {
        const [row] = (await ana.list('/v1/members', 'members'))
            .filter(({ person }) => person === ben.id);
        await ana.act(`/v1/members/${row.id}/remove`, {});
        assert.deepEqual((await news(2)).map(({ to }) => to).sort(),
            ['ben@example.org', 'new@example.org']);
    });

    test('the shop learns nothing of it, not even by a receipt', async () => {
        const shop = await server.shop();
        const homes = [ana.id, ben.id];
        const events = await shop.feed();
        assert.ok(events.some(({ act }) => act.type === 'receipt.delivered'));
        assert.deepEqual(events.filter(({ act }) =>
            homes.includes(act.subject) || /^(atn|ses)_/.test(act.subject))
            .map(({ act }) => act.type)
            .filter((type) => type !== 'authenticator.copied'), []);
    });

    answersFit(test, () => server);
});
