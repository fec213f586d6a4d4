// Where a test's server keeps acts and state: in its data folder, or, where
// $COUNTERFOIL_TEST_POSTGRES names a database, in a schema of its own there.

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const database = process.env.COUNTERFOIL_TEST_POSTGRES || null;

export const onPostgres = database !== null;

async function sql(database, statement) {
    const { stdout } = await promisify(execFile)('psql',
        ['--no-psqlrc', '--quiet', '--tuples-only', '--set', 'ON_ERROR_STOP=1',
            '--dbname', database, '--command', 'SET client_min_messages = warning',
            '--command', statement]);
    return stdout.trim();
}

const file = {
    args: [],
    remove: async () => {},
    bytes: async (folder) => readdirSync(folder).filter((name) => name.includes('.db'))
        .reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0),
};

// What `init` is told of the store, how large it is, roughly, and how to remove it.
export async function makeStore(url = database) {
    if (url === null) return file;
    const schema = `test_${randomBytes(8).toString('hex')}`;
    const run = (statement) => sql(url, statement);
    const separator = url.includes('?') ? '&' : '?';
    // Where it is in a database that has a schema of this name.
    const at = (database) => `${database}${separator}options=-csearch_path%3D${schema}`;
    await run(`CREATE SCHEMA ${schema}`);
    return {
        args: ['--store', at(url)],
        schema,
        at,
        run,
        remove: () => run(`DROP SCHEMA ${schema} CASCADE`),
        bytes: async () => Number(await run(`SELECT coalesce(sum(pg_relation_size(oid)), 0)
            FROM pg_class WHERE relnamespace = '${schema}'::regnamespace`)),
    };
}
