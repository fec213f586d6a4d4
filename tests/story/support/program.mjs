// Runs the program under test: commands that end, and servers that say where they listen.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { PATIENCE_MS } from './wait.mjs';

export const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const program = path.resolve(
    process.env.COUNTERFOIL ?? path.join(repository, 'build/counterfoil'),
);
export const dataFolder = path.resolve(
    process.env.COUNTERFOIL_DATA ?? path.join(repository, '../shared/data'),
);

const children = new Set();
const folders = new Set();
process.on('exit', () => {
    for (const child of children) child.kill('SIGKILL');
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const [signal, status] of [['SIGINT', 130], ['SIGTERM', 143]]) {
    process.on(signal, () => process.exit(status));
}

// A folder that is gone when the process ends.
export function temporaryFolder() {
    const folder = mkdtempSync(path.join(tmpdir(), 'counterfoil-'));
    folders.add(folder);
    return folder;
}

export function launch(args, options = {}) {
    if (!existsSync(program)) {
        throw new Error(`${program} is not there: build it, or set COUNTERFOIL to its path`);
    }
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    children.add(child);
    child.ended = new Promise((resolve) => {
        child.once('close', (status, signal) => {
            children.delete(child);
            resolve({ status, signal });
        });
    });
    child.said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) {
        child[name].setEncoding('utf8');
        child[name].on('data', (chunk) => {
            child.said[name] += chunk;
        });
    }
    return child;
}

// Runs a command to its end, whatever that is.
export async function run(args, options) {
    const child = launch(args, options);
    const timer = setTimeout(() => child.kill('SIGKILL'), 10 * PATIENCE_MS);
    const { status, signal } = await child.ended;
    clearTimeout(timer);
    return { status, signal, ...child.said };
}

// Runs a command that must succeed; returns what it printed.
export async function must(args, options) {
    const result = await run(args, options);
    if (result.status !== 0) {
        throw new Error(
            `counterfoil ${args.join(' ')} ended with ${result.signal ?? result.status}:\n` +
                result.stdout + result.stderr,
        );
    }
    return result.stdout;
}

// Starts a server and waits until it prints "listening on URL".
export async function launchServer(args, options) {
    const child = launch(args, options);
    const address = await new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('no address was said')), PATIENCE_MS);
        const look = () => {
            const match = /^listening on (\S+)\s*$/m.exec(child.said.stdout);
            if (!match) return;
            clearTimeout(timer);
            resolve(match[1]);
        };
        child.stdout.on('data', look);
        child.ended.then(({ status, signal }) => {
            clearTimeout(timer);
            reject(new Error(`the server ended with ${signal ?? status}:\n${child.said.stderr}`));
        });
    });
    return { child, address: new URL(address) };
}
