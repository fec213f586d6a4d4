// People: from the operator's command to an owner with a passkey; staff that come and go, what they
// may, sessions, signatures over terms, hand-overs of buyers.

import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { answersFit, inParallel, markSeen, placeOrder, requestCancel, ship, startServer }
    from './harness.mjs';
import { Authenticator, FLAGS, sha256 } from './support/authenticator.mjs';
import { Person, totp } from './support/person.mjs';

const problem = (answer, status, code) => {
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.json.code, code, answer.text);
    return answer.json;
};
const last = async (client, type) =>
    (await client.feed()).map(({ act }) => act).findLast((act) => act.type === type);

describe('an organisation and its people', () => {
    let server, org, other, shop, buyer, ana, ben, seller;

    before(async () => {
        server = await startServer();
        org = await server.organisation('Nordlicht Lamps');
        other = await server.organisation('Another seller');
        [shop, buyer, seller] = await Promise.all([
            server.shop(), server.buyer('b-17'), server.seller('', org)]);
    });
    after(async () => server?.stop());

    const invite = async (person, body) => (await person.act('/v1/invitations', body)).invitation;
    const memberOf = async (person, of = org) =>
        (await person.read('/v1/me')).memberships.find((m) => m.org === of)?.member;

    test('the operator invites the first owner, who enrols with a passkey', async () => {
        ana = await new Person(server, 'Ana Lima').enrol(await server.invitation(org));
        const me = await ana.read('/v1/me');
        assert.equal(me.person.id, ana.id);
        assert.equal(me.person.email, 'ana.lima@example.org');
        assert.equal(me.session.method, 'passkey');
        assert.equal(me.session.held_until, null, 'the first authenticator is trusted');
        assert.deepEqual(me.memberships.map((m) => [m.org, m.role, m.name]),
            [[org, 'owner', 'Nordlicht Lamps']]);
    });

    test('an organisation that has an owner gets no second one from the operator', async () => {
        const answer = await server.operator().post('/v1/owners', { org });
        problem(answer, 409, 'already-done');
    });

    test('an invitation works once, and only whole', async () => {
        const invitation = await server.invitation(other);
        const eve = new Person(server, 'Eve');
        const cut = await eve.post('/v1/enrolment/challenge',
            { invitation: invitation.slice(0, -1) });
        problem(cut, 409, 'invitation-invalid');
        await new Person(server, 'Olu').enrol(invitation);
        problem(await eve.post('/v1/enrolment/challenge', { invitation }), 409,
            'invitation-invalid');
    });

    test('log-in with a passkey that the browser finds itself', async () => {
        const again = await ana.elsewhere().login();
        assert.equal(again.id, ana.id);
        assert.equal((await again.read('/v1/me')).session.held_until, null,
            'a passkey that is not new vouches for the device');
    });

    test('each lie about a passkey is refused with its reason', async () => {
        const lies = {
            'user-presence': { flags: (flags) => flags & ~FLAGS.UP },
            'user-verification': { flags: (flags) => flags & ~FLAGS.UV },
            origin: { client: (c) => ({ ...c, origin: 'https://evil.example' }) },
            challenge: { client: (c) => ({ ...c, challenge: 'AAAA' }) },
            'cross-origin': { client: (c) => ({ ...c, crossOrigin: true }) },
            'rp-id': { rpId: 'evil.example' },
            signature: { signature: (bytes) => Buffer.concat([bytes.subarray(0, -1),
                Buffer.from([bytes.at(-1) ^ 1])]) },
        };
        for (const [reason, lie] of Object.entries(lies)) {
            const answer = problem(await ana.elsewhere().tryLogin(lie), 401, 'login-failed');
            assert.equal(answer.reason, reason);
        }
    });

    test('a log-in cannot be replayed', async () => {
        const there = ana.elsewhere();
        const challenge = await there.challenge('/v1/login/challenge');
        const { userHandle } = ana.authenticator.get({ challenge: challenge.challenge,
            rpId: challenge.rp_id }).response;
        const body = { nonce: challenge.nonce, user_handle: userHandle,
            ...there.assertion(challenge) };
        there.expect(200, await there.post('/v1/login/passkey', body));
        problem(await ana.elsewhere().post('/v1/login/passkey', body), 401, 'login-failed');
        const forged = { ...body,
            nonce: challenge.nonce.replace(/^./, (c) => (c === '0' ? '1' : '0')) };
        problem(await ana.elsewhere().post('/v1/login/passkey', forged), 422, 'challenge-invalid');
    });

    test('what is not everybody\'s business is read with a permission only', async () => {
        const { invitation } = await ana.act('/v1/invitations', { name: 'Eve', role: 'staff' });
        const eve = await new Person(server, 'Eve').enrol(invitation);
        const [row] = (await ana.list('/v1/members', 'members'))
            .filter(({ person }) => person === eve.id);
        const paths = { '/v1/activity': 'people', '/v1/mails': 'people', '/v1/ledger': 'money' };
        const statuses = async () => {
            const found = {};
            for (const path of Object.keys(paths)) found[path] = (await eve.get(path)).status;
            return found;
        };
        for (const [path, permission] of Object.entries(paths)) {
            const told = problem(await eve.get(path), 403, 'permission-required');
            assert.equal(told.permission, permission);
            await ana.read(path);
        }
        const change = (permissions) => ana.act(`/v1/members/${row.id}/change`,
            { role: 'staff', permissions });
        await change('money');
        assert.deepEqual(await statuses(),
            { '/v1/activity': 403, '/v1/mails': 403, '/v1/ledger': 200 });
        await change('people');
        assert.deepEqual(await statuses(),
            { '/v1/activity': 200, '/v1/mails': 200, '/v1/ledger': 403 });
        await ana.act(`/v1/members/${row.id}/remove`, {});
    });

    test('staff are invited with named permissions, and do no more than those', async () => {
        const invitation = await invite(ana,
            { name: 'Ben', role: 'staff', permissions: 'orders messages' });
        ben = await new Person(server, 'Ben Okri').enrol(invitation);
        const order = await placeOrder(shop, { org }, buyer);
        const request = await requestCancel(buyer, order);
        ben.steps = 'orders/list open, orders/order seen';
        await markSeen(ben, order, request);
        ben.steps = null;
        ben.expect(201, await ship(ben, order));
        const seen = await last(seller, 'order.cancel_seen');
        assert.equal(seen.actor.person, ben.id);
        assert.equal(seen.actor.role, 'seller');
        assert.equal(seen.actor.method, 'passkey');
        assert.deepEqual(seen.steps, [{ control: 'open', page: 'orders/list' },
            { control: 'seen', page: 'orders/order' }]);
        const refused = await ben.post('/v1/endpoints', { url: 'https://hooks.example.org/' });
        assert.equal(problem(refused, 403, 'permission-required').permission, 'settings');
        const tried = await last(seller, 'endpoint.created');
        assert.equal(tried.outcome, 'refused');
        assert.equal(tried.actor.person, ben.id, 'the try is in the owner\'s activity');
    });

    test('nobody gives what they do not have', async () => {
        problem(await ben.post('/v1/invitations', { role: 'staff', permissions: 'orders' }), 403,
            'permission-required');
        const member = await memberOf(ben);
        await ana.act(`/v1/members/${member}/change`,
            { role: 'staff', permissions: 'orders people' });
        await invite(ben, { role: 'staff', permissions: 'orders' });
        problem(await ben.post('/v1/invitations', { role: 'staff', permissions: 'money' }), 403,
            'permission-required');
        problem(await ben.post('/v1/invitations', { role: 'admin' }), 403, 'permission-required');
        problem(await ben.post('/v1/invitations', { role: 'owner' }), 403, 'owner-required');
        problem(await ben.post('/v1/invitations', { role: 'staff', permissions: 'flying' }), 422,
            'body-invalid');
    });

    test('an API key cannot do what needs a person, and its try is on record', async () => {
        problem(await seller.post('/v1/invitations', { role: 'owner' }), 403, 'person-required');
        problem(await seller.post('/v1/org/settings', { four_eyes: false }), 403,
            'signature-required');
        const tried = await last(ana, 'org.settings_changed');
        assert.equal(tried.outcome, 'refused');
        assert.match(tried.actor.key, /^key_/);
    });

    test('what is not one\'s own does not exist', async () => {
        ana.for = other;
        problem(await ana.get('/v1/members'), 403, 'forbidden');
        ana.for = null;
        const olu = (await ana.list('/v1/members', 'members')).length;
        assert.ok(olu > 0);
        const foreign = await memberOf(ana);
        const stranger = await new Person(server, 'Kim').enrol(
            await invite(ana, { role: 'staff', permissions: 'orders' }));
        problem(await stranger.post(`/v1/members/${foreign}/remove`, {}), 403,
            'permission-required');
    });

    test('the owner signs exact terms', async () => {
        const accepted = await ana.sign('/v1/org/settings', 'org.settings_changed',
            { four_eyes: true });
        const record = (await ana.feed()).map(({ act }) => act)
            .find((act) => act.id === accepted.act);
        assert.equal(record.signature.kind, 'passkey');
        assert.deepEqual(JSON.parse(record.signature.terms), { act: 'org.settings_changed',
            body: { four_eyes: true }, org, person: ana.id });
        assert.equal((await ana.read('/v1/me')).memberships[0].four_eyes, true);
    });

    test('a signature fits its terms, its person, its moment, and nothing else', async () => {
        const path = '/v1/org/settings';
        const body = { four_eyes: false };
        const terms = await ana.terms('org.settings_changed', body);
        const refuse = async (who, change, status, code, reason) => {
            const told = problem(await who.post(path, change), status, code);
            if (reason) assert.equal(told.reason, reason);
            const record = await last(seller, 'org.settings_changed');
            assert.equal(record.outcome, 'refused', 'and it is on record');
            assert.equal(record.problem.code, code);
        };
        const signature = ana.signature(terms);
        await refuse(ana, { four_eyes: true, signature }, 409, 'terms-changed');
        await refuse(ana, { ...body, signature: { ...signature,
            terms: terms.terms.replace('false', 'true') } }, 409, 'terms-changed');
        await refuse(ana, { ...body, signature: ana.signature(terms,
            { flags: (flags) => flags & ~FLAGS.UV }) }, 403, 'signature-invalid',
        'user-verification');
        await refuse(ana, { ...body, signature: ana.signature(terms,
            { flags: (flags) => flags & ~FLAGS.UP }) }, 403, 'signature-invalid', 'user-presence');
        await refuse(ana, { ...body, signature: ana.signature(terms,
            { client: (c) => ({ ...c, origin: 'https://evil.example' }) }) }, 403,
        'signature-invalid', 'origin');
        await refuse(ana, { ...body, signature: { ...signature,
            signature: Buffer.alloc(70).toString('base64url') } }, 403, 'signature-invalid',
        'signature');
        await refuse(ana, { ...body, signature: { ...signature,
            nonce: sha256('mine').toString('hex') } }, 403, 'signature-expired');
        // Another account's credential.
        const evil = ben.authenticator.get({ challenge: terms.challenge, rpId: 'localhost' });
        await refuse(ana, { ...body, signature: { nonce: terms.nonce, terms: terms.terms,
            credential: evil.id, client_data: evil.response.clientDataJSON,
            authenticator_data: evil.response.authenticatorData,
            signature: evil.response.signature } }, 403, 'signature-invalid',
        'unknown-authenticator');
        // Not an owner, though the signature is their own.
        const own = await ben.terms('org.settings_changed', body);
        await refuse(ben, { ...body, signature: ben.signature(own) }, 403, 'owner-required');
        // And after all that it still works, once.
        await ana.act(path, { ...body, signature });
        await refuse(ana, { ...body, signature }, 403, 'signature-used');
    });

    test('the same signature sent 20 times at once is one act', async () => {
        const terms = await ana.terms('org.settings_changed', { four_eyes: true });
        const signature = ana.signature(terms);
        const answers = await inParallel(Array.from({ length: 20 }), 20, () =>
            ana.post('/v1/org/settings', { four_eyes: true, signature }));
        assert.equal(answers.filter(({ status }) => status === 201).length, 1);
        assert.equal(answers.filter(({ json }) => json.code === 'signature-used').length, 19);
    });

    test('ownership passes by an owner\'s signature, and the last owner stays', async () => {
        const member = await memberOf(ben);
        problem(await ana.post(`/v1/members/${await memberOf(ana)}/leave`, {}), 409, 'last-owner');
        await ana.sign(`/v1/members/${member}/make-owner`, 'member.made_owner', {}, member);
        const record = await last(seller, 'member.made_owner');
        assert.equal(JSON.parse(record.signature.terms).terms.person, ben.id);
        assert.equal((await ben.read('/v1/me')).memberships[0].role, 'owner');
        await ana.act(`/v1/members/${member}/change`, { role: 'staff', permissions: 'orders' });
    });

    test('who is removed is out at once', async () => {
        await ben.read('/v1/members');
        await ana.act(`/v1/members/${await memberOf(ben)}/remove`, { reason: 'left us' });
        problem(await ben.get('/v1/members'), 403, 'forbidden');
        assert.deepEqual((await ben.read('/v1/me')).memberships, []);
    });

    test('an owner of two organisations says for which one', async () => {
        const second = await server.organisation('Second');
        await ana.expect(200, await ana.post('/v1/invitations/accept',
            { invitation: await server.invitation(second) }));
        problem(await ana.get('/v1/members'), 400, 'org-unclear');
        ana.for = second;
        assert.equal((await ana.list('/v1/members', 'members')).length, 1);
        await ana.sign('/v1/org/settings', 'org.settings_changed', { four_eyes: true });
        ana.for = org;
    });

    answersFit(test, () => server);
});

describe('sessions', () => {
    let server, org, ana;

    before(async () => {
        server = await startServer();
        org = await server.organisation('Nordlicht');
        ana = await new Person(server, 'Ana').enrol(await server.invitation(org));
    });
    after(async () => server?.stop());

    test('are listed with device, place and last use; one or all others are ended', async () => {
        const phone = await ana.elsewhere().login();
        const tablet = await ana.elsewhere().login();
        const listed = (await ana.read('/v1/me/sessions')).sessions;
        assert.equal(listed.length, 3);
        assert.equal(listed.filter(({ current }) => current).length, 1);
        const other = listed.find(({ current }) => !current);
        assert.equal(other.session.device, 'Another browser');
        assert.equal(other.session.place, '127.0.0.1');
        assert.ok(other.last_used_at);
        const phoneSession = (await phone.read('/v1/me')).session.id;
        await ana.act(`/v1/me/sessions/${phoneSession}/end`, { reason: 'lost it' });
        problem(await phone.get('/v1/me'), 401, 'unauthenticated');
        await tablet.read('/v1/me');
        await ana.act('/v1/me/sessions/end-others', {});
        problem(await tablet.get('/v1/me'), 401, 'unauthenticated');
        await ana.read('/v1/me');
    });

    test('the account\'s own activity tells of all this', async () => {
        const page = await ana.read('/v1/me/feed?limit=500');
        assert.deepEqual(page.events.map(({ act }) => act.type), ['person.joined',
            'authenticator.registered', 'session.opened', 'session.opened', 'session.opened',
            'session.ended', 'sessions.ended']);
        assert.ok(page.events.every(({ act }) => act.id));
    });

    test('nobody ends another person\'s', async () => {
        const eve = await new Person(server, 'Eve').enrol(
            await server.invitation(await server.organisation('Evil')));
        const session = (await ana.read('/v1/me')).session.id;
        problem(await eve.post(`/v1/me/sessions/${session}/end`, {}), 404, 'not-found');
    });

    test('the cookie is HttpOnly, SameSite=Strict, and another one after each proof', async () => {
        const there = ana.elsewhere();
        there.cookies.set('counterfoil', `${'0'.repeat(26)}.${'a'.repeat(43)}`); // fixation
        await there.login();
        const first = there.cookies.get('counterfoil');
        assert.notEqual(first, `${'0'.repeat(26)}.${'a'.repeat(43)}`);
        const confirmed = await there.confirm();
        assert.match(confirmed.headers['set-cookie'][0], /; HttpOnly; SameSite=Strict$/);
        const old = ana.elsewhere();
        old.cookies.set('counterfoil', first);
        problem(await old.get('/v1/me'), 401, 'unauthenticated');
        await there.read('/v1/me');
    });

    test('a request from elsewhere does nothing (CSRF)', async () => {
        const tries = {
            'another origin': { Origin: 'https://evil.example' },
            'no origin': { Origin: null },
            'a form of another site': { 'Sec-Fetch-Site': 'cross-site' },
            'a sibling domain': { 'Sec-Fetch-Site': 'same-site' },
            'a form of this site': { 'Counterfoil-Client': null },
        };
        for (const [what, headers] of Object.entries(tries)) {
            problem(await ana.post('/v1/me/freeze', {}, headers), 403, 'cross-site');
            problem(await ana.post('/v1/login/challenge', {}, headers), 403, 'cross-site', what);
        }
        problem(await ana.get('/v1/me', { 'Sec-Fetch-Site': 'cross-site' }), 403, 'cross-site');
        assert.equal((await ana.read('/v1/me')).person.frozen_at, null);
        const metrics = (await server.operator().get('/metrics')).text;
        assert.match(metrics, /^counterfoil_cross_site_total 11$/m);
        assert.match(server.log(), /"request\.cross_site".*"\/v1\/me\/freeze"/);
    });

    test('no page may be framed, and no answer redirects', async () => {
        const page = await ana.get('/');
        assert.match(page.headers['content-security-policy'], /frame-ancestors 'none'/);
        for (const path of ['//evil.example', '/?next=https://evil.example',
            '/login?return_to=//evil.example']) {
            const answer = await ana.get(path);
            assert.ok(answer.status < 300 || answer.status >= 400, path);
            assert.equal(answer.headers.location, undefined);
        }
    });

    test('logging out ends the session on the server', async () => {
        const there = await ana.elsewhere().login();
        const cookie = there.cookies.get('counterfoil');
        there.expect(200, await there.post('/v1/me/logout', {}));
        assert.equal(there.cookies.has('counterfoil'), false);
        there.cookies.set('counterfoil', cookie);
        problem(await there.get('/v1/me'), 401, 'unauthenticated');
    });

    test('another person\'s session secret under one\'s own id is nothing', async () => {
        const there = ana.elsewhere();
        const [id] = ana.cookies.get('counterfoil').split('.');
        there.cookies.set('counterfoil', `${id}.${'A'.repeat(43)}`);
        problem(await there.get('/v1/me'), 401, 'unauthenticated');
        there.cookies.set('counterfoil', 'rubbish');
        problem(await there.get('/v1/me'), 401, 'unauthenticated');
    });

    answersFit(test, () => server);
});

describe('https', () => {
    test('cookies have the prefix __Host- and are Secure', async () => {
        const server = await startServer({ settings: {
            'people.origins': 'https://trust.market.example', 'people.rp_id': 'market.example' } });
        const link = await server.command('owner invite');
        assert.match(link, /^http:\/\/localhost/, 'the command does not know the server\'s --set');
        const answer = await new Person(server, 'Ana').post('/v1/login/challenge', {});
        problem(answer, 403, 'cross-site');
        const ana = new Person(server, 'Ana');
        ana.origin = () => 'https://trust.market.example';
        ana.authenticator.origin = ana.origin();
        await ana.enrol(/#invitation=(\S+)/.exec(link)[1]);
        assert.deepEqual([...ana.cookies.keys()],
            ['__Host-counterfoil', '__Host-counterfoil-device']);
        assert.equal((await ana.read('/v1/me')).memberships[0].org, 'org_00000000');
        const answered = await ana.confirm();
        assert.match(answered.headers['set-cookie'][0], /; Secure$/);
        await server.stop();
    });
});

describe('a buyer', () => {
    let server, operator, kid, privateKey, sellerKey, org, shop;

    before(async () => {
        server = await startServer();
        operator = server.operator();
        const pair = generateKeyPairSync('ed25519');
        privateKey = pair.privateKey;
        const { x } = pair.publicKey.export({ format: 'jwk' });
        kid = (await operator.act('/v1/hand-over-keys', { public_key: x, label: 'shop' })).subject;
        org = await server.organisation('Nordlicht');
        [shop, sellerKey] = await Promise.all([server.shop(), server.seller('', org)]);
    });
    after(async () => server?.stop());

    const encode = (object) => Buffer.from(JSON.stringify(object)).toString('base64url');
    const token = (claims = {}, header = {}, key = privateKey) => {
        const now = Math.floor(Date.now() / 1000);
        const head = encode({ alg: 'EdDSA', kid, typ: 'counterfoil-hand-over+jwt', ...header });
        const body = encode({ aud: 'localhost', buyer: 'b-17', name: 'Bo', iat: now,
            exp: now + 60, jti: randomUUID(), ...claims });
        const text = `${head}.${body}`;
        return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`;
    };
    const arrive = async (given) => {
        const bo = new Person(server, 'Bo');
        return [bo, await bo.post('/v1/login/hand-over', { token: given })];
    };

    test('arrives by the shop\'s hand-over and does what a buyer does', async () => {
        const [bo, answer] = await arrive(token());
        bo.expect(200, answer);
        const order = await placeOrder(shop, { org }, { buyer: 'b-17' });
        await bo.act(`/v1/orders/${order}/cancel-requests`, { reason: 'Bought twice' });
        const asked = await last(sellerKey, 'order.cancel_requested');
        assert.equal(asked.actor.buyer, 'b-17');
        assert.equal(asked.actor.method, 'hand-over');
        const foreign = await placeOrder(shop, { org }, { buyer: 'b-18' });
        problem(await bo.get(`/v1/orders/${foreign}`), 404, 'not-found');
        const [again, second] = await arrive(token());
        again.expect(200, second);
        assert.equal(second.json.person, answer.json.person, 'the same account');
    });

    test('sees what was checked of the seller, and only what passed', async () => {
        await operator.act('/v1/verifications', { org, what: 'business-register',
            result: 'passed', shown: 'Nordlicht Lamps OÜ, Tallinn', note: 'extract of May' });
        await operator.act('/v1/verifications', { org, what: 'bank-account', result: 'failed' });
        const [bo] = await arrive(token());
        const order = await placeOrder(shop, { org }, { buyer: 'b-17' });
        const path = `/v1/orders/${order}/seller-verifications`;
        const seen = await bo.list(path, 'seller_verifications');
        assert.deepEqual(seen.map(({ what, shown }) => [what, shown]),
            [['business-register', 'Nordlicht Lamps OÜ, Tallinn']]);
        assert.ok(!JSON.stringify(seen).includes('extract'));
        assert.equal((await sellerKey.list('/v1/verifications', 'verifications')).length, 2);
    });

    test('registers a passkey and logs in with it', async () => {
        const [bo] = await arrive(token({ buyer: 'b-99' }));
        bo.authenticator = new Authenticator({ origin: bo.origin() });
        await bo.addPasskey('Phone', bo.authenticator);
        const again = await bo.elsewhere().login();
        assert.equal((await again.read('/v1/me')).person.buyer, 'b-99');
    });

    test('a token that is not as specified is refused', async () => {
        const now = Math.floor(Date.now() / 1000);
        const rogue = generateKeyPairSync('ed25519').privateKey;
        const once = token();
        await arrive(once);
        const refused = {
            'used before': once,
            expired: token({ iat: now - 120, exp: now - 60 }),
            'too long': token({ exp: now + 3600 }),
            'of the future': token({ iat: now + 30, exp: now + 60 }),
            'for another server': token({ aud: 'evil.example' }),
            'another key': token({}, {}, rogue),
            'another kid': token({}, { kid: kid.replace(/.$/, (c) => c === '0' ? '1' : '0') }),
            'no algorithm': token({}, { alg: 'none' }),
            'an HMAC': token({}, { alg: 'HS256' }),
            'another type': token({}, { typ: 'JWT' }),
            'a header too many': token({}, { jku: 'https://evil.example' }),
            'a claim too many': token({ role: 'operator' }),
            'no buyer': token({ buyer: '' }),
            'a changed buyer': token().replace(/\.[^.]+\./, `.${encode({ aud: 'localhost',
                buyer: 'b-1', iat: now, exp: now + 60, jti: randomUUID() })}.`),
            rubbish: 'rubbish',
        };
        for (const [what, given] of Object.entries(refused)) {
            const [, answer] = await arrive(given);
            assert.equal(answer.json.code, 'hand-over-invalid', `${what}: ${answer.text}`);
        }
        await operator.act(`/v1/hand-over-keys/${kid}/revoke`, {});
        problem((await arrive(token()))[1], 401, 'hand-over-invalid');
    });

    answersFit(test, () => server);
});

describe('password and TOTP', () => {
    let server, org, ana;

    before(async () => {
        server = await startServer();
        org = await server.organisation('Nordlicht');
        ana = await new Person(server, 'Ana').enrolWithPassword(await server.invitation(org),
            'grey heron over the weir');
    });
    after(async () => server?.stop());

    test('a code works once, and only with the password', async () => {
        const me = await ana.read('/v1/me');
        assert.equal(me.session.method, 'totp');
        problem(await ana.elsewhere().tryPassword(ana.password, totp(ana.secret)), 401,
            'login-failed');
    });

    test('guessing is slowed and noticed, and does not lock the owner out', async () => {
        const stranger = new Person(server, 'Eve', { email: ana.email });
        let tries = 0;
        let slowed;
        do {
            slowed = await stranger.tryPassword(`guess ${tries}`, '000000');
        } while (slowed.status === 401 && ++tries < 30); // One more each half minute is let pass.
        problem(slowed, 429, 'login-slowed');
        assert.ok(tries >= 3);
        assert.ok(Number(slowed.headers['retry-after']) > 0);
        const { json } = await ana.get('/v1/me');
        const noticed = (await server.auditor().then((auditor) => auditor.feed()))
            .map(({ act }) => act).filter(({ type }) => type === 'login.attacked');
        assert.equal(noticed.length, 1);
        assert.equal(noticed[0].subject, json.person.id);
        // The owner, from the same address, on the device that the account knows.
        const again = await ana.tryPassword(ana.password, '123');
        assert.equal(again.status, 401, 'tried, not slowed');
    });

    test('no such account is answered as a wrong password is', async () => {
        const nobody = new Person(server, 'Nobody', { email: 'nobody@example.org' });
        const answer = await nobody.tryPassword('guess', '000000');
        const wrong = await new Person(server, 'x', { email: 'second@example.org' })
            .tryPassword('guess', '000000');
        assert.equal(answer.status, wrong.status);
        assert.equal(answer.json.detail, wrong.json.detail);
    });

    test('no record holds a password, a seed or a code', async () => {
        const feed = JSON.stringify(await (await server.auditor()).feed());
        assert.ok(!feed.includes(ana.password));
        assert.ok(!feed.includes(ana.secret));
    });

    answersFit(test, () => server);
});
