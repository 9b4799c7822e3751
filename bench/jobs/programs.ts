import type { Sql } from 'postgres';
import { WrongRows } from '../demo/verify.ts';
import { customerOf, newOrderInput, paymentInput, scale, tpcBInput } from '../programs/inputs.ts';
import type { Programs } from '../programs/program.ts';
import { seedTpcB, seedTpcC } from '../programs/seed.ts';
import { type Tally, tallyTpcB, tallyTpcC, wrongChanges } from '../programs/tally.ts';
import type { Job } from './job.ts';

interface Program<Input> {
  readonly name: string;
  readonly title: string;
  input(n: number): Input;
  run(programs: Programs, input: Input): Promise<number>;
  /** What the program must have returned; `undefined` if that depends on the other callers. */
  returns?(input: Input): number;
  seed(sql: Sql): Promise<void>;
  tally(sql: Sql): Promise<Tally>;
  /** How these transactions change the tally. */
  changes(inputs: readonly Input[]): Tally;
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);

/** A job whose tables have rows before. A run changes them, and the check compares what it has changed. */
function programJob<Input>({ name, title, ...program }: Program<Input>): Job {
  const inputs = (size: number) => Array.from({ length: size }, (_, n) => program.input(n));
  return {
    name,
    title,
    unit: 'transactions',
    tables: [],
    rows: (size) => size,
    expect: ({ sql }) => program.seed(sql),
    async watch(sql, size) {
      const before = await program.tally(sql);
      await sql`checkpoint`;
      return async (side) => {
        const wrong = wrongChanges(before, await program.tally(sql), program.changes(inputs(size)));
        if (wrong.length > 0) throw new WrongRows(`${side}, ${name}: ${wrong.join(', ')}`);
      };
    },
    prepare({ programs }, size, { callers = 1 } = {}) {
      if (!programs) return undefined;
      const all = inputs(size);
      const calls: number[] = [];
      const call = async (caller: number) => {
        for (let n = caller; n < size; n += callers) {
          const input = all[n] as Input;
          const started = performance.now();
          const returned = await program.run(programs, input);
          calls.push(performance.now() - started);
          const wanted = program.returns?.(input) ?? returned;
          if (returned !== wanted) throw new WrongRows(`${name} returned ${returned} instead of ${wanted}`);
        }
      };
      const run = async () => {
        await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
        return [];
      };
      return Object.assign(run, { calls });
    },
  };
}

const tpcB = programJob({
  name: 'TPC-B',
  title: "pgbench's transaction: update, select, update, update, insert",
  input: tpcBInput,
  run: (programs, input) => programs.tpcB(input),
  seed: seedTpcB,
  tally: tallyTpcB,
  changes(inputs) {
    const deltas = sumOf(inputs.map(({ delta }) => delta));
    return { accounts: deltas, tellers: deltas, branches: deltas, deltas, history: inputs.length };
  },
});

const newOrder = programJob({
  name: 'new order',
  title: "TPC-C's new-order of 5 to 10 lines: 6 statements, and 4 a line",
  input: newOrderInput,
  run: (programs, input) => programs.newOrder(input),
  seed: seedTpcC,
  tally: tallyTpcC,
  changes(inputs) {
    const lines = inputs.flatMap((input) => input.lines);
    const orders = inputs.length;
    const ordered = sumOf(lines.map(({ quantity }) => quantity));
    return { numbers: orders, orders, newOrders: orders, lines: lines.length, stocks: lines.length, ordered };
  },
});

const payment = programJob({
  name: 'payment',
  title: "TPC-C's payment: update, select, update, select, select, update, insert",
  input: paymentInput,
  run: (programs, input) => programs.payment(input),
  seed: seedTpcC,
  tally: tallyTpcC,
  changes(inputs) {
    const amounts = sumOf(inputs.map(({ amount }) => amount));
    const payments = inputs.length;
    return { warehouses: amounts, districts: amounts, balances: amounts, amounts, payments, paid: payments };
  },
});

const page = programJob({
  name: 'page',
  title: 'eight selects, two of them relational queries, and an update, outside of any transaction',
  input: customerOf,
  run: (programs, input) => programs.page(input),
  returns: () => scale.ordersOfCustomer * scale.linesOfOrder,
  seed: seedTpcC,
  tally: tallyTpcC,
  changes: (inputs) => ({ visits: inputs.length }),
});

/** The jobs that `--job programs` stands for. */
export const programJobs: readonly Job[] = [tpcB, newOrder, payment, page];
