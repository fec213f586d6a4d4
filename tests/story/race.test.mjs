// The two-sided race: buyers ask to cancel while the seller confirms shipments.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
    answersFit, inParallel, orderBody, randomFrom, requestCancel, ship, shuffled, startMarketplace,
} from './harness.mjs';

const ORDERS = 300;
const ROUNDS = Number(process.env.RACE_ROUNDS ?? 10);

describe(`${ORDERS} cancel requests against ${ORDERS} shipments, ${ROUNDS} times`, () => {
    let server, shop, seller, buyer;
    const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
    const random = randomFrom(seed);
    const totals = { shipped: 0, refused: 0 };

    before(async () => {
        ({ server, shop, seller, buyer } = await startMarketplace());
    });
    after(() => server?.stop());

    // The acts of each order, in the order of the organisation's feed.
    async function bySubject(after) {
        const subjects = new Map();
        for (const { act } of await seller.feed(after)) {
            if (!subjects.has(act.subject)) subjects.set(act.subject, []);
            subjects.get(act.subject).push(act);
        }
        return subjects;
    }

    function judge(order, acts, answers) {
        const asked = acts.find(({ type }) => type === 'order.cancel_requested');
        const shipment = acts.find(({ type }) => type === 'order.shipped');
        assert.ok(asked && shipment, `${order}: both acts are on record`);
        assert.equal(answers.cancel.status, 201, answers.cancel.text);
        const before = asked.seq < shipment.seq;
        assert.equal(shipment.outcome, before ? 'refused' : 'accepted',
            `${order}: shipped over a request that the seller has not seen`);
        assert.equal(answers.ship.status, before ? 409 : 201, answers.ship.text);
        if (before) assert.equal(answers.ship.json.code, 'cancel-request-unseen');
        totals[before ? 'refused' : 'shipped']++;
    }

    for (let round = 1; round <= ROUNDS; round++) {
        test(`round ${round}: never one shipped over an unseen request`, async (context) => {
            context.diagnostic(`seed ${seed}`);
            const [last] = (await seller.feed()).slice(-1);
            const orders = await inParallel(Array.from({ length: ORDERS }), 64, async () =>
                (await shop.act('/v1/orders', orderBody(seller, buyer))).subject);
            const answers = new Map(orders.map((order) => [order, {}]));
            const requests = shuffled(
                orders.flatMap((order) => [[order, 'cancel'], [order, 'ship']]), random);
            await Promise.all(requests.map(async ([order, what]) => {
                answers.get(order)[what] = what === 'ship'
                    ? await ship(seller, order)
                    : await buyer.post(`/v1/orders/${order}/cancel-requests`, {});
            }));
            const subjects = await bySubject(last?.position ?? 0);
            for (const order of orders) judge(order, subjects.get(order), answers.get(order));
        });
    }

    test('the race was one: both sides have won', () => {
        assert.ok(totals.shipped > 0 && totals.refused > 0, JSON.stringify(totals));
    });

    test('three hundred orders in one call: each has an answer of its own', async () => {
        const orders = await inParallel(Array.from({ length: ORDERS }), 64, async () =>
            (await shop.act('/v1/orders', orderBody(seller, buyer))).subject);
        const asked = new Set(orders.filter((order, index) => index % 10 === 3));
        const requests = new Map();
        for (const order of asked) requests.set(order, await requestCancel(buyer, order));
        const shippedBefore = orders[0];
        assert.equal((await ship(seller, shippedBefore)).status, 201);
        const stranger = await server.seller('Another shop');
        const foreign = (await shop.act('/v1/orders', orderBody(stranger, buyer))).subject;

        const wanted = [...orders.slice(0, ORDERS - 1), foreign];
        const answer = seller.expect(200, await seller.post('/v1/shipments', {
            orders: wanted.map((order) => ({ order, carrier: 'DHL', tracking: `T-${order}` })),
        }));
        const { results } = answer.json;
        assert.deepEqual(results.map(({ order }) => order), wanted, 'in the order of the request');
        for (const result of results) {
            if (result.order === foreign) {
                assert.equal(result.status, 404);
            } else if (asked.has(result.order)) {
                assert.equal(result.status, 409);
                assert.equal(result.problem.code, 'cancel-request-unseen');
                assert.equal(result.problem.cancel_request.id, requests.get(result.order));
            } else if (result.order === shippedBefore) {
                assert.equal(result.status, 409);
                assert.equal(result.problem.code, 'order-state');
            } else {
                assert.equal(result.status, 201, JSON.stringify(result));
                assert.match(result.act, /^act_/);
            }
        }
        const row = await seller.read(`/v1/orders/${results[1].order}`);
        assert.equal(row.state, 'shipped');
        assert.equal(row.tracking, `T-${row.id}`);
    });

    test('a bulk call\'s key stands for its whole body', async () => {
        const orders = [];
        for (let i = 0; i < 3; i++) {
            orders.push((await shop.act('/v1/orders', orderBody(seller, buyer))).subject);
        }
        const post = (wanted, key) => seller.post('/v1/shipments',
            { orders: wanted.map((order) => ({ order })) }, { 'Idempotency-Key': key });
        const unknown = orders[0].replace(/.$/, (end) => (end === '0' ? '1' : '0'));
        const first = seller.expect(200, await post([unknown, orders[0]], 'bulk-1'));
        assert.deepEqual(first.json.results.map(({ status }) => status), [404, 201]);
        const again = seller.expect(200, await post([unknown, orders[0]], 'bulk-1'));
        assert.deepEqual(again.json, first.json);
        for (const wanted of [[orders[1]], [unknown, orders[1]], [unknown, orders[0], orders[1]],
            [orders[1], orders[2], orders[1]]]) {
            const other = seller.expect(422, await post(wanted, 'bulk-1'));
            assert.equal(other.json.code, 'idempotency-mismatch');
            assert.equal(other.json.detail, 'bulk-1');
        }
        for (const order of orders.slice(1)) {
            assert.equal((await seller.read(`/v1/orders/${order}`)).state, 'placed');
        }
        const both = await Promise.all(orders.slice(1).map((order) => post([order], 'bulk-2')));
        assert.deepEqual(both.map(({ status }) => status).sort(), [200, 422]);
    });

    test('a bulk call has its bounds', async () => {
        const order = (await shop.act('/v1/orders', orderBody(seller, buyer))).subject;
        const many = Array.from({ length: 1001 }, () => ({ order }));
        for (const orders of [[], many, [{ order: 'nonsense' }], [{}], 'all']) {
            const answer = await seller.post('/v1/shipments', { orders });
            assert.equal(answer.status, 422, answer.text);
            assert.ok(answer.json.errors[0].pointer.startsWith('/orders'));
        }
        assert.equal((await seller.read(`/v1/orders/${order}`)).state, 'placed');
    });

    answersFit(test, () => server);
});
