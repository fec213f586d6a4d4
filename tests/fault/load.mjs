// What the tests of failing databases and nodes share: load whose every request is sent until it
// is answered for good, and the checks that nothing of it was lost, made twice or told otherwise.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

import { eventually, exchange, inParallel, orderBody, randomFrom, repository, sleep }
    from '../story/harness.mjs';
import { checkBundle } from '../story/support/bundle.mjs';
import { parseCheckpoint, readLeaves, rootsAt } from '../story/support/tlog.mjs';

const LANES = 8;

// tools/postgres.sh; prints the cluster's URL where there is one.
export const cluster = async (action, ...folders) => (await promisify(execFile)(
    path.join(repository, 'tools/postgres.sh'), [action, ...folders])).stdout.trim();

export const clusterFolder = () => mkdtempSync('/var/tmp/counterfoil-cluster-');

export class Load {
    // NODES are the servers that take requests, at least one of them alive at any moment.
    constructor({ nodes, shop, seller, buyer }) {
        Object.assign(this, { nodes, shop, seller, buyer });
        this.random = randomFrom(Number(process.env.SEED ?? Date.now() % 2 ** 31));
        this.acknowledged = new Map(); // Idempotency-Key → the answer
        this.statuses = new Map(); // of answers other than 201 → how many
        this.checkpoints = new Map(); // size → root, whichever node said so
        this.key = 0;
    }

    wait(milliseconds) {
        return sleep(this.random() * milliseconds);
    }

    // The same request to any node, until it is answered for good, as its sender should do.
    async order() {
        const name = `k-${++this.key}`;
        const body = orderBody(this.seller, this.buyer);
        await eventually('the order was taken', async () => {
            const node = this.nodes[Math.floor(this.random() * this.nodes.length)];
            const answer = await this.shop.at(node)
                .post('/v1/orders', body, { 'Idempotency-Key': name }).catch(() => null);
            if (answer === null) return false; // it died, and is not there yet
            if (answer.status === 201) {
                this.acknowledged.set(name, answer.json);
                return true;
            }
            assert.ok(answer.status >= 500, `${answer.status}: ${answer.text}`);
            this.statuses.set(answer.status, (this.statuses.get(answer.status) ?? 0) + 1);
            return false;
        }, { every: 20 });
    }

    async sawCheckpoint(node) {
        this.log ??= await node.logState();
        const answer = await exchange(node.address, { path: '/log/checkpoint' });
        const { size, root } = parseCheckpoint(answer.bytes, this.log.key);
        const before = this.checkpoints.get(size);
        assert.ok(!before || before.equals(root), `two roots for size ${size}`);
        this.checkpoints.set(size, root);
        return size;
    }

    // Works while FAIL does its harm, and until all goes on afterwards.
    async under(fail) {
        let going = true;
        const lanes = Array.from({ length: LANES }, async () => {
            while (going) await this.order();
        });
        const watching = (async () => {
            while (going) {
                for (const node of this.nodes) await this.sawCheckpoint(node).catch((error) => {
                    if (error instanceof assert.AssertionError) throw error;
                });
                await sleep(20);
            }
        })();
        const count = this.acknowledged.size;
        await eventually('the load has begun', () => this.acknowledged.size > count, { every: 2 });
        await this.wait(300);
        await fail();
        const then = this.acknowledged.size;
        await eventually('it goes on', () => this.acknowledged.size > then + LANES);
        going = false;
        await Promise.all([...lanes, watching]);
    }

    // On each node: what was answered is there, once, at its place; no feed has a gap.
    async check() {
        for (const node of this.nodes) {
            const events = await this.shop.at(node).feed();
            const acts = new Map(events.map((event) => [event.act.id, event]));
            assert.equal(acts.size, events.length, 'no act is there twice');
            for (const { act, log_index: index } of this.acknowledged.values()) {
                assert.equal(acts.get(act)?.log_index, index, `${act} was answered 201`);
            }
            const orders = events.filter((event) => event.act.type === 'order.created');
            assert.equal(orders.length, this.acknowledged.size, 'every order was made once');
            assert.deepEqual(events.map((event) => event.log_index), [...events.keys()]);
            const mine = (await this.seller.at(node).feed()).map(({ position }) => position);
            assert.deepEqual(mine, mine.map((_, i) => i + 1));
        }
        await this.checkLog();
    }

    // Every checkpoint that anybody was ever shown is of the log as it is now.
    async checkLog() {
        const [node] = this.nodes;
        const size = await this.sawCheckpoint(node);
        assert.ok(Math.max(...this.checkpoints.keys()) <= size, 'the log has shrunk');
        const leaves = await readLeaves(async (tile) => {
            const answer = await exchange(node.address, { path: tile });
            assert.equal(answer.status, 200, tile);
            return answer.bytes;
        }, size);
        const roots = rootsAt(leaves, this.checkpoints.keys());
        for (const [old, root] of this.checkpoints) {
            assert.ok(roots.get(old).equals(root), `not consistent with the one of size ${old}`);
        }
        const some = [...this.acknowledged.values()].slice(-20);
        await inParallel(some, 4, async ({ subject, act, log_index: index }) => {
            const answer = await this.shop.at(node).get(`/v1/orders/${subject}/evidence`);
            const proved = checkBundle(answer.text, this.log.vkey).acts
                .find(({ record }) => record.id === act);
            assert.equal(proved?.index, index);
        });
    }
}
