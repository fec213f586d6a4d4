// A client of the HTTP API with one API key. Every answer is compared with the OpenAPI description.

import http from 'node:http';

import { PATIENCE_MS } from './wait.mjs';

// One exchange. BODY is a string or bytes; what comes back has the body as bytes and as text.
export function exchange(address, { method = 'GET', path, headers = {}, body, agent }) {
    return new Promise((resolve, reject) => {
        const request = http.request(
            { host: address.hostname, port: address.port, method, path, headers, agent },
            (response) => {
                const chunks = [];
                response.on('data', (chunk) => chunks.push(chunk));
                response.on('error', reject);
                response.on('end', () => {
                    const bytes = Buffer.concat(chunks);
                    resolve({
                        status: response.statusCode,
                        headers: response.headers,
                        bytes,
                        text: bytes.toString('utf8'),
                    });
                });
            },
        );
        request.setTimeout(PATIENCE_MS, () => request.destroy(new Error('no answer')));
        request.on('error', reject);
        request.end(body);
    });
}

export class Client {
    // SERVER is looked up at each request, so a client outlives a restart on another port.
    constructor(server, { role, token, org, buyer } = {}) {
        Object.assign(this, { server, role, token, org, buyer });
    }

    // The same client, who asks another server.
    at(server) {
        return new Client(server, this);
    }

    // The header fields that say who asks.
    credentials() {
        return this.token ? { Authorization: `Bearer ${this.token}` } : {};
    }

    async send(method, path, { body, headers = {}, raw = false } = {}) {
        const fields = { ...this.credentials(), ...headers };
        let bytes = body;
        if (body !== undefined && !raw) {
            bytes = JSON.stringify(body);
            fields['Content-Type'] ??= 'application/json';
        }
        if (bytes !== undefined) fields['Content-Length'] ??= Buffer.byteLength(bytes);
        const answer = await exchange(this.server.address, {
            method,
            path,
            headers: fields,
            body: bytes,
            agent: this.server.agent,
        });
        const type = answer.headers['content-type'] ?? '';
        if (answer.bytes.length > 0 && /^application\/(problem\+)?json\b/.test(type)) {
            answer.json = JSON.parse(answer.text);
        }
        this.server.contract?.check(method, path, answer);
        return answer;
    }

    get(path, headers) {
        return this.send('GET', path, { headers });
    }

    post(path, body, headers) {
        return this.send('POST', path, { body, headers });
    }

    // The same with bytes that need not be JSON.
    postBytes(path, body, headers = { 'Content-Type': 'application/json' }) {
        return this.send('POST', path, { body, headers, raw: true });
    }

    // Sends an act that must be accepted.
    async act(path, body, headers) {
        return this.expect(201, await this.post(path, body, headers)).json;
    }

    // Reads something that must be there.
    async read(path) {
        return this.expect(200, await this.get(path)).json;
    }

    expect(status, answer) {
        if (answer.status !== status) {
            throw new Error(`expected ${status}, got ${answer.status}: ${answer.text}`);
        }
        return answer;
    }

    // A whole feed, page by page.
    async feed(after = 0, limit = 500) {
        const events = [];
        for (let position = after; ; ) {
            const page = await this.read(`/v1/feed?after=${position}&limit=${limit}`);
            if (page.events.length === 0) return events;
            events.push(...page.events);
            position = page.next;
        }
    }

    // All rows of a paged list.
    async list(path, member, limit = 500) {
        const rows = [];
        for (let after = null; ; ) {
            const query = `${path.includes('?') ? '&' : '?'}limit=${limit}`;
            const page = await this.read(path + query + (after ? `&after=${after}` : ''));
            rows.push(...page[member]);
            after = page.next;
            if (after === null) return rows;
        }
    }

    timeline(order) {
        return this.list(`/v1/orders/${order}/acts`, 'acts');
    }
}
