// Waiting for what will become true. The deadlines are generous: they end a hung test, they do not
// measure anything.

export const PATIENCE_MS = Number(process.env.PATIENCE_MS ?? 90_000);

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Calls PROBE until it returns something truthy, and returns that.
export async function eventually(what, probe, { within = PATIENCE_MS, every = 40 } = {}) {
    const end = Date.now() + within;
    for (;;) {
        const value = await probe();
        if (value) return value;
        if (Date.now() > end) throw new Error(`waited in vain for: ${what}`);
        await sleep(every);
    }
}

// Runs WORK over ITEMS, at most WIDTH at a time; the results stand in the order of the items.
export async function inParallel(items, width, work) {
    const results = new Array(items.length);
    let next = 0;
    const lane = async () => {
        while (next < items.length) {
            const index = next++;
            results[index] = await work(items[index], index);
        }
    };
    await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
    return results;
}

// Mulberry32: a random sequence that a printed seed brings back.
export function randomFrom(seed) {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
}

export function shuffled(items, random) {
    const result = [...items];
    for (let last = result.length - 1; last > 0; last--) {
        const other = Math.floor(random() * (last + 1));
        [result[last], result[other]] = [result[other], result[last]];
    }
    return result;
}
