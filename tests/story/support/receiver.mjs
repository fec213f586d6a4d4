// A webhook receiver on loopback that behaves as badly as it is told to.

import http from 'node:http';

import { Webhook } from 'standardwebhooks';

import { eventually } from './wait.mjs';

export class Receiver {
    // ANSWER: a status; or a function of (delivery, receiver) that returns a status, an object
    // {status, headers}, or null for never answering.
    constructor(answer = 204) {
        this.answer = answer;
        this.deliveries = [];
        this.waiting = 0; // requests without an answer
        this.mostWaiting = 0;
        this.secret = null;
        this.port = 0;
    }

    async open() {
        this.server = http.createServer((request, response) => this.receive(request, response));
        await new Promise((resolve, reject) => {
            this.server.once('error', reject);
            this.server.listen(this.port, '127.0.0.1', resolve);
        });
        this.port = this.server.address().port;
        this.url = `http://127.0.0.1:${this.port}/hook`;
        return this;
    }

    // From now on connections are refused; open() brings the same address back.
    async close() {
        if (!this.server) return;
        this.server.closeAllConnections();
        await new Promise((resolve) => this.server.close(resolve));
        this.server = null;
    }

    receive(request, response) {
        const chunks = [];
        this.mostWaiting = Math.max(this.mostWaiting, ++this.waiting);
        response.on('close', () => this.waiting--);
        request.on('data', (chunk) => chunks.push(chunk));
        request.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            const delivery = { method: request.method, headers: request.headers, text };
            delivery.id = request.headers['webhook-id'];
            delivery.json = JSON.parse(text);
            delivery.act = delivery.json.data?.act;
            delivery.valid = this.verify(delivery);
            this.deliveries.push(delivery);
            const given =
                typeof this.answer === 'function' ? this.answer(delivery, this) : this.answer;
            if (given === null) return;
            const { status, headers = {} } = typeof given === 'object' ? given : { status: given };
            delivery.answered = status;
            response.writeHead(status, headers).end();
        });
    }

    // By the npm package of the Standard Webhooks project.
    verify(delivery) {
        if (!this.secret) return undefined;
        try {
            new Webhook(this.secret).verify(delivery.text, delivery.headers);
            return true;
        } catch {
            return false;
        }
    }

    ofType(type) {
        return this.deliveries.filter((delivery) => delivery.json.type === type);
    }

    find(predicate, what = 'a webhook') {
        return eventually(what, () => this.deliveries.find(predicate));
    }
}

// Registers RECEIVER as an endpoint of the client's.
export async function subscribe(client, receiver, body = {}) {
    const answer = client.expect(201, await client.post('/v1/endpoints', {
        url: receiver.url,
        ...body,
    }));
    receiver.secret = answer.json.secret;
    return answer.json;
}
