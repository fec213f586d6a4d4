// A cancel request cannot be lost: the way of one request from the buyer to the seller, with the
// seller's webhook dead.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
    Receiver, answersFit, eventually, markSeen, openStream, placeOrder, requestCancel, ship,
    startMarketplace, subscribe,
} from './harness.mjs';

describe('a cancel request while the webhook is dead', () => {
    let server, shop, seller, buyer, endpoint;
    const receiver = new Receiver();

    before(async () => {
        ({ server, shop, seller, buyer } = await startMarketplace());
        await receiver.open();
        endpoint = await subscribe(seller, receiver);
        await receiver.close();
    });
    after(async () => {
        await receiver.close();
        await server?.stop();
    });

    const receipt = (order, audience) =>
        eventually(`a receipt of ${audience} for ${order}`, async () =>
            (await shop.list(`/v1/orders/${order}/notices`, 'notices')).find((notice) =>
                notice.type === 'order.cancel_requested' && notice.audience === audience &&
                notice.delivered));

    async function refusedShipment(order, request) {
        const answer = await ship(seller, order);
        assert.equal(answer.status, 409, answer.text);
        assert.match(answer.headers['content-type'], /^application\/problem\+json/);
        assert.equal(answer.json.code, 'cancel-request-unseen');
        assert.equal(answer.json.type, 'urn:counterfoil:problem:cancel-request-unseen');
        assert.equal(answer.json.status, 409);
        assert.equal(answer.json.cancel_request.id, request);
        assert.match(answer.json.act, /^act_[0-9a-z]{26}$/);
        assert.ok(answer.json.remedy);
        return answer.json;
    }

    test('the push is tried and its failure is visible', async () => {
        const order = await placeOrder(shop, seller, buyer);
        await requestCancel(buyer, order);
        await eventually('an attempt that failed', async () => {
            const rows = await seller.list(`/v1/endpoints/${endpoint.subject}/deliveries`,
                'deliveries');
            return rows.find((row) => row.attempts > 0 || row.attempts?.length > 0);
        });
        const row = await seller.read(`/v1/orders/${order}`);
        assert.equal(row.state, 'placed');
        assert.ok(!row.cancel_request.seen_at);
    });

    test('pulled: it reaches the seller, and shipping is refused until it is seen', async () => {
        const order = await placeOrder(shop, seller, buyer);
        const request = await requestCancel(buyer, order, 'The size is wrong');
        const events = await seller.feed();
        const asked = events.find(({ act }) =>
            act.type === 'order.cancel_requested' && act.subject === order);
        assert.equal(asked.act.body.reason, 'The size is wrong');
        assert.equal(asked.act.actor.role, 'buyer');
        const told = await receipt(order, 'seller');
        assert.equal(told.delivered.means, 'pull');

        // Delivered is not seen.
        const first = await refusedShipment(order, request);
        const second = await refusedShipment(order, request);
        assert.notEqual(first.act, second.act, 'each refusal is on record');

        await markSeen(seller, order, request);
        const seen = (await seller.read(`/v1/orders/${order}`)).cancel_request;
        assert.equal(seen.state, 'open');
        assert.ok(seen.seen_at);
        await seller.act(`/v1/orders/${order}/cancel-requests/refuse`,
            { cancel_request: request, reason: 'It is packed and handed over today' });
        assert.equal((await ship(seller, order)).status, 201);

        const row = await buyer.read(`/v1/orders/${order}`);
        assert.equal(row.state, 'shipped');
        assert.equal(row.cancel_request.state, 'refused');
        assert.equal(row.cancel_request.decision_reason, 'It is packed and handed over today');
    });

    test('all of it is on record, the refused shipments too', async () => {
        const order = await placeOrder(shop, seller, buyer);
        const request = await requestCancel(buyer, order);
        const refused = await refusedShipment(order, request);
        await markSeen(seller, order, request);
        await seller.act(`/v1/orders/${order}/cancel-requests/refuse`,
            { cancel_request: request, reason: 'Too late' });
        assert.equal((await ship(seller, order)).status, 201);
        const acts = await shop.timeline(order);
        assert.deepEqual(
            acts.filter(({ type }) => type.startsWith('order.'))
                .map(({ type, outcome }) => `${type} ${outcome}`),
            ['order.created accepted', 'order.cancel_requested accepted', 'order.shipped refused',
                'order.cancel_seen accepted', 'order.cancel_refused accepted',
                'order.shipped accepted']);
        const record = acts.find(({ id }) => id === refused.act);
        assert.equal(record.outcome, 'refused');
        assert.equal(record.problem.code, 'cancel-request-unseen');
        assert.ok(acts.every(({ seq }, i) => i === 0 || seq > acts[i - 1].seq));
    });

    test('streamed: it reaches the seller live, who ships over it knowingly', async () => {
        const stream = await openStream(seller);
        const order = await placeOrder(shop, seller, buyer);
        const request = await requestCancel(buyer, order);
        const event = await stream.find(({ type, subject }) =>
            type === 'order.cancel_requested' && subject === order);
        assert.equal(event.event, 'order.cancel_requested');
        assert.equal((await receipt(order, 'seller')).delivered.means, 'stream');
        stream.close();
        await refusedShipment(order, request);
        await markSeen(seller, order, request);
        assert.equal((await ship(seller, order)).status, 201);
        const row = await shop.read(`/v1/orders/${order}`);
        assert.equal(row.state, 'shipped');
        assert.equal(row.cancel_request.state, 'overtaken');
    });

    test('on the order\'s page: that counts as delivered, and not as seen', async () => {
        const order = await placeOrder(shop, seller, buyer);
        const request = await requestCancel(buyer, order);
        await seller.read(`/v1/orders/${order}`);
        assert.equal((await receipt(order, 'seller')).delivered.means, 'page');
        await refusedShipment(order, request);
    });

    test('what shows nothing tells nothing: HEAD, and 304', async () => {
        const order = await placeOrder(shop, seller, buyer);
        const request = await requestCancel(buyer, order);
        const path = `/v1/orders/${order}`;
        const { etag } = (await shop.get(path)).headers;
        for (const url of [path, `${path}/acts`, '/v1/feed?limit=500']) {
            seller.expect(200, await seller.send('HEAD', url));
        }
        seller.expect(304, await seller.get(path, { 'If-None-Match': etag }));
        // Were there receipts on their way, that of the refusal would not be the first.
        await refusedShipment(order, request);
        assert.equal((await receipt(order, 'seller')).delivered.means, 'answer');
    });

    test('by the refusal itself: an answer that carries the request delivers it', async () => {
        const order = await placeOrder(shop, seller, buyer);
        const request = await requestCancel(buyer, order);
        await refusedShipment(order, request);
        assert.equal((await receipt(order, 'seller')).delivered.means, 'answer');
    });

    test('accepted: the order is canceled, cannot be shipped, and the buyer is told', async () => {
        const stream = await openStream(buyer);
        const order = await placeOrder(shop, seller, buyer);
        const request = await requestCancel(buyer, order);
        await markSeen(seller, order, request);
        await seller.act(`/v1/orders/${order}/cancel-requests/accept`,
            { cancel_request: request, reason: 'Refunded' });
        const row = await buyer.read(`/v1/orders/${order}`);
        assert.equal(row.state, 'canceled');
        assert.equal(row.cancel_request.state, 'accepted');
        const late = await ship(seller, order);
        assert.equal(late.status, 409);
        assert.equal(late.json.code, 'order-state');
        await stream.find(({ type, subject }) =>
            type === 'order.cancel_accepted' && subject === order, 'the buyer hears of it');
        stream.close();
        assert.ok((await buyer.feed()).some(({ act }) =>
            act.type === 'order.cancel_accepted' && act.subject === order));
    });

    test('a request is decided once', async () => {
        const order = await placeOrder(shop, seller, buyer);
        const request = await requestCancel(buyer, order);
        const twice = await buyer.post(`/v1/orders/${order}/cancel-requests`, {});
        assert.equal(twice.status, 409);
        assert.equal(twice.json.code, 'cancel-request-open');
        await markSeen(seller, order, request);
        const decide = (what) => seller.post(`/v1/orders/${order}/cancel-requests/${what}`,
            { cancel_request: request, ...(what === 'refuse' ? { reason: 'No' } : {}) });
        assert.equal((await decide('refuse')).status, 201);
        const again = await decide('accept');
        assert.equal(again.status, 409);
        assert.equal(again.json.code, 'cancel-request-closed');
    });

    test('who may do what', async () => {
        const order = await placeOrder(shop, seller, buyer);
        const request = await requestCancel(buyer, order);
        const auditor = await server.auditor();
        for (const [client, path, body] of [
            [shop, 'ship', {}],
            [buyer, 'ship', {}],
            [auditor, 'ship', {}],
            [buyer, 'cancel-requests/seen', { cancel_request: request }],
            [shop, 'cancel-requests/seen', { cancel_request: request }],
            [buyer, 'cancel-requests/refuse', { cancel_request: request, reason: 'x' }],
            [seller, 'cancel-requests', {}],
            [auditor, 'cancel-requests', {}],
            [seller, 'deliver', {}],
        ]) {
            const answer = await client.post(`/v1/orders/${order}/${path}`, body);
            assert.equal(answer.status, 403, `${client.role} ${path}: ${answer.text}`);
            assert.equal(answer.json.code, 'forbidden');
        }
        assert.equal((await server.anonymous.get(`/v1/orders/${order}`)).status, 401);
    });

    answersFit(test, () => server);
});

describe('a cancel request that nobody receives', () => {
    let server, shop, seller, buyer;
    before(async () => {
        ({ server, shop, seller, buyer } =
            await startMarketplace({ settings: { 'orders.deliver_within': '2s' } }));
    });
    after(() => server?.stop());

    test('becomes an incident, the buyer is told the truth, late delivery closes it', async () => {
        const order = await placeOrder(shop, seller, buyer);
        await requestCancel(buyer, order);
        const raised = await eventually('the incident', async () =>
            (await buyer.feed()).find(({ act }) =>
                act.type === 'incident.raised' && act.subject === order));
        assert.match(raised.act.body.message, /the seller has not been reached yet/i);
        assert.equal(raised.act.actor.role, 'system');
        const asked = (await shop.timeline(order)).find(({ type }) =>
            type === 'order.cancel_requested');
        assert.ok(raised.act.at >= asked.deadlines.delivered, 'not before the deadline');
        const open = await shop.list('/v1/incidents', 'incidents');
        assert.ok(open.some((row) => row.subject === order && row.audience === 'seller'),
            'the marketplace sees the open incident');

        const request = (await buyer.read(`/v1/orders/${order}`)).cancel_request;
        const answer = await ship(seller, order);
        assert.equal(answer.status, 409, 'an incident does not open the way');
        assert.equal(answer.json.cancel_request.id, request.id);
        await eventually('late delivery closes the incident', async () =>
            !(await shop.list('/v1/incidents', 'incidents')).some((row) =>
                row.subject === order && row.audience === 'seller'));
        const acts = (await shop.timeline(order)).map(({ type }) => type);
        assert.ok(acts.indexOf('incident.raised') < acts.lastIndexOf('receipt.delivered'));
    });

    test('the order\'s page does not show the incident, the list of acts does', async () => {
        const order = await placeOrder(shop, seller, buyer);
        await requestCancel(buyer, order);
        const toBuyer = () => eventually('the incident', async () =>
            (await shop.list(`/v1/orders/${order}/notices`, 'notices')).find((notice) =>
                notice.type === 'incident.raised' && notice.audience === 'buyer'));
        await toBuyer();
        await buyer.read(`/v1/orders/${order}`);
        await seller.act(`/v1/orders/${order}/cancel-requests/refuse`, {
            cancel_request: (await buyer.read(`/v1/orders/${order}`)).cancel_request.id,
            reason: 'Already packed' });
        await buyer.read(`/v1/orders/${order}`);
        const notices = () => shop.list(`/v1/orders/${order}/notices`, 'notices');
        await eventually('the page tells of the decision', async () => (await notices()).some(
            ({ type, delivered }) => type === 'order.cancel_refused' &&
                delivered?.means === 'page'));
        assert.ok(!(await toBuyer()).delivered);
        await buyer.timeline(order);
        await eventually('the acts tell of the incident', async () => (await toBuyer()).delivered);
    });

    test('one that was received in time raises none', async () => {
        const order = await placeOrder(shop, seller, buyer);
        const request = await requestCancel(buyer, order);
        await markSeen(seller, order, request);
        // A later one overdue shows that the deadline of this one has passed as well.
        const other = await placeOrder(shop, seller, buyer);
        await requestCancel(buyer, other);
        await eventually('the later incident', async () =>
            (await shop.timeline(other)).some(({ type }) => type === 'incident.raised'));
        assert.ok(!(await shop.timeline(order)).some(({ type, body }) =>
            type === 'incident.raised' && body.audience === 'seller'));
    });

    test('small pages of incidents and notices leave out none', async () => {
        // An act that two must know of, and neither does.
        const order = await placeOrder(shop, seller, buyer);
        await shop.act(`/v1/orders/${order}/cancel`, { reason: 'The payment failed' });
        const incidents = () => shop.list('/v1/incidents', 'incidents');
        await eventually('incidents about seller and buyer', async () =>
            (await incidents()).filter((row) => row.subject === order).length === 2);
        for (const path of ['/v1/incidents', `/v1/orders/${order}/notices`]) {
            const member = path.split('/').at(-1);
            const whole = await shop.list(path, member);
            assert.ok(whole.length >= 2);
            for (const limit of [1, 2, 3]) {
                assert.deepEqual(await shop.list(path, member, limit), whole, `${path} ${limit}`);
            }
        }
    });

    test('the deadline is kept although the server was down', async () => {
        const order = await placeOrder(shop, seller, buyer);
        await requestCancel(buyer, order);
        await server.kill();
        await server.start();
        await eventually('the incident after the restart', async () =>
            (await buyer.feed()).find(({ act }) =>
                act.type === 'incident.raised' && act.subject === order));
    });

    answersFit(test, () => server);
});

describe('a cancel request for an order under way', () => {
    let server, shop, seller, buyer;
    before(async () => {
        ({ server, shop, seller, buyer } =
            await startMarketplace({ settings: { 'orders.decide_within': '2s' } }));
    });
    after(() => server?.stop());

    async function underWay() {
        const order = await placeOrder(shop, seller, buyer);
        assert.equal((await ship(seller, order)).status, 201);
        return { order, request: await requestCancel(buyer, order) };
    }

    test('counts as accepted when the seller does not decide in time', async () => {
        const { order, request } = await underWay();
        assert.ok((await buyer.read(`/v1/orders/${order}`)).cancel_request.decide_by);
        await markSeen(seller, order, request);
        const row = await eventually('the request lapses', async () => {
            const now = await buyer.read(`/v1/orders/${order}`);
            return now.cancel_request.state === 'lapsed' && now;
        });
        const { decide_by: deadline, decided_at: decided } = row.cancel_request;
        assert.ok(decided >= deadline, 'not before the deadline');
        assert.ok((await shop.timeline(order)).some(({ type, actor }) =>
            type === 'order.cancel_lapsed' && actor.role === 'system'));
        const late = await seller.post(`/v1/orders/${order}/cancel-requests/refuse`,
            { cancel_request: request, reason: 'Too late' });
        assert.equal(late.status, 409);
        assert.equal(late.json.code, 'cancel-request-closed');
    });

    test('does not lapse when the seller has refused it', async () => {
        const { order, request } = await underWay();
        await markSeen(seller, order, request);
        const decided = await seller.post(`/v1/orders/${order}/cancel-requests/refuse`,
            { cancel_request: request, reason: 'It is on the truck' });
        assert.equal(decided.status, 201, decided.text);
        const later = await underWay();
        await eventually('a later request lapses', async () =>
            (await buyer.read(`/v1/orders/${later.order}`)).cancel_request.state === 'lapsed');
        const row = await buyer.read(`/v1/orders/${order}`);
        assert.equal(row.cancel_request.state, 'refused');
        assert.equal(row.state, 'shipped');
    });

    answersFit(test, () => server);
});
