// PostgreSQL dies under load and comes back, and loses its clients' connections: what was answered
// 2xx is there afterwards, once, and the log says so. The server itself goes on.
//
// DATABASE_ROUNDS is the number of rounds of each kind (5), SEED makes a run repeat its moments.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { eventually, onPostgres, orderBody, randomFrom, repository, sleep, startMarketplace }
    from '../story/harness.mjs';

const ROUNDS = Number(process.env.DATABASE_ROUNDS ?? 5);
const LANES = 8;

const cluster = async (action, folder) => (await promisify(execFile)(
    path.join(repository, 'tools/postgres.sh'), [action, folder])).stdout.trim();

describe('the database fails', { skip: !onPostgres && 'the store is a file' }, () => {
    let folder, server, shop, seller, buyer;
    const random = randomFrom(Number(process.env.SEED ?? Date.now() % 2 ** 31));
    const acknowledged = new Map(); // key → act
    let key = 0;

    before(async () => {
        folder = mkdtempSync('/var/tmp/counterfoil-cluster-');
        const database = await cluster('start', folder);
        ({ server, shop, seller, buyer } = await startMarketplace({ database }));
    });
    after(async () => {
        await server?.stop();
        await cluster('remove', folder);
    });

    // Sends the same request until it is answered for good, as its sender should.
    async function order(body) {
        const headers = { 'Idempotency-Key': `k-${++key}` };
        const name = headers['Idempotency-Key'];
        await eventually('the order was taken', async () => {
            const answer = await shop.post('/v1/orders', body, headers);
            if (answer.status === 201) acknowledged.set(name, answer.json);
            else assert.ok(answer.status >= 500, `${answer.status}: ${answer.text}`);
            return answer.status === 201;
        }, { every: 20 });
    }

    async function underLoad(fail) {
        let going = true;
        const lanes = Array.from({ length: LANES }, async () => {
            while (going) await order(orderBody(seller, buyer));
        });
        const count = acknowledged.size;
        await eventually('the load has begun', () => acknowledged.size > count, { every: 2 });
        await sleep(random() * 300);
        await fail();
        const then = acknowledged.size;
        await eventually('it goes on', () => acknowledged.size > then + LANES);
        going = false;
        await Promise.all(lanes);
    }

    async function checkActs() {
        const events = await shop.feed();
        const acts = new Map(events.map((event) => [event.act.id, event]));
        assert.equal(acts.size, events.length, 'no act is there twice');
        for (const { act, log_index: index } of acknowledged.values()) {
            assert.equal(acts.get(act)?.log_index, index, `${act} was answered 201`);
        }
        const orders = events.filter((event) => event.act.type === 'order.created');
        assert.equal(orders.length, acknowledged.size, 'every order was made once');
        assert.deepEqual(events.map((event) => event.log_index), [...events.keys()]);
    }

    test('killed and started again', async () => {
        for (let round = 0; round < ROUNDS; round++) {
            await underLoad(async () => {
                await cluster('kill', folder);
                await sleep(random() * 200);
                await cluster('start', folder);
            });
            await checkActs();
        }
    });

    test('connections are cut', async () => {
        for (let round = 0; round < ROUNDS; round++) {
            await underLoad(async () => {
                for (let cut = 0; cut < 10; cut++) {
                    await server.store.run(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE application_name = 'counterfoil'`);
                    await sleep(random() * 50);
                }
            });
            await checkActs();
        }
    });

    test('the replayed acts give the same state', async () => {
        await server.halt();
        await server.command('replay', '--check');
        await server.start();
    });
});
