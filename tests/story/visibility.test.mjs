// What an organisation was charged is for those of its members who have the permission `money`, on
// each way out: ledger, feed, event stream, timeline, evidence, activity. Its webhooks and keys are
// its own.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Receiver, eventually, openStream, run, startServer, subscribe, temporaryFolder }
    from './harness.mjs';
import { Person } from './support/person.mjs';
import { propose, publish } from './support/services.mjs';

const MONEY = ['service.charged', 'service.refunded'];

describe('what was charged', () => {
    let server, org, ana, moe, ben, pia, sam, key, receiver, streams, subscription;
    before(async () => {
        server = await startServer();
        org = await server.organisation('Nordlicht Lamps');
        ana = await new Person(server, 'Ana').enrol(await server.invitation(org));
        const invite = async (by, name, permissions) => new Person(server, name).enrol(
            (await by.act('/v1/invitations', { name, role: 'staff', permissions })).invitation);
        moe = await invite(ana, 'Moe', 'money');
        ben = await invite(ana, 'Ben', 'services orders');
        pia = await invite(ana, 'Pia', 'people');
        const chief = await new Person(server, 'Chief').enrol(await server.invitation(null));
        sam = await invite(chief, 'Sam', 'support');
        sam.for = org;
        const { code } = await ana.act('/v1/support/codes', {});
        await sam.act('/v1/support/contacts', { org, code, name: 'Sam of support' });
        key = await server.seller('', org);
        receiver = await new Receiver().open();
        await subscribe(key, receiver);
        streams = { moe: await openStream(moe, { after: 0 }),
            ben: await openStream(ben, { after: 0 }) };

        const service = await publish(server.operator());
        subscription = await propose(await server.shop(), service, { org });
        await ana.sign(`/v1/subscriptions/${subscription}/activate`, 'service.activated',
            { language: 'en' }, subscription);
        await eventually('it is charged', async () =>
            (await ana.list('/v1/ledger', 'entries')).length === 1);
        await ben.act(`/v1/subscriptions/${subscription}/withdraw`, {});
        await ben.act(`/v1/subscriptions/${subscription}/withdraw/confirm`, {});
        // The ledger has it at once, the log a moment later, as a database may take its time.
        await eventually('the log has that it is refunded', async () =>
            moneyIn((await evidence(ana)).json.acts.map(({ record }) => record)).length === 2);
    });
    after(async () => {
        for (const stream of Object.values(streams ?? {})) stream.close();
        await receiver?.close();
        await server?.stop();
    });

    const moneyIn = (acts) => acts.map(({ type }) => type).filter((type) => MONEY.includes(type));
    const feed = async (client) =>
        (await client.read('/v1/feed?limit=500')).events.map(({ act }) => act);
    const timeline = async (client) =>
        (await client.read(`/v1/subscriptions/${subscription}/acts`)).acts;
    const evidence = (client) => client.get(`/v1/subscriptions/${subscription}/evidence`);

    test('is in the feed, timeline and evidence of who may, and of support', async () => {
        for (const client of [ana, moe, key]) {
            assert.deepEqual(moneyIn(await feed(client)), MONEY);
            assert.deepEqual(moneyIn(await timeline(client)), MONEY);
            const { acts } = (await evidence(client)).json;
            assert.deepEqual(moneyIn(acts.map(({ record }) => record)), MONEY);
        }
        assert.deepEqual(moneyIn(await feed(sam)), MONEY);
    });

    test('and in nobody else\'s, who see all the rest', async () => {
        const whole = await feed(ana);
        const open = whole.filter(({ type }) => !MONEY.includes(type)).map(({ id }) => id);
        for (const client of [ben, pia]) {
            assert.equal((await client.get('/v1/ledger')).status, 403, client.name);
            assert.deepEqual(moneyIn(await feed(client)), []);
            assert.deepEqual(moneyIn(await timeline(client)), []);
            const { acts } = (await evidence(client)).json;
            assert.deepEqual(moneyIn(acts.map(({ record }) => record)), []);
        }
        const seen = await feed(ben);
        assert.deepEqual(seen.slice(0, open.length).map(({ id }) => id), open);
        for (const { type } of seen.slice(open.length)) // what may have come since
            assert.equal(type, 'receipt.delivered');
    });

    test('nor is a bundle without it any worse', async () => {
        const file = path.join(temporaryFolder(), 'bundle.json');
        const vkey = (await server.anonymous.read('/v1/state')).log.vkey;
        writeFileSync(file, (await evidence(ben)).bytes);
        const told = await run(['verify', file, '--log-key', vkey]);
        assert.equal(told.status, 0, told.stderr);
        assert.doesNotMatch(told.stdout, /for period/);
    });

    test('nor on the event stream, from the moment when it is taken away', async () => {
        const seen = (stream) => moneyIn(stream.events.map(({ json }) => json.act));
        await streams.moe.find(({ type }) => type === 'service.refunded');
        await streams.ben.find(({ type }) => type === 'service.withdrawn');
        await ana.act(`/v1/members/${await memberOf(moe)}/change`,
            { role: 'staff', permissions: 'orders' });
        await ana.act(`/v1/members/${await memberOf(ben)}/change`,
            { role: 'staff', permissions: 'money' });
        const service = await publish(server.operator(), { name: 'Second page' });
        const second = await propose(await server.shop(), service, { org });
        await ana.sign(`/v1/subscriptions/${second}/activate`, 'service.activated',
            { language: 'en' }, second);
        await streams.ben.find(({ type, subject }) =>
            type === 'service.charged' && subject === second);
        await key.act(`/v1/subscriptions/${second}/cancel`, {});
        await streams.moe.find(({ type }) => type === 'service.canceled');
        assert.deepEqual(seen(streams.moe), MONEY);
        assert.deepEqual(seen(streams.ben), ['service.charged']);
    });

    test('nor in the activity of who only sees to people', async () => {
        const activity = async (client, query) =>
            (await client.read(`/v1/activity?limit=500&${query}`)).activity;
        assert.deepEqual(moneyIn(await activity(pia, 'type=service.')), []);
        assert.deepEqual(await activity(pia, 'q=for%20period'), []);
        assert.ok(moneyIn(await activity(ana, 'type=service.')).includes('service.charged'));
        const csv = await pia.get('/v1/activity?format=csv');
        assert.doesNotMatch(csv.text, /service\.charged/);
        assert.match(csv.text, /service\.activated/);
    });

    test('and whoever was told of it, the receipt says of what', async () => {
        const receipts = (await feed(ana)).filter(({ type }) => type === 'receipt.delivered');
        assert.ok(receipts.some(({ subject }) => subject === subscription));
        assert.ok(receipts.every(({ subject }) => subject.startsWith('sub_')));
        const { acts, subject } = (await evidence(ana)).json;
        assert.equal(subject, subscription);
        assert.ok(acts.some(({ record }) => record.type === 'receipt.delivered'));
    });

    test('and the organisation\'s webhooks have it', async () => {
        await eventually('both events came', () =>
            MONEY.every((type) => receiver.deliveries.some(({ act }) => act?.type === type)));
    });

    async function memberOf(person) {
        const members = await ana.list('/v1/members', 'members');
        return members.find(({ person: id }) => id === person.id).id;
    }
});
