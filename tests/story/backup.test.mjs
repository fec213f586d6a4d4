// A backup of a running server is a whole one.

import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import {
    answersFit, markSeen, onPostgres, orderBody, placeOrder, requestCancel, run, startMarketplace,
    startServer, temporaryFolder,
} from './harness.mjs';

// A copy of a data folder that has no store; returns where that belongs.
function copyWithoutStore(from, to) {
    cpSync(from, to, { recursive: true });
    const store = readdirSync(to).find((name) => /\.db$/.test(name));
    for (const name of readdirSync(to)) {
        if (name.startsWith(store)) rmSync(path.join(to, name));
    }
    return path.join(to, store);
}

// PostgreSQL has tools of its own for that, and they are what the command names there.
describe('backup', { skip: onPostgres && 'the store is not a file' }, () => {
    let server, shop, seller, buyer;
    const folder = temporaryFolder();
    before(async () => {
        ({ server, shop, seller, buyer } = await startMarketplace());
    });
    after(() => server?.stop());

    test('made under load, it restores to a server with everything answered before', async () => {
        const early = [];
        for (let i = 0; i < 20; i++) {
            const order = await placeOrder(shop, seller, buyer);
            const request = await requestCancel(buyer, order);
            if (i % 2) await markSeen(seller, order, request);
            early.push(order);
        }
        const rows = await Promise.all(early.map((order) => shop.read(`/v1/orders/${order}`)));
        const old = await server.logState();

        let loading = true;
        let late = 0;
        const load = Array.from({ length: 8 }, async () => {
            while (loading) {
                await shop.act('/v1/orders', orderBody(seller, buyer));
                late++;
            }
        });
        const file = path.join(folder, 'backup.db');
        await server.command('backup', file);
        loading = false;
        await Promise.all(load);
        assert.ok(late > 0, 'the server took acts meanwhile');

        const restored = path.join(folder, 'restored');
        await server.halt();
        cpSync(file, copyWithoutStore(server.folder, restored));
        await server.start();

        const second = await startServer({ folder: restored });
        const theirs = Object.assign(Object.create(Object.getPrototypeOf(shop)), shop,
            { server: second });
        const now = await second.logState();
        assert.ok(now.size >= old.size);
        assert.equal(now.vkey, old.vkey);
        for (const [i, order] of early.entries()) {
            assert.deepEqual(await theirs.read(`/v1/orders/${order}`), rows[i]);
        }
        await second.stop();
    });

    test('it does not overwrite, and says what is wrong', async () => {
        const file = path.join(folder, 'there.db');
        writeFileSync(file, 'mine');
        const over = await server.tryCommand('backup', file);
        assert.equal(over.status, 1);
        assert.match(over.stderr, /there\.db/);
        const nowhere = await server.tryCommand('backup', '/nonexistent/backup.db');
        assert.equal(nowhere.status, 1);
        assert.match(nowhere.stderr, /nonexistent/);
        assert.ok(!existsSync('/nonexistent'));
    });

    test('a damaged or foreign store stops the start with a reason', async () => {
        const broken = path.join(folder, 'broken');
        await server.halt();
        writeFileSync(copyWithoutStore(server.folder, broken),
            Buffer.alloc(8192, 'not a database '));
        const result = await run(['serve', '--data', broken, '--listen', '127.0.0.1:0']);
        assert.equal(result.status, 1);
        assert.match(result.stderr, /store|database/i);
        await server.start();
    });

    answersFit(test, () => server);
});

describe('backup of a database', { skip: !onPostgres && 'the store is a file' }, () => {
    let server;
    before(async () => {
        server = await startServer();
    });
    after(() => server?.stop());

    test('names the tools that make it', async () => {
        const file = path.join(temporaryFolder(), 'backup.db');
        const refused = await server.tryCommand('backup', file);
        assert.equal(refused.status, 2);
        assert.match(refused.stderr, /pg_dump.*pg_basebackup/);
        assert.ok(!existsSync(file));
    });
});
