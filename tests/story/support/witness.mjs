// `counterfoil witness` as a process, and the protocol spoken to it by hand.

import http from 'node:http';
import path from 'node:path';

import { exchange } from './client.mjs';
import { launchServer, must } from './program.mjs';
import { sha256 } from './tlog.mjs';

export class Witness {
    // LOGS are verifier keys; FOLDER keeps key and state.
    constructor(folder, name, logs) {
        Object.assign(this, { folder, name, logs });
        this.keyFile = path.join(folder, 'witness.key');
        this.listen = '127.0.0.1:0';
    }

    // Makes the key; its vkey is what others configure.
    async init() {
        const printed = await must(['witness', 'init', '--key', this.keyFile, '--name', this.name]);
        this.vkey = /\S+\+[0-9a-f]{8}\+\S+/.exec(printed)[0];
        return this;
    }

    async start() {
        const { child, address } = await launchServer(['witness', '--listen', this.listen,
            '--key', this.keyFile, '--state', path.join(this.folder, 'witness.state'),
            '--name', this.name, ...this.logs.flatMap((log) => ['--log', log])]);
        this.child = child;
        this.address = address;
        // The same address after a restart, as whoever pushes to it expects.
        this.listen = address.host;
        this.agent = new http.Agent();
        return this;
    }

    async stop(signal = 'SIGTERM') {
        this.child.kill(signal);
        return this.child.ended;
    }

    send(body) {
        return exchange(this.address, { method: 'POST', path: '/add-checkpoint',
            headers: { 'Content-Length': Buffer.byteLength(body) }, body, agent: this.agent });
    }

    // What monitors get: the newest checkpoint of the log with this origin.
    monitor(origin, method = 'GET') {
        const hash = sha256(Buffer.from(origin)).toString('hex');
        return exchange(this.address, { method, path: `/${hash}/checkpoint`, agent: this.agent });
    }

    // Sends LOG's checkpoint, with whatever differs from an honest one.
    add(log, old, { size = log.leaves.length, proof, note, ...rest } = {}) {
        const hashes = proof ?? log.proof(old, size);
        const lines = hashes.map((hash) => `${hash.toString('base64')}\n`).join('');
        return this.send(`old ${old}\n${lines}\n${note ?? log.checkpoint({ size, ...rest })}`);
    }
}
