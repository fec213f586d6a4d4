// Webhooks by the Standard Webhooks specification: schedule, signature, visible attempts, replay,
// and addresses that are refused.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
    Receiver, answersFit, eventually, markSeen, placeOrder, requestCancel, ship, startMarketplace,
    subscribe,
} from './harness.mjs';

describe('webhooks', () => {
    let server, shop, seller, buyer;
    const receivers = [];

    before(async () => {
        ({ server, shop, seller, buyer } = await startMarketplace());
    });
    after(async () => {
        for (const receiver of receivers) await receiver.close();
        await server?.stop();
    });

    // A seller of its own with one endpoint, so that the tests do not hear each other.
    async function listen(answer, body) {
        const receiver = await new Receiver(answer).open();
        receivers.push(receiver);
        const client = await server.seller('Listener');
        const endpoint = await subscribe(client, receiver, body);
        return { receiver, client, endpoint };
    }

    const deliveries = (client, endpoint) =>
        client.list(`/v1/endpoints/${endpoint.subject}/deliveries`, 'deliveries');

    const deliveryOf = (client, endpoint, act, state) =>
        eventually(`the delivery of ${act} is ${state}`, async () =>
            (await deliveries(client, endpoint)).find((row) =>
                row.act === act && row.state === state));

    test('a secret is shown once, in the form of the specification', async () => {
        const { client, endpoint } = await listen(204);
        assert.match(endpoint.secret, /^whsec_[A-Za-z0-9+/]+=*$/);
        const bytes = Buffer.from(endpoint.secret.slice(6), 'base64').length;
        assert.ok(bytes >= 24 && bytes <= 64);
        const rows = await client.list('/v1/endpoints', 'endpoints');
        assert.equal(rows.length, 1);
        assert.ok(!JSON.stringify(rows).includes('whsec_'));
        assert.ok(!JSON.stringify(await client.feed()).includes('whsec_'));
    });

    test('failures are tried again with the same id and a signature of their own', async () => {
        const { receiver, client, endpoint } = await listen((delivery, { deliveries: all }) =>
            all.filter(({ id }) => id === delivery.id).length < 4 ? 500 : 204);
        const order = await placeOrder(shop, client, buyer);
        const act = (await client.feed()).find((event) => event.act.subject === order).act.id;
        const row = await deliveryOf(client, endpoint, act, 'delivered');
        const tried = receiver.deliveries.filter(({ id }) => id === act);
        assert.equal(tried.length, 4);
        for (const { valid, text, headers } of tried) {
            assert.equal(valid, true);
            assert.equal(text, tried[0].text, 'the body is the same at each attempt');
            assert.match(headers['webhook-timestamp'], /^\d+$/);
            assert.match(headers['content-type'], /^application\/json/);
            assert.ok(Buffer.byteLength(text) < 20_000);
        }
        assert.deepEqual(row.attempts.map(({ status }) => status), [500, 500, 500, 204]);
        assert.ok(row.attempts.every(({ at, ms }) => Date.parse(at) && ms >= 0));
    });

    test('an organisation whose endpoints never answer does not hold up another', async () => {
        const { receiver, client } = await listen(null);
        for (let i = 0; i < 9; i++) await subscribe(client, receiver);
        for (let i = 0; i < 10; i++) await placeOrder(shop, client, buyer);
        await eventually('its share is under way', () => receiver.deliveries.length >= 8);
        const other = await listen(204);
        const order = await placeOrder(shop, other.client, buyer);
        await other.receiver.find(({ act }) => act.subject === order);
        assert.equal(receiver.mostWaiting, 8);
    });

    test('a body that was changed does not verify', async () => {
        const { receiver, client } = await listen(204);
        await placeOrder(shop, client, buyer);
        const delivery = await receiver.find(({ act }) => act.type === 'order.created');
        assert.equal(receiver.verify(delivery), true);
        const changed = delivery.text.replace('order.created', 'order.creater');
        assert.notEqual(changed, delivery.text);
        assert.equal(receiver.verify({ ...delivery, text: changed }), false);
        for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
            const headers = { ...delivery.headers };
            headers[name] = headers[name].replace(/[0-9]/, (digit) => (Number(digit) + 1) % 10);
            assert.notEqual(headers[name], delivery.headers[name]);
            assert.equal(receiver.verify({ ...delivery, headers }), false, name);
        }
    });

    test('an object that fails does not hold up the others', async () => {
        let stuck = null;
        const { receiver, client } = await listen((delivery) =>
            delivery.act.subject === stuck ? 500 : 204);
        stuck = await placeOrder(shop, client, buyer);
        await eventually('the first failure', () =>
            receiver.deliveries.some(({ answered }) => answered === 500));
        const fine = await placeOrder(shop, client, buyer);
        await receiver.find(({ act, answered }) => act.subject === fine && answered === 204);
        assert.ok(!receiver.deliveries.some(({ act, answered }) =>
            act.subject === stuck && answered === 204));
    });

    test('nor do the others use up its schedule', async () => {
        let stuck = null;
        const { receiver, client, endpoint } = await listen((delivery) =>
            delivery.act.subject === stuck ? 500 : 204);
        stuck = await placeOrder(shop, client, buyer);
        for (let i = 0; i < 30; i++) {
            const fine = await placeOrder(shop, client, buyer);
            await receiver.find(({ act, answered }) => act.subject === fine && answered === 204);
        }
        const row = (await deliveries(client, endpoint)).find(({ attempts }) =>
            attempts?.some(({ status }) => status === 500));
        assert.equal(row.state, 'pending');
        // 5 s, 5 min, 30 min and 2 h, a thousandth of each. One retry may come early, because
        // somebody answers there again.
        const times = row.attempts.map(({ at }) => Date.parse(at));
        const early = [5, 300, 1800, 7200].filter((ms, i) => times[i + 1] - times[i] < ms - 1);
        assert.ok(early.length <= 1, JSON.stringify(row.attempts));
        assert.ok(times.length <= 6, `${times.length} tries`);
    });

    test('Retry-After is honoured', async () => {
        const { client, endpoint } = await listen(() =>
            ({ status: 503, headers: { 'Retry-After': '3600' } }));
        await placeOrder(shop, client, buyer);
        const row = await eventually('an attempt', async () =>
            (await deliveries(client, endpoint)).find(({ attempts }) => attempts?.length > 0));
        const wait = Date.parse(row.next_at) - Date.parse(row.attempts[0].at);
        assert.ok(wait >= 3_600_000 - 1000, `${wait} ms`);
    });

    test('one that never answers is given up, and holds up nobody else', async () => {
        const silent = await listen(null);
        const order = await placeOrder(shop, silent.client, buyer);
        await silent.receiver.find(({ act }) => act.subject === order);
        const other = await listen(204);
        const fine = await placeOrder(shop, other.client, buyer);
        await other.receiver.find(({ act }) => act.subject === fine);
        const row = await eventually('the attempt ends', async () =>
            (await deliveries(silent.client, silent.endpoint)).find(({ attempts }) =>
                attempts?.length > 0));
        assert.ok(!row.attempts[0].status);
        assert.ok(row.attempts[0].error);
    });

    test('what a flaky receiver accepts is in order for each object, and complete', async () => {
        let calls = 0;
        const { receiver, client } = await listen(() => (++calls % 3 === 0 ? 500 : 204));
        const orders = [];
        for (let i = 0; i < 12; i++) {
            const order = await placeOrder(shop, client, buyer);
            const request = await requestCancel(buyer, order);
            await markSeen(client, order, request);
            await ship(client, order);
            orders.push(order);
        }
        const expected = (await client.feed()).map(({ act }) => act)
            .filter(({ type }) => type.startsWith('order.'));
        const accepted = () => receiver.deliveries.filter(({ act, answered }) =>
            answered === 204 && act.type.startsWith('order.')).map(({ act }) => act);
        await eventually('all are accepted', () => accepted().length >= expected.length);
        for (const order of orders) {
            const of = (acts) => acts.filter(({ subject }) => subject === order)
                .map(({ seq }) => seq);
            assert.deepEqual(of(accepted()), of(expected));
        }
    });

    test('a redirect is a failure and is not followed', async () => {
        const elsewhere = await new Receiver(204).open();
        receivers.push(elsewhere);
        const { receiver, client } = await listen(() =>
            ({ status: 302, headers: { Location: elsewhere.url } }));
        await placeOrder(shop, client, buyer);
        await eventually('a second attempt', () =>
            receiver.deliveries.filter(({ act }) => act.type === 'order.created').length >= 2);
        assert.equal(elsewhere.deliveries.length, 0);
    });

    test('410 disables the endpoint', async () => {
        const { receiver, client, endpoint } = await listen(410);
        await placeOrder(shop, client, buyer);
        const row = await eventually('the endpoint is disabled', async () =>
            (await client.list('/v1/endpoints', 'endpoints')).find(({ id, disabled_at: at }) =>
                id === endpoint.subject && at));
        assert.ok(row.disabled_reason);
        const count = receiver.deliveries.length;
        const other = await listen(204);
        await placeOrder(shop, client, buyer);
        await placeOrder(shop, other.client, buyer);
        await other.receiver.find(({ act }) => act.type === 'order.created');
        assert.equal(receiver.deliveries.length, count);
    });

    test('a removed endpoint hears nothing more', async () => {
        const { receiver, client, endpoint } = await listen(204);
        await placeOrder(shop, client, buyer);
        await receiver.find(({ act }) => act.type === 'order.created');
        await client.act(`/v1/endpoints/${endpoint.subject}/remove`, {});
        const count = receiver.ofType('order.created').length;
        const other = await listen(204);
        await placeOrder(shop, client, buyer);
        await placeOrder(shop, other.client, buyer);
        await other.receiver.find(({ act }) => act.type === 'order.created');
        assert.equal(receiver.ofType('order.created').length, count);
    });

    test('what was pending when an endpoint was removed has failed, and says why', async () => {
        const { client, endpoint } = await listen(500);
        await placeOrder(shop, client, buyer);
        await eventually('an attempt', async () =>
            (await deliveries(client, endpoint)).some(({ attempts }) => attempts?.length > 0));
        await client.act(`/v1/endpoints/${endpoint.subject}/remove`, {});
        await eventually('nothing is pending', async () => {
            const rows = await deliveries(client, endpoint);
            return rows.length > 0 && rows.every(({ state, next_at: nextAt, attempts }) =>
                state === 'failed' && nextAt === null && /removed/.test(attempts.at(-1).error));
        });
    });

    test('an endpoint may want some types only', async () => {
        const { receiver, client } = await listen(204,
            { events: [{ type: 'order.cancel_requested' }] });
        const order = await placeOrder(shop, client, buyer);
        await requestCancel(buyer, order);
        await receiver.find(({ act }) => act.type === 'order.cancel_requested');
        assert.deepEqual([...new Set(receiver.deliveries.map(({ act }) => act.type))],
            ['order.cancel_requested']);
    });

    test('what was delivered while the receiver was dead comes when it is back', async () => {
        const { receiver, client } = await listen(204);
        await receiver.close();
        const order = await placeOrder(shop, client, buyer);
        await server.kill();
        await server.start();
        await receiver.open();
        await receiver.find(({ act }) => act.subject === order);
    });

    test('one or a range can be replayed', async () => {
        const { receiver, client, endpoint } = await listen(204);
        for (let i = 0; i < 4; i++) await placeOrder(shop, client, buyer);
        const created = (await client.feed()).filter(({ act }) => act.type === 'order.created');
        assert.equal(created.length, 4);
        await eventually('all four', () => receiver.ofType('order.created').length === 4);
        receiver.deliveries.length = 0;
        const replay = (after, through) => client.post(
            `/v1/endpoints/${endpoint.subject}/replay`, { after, through });
        const one = await replay(created[1].position - 1, created[1].position);
        assert.ok([200, 202].includes(one.status), one.text);
        await receiver.find(({ id }) => id === created[1].act.id);
        receiver.deliveries.length = 0;
        await replay(created[0].position - 1, created[3].position);
        await eventually('the range again', () =>
            new Set(receiver.ofType('order.created').map(({ id }) => id)).size === 4);
        for (const body of [{}, { after: 5, through: 3 }, { after: -1, through: 2 },
            { after: 'x', through: 2 }]) {
            const answer = await client.post(`/v1/endpoints/${endpoint.subject}/replay`, body);
            assert.equal(answer.status, 422, JSON.stringify(body) + answer.text);
        }
    });

    test('an organisation has a limited number of endpoints in use', async () => {
        const url = 'http://127.0.0.1:9/';
        const client = await server.seller('Collector');
        const add = (key) => client.act('/v1/endpoints', { url }, { 'Idempotency-Key': key });
        const made = [];
        for (let i = 1; i <= 20; i++) made.push(await add(`endpoint-${i}`));
        const refused = await client.post('/v1/endpoints', { url });
        assert.equal(refused.status, 409, refused.text);
        assert.equal(refused.json.code, 'too-many-endpoints');
        assert.match(refused.json.detail, /20/);
        assert.match(refused.json.remedy, /remove/i);
        assert.deepEqual(await add('endpoint-20'), made[19], 'an answer that was lost');
        await (await server.seller('Neighbour')).act('/v1/endpoints', { url });
        await client.act(`/v1/endpoints/${made[0].subject}/remove`, {});
        await add('endpoint-21');
        assert.equal((await client.post('/v1/endpoints', { url })).status, 409);
        assert.equal((await client.list('/v1/endpoints', 'endpoints')).length, 20);
    });

    test('endpoints of others are not there', async () => {
        const { endpoint } = await listen(204);
        for (const [method, path, body] of [
            ['GET', 'deliveries'], ['POST', 'replay', { after: 0, through: 1 }],
            ['POST', 'remove', {}],
        ]) {
            const answer = await seller.send(method, `/v1/endpoints/${endpoint.subject}/${path}`,
                { body });
            assert.equal(answer.status, 404, `${path}: ${answer.text}`);
        }
    });

    answersFit(test, () => server);
});

describe('webhooks to where they must not go', () => {
    let server, shop, seller, buyer;
    const receiver = new Receiver();

    before(async () => {
        ({ server, shop, seller, buyer } =
            await startMarketplace({ settings: { 'webhook.allow_private': 'off' } }));
        await receiver.open();
    });
    after(async () => {
        await receiver.close();
        await server?.stop();
    });

    test('addresses that are none, or not of the web, are refused', async () => {
        for (const url of ['', 'nonsense', 'ftp://example.com/', 'file:///etc/passwd',
            'http://', 'https://user:secret@example.com/', 'gopher://example.com/', '//example.com',
            'https://exa mple.com/', 'https://example.com/\r\nX: y', 'javascript:alert(1)',
            `https://example.com/${'x'.repeat(5000)}`]) {
            const answer = await seller.post('/v1/endpoints', { url });
            assert.equal(answer.status, 422, `${url}: ${answer.text}`);
        }
    });

    test('nothing goes without TLS, to an endpoint of before neither', async () => {
        const refused = await seller.post('/v1/endpoints', { url: 'http://example.com/hooks' });
        assert.equal(refused.status, 422);
        assert.equal(refused.json.code, 'address-refused');
        await server.restart({ 'webhook.allow_private': 'on' });
        const endpoint = (await seller.act('/v1/endpoints',
            { url: 'http://203.0.113.9/hooks' })).subject;
        await server.restart({ 'webhook.allow_private': 'off' });
        // Its own making may have been tried while it was allowed.
        const order = await placeOrder(shop, seller, buyer);
        const act = (await seller.feed()).find((event) => event.act.subject === order).act.id;
        const tried = await eventually('an attempt', async () =>
            (await seller.list(`/v1/endpoints/${endpoint}/deliveries`, 'deliveries'))
                .find((row) => row.act === act && row.attempts?.length > 0));
        assert.match(tried.attempts[0].error, /protocol/i);
    });

    test('private addresses get no connection, however they are written', async () => {
        const { port } = receiver;
        const urls = ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '127.1',
            '2130706433', '0x7f000001', '0177.0.0.1', '0.0.0.0', '[::]', '169.254.169.254',
            '10.0.0.1', '192.168.1.1', '172.16.0.1', '100.64.0.1', '[fc00::1]', '[fe80::1]',
            '224.0.0.1']
            .flatMap((host) => [`http://${host}:${port}/`, `https://${host}:${port}/`]);
        const accepted = [];
        for (const url of urls) {
            const answer = await seller.post('/v1/endpoints', { url });
            assert.ok([201, 422].includes(answer.status), `${url}: ${answer.text}`);
            if (answer.status === 201) accepted.push(answer.json.subject);
        }
        const order = await placeOrder(shop, seller, buyer);
        const act = (await seller.feed()).find((event) => event.act.subject === order).act.id;
        for (const endpoint of accepted) {
            await eventually('an attempt that was refused', async () => {
                const rows = await seller.list(`/v1/endpoints/${endpoint}/deliveries`,
                    'deliveries');
                return rows.some((row) => row.act === act && row.attempts.length > 0 &&
                    row.attempts.every(({ status }) => !status));
            });
        }
        assert.equal(receiver.deliveries.length, 0);
    });

    answersFit(test, () => server);
});
