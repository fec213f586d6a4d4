// `counterfoil demo`: what the welcome text promises holds, and the marketplace is consistent.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Client, must, run, startServer, temporaryFolder } from './harness.mjs';

describe('the demonstration', () => {
    let server, folder, welcome, order, shop, seller;

    before(async () => {
        folder = path.join(temporaryFolder(), 'data');
        await must(['demo', folder]);
        welcome = readFileSync(path.join(folder, 'welcome.txt'), 'utf8');
        [order] = /ord_[0-9a-z]{26}/.exec(welcome);
        server = await startServer({ folder });
        const client = (role) => new Client(server, {
            role, token: new RegExp(`cf_${role}_[0-9a-z]{26}_[A-Za-z0-9_-]{43}`).exec(welcome)[0],
        });
        shop = client('shop');
        seller = client('seller');
    });
    after(() => server?.stop());

    test('has a few hundred orders in every state', async () => {
        const states = {};
        for (const { state } of await shop.list('/v1/orders', 'orders')) {
            states[state] = (states[state] ?? 0) + 1;
        }
        const names = Object.keys(states).sort();
        assert.deepEqual(names, ['canceled', 'delivered', 'placed', 'shipped']);
        assert.ok(Object.values(states).reduce((a, b) => a + b) >= 300);
    });

    test('shows an order whose seller has not been reached', async () => {
        const request = (await shop.read(`/v1/orders/${order}`)).cancel_request;
        assert.equal(request.state, 'open');
        assert.equal(request.seen_at, null);
    });

    test('refuses the shipment that it invites to', async () => {
        const answer = await seller.post(`/v1/orders/${order}/ship`, { carrier: 'DHL' });
        assert.equal(answer.status, 409);
        assert.equal(JSON.parse(answer.text).code, 'cancel-request-unseen');
    });

    test('gives evidence that fits the key in the text', async () => {
        const answer = await seller.get(`/v1/orders/${order}/evidence`);
        assert.equal(answer.status, 200);
        const bundle = path.join(temporaryFolder(), 'bundle.json');
        writeFileSync(bundle, answer.text);
        const [, vkey] = /--log-key '([^']+)'/.exec(welcome);
        assert.match(await must(['verify', bundle, '--log-key', vkey]), /The evidence fits/);
    });

    test('keeps its keys from others, and is not made twice', async () => {
        assert.equal(statSync(path.join(folder, 'welcome.txt')).mode & 0o777, 0o600);
        const result = await run(['demo', folder]);
        assert.equal(result.status, 1);
        assert.match(result.stderr, /nothing was changed/);
        assert.ok(existsSync(path.join(folder, 'counterfoil.db')));
    });
});
