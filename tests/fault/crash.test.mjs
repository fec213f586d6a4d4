// kill -9 at random moments under load: what was answered 2xx is there afterwards, proved by the
// log, and the log never contradicts what it said before.
//
// CRASH_ROUNDS is the number of rounds (50), SEED makes a run repeat its moments.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { eventually, inParallel, orderBody, randomFrom, sleep, startMarketplace }
    from '../story/harness.mjs';
import { checkBundle } from '../story/support/bundle.mjs';
import { parseCheckpoint, readLeaves, rootsAt } from '../story/support/tlog.mjs';

const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 50);
const LANES = 8;
const PROOFS_AT_ONCE = 8;

describe(`kill -9 under load, ${ROUNDS} rounds`, () => {
    let server, shop, seller, buyer, log;
    const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
    const random = randomFrom(seed);
    const acknowledged = new Map(); // act → {index, subject, round}
    const checkpoints = new Map(); // size → root, of every checkpoint ever seen
    let position = 0; // how far the feed was compared

    before(async () => {
        ({ server, shop, seller, buyer } = await startMarketplace());
        log = await server.logState();
    });
    after(() => server?.stop());

    function sawCheckpoint(bytes) {
        const { size, root } = parseCheckpoint(bytes, log.key);
        const before = checkpoints.get(size);
        assert.ok(!before || before.equals(root), `two roots for size ${size}`);
        checkpoints.set(size, root);
        return size;
    }

    // Posts; what is answered 2xx is written down.
    async function post(client, path, body, round) {
        const answer = await client.post(path, body);
        if (answer.status === 201) {
            const { act, log_index: index, subject } = answer.json;
            assert.ok(!acknowledged.has(act));
            acknowledged.set(act, { index, subject, round });
        }
        return answer.json;
    }

    async function lane(round) {
        for (;;) {
            const { subject } = await post(shop, '/v1/orders', orderBody(seller, buyer), round);
            const path = `/v1/orders/${subject}`;
            const asked = await post(buyer, `${path}/cancel-requests`, { reason: 'Late' }, round);
            const request = asked.act.replace('act_', 'cr_');
            await post(seller, `${path}/cancel-requests/seen`, { cancel_request: request }, round);
            await post(seller, `${path}/ship`, { carrier: 'DHL' }, round);
        }
    }

    async function watchCheckpoints() {
        for (;;) {
            const answer = await server.anonymous.get('/log/checkpoint');
            if (answer.status === 200) sawCheckpoint(answer.bytes);
        }
    }

    // Works until the server is killed under it; only broken connections may end it.
    async function loadAndKill(round) {
        const broken = (error) => {
            if (!['ECONNRESET', 'ECONNREFUSED', 'EPIPE'].includes(error.code) &&
                error.message !== 'socket hang up' && !/aborted/.test(error.message)) throw error;
        };
        const before = acknowledged.size;
        const work = Promise.all([
            ...Array.from({ length: LANES }, () => lane(round).catch(broken)),
            watchCheckpoints().catch(broken),
        ]);
        await eventually('the load has begun', () => acknowledged.size > before, { every: 1 });
        await sleep(random() * 400);
        await server.kill();
        await work;
    }

    async function checkLog() {
        const answer = await server.anonymous.get('/log/checkpoint');
        const size = sawCheckpoint(answer.bytes);
        assert.equal(Math.max(...checkpoints.keys()), size, 'the log has shrunk');
        const leaves = await readLeaves(async (path) => {
            const tile = await server.anonymous.get(path);
            assert.equal(tile.status, 200, path);
            return tile.bytes;
        }, size);
        const roots = rootsAt(leaves, checkpoints.keys());
        for (const [old, root] of checkpoints) {
            assert.ok(roots.get(old).equals(root), `not consistent with the one of size ${old}`);
        }
    }

    async function checkActs(round) {
        const events = await shop.feed(position);
        const found = new Map(events.map((event) => [event.act.id, event]));
        assert.equal(found.size, events.length, 'no act is there twice');
        for (const [act, { index, subject, round: of }] of acknowledged) {
            if (of !== round) continue;
            const event = found.get(act);
            assert.ok(event, `${act} was answered 201 and is gone`);
            assert.equal(event.log_index, index);
            assert.equal(event.act.subject, subject);
        }
        position = events.at(-1)?.position ?? position;
    }

    async function checkProofs(round) {
        const mine = [...acknowledged].filter(([, { round: of }]) => of === round);
        const subjects = [...new Set(mine.map(([, { subject }]) => subject))];
        const proved = new Map();
        await inParallel(subjects, PROOFS_AT_ONCE, async (subject) => {
            const answer = await shop.get(`/v1/orders/${subject}/evidence`);
            assert.equal(answer.status, 200, answer.text);
            for (const { record, index } of checkBundle(answer.text, log.vkey).acts) {
                proved.set(record.id, index);
            }
        });
        for (const [act, { index }] of mine) assert.equal(proved.get(act), index, act);
    }

    for (let round = 1; round <= ROUNDS; round++) {
        test(`round ${round}`, async (context) => {
            context.diagnostic(`seed ${seed}`);
            await loadAndKill(round);
            await server.command('replay', '--check');
            await server.start();
            await checkLog();
            await checkActs(round);
            await checkProofs(round);
            context.diagnostic(`${acknowledged.size} acts were answered so far`);
        });
    }

    test('every act of every round is still there', async () => {
        const all = new Set((await shop.feed()).map(({ act }) => act.id));
        for (const act of acknowledged.keys()) assert.ok(all.has(act), act);
        assert.ok(acknowledged.size > ROUNDS);
    });
});
