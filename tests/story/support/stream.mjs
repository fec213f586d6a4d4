// Reads /v1/feed/stream with a parser that others wrote.

import http from 'node:http';

import { createParser } from 'eventsource-parser';

import { eventually } from './wait.mjs';

export class Stream {
    constructor(client, { after, lastEventId, subject } = {}) {
        this.events = [];
        this.errors = [];
        this.retry = null;
        this.ended = false;
        const query = new URLSearchParams();
        if (after !== undefined) query.set('after', after);
        if (subject !== undefined) query.set('subject', subject);
        const { hostname, port } = client.server.address;
        this.parser = createParser({
            onEvent: (event) => this.events.push({ ...event, json: JSON.parse(event.data) }),
            onRetry: (ms) => (this.retry = ms),
            onError: (error) => this.errors.push(error),
        });
        this.opened = new Promise((resolve, reject) => {
            this.request = http.get(
                {
                    host: hostname,
                    port,
                    path: `/v1/feed/stream?${query}`,
                    headers: {
                        ...client.credentials(),
                        Accept: 'text/event-stream',
                        ...(lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }),
                    },
                },
                (response) => {
                    this.response = response;
                    this.status = response.statusCode;
                    this.headers = response.headers;
                    response.setEncoding('utf8');
                    response.on('data', (chunk) => this.parser.feed(chunk));
                    response.on('close', () => (this.ended = true));
                    response.on('error', () => (this.ended = true));
                    resolve(this);
                },
            );
            this.request.on('error', (error) => {
                this.ended = true;
                reject(error);
            });
        });
        // Closing a stream on purpose is no unhandled error.
        this.opened.catch(() => {});
    }

    async first(count) {
        await eventually(`${count} events on the stream (${this.events.length} came)`, () =>
            this.events.length >= count);
        return this.events.slice(0, count);
    }

    find(predicate, what = 'an event on the stream') {
        const matches = (event) => predicate(event.json.act, event);
        return eventually(what, () => this.events.find(matches));
    }

    close() {
        this.request.destroy();
    }
}

export async function openStream(client, options) {
    const stream = new Stream(client, options);
    await stream.opened;
    if (stream.status !== 200) throw new Error(`the stream was answered ${stream.status}`);
    return stream;
}
