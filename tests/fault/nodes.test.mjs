// One of two servers on a database is killed while it holds what only one does, or sleeps and
// wakes as another has taken over: the other goes on within seconds, and nothing that was answered
// is lost or done twice.
//
// NODE_ROUNDS is the number of rounds of each kind (3), SEED makes a run repeat its moments.

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { Client, Receiver, eventually, onPostgres, sleep, startMarketplace, startNode, subscribe }
    from '../story/harness.mjs';
import { Load } from './load.mjs';

const ROUNDS = Number(process.env.NODE_ROUNDS ?? 3);

describe('a node fails', { skip: !onPostgres && 'a file has one server' }, () => {
    let server, node, seller, load, receiver;

    before(async () => {
        const place = await startMarketplace({ settings: { 'store.lease': '1s' } });
        ({ server, seller } = place);
        node = await startNode(server);
        load = new Load({ ...place, nodes: [server, node] });
        receiver = await new Receiver().open();
        await subscribe(seller, receiver);
    });
    after(async () => {
        await receiver?.close();
        await node?.halt();
        if (node) rmSync(node.folder, { recursive: true, force: true });
        await server?.stop();
    });

    const holdsLog = async (of) => {
        const { text } = await new Client(of).get('/metrics');
        return /^counterfoil_holds_log 1$/m.test(text);
    };
    const holder = () => eventually('somebody holds the log', async () => {
        for (const each of [server, node]) if (await holdsLog(each)) return each;
        return null;
    });
    const other = (than) => (than === server ? node : server);

    async function checkWebhooks() {
        const events = (await seller.feed()).map(({ act }) => act.id);
        const first = events.indexOf(receiver.deliveries[0].id);
        await eventually('all were pushed', () => {
            const pushed = new Set(receiver.deliveries.map(({ id }) => id));
            return events.slice(first).every((id) => pushed.has(id));
        });
        assert.ok(receiver.deliveries.every(({ valid }) => valid));
    }

    test('the one that gives acts their places in the log is killed', async () => {
        for (let round = 0; round < ROUNDS; round++) {
            let killed;
            await load.under(async () => {
                killed = await holder();
                await killed.kill();
                load.nodes = [other(killed)];
                await eventually('the other has taken it over', () => holdsLog(other(killed)));
            });
            await load.check();
            await killed.start();
            load.nodes = [server, node];
            await load.check();
        }
        await checkWebhooks();
    });

    test('the one that gives acts their places sleeps, and wakes when another does', async () => {
        for (let round = 0; round < ROUNDS; round++) {
            await load.under(async () => {
                const asleep = await holder();
                load.nodes = [other(asleep)];
                asleep.child.kill('SIGSTOP');
                await eventually('the other has taken it over', () => holdsLog(other(asleep)));
                await sleep(load.random() * 500);
                asleep.child.kill('SIGCONT');
                await eventually('it is awake', async () =>
                    (await new Client(asleep).get('/healthz')).status === 200);
                load.nodes = [server, node];
            });
            await load.check();
        }
        await checkWebhooks();
    });

    test('the replayed acts give the same state', async () => {
        await node.halt();
        await server.halt();
        await server.command('replay', '--check');
        await server.start();
        await node.start();
    });
});
