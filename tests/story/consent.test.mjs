// "It switched itself on": a staff member, a support agent, a promotion's link, a stolen session
// cookie and a leaked API key all try to activate a plan of 12,500 roubles a month. None can; every
// try is in the owner's activity. Then the owner signs, once, whatever comes twice.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { eventually, run, startServer, temporaryFolder } from './harness.mjs';
import { Authenticator, FLAGS } from './support/authenticator.mjs';
import { canonical, checkBundle } from './support/bundle.mjs';
import { Person } from './support/person.mjs';
import { PLAN, propose, publish } from './support/services.mjs';
import { MailServer } from './support/smtp.mjs';

const ACT = 'service.activated';
const ENGLISH = { language: 'en' };
const activate = (subscription) => `/v1/subscriptions/${subscription}/activate`;

const problem = (answer, status, code) => {
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.json.code, code, answer.text);
    return answer.json;
};

// The server with an organisation of two owners and a member of staff, and support of the
// marketplace's that the owner let in.
async function open(settings = {}) {
    const mails = await new MailServer().open();
    const server = await startServer({ settings: {
        'mail.server': mails.url, 'mail.tls': 'off', 'mail.time_scale': '0.001', ...settings } });
    const org = await server.organisation('Nordlicht Lamps');
    const ana = await new Person(server, 'Ana Lima').enrol(await server.invitation(org));
    const invite = async (by, name, body) => new Person(server, name).enrol(
        (await by.act('/v1/invitations', { name, ...body })).invitation);
    const olga = await invite(ana, 'Olga', { role: 'owner' });
    const ben = await invite(ana, 'Ben', { role: 'staff', permissions: 'services orders' });
    const chief = await new Person(server, 'Chief').enrol(await server.invitation(null));
    const sam = await invite(chief, 'Sam', { role: 'staff', permissions: 'support' });
    sam.for = org;
    return { mails, server, org, ana, olga, ben, sam, shop: await server.shop(),
        app: await server.seller('', org), operator: server.operator() };
}

describe('a plan that nobody switched on', () => {
    let world, service, subscription;
    before(async () => {
        world = await open();
        service = await publish(world.operator);
        const { shop, org } = world;
        subscription = await propose(shop, service, { org, via: 'promotion winter' });
    });
    after(async () => {
        await world?.server.stop();
        await world?.mails.close();
    });

    // The newest try in the owner's activity.
    async function newest() {
        const { activity } = await world.ana.read(`/v1/activity?type=${ACT}&limit=1`);
        return activity[0];
    }

    async function refused(answer, status, code) {
        const { act } = problem(answer, status, code);
        const entry = await newest();
        assert.equal(entry.act, act);
        assert.equal(entry.outcome, 'refused');
        assert.equal(entry.problem.code, code);
        assert.equal(entry.where.address, '127.0.0.1');
        const row = await world.ana.read(`/v1/subscriptions/${subscription}`);
        assert.equal(row.state, 'proposed');
        return entry;
    }

    test('not by a member of staff, with a signature of their own', async () => {
        const { ben } = world;
        const entry = await refused(await ben.trySign(activate(subscription), ACT, ENGLISH,
            subscription), 403, 'owner-required');
        assert.equal(entry.who.person, ben.id);
        assert.equal(entry.who.name, 'Ben');
        assert.equal(entry.where.device, 'Test browser');
    });

    test('not by support, let in or not', async () => {
        const { sam, ana, org } = world;
        const before = await refused(await sam.post(activate(subscription), ENGLISH), 403,
            'support-not-let-in');
        assert.equal(before.who.role, 'support');
        assert.equal(before.who.person, sam.id);
        const { code } = await ana.act('/v1/support/codes', {});
        await sam.act('/v1/support/contacts', { org, code, name: 'Sam of support' });
        const entry = await refused(await sam.post(activate(subscription), ENGLISH), 403,
            'signature-required');
        assert.equal(entry.who.name, 'Sam of support');
        assert.equal(entry.who.on_behalf_of, org);
    });

    test('not by a promotion: the shop, or its link in the owner\'s own browser', async () => {
        const { shop, ana } = world;
        const entry = await refused(await shop.post(activate(subscription), ENGLISH), 403,
            'signature-required');
        assert.equal(entry.who.role, 'shop');
        ana.steps = 'promotion/winter accept';
        const clicked = await refused(await ana.post(activate(subscription), ENGLISH), 403,
            'signature-required');
        ana.steps = null;
        assert.equal(clicked.who.person, ana.id);
        assert.deepEqual(clicked.steps, [{ control: 'accept', page: 'promotion/winter' }]);
        const foreign = await ana.post(activate(subscription), ENGLISH,
            { Origin: 'https://promotion.example', 'Sec-Fetch-Site': 'cross-site' });
        problem(foreign, 403, 'cross-site');
    });

    test('not with a stolen session cookie', async () => {
        const { ana, server } = world;
        const thief = new Person(server, 'Thief');
        thief.cookies = new Map(ana.cookies);
        thief.agentName = 'curl/8';
        const entry = await refused(await thief.post(activate(subscription), ENGLISH), 403,
            'signature-required');
        assert.equal(entry.who.person, ana.id);
        assert.equal(entry.where.device, 'curl/8');
        thief.authenticator.create({ challenge: 'AAAA', rp: { id: 'localhost' },
            user: { id: 'AAAA' } });
        const terms = await thief.terms(ACT, ENGLISH, subscription);
        const signature = { nonce: terms.nonce, terms: terms.terms,
            ...thief.assertion(terms, {}) };
        await refused(await thief.post(activate(subscription), { ...ENGLISH, signature }), 403,
            'signature-invalid');
    });

    test('not with a leaked API key', async () => {
        const entry = await refused(await world.app.post(activate(subscription), ENGLISH), 403,
            'signature-required');
        assert.equal(entry.who.role, 'seller');
        assert.match(entry.who.key, /^key_/);
    });

    test('not by an owner whose signature does not hold', async () => {
        const { ana, olga } = world;
        const lies = [
            { flags: (flags) => flags & ~FLAGS.UP },
            { flags: (flags) => flags & ~FLAGS.UV },
            { client: (client) => ({ ...client, origin: 'https://evil.example' }) },
            { signature: (bytes) => Buffer.concat([bytes.subarray(0, -1),
                Buffer.from([bytes.at(-1) ^ 1])]) },
        ];
        for (const lie of lies) {
            await refused(await ana.trySign(activate(subscription), ACT, ENGLISH, subscription,
                lie), 403, 'signature-invalid');
        }
        const terms = await ana.terms(ACT, ENGLISH, subscription);
        const other = await olga.terms(ACT, ENGLISH, subscription);
        await refused(await ana.post(activate(subscription),
            { ...ENGLISH, signature: olga.signature(other) }), 403, 'signature-invalid');
        const cheaper = terms.terms.replace('1250000', '1000000');
        assert.notEqual(cheaper, terms.terms);
        await refused(await ana.post(activate(subscription), { ...ENGLISH,
            signature: { ...ana.signature(terms), terms: cheaper } }), 409, 'terms-changed');
    });

    test('not over a price that has changed in between; the difference is told', async () => {
        const { ana, operator } = world;
        const terms = await ana.terms(ACT, ENGLISH, subscription);
        await operator.act(`/v1/services/${service}/change`,
            { ...PLAN, price: { amount: 1490000, currency: 'RUB' } });
        const answer = await ana.post(activate(subscription),
            { ...ENGLISH, signature: ana.signature(terms) });
        await refused(answer, 409, 'terms-changed');
        assert.deepEqual(answer.json.difference.find(({ name }) => name === 'terms/price_minor'),
            { is: 1490000, name: 'terms/price_minor', was: 1250000 });
        await operator.act(`/v1/services/${service}/change`, PLAN);
    });

    test('by an owner\'s signature, once', async () => {
        const { ana, olga, mails } = world;
        const terms = await ana.terms(ACT, ENGLISH, subscription);
        const body = { ...ENGLISH, signature: ana.signature(terms) };
        ana.steps = 'services/list open, services/consent sign';
        const { act } = await ana.act(activate(subscription), body);
        ana.steps = null;
        problem(await ana.post(activate(subscription), body), 403, 'signature-used');
        problem(await olga.trySign(activate(subscription), ACT, ENGLISH, subscription), 409,
            'already-done');
        const row = await olga.read(`/v1/subscriptions/${subscription}`);
        assert.equal(row.state, 'active');
        assert.equal(row.consent.act, act);
        assert.equal(row.consent.by, ana.id);
        assert.match(row.consent.words, /^12,500\.00 RUB a month for "Front page"/);
        const entries = await eventually('it is charged', async () => {
            const found = await ana.list('/v1/ledger', 'entries');
            return found.length > 0 && found;
        });
        assert.equal(entries.length, 1);
        assert.equal(entries[0].consent, act);
        assert.equal(entries[0].total.amount, 1250000);
        const told = () => mails.taken.filter(({ text }) =>
            /^Subject: A paid service was signed and runs now/m.test(text));
        await eventually('both owners and Ben have a mail', () => told().length === 3);
        assert.deepEqual(told().flatMap(({ to }) => to).sort(),
            ['ana.lima@example.org', 'ben@example.org', 'olga@example.org']);
        const { activity } = await olga.read(`/v1/activity?type=${ACT}&outcome=accepted`);
        assert.equal(activity.length, 1);
        assert.equal(activity[0].signed, 'passkey');
        assert.equal(activity[0].who.name, 'Ana Lima');
        assert.equal(activity[0].who.authenticator.name, 'Phone');
        assert.equal(activity[0].steps.length, 2);
        assert.deepEqual(activity[0].changes.find(({ column }) => column === 'state'),
            { column: 'state', from: 'proposed', table: 'subscriptions', to: 'active' });
    });

    test('with evidence whose signature is checked again offline', async () => {
        const { ana, server } = world;
        const bundle = await ana.get(`/v1/subscriptions/${subscription}/evidence`);
        const file = path.join(temporaryFolder(), 'bundle.json');
        writeFileSync(file, bundle.bytes);
        const vkey = (await server.anonymous.read('/v1/state')).log.vkey;
        const told = await run(['verify', file, '--log-key', vkey]);
        assert.equal(told.status, 0, told.stderr);
        assert.match(told.stdout, new RegExp('signed by the passkey atn_[0-9a-z]{26}, registered ' +
            'on .* UTC, over: 12,500\\.00 RUB a month for "Front page"'));
        assert.match(told.stdout, /checked again: the signature fits these terms, its key is the/);
        // What proves the key is the act by which the organisation learned of it, and no other.
        const read = checkBundle(bundle.text, vkey);
        assert.deepEqual(read.registrations.map(({ record }) => record.type),
            ['authenticator.copied']);
        const [{ record, index }] = read.registrations;
        assert.equal(record.body.person, ana.id);
        assert.match(told.stdout, new RegExp(`its key is the one in entry ${index} of the log`));
    });

    test('and without what registered the passkey it does not fit', async () => {
        const { ana, operator, server } = world;
        const vkey = (await server.anonymous.read('/v1/state')).log.vkey;
        const file = path.join(temporaryFolder(), 'bundle.json');
        const told = async (text) => {
            writeFileSync(file, text);
            return run(['verify', file, '--log-key', vkey]);
        };
        const { text } = await ana.get(`/v1/subscriptions/${subscription}/evidence`);
        const { registrations, ...without } = JSON.parse(text);
        const missing = await told(canonical(without));
        assert.equal(missing.status, 1);
        assert.match(missing.stderr, /act that registered its authenticator is missing/);
        registrations[0].record.body.public_key = 'pQECAyYgASFYIA';
        const forged = await told(canonical({ ...without, registrations }));
        assert.equal(forged.status, 1);
        assert.match(forged.stderr, /registration 1: /);
        // Who may read people's own accounts has the act there, too.
        const whole = await operator.get(`/v1/subscriptions/${subscription}/evidence`);
        assert.deepEqual(JSON.parse(whole.text).registrations.map(({ record }) => record.type),
            ['authenticator.registered', 'authenticator.copied']);
        assert.equal((await told(whole.text)).status, 0);
    });

    test('and it is withdrawn in two steps, by support for the owner, with a refund', async () => {
        const { ana, sam } = world;
        problem(await sam.post(`/v1/subscriptions/${subscription}/withdraw/confirm`, {}), 409,
            'withdrawal-not-begun');
        await sam.act(`/v1/subscriptions/${subscription}/withdraw`, {});
        await sam.act(`/v1/subscriptions/${subscription}/withdraw/confirm`,
            { reason: 'Ana called' });
        assert.equal((await ana.read(`/v1/subscriptions/${subscription}`)).state, 'withdrawn');
        await eventually('it is refunded', async () => {
            const entries = await ana.list('/v1/ledger', 'entries');
            return entries.map(({ kind }) => kind).join() === 'charge,refund';
        });
        const { activity } = await ana.read('/v1/activity?type=service.withdrawn');
        assert.equal(activity[0].who.name, 'Sam of support');
        assert.equal(activity[0].reason, 'Ana called');
    });
});

describe('two devices at the same instant', () => {
    test('a hundred times: one activation, one charge, one notice', async () => {
        const world = await open({ 'http.connections': '256' });
        const { server, org, ana, olga, shop, operator, mails } = world;
        try {
            const subscriptions = [];
            for (let i = 0; i < 100; i++) {
                const service = await publish(operator, { name: `Plan ${i}` });
                const subscription = await propose(shop, service, { org });
                subscriptions.push(subscription);
                const answers = await Promise.all([ana, olga].map((owner) =>
                    owner.trySign(activate(subscription), ACT, ENGLISH, subscription)));
                assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409]);
                problem(answers.find(({ status }) => status === 409), 409, 'already-done');
            }
            await eventually('all are charged', async () =>
                (await ana.list('/v1/ledger', 'entries')).length >= 100);
            const entries = await ana.list('/v1/ledger', 'entries');
            assert.deepEqual(entries.map(({ subscription }) => subscription).sort(),
                [...subscriptions].sort());
            assert.equal(new Set(entries.map(({ consent }) => consent)).size, 100);
            const notices = () => mails.taken.filter(({ text }) =>
                /^Subject: A paid service was signed/m.test(text));
            await eventually('each owner has one mail for each', () => notices().length >= 300);
            const toAna = notices().filter(({ to }) => to[0] === 'ana.lima@example.org');
            assert.equal(toAna.length, 100);
            const about = toAna.map(({ text }) => /sub_[0-9a-z]{26}/.exec(
                text.replaceAll('=\r\n', ''))[0]);
            assert.equal(new Set(about).size, 100);
        } finally {
            await server.stop();
            await mails.close();
        }
    });
});
