// The description of the interface is a valid one, whole, and says of itself what is true.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import SwaggerParser from '@apidevtools/swagger-parser';

import { startServer } from './harness.mjs';

const VERBS = ['get', 'post', 'put', 'patch', 'delete'];

describe('/openapi.json', () => {
    let server, description;
    before(async () => {
        server = await startServer();
        const answer = await server.anonymous.get('/openapi.json');
        assert.match(answer.headers['content-type'], /^application\/json/);
        description = JSON.parse(answer.text);
    });
    after(() => server?.stop());

    const operations = () => Object.entries(description.paths).flatMap(([path, item]) =>
        VERBS.filter((verb) => item[verb]).map((verb) => ({ path, verb, ...item[verb] })));

    test('is valid OpenAPI 3.1', async () => {
        assert.match(description.openapi, /^3\.1\./);
        await SwaggerParser.validate(structuredClone(description));
    });

    test('describes the whole contract', () => {
        const there = new Set(operations().map(({ path, verb }) =>
            `${verb} ${path.replace(/\{[^}]+\}/g, '{}')}`));
        for (const wanted of ['post /v1/orders', 'get /v1/orders', 'get /v1/orders/{}',
            'post /v1/orders/{}/cancel-requests', 'post /v1/orders/{}/cancel-requests/seen',
            'post /v1/orders/{}/cancel-requests/accept',
            'post /v1/orders/{}/cancel-requests/refuse', 'post /v1/orders/{}/ship',
            'post /v1/orders/{}/deliver', 'post /v1/orders/{}/cancel', 'post /v1/orders/{}/review',
            'post /v1/shipments', 'get /v1/orders/{}/acts', 'get /v1/orders/{}/notices',
            'get /v1/orders/{}/evidence', 'get /v1/feed', 'get /v1/feed/stream', 'post /v1/orgs',
            'get /v1/orgs', 'post /v1/keys', 'post /v1/keys/{}/revoke', 'post /v1/endpoints',
            'get /v1/endpoints', 'post /v1/endpoints/{}/remove', 'get /v1/endpoints/{}/deliveries',
            'post /v1/endpoints/{}/replay', 'get /v1/incidents', 'get /v1/state',
            'get /log/checkpoint', 'get /healthz', 'get /metrics']) {
            assert.ok(there.has(wanted), wanted);
        }
    });

    test('each operation has a name of its own, words, and says what can go wrong', () => {
        const names = new Set();
        for (const { path, verb, operationId, summary, responses } of operations()) {
            const where = `${verb} ${path}`;
            assert.ok(operationId && !names.has(operationId), where);
            names.add(operationId);
            assert.ok(summary, where);
            assert.ok(Object.keys(responses).some((status) => /^2/.test(status)), where);
        }
    });

    test('the webhooks are described', () => {
        for (const type of ['order.created', 'order.cancel_requested', 'order.shipped']) {
            assert.ok(description.webhooks[type]?.post?.requestBody, type);
        }
    });

    test('every example fits its schema', () => {
        let examples = 0;
        const visit = (node, pointer) => {
            if (node === null || typeof node !== 'object') return;
            if (node.schema && node.example !== undefined) {
                server.contract.validate(`the example at ${pointer}`, `${pointer}/schema`,
                    node.example);
                examples++;
            }
            for (const [name, value] of Object.entries(node)) {
                visit(value, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
            }
        };
        visit(description, '');
        assert.ok(examples > 0);
        server.contract.kept();
    });

    test('what answers without a key says so, the rest names the scheme', async () => {
        for (const { path, verb, security } of operations()) {
            if (verb !== 'get' || path.includes('{') || path.includes('stream')) continue;
            const open = (security ?? description.security ?? []).length === 0;
            const { status } = await server.anonymous.get(path);
            assert.equal(status === 401, !open, `${path}: ${status}`);
        }
    });
});
