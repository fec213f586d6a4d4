// The feed, three ways from the same rows: pulled, streamed, pushed.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
    Receiver, answersFit, eventually, inParallel, markSeen, openStream, placeOrder, requestCancel,
    ship,
    startMarketplace, subscribe,
} from './harness.mjs';

describe('the feed', () => {
    let server, shop, seller, buyer, auditor, endpoint;
    const receiver = new Receiver();
    const orders = [];

    before(async () => {
        ({ server, shop, seller, buyer } = await startMarketplace());
        auditor = await server.auditor();
        await receiver.open();
        endpoint = await subscribe(seller, receiver);
    });
    after(async () => {
        await receiver.close();
        await server?.stop();
    });

    async function story() {
        const order = await placeOrder(shop, seller, buyer);
        const request = await requestCancel(buyer, order);
        await ship(seller, order);
        await markSeen(seller, order, request);
        await ship(seller, order);
        orders.push(order);
        return order;
    }

    // Receipts of what was read still arrive for a moment.
    async function settled(client, after = 0) {
        let before = -1;
        return eventually('the feed settles', async () => {
            const events = await client.feed(after);
            const same = events.length === before;
            before = events.length;
            return same && events;
        }, { every: 400 });
    }

    test('each organisation\'s acts are numbered without gaps, and so are the log\'s entries',
        async () => {
            for (let i = 0; i < 5; i++) await story();
            const events = await settled(auditor);
            assert.deepEqual(events.map(({ log_index: index }) => index),
                events.map((_, index) => index));
            assert.deepEqual(events.map(({ position }) => position),
                events.map((_, index) => index + 1));
            const last = new Map();
            for (const { act } of events) {
                assert.equal(act.seq, (last.get(act.org) ?? 0) + 1, `${act.org} ${act.id}`);
                last.set(act.org, act.seq);
            }
            assert.ok(last.get(seller.org) >= 25);
        });

    test('a seller\'s position is the number of the act', async () => {
        const events = await settled(seller);
        assert.ok(events.length >= 25);
        for (const { position, act } of events) {
            assert.equal(position, act.seq);
            assert.equal(act.org, seller.org);
        }
        assert.ok(events.every(({ position }, i) => i === 0 || position > events[i - 1].position));
    });

    test('pages of any size join to the same feed', async () => {
        const whole = await settled(seller);
        for (const limit of [1, 7, 499]) {
            assert.deepEqual(await seller.feed(0, limit), whole, `pages of ${limit}`);
        }
        const middle = whole[10].position;
        assert.deepEqual(await seller.feed(middle), whole.slice(11));
    });

    test('the stream has the same events as the pull', async () => {
        const pulled = await settled(seller);
        const stream = await openStream(seller, { after: 0 });
        const streamed = await stream.first(pulled.length);
        assert.deepEqual(streamed.map(({ json }) => json), pulled);
        for (const event of streamed) {
            assert.equal(event.id, String(event.json.position));
            assert.equal(event.event, event.json.act.type);
        }
        assert.equal(stream.retry, 2000);
        assert.deepEqual(stream.errors, []);
        assert.match(stream.headers['content-type'], /^text\/event-stream/);
        stream.close();
    });

    test('the webhooks have the same events as the pull', async () => {
        const pulled = (await settled(seller)).filter(({ act }) =>
            act.seq > endpoint.seq && act.type.startsWith('order.'));
        await eventually('all webhooks', () =>
            receiver.deliveries.filter(({ act }) => act.type.startsWith('order.')).length >=
                pulled.length);
        const pushed = receiver.deliveries.map(({ json }) => json.data)
            .filter(({ act }) => act.type.startsWith('order.'))
            .sort((a, b) => a.position - b.position);
        assert.deepEqual(pushed, pulled);
        for (const delivery of receiver.deliveries) {
            assert.equal(delivery.valid, true, 'by npm standardwebhooks');
            assert.equal(delivery.id, delivery.act.id);
            assert.equal(delivery.json.type, delivery.act.type);
            server.contract.checkWebhook(delivery.json);
        }
    });

    test('the events about one object arrive in their order', async () => {
        for (const order of orders) {
            const seqs = receiver.deliveries.filter(({ act }) => act.subject === order)
                .map(({ act }) => act.seq);
            assert.deepEqual(seqs, [...seqs].sort((a, b) => a - b));
        }
    });

    test('Last-Event-ID: a broken stream goes on where it broke', async () => {
        const first = await openStream(seller);
        await story();
        const [event] = await first.first(1);
        first.close();
        await story();
        const rest = (await settled(seller)).filter(({ position }) => position > Number(event.id));
        const second = await openStream(seller, { lastEventId: event.id });
        const resumed = await second.first(rest.length);
        assert.deepEqual(resumed.map(({ json }) => json), rest);
        second.close();
    });

    test('Last-Event-ID: also over a restart of the server', async () => {
        const first = await openStream(buyer, { after: 0 });
        const [, event] = await first.first(2);
        await server.kill();
        await eventually('the stream breaks', () => first.ended);
        await server.start();
        const second = await openStream(buyer, { lastEventId: event.id });
        const rest = (await settled(buyer)).filter(({ position }) => position > Number(event.id));
        assert.deepEqual((await second.first(rest.length)).map(({ json }) => json), rest);
        second.close();
    });

    test('under load from many sides the stream misses nothing and repeats nothing', async () => {
        const second = await server.seller('Second');
        const streams = await Promise.all([
            openStream(auditor), openStream(seller), openStream(second), openStream(shop)]);
        const start = (await server.logState()).size;
        await inParallel(Array.from({ length: 400 }), 64, async (_, i) => {
            const owner = i % 2 ? seller : second;
            const order = await placeOrder(shop, owner, buyer);
            await buyer.post(`/v1/orders/${order}/cancel-requests`, {});
        });
        const all = (await settled(auditor, start)).map(({ act }) => act);
        const mine = (org) => all.filter((act) => act.org === org);
        for (const [stream, acts] of [[streams[0], all], [streams[1], mine(seller.org)],
            [streams[2], mine(second.org)], [streams[3], all]]) {
            await stream.first(acts.length);
            const streamed = stream.events.map(({ json }) => json.act.id);
            assert.deepEqual(streamed, acts.map(({ id }) => id));
            stream.close();
        }
    });

    test('a reader that stops reading loses nothing and holds up nobody', async () => {
        const stream = await openStream(shop);
        stream.response.pause();
        const start = (await server.logState()).size;
        const title = 'x'.repeat(300);
        await inParallel(Array.from({ length: 300 }), 32, () => placeOrder(shop, seller, buyer, {
            items: Array.from({ length: 100 }, () => ({ sku: 'A', title, quantity: 1,
                price: { amount: 1, currency: 'EUR' } })),
        }));
        stream.response.resume();
        const made = (await settled(auditor, start)).map(({ act }) => act.id);
        await stream.first(made.length);
        assert.deepEqual(stream.events.map(({ json }) => json.act.id), made);
        stream.close();
    });

    test('a stream begins with now, and may be of one object', async () => {
        const [one, other] = [await placeOrder(shop, seller, buyer),
            await placeOrder(shop, seller, buyer)];
        const stream = await openStream(seller, { subject: one });
        await requestCancel(buyer, other);
        await requestCancel(buyer, one);
        await stream.find(({ type }) => type === 'order.cancel_requested');
        assert.ok(stream.events.every(({ json }) => json.act.subject === one));
        assert.ok(!stream.events.some(({ json }) => json.act.type === 'order.created'));
        stream.close();
    });

    test('a buyer sees what concerns them and nothing else', async () => {
        const other = await server.buyer('b-99');
        const order = await placeOrder(shop, seller, other);
        const events = await settled(other);
        assert.ok(events.length > 0);
        assert.ok(events.every(({ act }) => act.subject === order));
        assert.ok(!(await settled(buyer)).some(({ act }) => act.subject === order));
    });

    test('an organisation sees its own acts only', async () => {
        const stranger = await server.seller('Elsewhere');
        const mine = await placeOrder(shop, stranger, buyer);
        const events = await settled(stranger);
        assert.ok(events.some(({ act }) => act.subject === mine));
        assert.ok(events.every(({ act }) => act.org === stranger.org));
    });

    test('positions that are none are refused', async () => {
        for (const query of ['after=-1', 'after=x', 'after=1.5', 'after=99999999999999999999',
            'limit=0', 'limit=-3', 'limit=x', 'before=3', 'after=1&after=2', 'after=']) {
            const answer = await seller.get(`/v1/feed?${query}`);
            assert.equal(answer.status, 400, `${query}: ${answer.text}`);
        }
        const far = await seller.read('/v1/feed?after=9007199254740000');
        assert.deepEqual(far.events, []);
    });

    answersFit(test, () => server);
});
