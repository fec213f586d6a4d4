// People: from the operator's command to an owner with a passkey, staff that come and go, sessions,
// signatures.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { answersFit, startServer } from './harness.mjs';
import { Person } from './support/person.mjs';

describe('an organisation and its people', () => {
    let server, org, ana;

    before(async () => {
        server = await startServer();
        org = await server.organisation('Nordlicht Lamps');
    });
    after(async () => server?.stop());

    test('the operator invites the first owner, who enrols with a passkey', async () => {
        ana = await new Person(server, 'Ana Lima').enrol(await server.invitation(org));
        const me = await ana.read('/v1/me');
        assert.equal(me.person.id, ana.id);
        assert.equal(me.person.email, 'ana.lima@example.org');
        assert.equal(me.session.method, 'passkey');
        assert.deepEqual(me.memberships.map((m) => [m.org, m.role, m.name]),
            [[org, 'owner', 'Nordlicht Lamps']]);
    });
    answersFit(test, () => server);
});
