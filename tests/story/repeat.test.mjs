// The same request twice, and requests about what has changed since.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
    answersFit, orderBody, placeOrder, requestCancel, ship, startMarketplace,
} from './harness.mjs';

let keys = 0;
const newKey = () => `key-${++keys}`;
const withKey = (key) => ({ 'Idempotency-Key': key });

describe('Idempotency-Key', () => {
    let server, shop, seller, buyer;
    before(async () => {
        ({ server, shop, seller, buyer } = await startMarketplace());
    });
    after(() => server?.stop());

    const logSize = async () => (await server.logState()).size;

    test('the same request has the same answer, byte for byte, and one act', async () => {
        const body = orderBody(seller, buyer);
        const key = withKey(newKey());
        const first = shop.expect(201, await shop.post('/v1/orders', body, key));
        assert.equal(first.headers['idempotency-replayed'], undefined);
        const size = await logSize();
        const again = shop.expect(201, await shop.post('/v1/orders', body, key));
        assert.deepEqual(again.bytes, first.bytes);
        assert.equal(again.headers['idempotency-replayed'], 'true');
        assert.equal(again.headers.etag, first.headers.etag);
        assert.equal(again.headers.location, first.headers.location);
        assert.equal(await logSize(), size);
    });

    test('members in another order are the same request', async () => {
        const body = orderBody(seller, buyer);
        const key = withKey(newKey());
        const first = shop.expect(201, await shop.post('/v1/orders', body, key));
        const turned = Object.fromEntries(Object.entries(body).reverse());
        const again = shop.expect(201, await shop.post('/v1/orders', turned, key));
        assert.deepEqual(again.bytes, first.bytes);
    });

    test('another body or another path under the same key is refused', async () => {
        const key = withKey(newKey());
        const body = orderBody(seller, buyer);
        const order = shop.expect(201, await shop.post('/v1/orders', body, key)).json.subject;
        const other = await shop.post('/v1/orders', { ...body, reference: 'S-other' }, key);
        assert.equal(other.status, 422);
        assert.equal(other.json.code, 'idempotency-mismatch');
        const elsewhere = await shop.post(`/v1/orders/${order}/cancel`,
            { reason: 'Fraud' }, key);
        assert.equal(elsewhere.status, 422);
        assert.equal(elsewhere.json.code, 'idempotency-mismatch');
        assert.equal((await shop.read(`/v1/orders/${order}`)).state, 'placed');
    });

    test('twenty at once: one act, twenty equal answers', async () => {
        const body = orderBody(seller, buyer);
        const key = withKey(newKey());
        const size = await logSize();
        const answers = await Promise.all(Array.from({ length: 20 }, () =>
            shop.post('/v1/orders', body, key)));
        for (const answer of answers) {
            assert.equal(answer.status, 201, answer.text);
            assert.deepEqual(answer.bytes, answers[0].bytes);
        }
        assert.equal(answers.filter(({ headers }) => !headers['idempotency-replayed']).length, 1);
        assert.equal(await logSize(), size + 1);
    });

    test('a refusal is repeated too, not decided anew', async () => {
        const order = await placeOrder(shop, seller, buyer);
        const request = await requestCancel(buyer, order);
        const key = withKey(newKey());
        const post = () => seller.post(`/v1/orders/${order}/ship`, { carrier: 'DHL' }, key);
        const first = await post();
        assert.equal(first.status, 409);
        await seller.act(`/v1/orders/${order}/cancel-requests/seen`, { cancel_request: request });
        const again = await post();
        assert.equal(again.status, 409);
        assert.equal(again.json.act, first.json.act);
        assert.equal(again.headers['idempotency-replayed'], 'true');
        assert.equal((await ship(seller, order)).status, 201, 'a new request is decided anew');
    });

    test('what was not recorded does not use up the key', async () => {
        const key = withKey(newKey());
        const body = orderBody(seller, buyer);
        const bad = await shop.post('/v1/orders', { ...body, total: 12 }, key);
        assert.equal(bad.status, 422);
        assert.equal((await shop.post('/v1/orders', body, key)).status, 201);
    });

    test('keys of different principals do not meet', async () => {
        const key = withKey(newKey());
        const other = await server.shop();
        const first = await shop.post('/v1/orders', orderBody(seller, buyer), key);
        const second = await other.post('/v1/orders', orderBody(seller, buyer), key);
        assert.equal(first.status, 201);
        assert.equal(second.status, 201, second.text);
        assert.notEqual(first.json.act, second.json.act);
    });

    test('it survives kill -9', async () => {
        const body = orderBody(seller, buyer);
        const key = withKey(newKey());
        const first = shop.expect(201, await shop.post('/v1/orders', body, key));
        await server.kill();
        await server.start();
        const again = shop.expect(201, await shop.post('/v1/orders', body, key));
        assert.deepEqual(again.bytes, first.bytes);
        assert.equal(again.headers['idempotency-replayed'], 'true');
    });

    test('keys that are none are refused', async () => {
        for (const key of ['', ' ', 'a b', 'é', 'x'.repeat(256)]) {
            const answer = await shop.post('/v1/orders', orderBody(seller, buyer),
                { 'Idempotency-Key': Buffer.from(key).toString('latin1') });
            assert.equal(answer.status, 400, JSON.stringify(key));
            assert.equal(answer.json.code, 'idempotency-key-invalid');
        }
        const longest = await shop.post('/v1/orders', orderBody(seller, buyer),
            withKey('x'.repeat(255)));
        assert.equal(longest.status, 201);
    });

    answersFit(test, () => server);
});

describe('versions', () => {
    let server, shop, seller, buyer;
    before(async () => {
        ({ server, shop, seller, buyer } = await startMarketplace());
    });
    after(() => server?.stop());

    test('If-Match: an act about what has changed since is refused and not recorded', async () => {
        const order = await placeOrder(shop, seller, buyer);
        const old = (await seller.get(`/v1/orders/${order}`)).headers.etag;
        assert.match(old, /^"\d+"$/);
        const request = await requestCancel(buyer, order);
        const { size } = await server.logState();
        const seen = () => `/v1/orders/${order}/cancel-requests/seen`;
        const stale = await seller.post(seen(), { cancel_request: request }, { 'If-Match': old });
        assert.equal(stale.status, 412);
        assert.equal(stale.json.code, 'precondition-failed');
        assert.equal((await server.logState()).size, size);
        const now = (await buyer.get(`/v1/orders/${order}`)).headers.etag;
        assert.notEqual(now, old);
        const fresh = await seller.post(seen(), { cancel_request: request }, { 'If-Match': now });
        assert.equal(fresh.status, 201, fresh.text);
    });

    test('the ETag of an act is that of its subject afterwards', async () => {
        const made = shop.expect(201, await shop.post('/v1/orders', orderBody(seller, buyer)));
        const read = await shop.get(made.headers.location);
        assert.equal(read.status, 200);
        assert.equal(read.headers.etag, made.headers.etag);
    });

    test('If-None-Match: 304 until it changes', async () => {
        const order = await placeOrder(shop, seller, buyer);
        const path = `/v1/orders/${order}`;
        const { etag } = (await shop.get(path)).headers;
        const same = await shop.get(path, { 'If-None-Match': etag });
        assert.equal(same.status, 304);
        assert.equal(same.bytes.length, 0);
        assert.equal((await ship(seller, order)).status, 201);
        assert.equal((await shop.get(path, { 'If-None-Match': etag })).status, 200);
    });

    test('If-Match that is no version is refused', async () => {
        const order = await placeOrder(shop, seller, buyer);
        for (const value of ['17x', '"abc"', '"', '"-1"', '"99999999999999999999"']) {
            const answer = await seller.post(`/v1/orders/${order}/ship`, {}, { 'If-Match': value });
            assert.ok([400, 412].includes(answer.status), `${value}: ${answer.status}`);
        }
        assert.equal((await seller.read(`/v1/orders/${order}`)).state, 'placed');
    });

    answersFit(test, () => server);
});
