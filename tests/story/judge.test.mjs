// The commands for whoever writes rules: judge, rules test, rules explain, rules features.
import assert from 'node:assert/strict';
import { cpSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';

import { launch, repository, run, temporaryFolder } from './harness.mjs';

const FEW = path.join(repository, 'tests/story/support/rules');

/** The lines that a command writes for those of INPUT. */
async function answer(input, command) {
    const child = launch(command, { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.end(input);
    const { status } = await child.ended;
    const lines = child.said.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
    return { status, lines, said: child.said.stderr };
}

const judge = (input, ...options) => answer(input, ['judge', '--rules', FEW, ...options]);

const line = (fields) => `${JSON.stringify({ from: 'seller', ...fields })}\n`;

describe('counterfoil judge', () => {
    test('answers each line in its turn', async () => {
        const clean = await judge(line({ id: 'a', text: 'It leaves us tomorrow.' }));
        assert.deepEqual(clean, {
            status: 0, lines: [{ id: 'a', verdict: 'allow', findings: [] }], said: '',
        });
        const found = await judge(line({ id: 'a', text: 'It leaves us tomorrow.' }) +
            line({ id: 'b', text: 'Hi! You can pay me directly.' }));
        assert.equal(found.status, 0);
        assert.deepEqual(found.lines.map(({ id, verdict }) => [id, verdict]),
            [['a', 'allow'], ['b', 'block']]);
        assert.deepEqual(found.lines[1].findings.map(({ rule, span, text }) =>
            ({ rule, span, text })),
        [{ rule: 'offplatform', span: { start: 12, end: 27 }, text: 'pay me directly' }]);
    });

    test('has nothing to say of nothing', async () => {
        assert.deepEqual(await judge(''), { status: 0, lines: [], said: '' });
        assert.deepEqual(await judge('\n \n'), { status: 0, lines: [], said: '' });
    });

    test('gives reasons in the language that was asked for', async () => {
        const text = line({ id: 'a', text: 'You can pay me directly.' });
        const { lines } = await judge(text, '--language', 'es');
        assert.match(lines[0].findings[0].reason, /saca la venta de la plataforma/);
    });

    test('stops at a line that it cannot read, and names it and the field', async () => {
        const before = line({ id: 'a', text: 'Hello' });
        for (const [bad, said] of [
            ['nonsense\n', /line 2/],
            [line({ id: 'b' }), /line 2.*\/text: is needed/],
            [line({ id: 'b', text: 'x', at: 'yesterday' }), /line 2.*\/at: is no time/],
        ]) {
            const { status, lines, said: error } = await judge(before + bad);
            assert.equal(status, 1, error);
            assert.match(error, said);
            assert.equal(lines.length, 1, 'what stood before it was judged');
        }
    });
});

describe('counterfoil rules', () => {
    test('explains a rule, and says which it does not have', async () => {
        const explained = await run(['rules', 'explain', 'offplatform', '--rules', FEW]);
        assert.equal(explained.status, 0);
        assert.match(explained.stdout, /offplatform: block/);
        assert.match(explained.stdout, /pay me directly/);
        const unknown = await run(['rules', 'explain', 'nothing', '--rules', FEW]);
        assert.equal(unknown.status, 1);
        assert.match(unknown.stderr, /there is no rule "nothing"/);
    });

    test('shows what the model sees', async () => {
        const { status, lines } = await answer(line({ id: 'a', text: 'Take it down 24' }) +
            line({ id: 'b', from: 'buyer', text: '好评' }), ['rules', 'features']);
        assert.equal(status, 0);
        assert.deepEqual(lines.map(({ id, features }) => [id, features.split('\n')]), [
            ['a', ['f:seller', 'w:take', 'b:take it', 'w:it', 'b:it down', 'w:down', 'b:down 00',
                'w:00', '']],
            ['b', ['f:buyer', 'c:好', 'c:好评', 'c:评', '']],
        ]);
    });

    test('asks a model beside the rules, and names file and line of a bad one', async () => {
        const folder = temporaryFolder();
        cpSync(FEW, folder, { recursive: true });
        writeFileSync(path.join(folder, 'wording.rules'),
            'language: any\nrule offplatform\n  version: 9\n  scan wording\n');
        const model = 'rules offplatform\nbias 0\nspare 0\ngate -1000\nscale 10000\nfloor -20\n';
        writeFileSync(path.join(folder, 'test.model'), `${model}w:envelope\t90\n`);
        const { lines } = await answer(line({ id: 'a', text: 'Cash in an envelope, please' }),
            ['judge', '--rules', folder]);
        assert.deepEqual(lines[0].findings.map(({ rule, version, text }) =>
            ({ rule, version, text })),
        [{ rule: 'offplatform', version: 9, text: 'envelope' }]);
        writeFileSync(path.join(folder, 'test.model'), `${model}envelope\t90\n`);
        const bad = await run(['rules', 'test', '--rules', folder]);
        assert.equal(bad.status, 1);
        assert.match(bad.stdout + bad.stderr, /test\.model:7: a feature is "w:word"/);
    });

    test('tries the examples, and names file, line and reason of a bad one', async () => {
        const good = await run(['rules', 'test', '--rules', FEW]);
        assert.deepEqual([good.status, good.stdout], [0, '1 rules, 1 examples, 0 failed\n']);
        const folder = temporaryFolder();
        writeFileSync(path.join(folder, 'bad.rules'),
            'language: en\nrule x\n  phrases:\n    a ..\n');
        const bad = await run(['rules', 'test', '--rules', folder]);
        assert.notEqual(bad.status, 0);
        assert.match(bad.stdout + bad.stderr,
            /bad\.rules:4: a phrase may not begin or end with a gap/);
    });
});
