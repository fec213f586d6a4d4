// PostgreSQL dies under load and comes back, loses its clients' connections, has no room left, and
// is replaced by its standby: what was answered 2xx is there afterwards, once, and the log says so.
// The servers, two of them, go on.
//
// DATABASE_ROUNDS is the number of rounds of each kind (5), SEED makes a run repeat its moments.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, rmdirSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { eventually, onPostgres, sleep, startMarketplace, startNode } from '../story/harness.mjs';
import { Load, cluster, clusterFolder } from './load.mjs';

const ROUNDS = Number(process.env.DATABASE_ROUNDS ?? 5);
const SETTINGS = { 'store.lease': '1s' };
const skip = !onPostgres && 'the store is a file';

// Two servers on the database of URL, and load for them.
async function startNodes(url) {
    const place = await startMarketplace({ database: url, settings: SETTINGS });
    const node = await startNode(place.server);
    return { ...place, node, load: new Load({ ...place, nodes: [place.server, node] }) };
}

// Stops both and has the acts replayed; HEADS for a server whose database is gone.
async function stopNodes({ server, node }) {
    await node?.halt();
    if (node) rmSync(node.folder, { recursive: true, force: true });
    await server?.stop();
}

describe('the database fails', { skip }, () => {
    let folder, nodes = {};

    before(async () => {
        folder = clusterFolder();
        nodes = await startNodes(await cluster('start', folder));
    });
    after(async () => {
        await stopNodes(nodes);
        await cluster('remove', folder);
    });

    test('killed and started again', async () => {
        const { load } = nodes;
        for (let round = 0; round < ROUNDS; round++) {
            await load.under(async () => {
                await cluster('kill', folder);
                await load.wait(200);
                await cluster('start', folder);
            });
            await load.check();
        }
    });

    test('connections are cut', async () => {
        const { load, server } = nodes;
        for (let round = 0; round < ROUNDS; round++) {
            await load.under(async () => {
                for (let cut = 0; cut < 10; cut++) {
                    await server.store.run(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE application_name = 'counterfoil'`);
                    await load.wait(50);
                }
            });
            await load.check();
        }
    });

    test('the replayed acts give the same state', async () => {
        const { server, node } = nodes;
        await node.halt();
        await server.halt();
        await server.command('replay', '--check');
        await server.start();
        await node.start();
    });
});

// A file system of its own for the database, or why there is none.
function mountSmall(folder) {
    try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=192m', 'tmpfs', folder],
            { stdio: 'pipe' });
        return null;
    } catch (error) {
        return `a small file system cannot be made here: ${error.message.split('\n').at(1)}`;
    }
}

describe('the database\'s disk is full', { skip }, () => {
    let folder, mounted, without, nodes = {};

    before(async () => {
        mounted = clusterFolder();
        without = mountSmall(mounted);
        if (without) return;
        folder = path.join(mounted, 'c');
        nodes = await startNodes(await cluster('start', folder));
    });
    after(async () => {
        if (!without) {
            await stopNodes(nodes);
            await cluster('remove', folder);
            execFileSync('umount', [mounted]);
        }
        rmdirSync(mounted);
    });

    // Leaves no block free; the database cannot even write its log then, and may end.
    function fill() {
        const ballast = path.join(mounted, 'ballast');
        mkdirSync(ballast);
        for (let i = 0; statfsSync(mounted).bavail > 0; i++) {
            const { bavail, bsize } = statfsSync(mounted);
            try {
                writeFileSync(path.join(ballast, `${i}`),
                    Buffer.alloc(Math.min(bavail * bsize, 1 << 22)));
            } catch (error) {
                assert.equal(error.code, 'ENOSPC');
            }
        }
        return () => rmSync(ballast, { recursive: true });
    }

    test('acts are refused, none is lost, and with room it goes on', async (context) => {
        if (without) {
            context.skip(without);
            return;
        }
        const { load } = nodes;
        await load.under(async () => {
            const empty = fill();
            const refused = () => [...load.statuses.values()].reduce((sum, n) => sum + n, 0);
            const before = refused();
            await eventually('acts are refused', () => refused() > before);
            await sleep(500);
            empty();
            await cluster('start', folder);
        });
        context.diagnostic(`refused: ${JSON.stringify([...load.statuses])}`);
        await load.check();
    });
});

describe('the standby takes over', { skip }, () => {
    let folder, standby, nodes = {};

    before(async () => {
        [folder, standby] = [clusterFolder(), clusterFolder()];
        await cluster('start', folder);
        nodes = await startNodes(await cluster('standby', standby, folder));
    });
    after(async () => {
        await stopNodes(nodes);
        await cluster('remove', folder);
        await cluster('remove', standby);
    });

    test('the first one dies under load, and the second has all that was answered', async () => {
        const { load } = nodes;
        await load.under(async () => {
            await cluster('kill', folder);
            await load.wait(500);
            await cluster('promote', standby);
        });
        await load.check();
    });
});
