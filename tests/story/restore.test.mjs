// A store in PostgreSQL is backed up by pg_dump, while the server works, and restored.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import {
    Server, eventually, must, onPostgres, orderBody, placeOrder, startMarketplace, temporaryFolder,
} from './harness.mjs';
import { checkBundle } from './support/bundle.mjs';

const execute = promisify(execFile);

describe('a backup of PostgreSQL', { skip: !onPostgres && 'the store is a file' }, () => {
    let server, shop, seller, buyer, restored, dump, known;
    const database = `restored_${process.pid}`;
    const url = process.env.COUNTERFOIL_TEST_POSTGRES;

    before(async () => {
        ({ server, shop, seller, buyer } = await startMarketplace());
        dump = path.join(temporaryFolder(), 'monday.dump');
    });
    after(async () => {
        await restored?.halt();
        if (restored) rmSync(restored.folder, { recursive: true, force: true });
        await server?.store.run(`DROP DATABASE IF EXISTS ${database}`);
        await server?.stop();
    });

    test('is made under load, as of one moment', async () => {
        let going = true;
        const lanes = Array.from({ length: 4 }, async () => {
            while (going) await placeOrder(shop, seller, buyer);
        });
        await eventually('there are acts', async () => (await shop.feed()).length > 50);
        known = (await shop.feed()).map(({ act }) => act.id);
        await execute('pg_dump', ['--format=custom', `--schema=${server.store.schema}`,
            `--file=${dump}`, url]);
        going = false;
        await Promise.all(lanes);
    });

    test('is restored, and its acts give its state', async () => {
        await server.store.run(`CREATE DATABASE ${database}`);
        const elsewhere = url.replace(/\/counterfoil(?=\?|$)/, `/${database}`);
        assert.notEqual(elsewhere, url);
        await execute('pg_restore',
            ['--exit-on-error', '--no-owner', `--dbname=${elsewhere}`, dump]);
        const folder = path.join(temporaryFolder(), 'data');
        cpSync(server.folder, folder, { recursive: true });
        const store = server.store.at(elsewhere);
        const said = await must(['replay', '--check', '--data', folder, '--store', store]);
        assert.match(said, /the state is what the acts say/);
        restored = new Server(folder, { ...server.settings, store });
        await restored.start();
    });

    test('has all acts of before, and its proofs are of the same log', async () => {
        const events = await shop.at(restored).feed();
        const acts = events.map(({ act }) => act.id);
        assert.deepEqual(acts.slice(0, known.length), known);
        const all = (await shop.feed()).map(({ act }) => act.id);
        assert.deepEqual(all.slice(0, acts.length), acts);
        const order = events.findLast(({ act }) => act.type === 'order.created').act.subject;
        const bundle = await shop.at(restored).get(`/v1/orders/${order}/evidence`);
        checkBundle(bundle.text, (await server.logState()).vkey);
        const body = orderBody(seller, buyer);
        assert.equal((await shop.at(restored).post('/v1/orders', body)).status, 201);
    });
});
