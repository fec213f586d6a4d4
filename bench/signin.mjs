// Signed activations per second over HTTP, beside bare ES256 verification in the same run.
//
//     node bench/signin.mjs [--owners N] [--each N]
//
// Each owner of an organisation has signed the terms of so many paid services; then all of them
// post their activations at once, each over one keep-alive connection, one after the other. An
// activation is everything: session, nonce, terms made again from the rows, WebAuthn's checks,
// decision, commit with fdatasync, signed checkpoint. $COUNTERFOIL and $BENCH_SIGNIN name the
// programs (build/counterfoil, build/bench/bench_signin).

import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';

process.env.COUNTERFOIL ??= path.resolve('build/counterfoil');
const BARE = process.env.BENCH_SIGNIN ?? path.resolve('build/bench/bench_signin');
const { startServer } = await import('../tests/story/harness.mjs');
const { Person } = await import('../tests/story/support/person.mjs');
const { propose, publish } = await import('../tests/story/support/services.mjs');

const ACT = 'service.activated';
const ENGLISH = { language: 'en' };

const { values } = parseArgs({ options: {
    owners: { type: 'string', default: '16' },
    each: { type: 'string', default: '50' },
} });
const owners = Number(values.owners), each = Number(values.each);

function bareSignatures() {
    const told = execFileSync(BARE, ['--rounds', '10000'], { encoding: 'utf8' });
    return Number(/^bare ES256 +(\d+)/m.exec(told)[1]);
}

// An owner of a fresh organisation, to whom every service was proposed.
async function prepare(server, shop, services, index) {
    const org = await server.organisation(`Seller ${index}`);
    const owner = await new Person(server, `Owner ${index}`).enrol(await server.invitation(org));
    owner.proposed = [];
    for (const service of services) {
        owner.proposed.push({ subscription: await propose(shop, service, { org }) });
    }
    return owner;
}

// In the order in which they are posted: a later nonce makes earlier ones useless.
async function sign(owner) {
    for (const one of owner.proposed) {
        const terms = await owner.terms(ACT, ENGLISH, one.subscription);
        one.body = { ...ENGLISH, signature: owner.signature(terms) };
    }
}

async function activate(owner) {
    const took = [];
    for (const { subscription, body } of owner.proposed) {
        const began = process.hrtime.bigint();
        const answer = await owner.post(`/v1/subscriptions/${subscription}/activate`, body);
        if (answer.status !== 201) throw new Error(answer.text);
        took.push(Number(process.hrtime.bigint() - began) / 1e6);
    }
    return took;
}

const server = await startServer();
server.contract = null; // answers are not compared with the description here
try {
    const shop = await server.shop(), operator = server.operator();
    const services = [];
    for (let i = 0; i < each; i++) {
        services.push(await publish(operator, { name: `Plan ${i}`, first_charge_days: 14 }));
    }
    const people = [];
    for (let i = 0; i < owners; i++) people.push(await prepare(server, shop, services, i));
    await Promise.all(people.map(sign));
    const before = bareSignatures();
    const began = process.hrtime.bigint();
    const took = (await Promise.all(people.map(activate))).flat().sort((a, b) => a - b);
    const seconds = Number(process.hrtime.bigint() - began) / 1e9;
    const bare = (before + bareSignatures()) / 2;
    const rate = took.length / seconds;
    console.log(`bare ES256               ${bare.toFixed(0).padStart(10)} signatures/s`);
    console.log(`signed activations       ${rate.toFixed(0).padStart(10)} acts/s   ` +
        `activated / bare ${(rate / bare).toFixed(4)}   ` +
        `p50 ${took[Math.floor(took.length / 2)].toFixed(1)} ms, ` +
        `p99 ${took[Math.floor(took.length * 0.99)].toFixed(1)} ms, ${owners} owners at once`);
} finally {
    await server.stop();
}
