// Starts servers on fresh data folders and gives clients of them.
//
//     const server = await startServer({ settings: { 'orders.deliver_within': '2s' } });
//     const shop = await server.shop();                      // a Client with a shop's key
//     const seller = await server.seller('Books & Co');      // .org is the new organisation
//     const buyer = await server.buyer('b-17');
//     …
//     await server.stop();                                   // and its folder is gone
//
// $COUNTERFOIL is the program, $COUNTERFOIL_DATA the folder of data from elsewhere.

import { cpSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';

import { Client, exchange } from './support/client.mjs';
import { Contract } from './support/contract.mjs';
import { launchServer, must, repository, run, temporaryFolder } from './support/program.mjs';
import { parseKey } from './support/tlog.mjs';
import { makeStore } from './support/store.mjs';
import { PATIENCE_MS, eventually } from './support/wait.mjs';

export { Client, exchange } from './support/client.mjs';
export { dataFolder, launch, launchServer, must, program, repository, run, temporaryFolder }
    from './support/program.mjs';
export { Receiver, subscribe } from './support/receiver.mjs';
export { onPostgres } from './support/store.mjs';
export { Stream, openStream } from './support/stream.mjs';
export { eventually, inParallel, randomFrom, shuffled, sleep } from './support/wait.mjs';

// What tests need and a marketplace does not.
const TEST_SETTINGS = {
    'http.rate': '0',
    'policy.rules': path.join(repository, 'tests/story/support/rules'),
    'webhook.allow_private': 'on',
    'webhook.time_scale': '0.001',
};

export class Server {
    constructor(folder, settings, store = null) {
        this.folder = folder;
        this.store = store;
        this.settings = { ...TEST_SETTINGS, ...settings };
        this.contract = null;
        this.anonymous = new Client(this);
    }

    async start() {
        // A setting that is a list is given once for each of its items.
        const settings = Object.entries(this.settings).flatMap(([key, values]) =>
            [values].flat().flatMap((value) => ['--set', `${key}=${value}`]));
        const { child, address } = await launchServer(
            ['serve', '--data', this.folder, '--listen', '127.0.0.1:0', ...settings]);
        this.child = child;
        this.address = address;
        this.agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
        await eventually('/healthz answers 200', async () => {
            const answer = await exchange(address, { path: '/healthz' }).catch(() => null);
            return answer?.status === 200;
        });
        if (this.contract === null) {
            const answer = await exchange(address, { path: '/openapi.json' });
            if (answer.status !== 200) throw new Error(`/openapi.json: ${answer.status}`);
            this.contract = new Contract(JSON.parse(answer.text));
        }
        return this;
    }

    // Ends the process in order; throws unless it ended well.
    async halt() {
        this.agent.destroy();
        this.child.kill('SIGTERM');
        // A server that does not stop shall fail the test and not hang it.
        const timer = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE_MS);
        const { status, signal } = await this.child.ended;
        clearTimeout(timer);
        if (status !== 0) {
            throw new Error(`the server ended with ${signal ?? status}:\n${this.log()}`);
        }
    }

    // As a power cut does, for this process.
    async kill() {
        this.agent.destroy();
        this.child.kill('SIGKILL');
        await this.child.ended;
    }

    async restart(settings = {}) {
        await this.halt();
        Object.assign(this.settings, settings);
        return this.start();
    }

    // Ends the server, has its state compared with its acts, and removes its folder.
    async stop() {
        await this.halt();
        await this.command('replay', '--check');
        await this.store?.remove();
        rmSync(this.folder, { recursive: true, force: true });
    }

    log() {
        return this.child.said.stderr;
    }

    command(name, ...args) {
        return must([...name.split(' '), '--data', this.folder, ...args]);
    }

    async tryCommand(name, ...args) {
        return run([...name.split(' '), '--data', this.folder, ...args]);
    }

    async key(role, args = []) {
        const token = (await this.command('key create', '--role', role, ...args)).trim();
        if (!new RegExp(`^cf_${role}_[0-9a-z]{26}_[A-Za-z0-9_-]{43}$`).test(token)) {
            throw new Error(`not an API key: ${token}`);
        }
        return token;
    }

    async shop() {
        return new Client(this, { role: 'shop', token: await this.key('shop') });
    }

    async auditor() {
        return new Client(this, { role: 'auditor', token: await this.key('auditor') });
    }

    operator() {
        const token = readFileSync(path.join(this.folder, 'operator.key'), 'utf8').trim();
        return new Client(this, { role: 'operator', token });
    }

    async organisation(name) {
        const org = (await this.command('org create', '--name', name)).trim();
        if (!/^org_[0-9a-z]{8}$/.test(org)) throw new Error(`not an organisation: ${org}`);
        return org;
    }

    // The first owner's invitation; of the marketplace itself, if no organisation is named.
    async invitation(org, name = 'The owner') {
        const link = await this.command('owner invite', '--name', name,
            ...(org ? ['--org', org] : []));
        const [, invitation] = /^http:\/\/localhost:\d+\/#invitation=(inv_\S+)\n$/.exec(link);
        return invitation;
    }

    // A seller's key, of a new organisation unless one is given.
    async seller(name, org) {
        const of = org ?? (await this.organisation(name));
        const token = await this.key('seller', ['--org', of]);
        return new Client(this, { role: 'seller', token, org: of });
    }

    async buyer(name) {
        const token = await this.key('buyer', ['--buyer', name]);
        return new Client(this, { role: 'buyer', token, buyer: name });
    }

    // The log's state as the server says it, with its key parsed.
    async logState() {
        const { log } = await this.anonymous.read('/v1/state');
        return { ...log, key: parseKey(log.vkey) };
    }
}

// SETTINGS are passed as --set key=value; DATABASE is a URL, by default that of the tests, if any.
export async function startServer({ settings = {}, folder = null, database } = {}) {
    const where = folder ?? path.join(temporaryFolder(), 'data');
    const store = folder === null ? await makeStore(database) : null;
    if (store !== null) await must(['init', where, ...store.args]);
    return new Server(where, settings, store).start();
}

// Another server on SERVER's database, with the same keys in a folder of its own.
export async function startNode(server, settings = {}) {
    const folder = path.join(temporaryFolder(), 'data');
    cpSync(server.folder, folder, { recursive: true });
    return new Server(folder, { ...server.settings, ...settings }).start();
}

// The marketplace that most stories need: a shop, a seller and a buyer on one server.
export async function startMarketplace(options) {
    const server = await startServer(options);
    const [shop, seller, buyer] = await Promise.all([
        server.shop(), server.seller('Harbour Books'), server.buyer('b-17'),
    ]);
    return { server, shop, seller, buyer };
}

let orders = 0;

// The body of an order like a shop sends it.
export function orderBody(seller, buyer, overrides = {}) {
    orders++;
    return {
        org: seller.org,
        reference: `S-${String(orders).padStart(6, '0')}`,
        buyer: buyer.buyer,
        placed_at: '2026-11-20T09:30:00Z',
        total: { amount: 4290, currency: 'EUR' },
        items: [
            { sku: 'BK-100', title: 'A book of tides', quantity: 2,
                price: { amount: 1995, currency: 'EUR' } },
            { sku: 'SHIP', quantity: 1, price: { amount: 300, currency: 'EUR' } },
        ],
        ...overrides,
    };
}

// Places an order and returns its id.
export async function placeOrder(shop, seller, buyer, overrides) {
    return (await shop.act('/v1/orders', orderBody(seller, buyer, overrides))).subject;
}

// The buyer asks to cancel; returns the cancel request's id.
export async function requestCancel(buyer, order, reason = 'Bought it twice by mistake') {
    await buyer.act(`/v1/orders/${order}/cancel-requests`, { reason });
    return (await buyer.read(`/v1/orders/${order}`)).cancel_request.id;
}

export const markSeen = (seller, order, request) =>
    seller.act(`/v1/orders/${order}/cancel-requests/seen`, { cancel_request: request,
        means: 'app' });

export const ship = (seller, order) =>
    seller.post(`/v1/orders/${order}/ship`, { carrier: 'DHL', tracking: 'JJD0099' });

// The last test of each file.
export function answersFit(test, getServer) {
    test('every answer fits the OpenAPI description', () => getServer().contract.kept());
}
