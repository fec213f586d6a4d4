// A marketplace moves to another store while it works: from a file to PostgreSQL and back, or,
// where no database is at hand, to another file.

import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import {
    Receiver, answersFit, eventually, exchange, inParallel, launch, must, onPostgres, orderBody,
    placeOrder, requestCancel, run, sleep, startMarketplace, subscribe, temporaryFolder,
} from './harness.mjs';
import { checkBundle } from './support/bundle.mjs';
import { makeStore } from './support/store.mjs';
import { parseCheckpoint, readLeaves, rootsAt } from './support/tlog.mjs';

const ORDERS = 1500; // of the start, so that a pass takes a while
const LANES = 4;

describe('a move to another store', () => {
    let server, shop, seller, buyer, source, target, receiver, log, bundle, position, late;
    const acknowledged = new Map(); // Idempotency-Key → the answer
    const checkpoints = [];

    before(async () => {
        ({ server, shop, seller, buyer } = await startMarketplace({ database: null }));
        source = `sqlite:${path.join(server.folder, 'counterfoil.db')}`;
        target = await makeTarget();
        receiver = await new Receiver().open();
        await subscribe(seller, receiver);
        log = await server.logState();
        await inParallel([...Array(ORDERS).keys()], 16, () => order());
        const wanted = await placeOrder(shop, seller, buyer);
        await requestCancel(buyer, wanted);
        bundle = (await shop.get(`/v1/orders/${wanted}/evidence`)).text;
        position = (await shop.feed()).at(-1).position;
        await sawCheckpoint();
    });
    after(async () => {
        await receiver?.close();
        await server?.stop();
        await target?.remove();
    });

    async function makeTarget() {
        const store = onPostgres ? await makeStore() : null;
        return store === null
            ? { url: `sqlite:${path.join(temporaryFolder(), 'moved.db')}`, remove: () => {} }
            : { url: store.args[1], remove: store.remove, run: store.run };
    }

    async function order() {
        const key = `k-${acknowledged.size}-${Math.random()}`;
        const body = orderBody(seller, buyer);
        const answer = await shop.post('/v1/orders', body, { 'Idempotency-Key': key });
        if (answer.status === 201) acknowledged.set(key, { answer: answer.json, body });
    }

    async function sawCheckpoint() {
        const answer = await server.anonymous.get('/log/checkpoint');
        checkpoints.push(parseCheckpoint(answer.bytes, log.key));
    }

    const migrate = (...args) => run(
        ['migrate', '--data', server.folder, '--to', target.url, ...args]);

    // Serves from URL: what a person would write into the file.
    function setStore(url) {
        const file = path.join(server.folder, 'counterfoil.conf');
        const lines = readFileSync(file, 'utf8').split('\n')
            .filter((line) => !line.startsWith('store ='));
        writeFileSync(file, lines.join('\n'));
        appendFileSync(file, `store = ${url}\n`);
    }

    async function refusesToServe(pattern) {
        const served = await server.tryCommand('serve', '--listen', '127.0.0.1:0');
        assert.equal(served.status, 1);
        assert.match(served.stderr, pattern);
    }

    // What was answered is there, once, at its place; the log continues every checkpoint seen.
    async function checkAll() {
        const events = await shop.feed();
        const acts = new Map(events.map((event) => [event.act.id, event]));
        assert.equal(acts.size, events.length);
        assert.deepEqual(events.map(({ log_index: index }) => index), [...events.keys()]);
        for (const { answer } of acknowledged.values()) {
            assert.equal(acts.get(answer.act)?.log_index, answer.log_index);
        }
        await sawCheckpoint();
        const leaves = await readLeaves(async (tile) => {
            const answer = await exchange(server.address, { path: tile });
            assert.equal(answer.status, 200, tile);
            return answer.bytes;
        }, checkpoints.at(-1).size);
        const roots = rootsAt(leaves, checkpoints.map(({ size }) => size));
        for (const { size, root } of checkpoints) assert.ok(roots.get(size).equals(root));
        checkBundle(bundle, log.vkey);
    }

    test('it is killed again and again while the server works, and goes on', async () => {
        let going = true;
        const lanes = Array.from({ length: LANES }, async () => {
            while (going) await order();
        });
        let killed = 0;
        for (const wait of [10, 50, 100, 200, 300, 400]) {
            const child = launch(
                ['migrate', '--data', server.folder, '--to', target.url]);
            await sleep(wait);
            child.kill('SIGKILL');
            killed += (await child.ended).signal === 'SIGKILL';
        }
        assert.ok(killed > 0, 'it was never killed at work');
        const moved = await migrate();
        assert.equal(moved.status, 0, moved.stderr);
        assert.match(moved.stdout, /^pass 1: \d+ rows compared; \d+ added/);
        assert.match(moved.stdout, /--finish/);
        going = false;
        await Promise.all(lanes);
        await sawCheckpoint();
    });

    test('connections to the database are cut under it', {
        skip: !onPostgres && 'the new store is a file',
    }, async () => {
        const child = launch(['migrate', '--data', server.folder, '--to', target.url]);
        let ended = false;
        let cut = 0;
        child.ended.then(() => { ended = true; });
        while (!ended) {
            cut += Number(await target.run(`SELECT count(pg_terminate_backend(pid))
                FROM pg_stat_activity
                WHERE application_name = 'counterfoil' AND query LIKE '%ORDER BY%'`));
            await Promise.race([sleep(cut > 0 ? 300 : 10), child.ended]);
        }
        const { status } = await child.ended;
        assert.equal(status, 0, child.said.stderr);
        assert.ok(cut > 0);
    });

    test('it is not finished while the server works', async () => {
        const early = await migrate('--finish');
        assert.equal(early.status, 1);
        assert.match(early.stderr, /in use by process \d+/);
        await refusesToServe(/another process/i);
    });

    test('a store that is half moved is not served', async () => {
        await server.halt();
        setStore(target.url);
        await refusesToServe(/has not been finished/);
        setStore(source);
        await server.start();
        late = await placeOrder(shop, seller, buyer);
    });

    test('it is finished, and verified, when the server rests', async () => {
        await sawCheckpoint();
        await server.halt();
        const moved = await migrate('--finish');
        assert.equal(moved.status, 0, moved.stderr);
        const size = checkpoints.at(-1).size;
        const root = checkpoints.at(-1).root.toString('base64');
        assert.ok(moved.stdout.includes(`the log is the same: ${size} entries, root ${root}`),
            moved.stdout);
        assert.match(moved.stdout, /the state is what the acts say/);
        assert.match(moved.stdout, /store = …/);
    });

    test('the old store is not served any more, nor moved again', async () => {
        await refusesToServe(/the log of sqlite:\S+ moved at \S+ to /);
        const again = await migrate();
        assert.equal(again.status, 1);
        assert.match(again.stderr, /is not empty/);
    });

    test('the server goes on from the new one', async () => {
        setStore(target.url);
        await server.start();
        await checkAll();
        await shop.read(`/v1/orders/${late}`);
        const id = await placeOrder(shop, seller, buyer);
        const fresh = await shop.feed(position);
        assert.equal(fresh[0].position, position + 1);
        assert.equal(fresh.at(-1).act.subject, id);
        const [key, { answer, body }] = [...acknowledged][0];
        const again = await shop.post('/v1/orders', body, { 'Idempotency-Key': key });
        assert.deepEqual(again.json, answer, 'a repeated request is known');
    });

    test('webhooks go on where they were', async () => {
        const wanted = new Set((await seller.feed()).map(({ act }) => act.id));
        const mine = await seller.list('/v1/endpoints', 'endpoints');
        assert.equal(mine.length, 1);
        await placeOrder(shop, seller, buyer);
        const first = receiver.deliveries[0].id;
        const ids = (await seller.feed()).map(({ act }) => act.id);
        const expected = ids.slice(ids.indexOf(first));
        await eventually('all were sent', () => {
            const sent = new Set(receiver.deliveries.map(({ id }) => id));
            return expected.every((id) => sent.has(id));
        });
        assert.ok(receiver.deliveries.every(({ valid }) => valid));
        assert.ok(wanted.size > ORDERS);
        const twice = receiver.deliveries.length - new Set(
            receiver.deliveries.map(({ id }) => id)).size;
        assert.ok(twice <= 64, `${twice} were sent twice; only what was under way may be`);
    });

    test('the way back', async () => {
        await sawCheckpoint();
        if (onPostgres) {
            const early = await run(['migrate', '--data', server.folder, '--to', source,
                '--finish']);
            assert.equal(early.status, 1);
            assert.match(early.stderr, /a server works on postgresql:/);
        }
        await server.halt();
        const back = await must(['migrate', '--data', server.folder, '--to', source, '--finish']);
        assert.match(back, /the state is what the acts say/);
        await refusesToServe(/moved at/);
        setStore(source);
        await server.start();
        await placeOrder(shop, seller, buyer);
        await checkAll();
    });

    test('what is no new store is refused, and nothing is changed', async () => {
        const other = path.join(temporaryFolder(), 'other');
        await must(['init', other]);
        const stranger = `sqlite:${path.join(other, 'counterfoil.db')}`;
        const refused = async (pattern, ...args) => {
            const { status, stderr } = await run(['migrate', ...args]);
            assert.ok(status > 0);
            assert.match(stderr, pattern);
        };
        await refused(/is not empty/, '--from', source, '--to', stranger);
        await refused(/in use by process/, '--from', stranger, '--to', source);
        await refused(/both are the same/, '--from', stranger, '--to', stranger);
        if (onPostgres) {
            const same = target.url.replace('postgresql://', 'postgresql://counterfoil@')
                .replace('counterfoil@counterfoil@', 'counterfoil@');
            await refused(/both are postgresql:/, '--from', target.url, '--to', `${same}%20`);
        }
        await refused(/--to/, '--from', source);
        await refused(/another log|acts that the first store has not/,
            '--from', stranger, '--to', target.url);
        await refused(/must be sqlite:PATH or postgresql:/, '--from', source, '--to', 'mysql:x');
        await must(['replay', '--check', '--data', other]);
        await server.restart();
        rmSync(other, { recursive: true });
    });

    answersFit(test, () => server);
});
