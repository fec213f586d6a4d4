// Two servers on one database behave as one: whichever of them is asked.

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import {
    Client, Receiver, eventually, inParallel, onPostgres, openStream, orderBody, placeOrder,
    requestCancel, ship, startMarketplace, startNode, subscribe,
} from './harness.mjs';

const LEASE = '1s'; // so that what a dead node held is soon taken up

describe('two servers on one database', { skip: !onPostgres && 'a file has one server' }, () => {
    let server, node, shop, seller, buyer;

    before(async () => {
        ({ server, shop, seller, buyer } =
            await startMarketplace({ settings: { 'store.lease': LEASE } }));
        node = await startNode(server);
    });
    after(async () => {
        await node?.halt();
        if (node) rmSync(node.folder, { recursive: true, force: true });
        await server?.stop();
    });

    const metric = async (of, name) => {
        const { text } = await new Client(of).get('/metrics');
        return Number(text.match(new RegExp(`^counterfoil_${name} (.+)$`, 'm'))[1]);
    };

    test('what one did the other shows, in its answers and its streams', async () => {
        const stream = await openStream(seller.at(node));
        const order = await placeOrder(shop, seller, buyer);
        await stream.find((act) => act.subject === order, 'the act on the other server\'s stream');
        stream.close();
        const there = await seller.at(node).read(`/v1/orders/${order}`);
        assert.deepEqual(there, await seller.read(`/v1/orders/${order}`));
    });

    test('a request that one took stops a shipment that the other is asked for', async () => {
        const order = await placeOrder(shop, seller, buyer);
        await requestCancel(buyer.at(node), order);
        assert.equal((await ship(seller, order)).status, 409);
    });

    test('cancel and ship sent to both at once: no shipment over an unseen request', async () => {
        for (let round = 0; round < 15; round++) {
            const order = await placeOrder(shop, seller, buyer);
            const [first, second] = round % 2 ? [server, node] : [node, server];
            const [asked, shipped] = await Promise.all([
                buyer.at(first).post(`/v1/orders/${order}/cancel-requests`, { reason: 'Twice' }),
                ship(seller.at(second), order),
            ]);
            assert.equal(asked.status, 201);
            assert.ok([201, 409].includes(shipped.status), shipped.text);
            if (shipped.status === 201) assert.ok(shipped.json.seq < asked.json.seq);
        }
    });

    test('one Idempotency-Key to both at once: one act, one answer', async () => {
        for (let round = 0; round < 15; round++) {
            const body = orderBody(seller, buyer);
            const headers = { 'Idempotency-Key': `both-${round}` };
            const answers = await Promise.all([server, node].map((each) =>
                shop.at(each).post('/v1/orders', body, headers)));
            assert.deepEqual(answers.map(({ status }) => status), [201, 201]);
            assert.equal(answers[0].text, answers[1].text);
        }
    });

    test('the feeds have no gaps, and are the same on both', async () => {
        await inParallel(20, async (i) =>
            placeOrder(shop.at(i % 2 ? server : node), seller, buyer));
        await eventually('receipts have settled', async () => {
            const [here, there] = [await shop.feed(), await shop.at(node).feed()];
            assert.deepEqual(here.map(({ log_index: index }) => index), [...here.keys()]);
            return here.length === there.length &&
                here.every((event, i) => event.act.id === there[i].act.id);
        });
        const numbers = (await seller.feed()).map(({ position }) => position);
        assert.deepEqual(numbers, numbers.map((_, i) => i + 1));
    });

    test('a key that one revoked the other refuses soon', async () => {
        const staff = new Client(node, { role: 'seller', org: seller.org,
            token: await server.key('seller', ['--org', seller.org]) });
        await staff.read('/v1/orders');
        const id = staff.token.match(/_([0-9a-z]{26})_/)[1];
        await server.operator().act(`/v1/keys/key_${id}/revoke`, {});
        await eventually('it is refused', async () =>
            (await staff.get('/v1/orders')).status === 401);
    });

    test('webhooks go out once, whichever server was asked, and are replayed by whoever holds them',
        async () => {
            const receiver = new Receiver();
            await receiver.open();
            const endpoint = await subscribe(seller.at(node), receiver);
            const order = await placeOrder(shop, seller, buyer);
            const pushes = () => receiver.deliveries.filter(({ act }) => act.subject === order);
            await eventually('it was pushed', () => pushes().length > 0);
            assert.equal(pushes().length, 1);
            const { position } = pushes()[0].json.data;
            for (const each of [server, node]) {
                const before = pushes().length;
                const answer = await seller.at(each).post(
                    `/v1/endpoints/${endpoint.subject}/replay`,
                    { after: position - 1, through: position });
                assert.equal(answer.status, 202, answer.text);
                await eventually('it was pushed again', () => pushes().length > before);
            }
            await receiver.close();
        });

    test('each thing that one server does for all is done by one', async () => {
        await eventually('the work is shared out', async () => {
            const slots = await Promise.all(
                [server, node].map((of) => metric(of, 'delivery_slots')));
            return slots[0] > 0 && slots[1] > 0 && slots[0] + slots[1] === 8;
        });
        const log = await Promise.all([server, node].map((of) => metric(of, 'holds_log')));
        assert.equal(log[0] + log[1], 1);
    });

    test('one dies, and the other goes on with what it held', async () => {
        await eventually('the first gives the places in the log', async () =>
            await metric(server, 'holds_log') === 1);
        await server.kill();
        const order = await placeOrder(shop.at(node), seller, buyer);
        await eventually('the other holds everything', async () =>
            await metric(node, 'holds_log') === 1 && await metric(node, 'delivery_slots') === 8);
        await server.start();
        assert.equal((await seller.read(`/v1/orders/${order}`)).id, order);
    });
});
