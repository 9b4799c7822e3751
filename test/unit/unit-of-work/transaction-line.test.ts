import { describe, expect, test } from 'vitest';
import { TransactionLine } from '../../../src/unit-of-work/transaction-line.ts';

/** Work that ends when it is told to, and notes when it begins and ends. */
class Steps {
  readonly seen: string[] = [];
  readonly #ends = new Map<string, () => void>();

  work(name: string): () => Promise<string> {
    return () => {
      this.seen.push(name);
      return new Promise((resolve) => this.#ends.set(name, () => resolve(name)));
    };
  }

  async end(name: string): Promise<void> {
    this.#ends.get(name)?.();
    this.seen.push(`${name} ended`);
    await jobs();
  }
}

/** All promise jobs that are due, and those that they queue. */
async function jobs(): Promise<void> {
  for (let left = 50; left > 0; left--) await undefined;
}

function lineWithSteps() {
  const steps = new Steps();
  return { line: new TransactionLine(), steps, seen: steps.seen };
}

describe('a statement', () => {
  test('begins at once if nothing is queued and no flush runs', () => {
    const { line, steps, seen } = lineWithSteps();
    line.statement([], steps.work('select'));
    expect(seen).toEqual(['select']);
  });

  test('does not wait for a statement that has begun', () => {
    const { line, steps, seen } = lineWithSteps();
    line.statement([], steps.work('select'));
    line.statement([], steps.work('update'));
    expect(seen).toEqual(['select', 'update']);
  });

  test('begins behind the flush of what was queued before it', async () => {
    const { line, steps, seen } = lineWithSteps();
    line.statement([() => line.run(steps.work('flush'))], steps.work('select'));
    await jobs();
    expect(seen).toEqual(['flush']);
    await steps.end('flush');
    expect(seen).toEqual(['flush', 'flush ended', 'select']);
  });

  test('learns what is awaited behind it for two promise jobs before its flush begins', async () => {
    const { line, steps, seen } = lineWithSteps();
    line.statement([() => seen.push('queue looked at')], steps.work('select'));
    // Executed at the call, it has its first job ahead of those in which `Promise.all` awaits the rest.
    await undefined;
    seen.push('insert awaited');
    await jobs();
    expect(seen).toEqual(['insert awaited', 'queue looked at', 'select']);
  });

  test('waits for those on their way to the connection if it needs answers, for it has a shorter way', async () => {
    const { line, steps, seen } = lineWithSteps();
    line.statement([], steps.work('update'));
    line.inTurn([], steps.work('savepoint'), true);
    await jobs();
    expect(seen).toEqual(['update']);
    line.sent();
    await jobs();
    expect(seen).toEqual(['update', 'savepoint']);
  });

  test('keeps its place behind one that waits, though it has nothing to wait for itself', async () => {
    const { line, steps, seen } = lineWithSteps();
    line.statement([() => line.run(steps.work('flush'))], steps.work('first'));
    line.statement([], steps.work('second'));
    await jobs();
    await steps.end('flush');
    expect(seen).toEqual(['flush', 'flush ended', 'first', 'second']);
  });

  test('begins behind a flush that fails, too', async () => {
    const { line, steps, seen } = lineWithSteps();
    line.run(() => Promise.reject(new Error('refused'))).catch(() => {});
    line.statement([], steps.work('select'));
    await jobs();
    expect(seen).toEqual(['select']);
  });
});

describe('a flush', () => {
  test('takes the queue when its turn has come, and gives what its writing gives', async () => {
    const { line, steps, seen } = lineWithSteps();
    const queue = ['row'];
    const flushed = line.flush(
      () => queue.splice(0),
      (rows) => steps.work(`write ${rows}`)(),
    );
    expect([seen, queue]).toEqual([[], ['row']]);
    await jobs();
    expect([seen, queue]).toEqual([['write row'], []]);
    await steps.end('write row');
    expect(await flushed).toBe('write row');
  });

  test('runs behind the flush before it', async () => {
    const { line, steps, seen } = lineWithSteps();
    const nothing = () => undefined;
    line.flush(nothing, steps.work('first'));
    line.flush(nothing, steps.work('second'));
    await jobs();
    expect(seen).toEqual(['first']);
    await steps.end('first');
    expect(seen).toEqual(['first', 'first ended', 'second']);
  });

  test('does not overtake a statement that is on its way to the connection', async () => {
    const { line, steps, seen } = lineWithSteps();
    line.statement([], steps.work('select'));
    line.flush(() => undefined, steps.work('flush'));
    await jobs();
    expect(seen).toEqual(['select']);
    line.sent();
    await jobs();
    expect(seen).toEqual(['select', 'flush']);
  });

  test('does not wait for the answer of a statement that is sent, nor for ever for one that sends nothing', async () => {
    const { line, steps, seen } = lineWithSteps();
    line.statement([], steps.work('cached'));
    line.flush(() => undefined, steps.work('flush'));
    await steps.end('cached');
    expect(seen).toEqual(['cached', 'cached ended', 'flush']);
  });
});

describe('the line is idle', () => {
  test('when nothing was ever in it', async () => {
    const { line } = lineWithSteps();
    expect(line.isIdle).toBe(true);
    await line.idle();
  });

  test.each<[string, (line: TransactionLine, steps: Steps) => unknown]>([
    ['a flush', (line, steps) => line.flush(() => undefined, steps.work('work'))],
    ['work of its own', (line, steps) => line.run(steps.work('work'))],
    ['a statement', (line, steps) => line.statement([], steps.work('work'))],
    ['a statement that waits', (line, steps) => line.statement([() => {}], steps.work('work'))],
  ])('only when %s has settled', async (_, begin) => {
    const { line, steps, seen } = lineWithSteps();
    begin(line, steps);
    expect(line.isIdle).toBe(false);
    line.idle().then(() => seen.push('idle'));
    await jobs();
    expect(seen).toEqual(['work']);
    await steps.end('work');
    expect(seen).toEqual(['work', 'work ended', 'idle']);
    expect(line.isIdle).toBe(true);
  });

  test('only when what began meanwhile has settled, too', async () => {
    const { line, steps, seen } = lineWithSteps();
    line.run(steps.work('first'));
    line.idle().then(() => seen.push('idle'));
    await jobs();
    line.statement([], steps.work('second'));
    await steps.end('first');
    await steps.end('second');
    expect(seen).toEqual(['first', 'first ended', 'second', 'second ended', 'idle']);
  });
});
