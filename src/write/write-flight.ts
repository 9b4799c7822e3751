/** A plan → the statements of its flight, the key query before the INSERTs. */
import { randomBytes } from 'node:crypto';
import type { FlushContext } from '../context.ts';
import { command, type Statement } from '../driver/statement.ts';
import type { TableShape } from '../drizzle/table.ts';
import type { Chunk } from '../plan/chunk.ts';
import type { Plan } from '../plan/plan.ts';
import type { Arrangement } from './arrange.ts';
import { lockForCopy } from './copy.ts';
import { type KeyQueryInput, keyQuery } from './key-query.ts';
import { boundByStatement } from './lock-timeout.ts';
import { isKnown, planReturning, type Returning } from './returning.ts';
import { type ChunkWriter, writeChunk } from './write-chunk.ts';

export interface SentChunk {
  readonly chunk: Chunk;
  readonly returning: Returning;
}

/** The INSERTs, and how to read their answers. */
export interface Inserts {
  readonly statements: readonly Statement[];
  readonly sent: readonly SentChunk[];
}

/** Made by the first flight: a Worker may draw no random bytes while its modules load. */
let ofProcess: string | undefined;

let flights = 0;

/** The token that marks a flight in the server. No other flight has it, of this process or another. */
export function makeToken(): string {
  ofProcess ??= randomBytes(8).toString('hex');
  flights += 1;
  return `${ofProcess}.${flights}`;
}

/** The statements before the INSERTs of a flight. */
export interface FlightHead {
  /** Marks the flight in the server. `undefined` if its INSERTs need no guard. */
  readonly token: string | undefined;
  readonly opening: readonly Statement[];
  readonly keyQuery: Statement | undefined;
  /** Tables that the transaction has locked, by this flight or an earlier one. */
  readonly locked: ReadonlySet<TableShape>;
}

export function writeHead(
  { dialect, engine }: FlushContext,
  plan: Plan,
  arrangement: Arrangement,
  { lockTimeout, held }: { lockTimeout: string | undefined; held: ReadonlySet<TableShape> },
): FlightHead {
  if (arrangement === 'bare')
    return { token: undefined, opening: [], keyQuery: undefined, locked: new Set() };
  const token = arrangement === 'guarded' ? makeToken() : undefined;
  const copied = plan.chunks.filter((chunk) => chunk.way === 'copied');
  const lockedByCopy = new Set(copied.map(({ shape }) => shape));
  const lockedAhead = new Set(engine.refusesLocks ? [] : lockable(plan));
  const locks = [...lockedAhead].filter((shape) => !lockedByCopy.has(shape) && !held.has(shape));
  const isBoundApart = token === undefined || copied.length > 0 || locks.length > 0;
  const opening = [
    ...(lockTimeout && isBoundApart ? [boundByStatement(lockTimeout, token !== undefined)] : []),
    ...(locks.length > 0 ? [lockTables(locks)] : []),
    ...copied.map((chunk) => lockForCopy(chunk, dialect)),
  ];
  const bound = isBoundApart ? undefined : lockTimeout;
  const compares = plan.chunks.some(({ facts }) => facts);
  const isAsked = plan.chunks.length > 0 && (token !== undefined || compares || plan.lists.length > 0);
  const keyQuery = isAsked ? writeKeyQuery(plan, { token, lockTimeout: bound }) : undefined;
  return {
    token,
    opening: opening.map(command),
    keyQuery,
    locked: new Set([...lockedByCopy, ...lockedAhead]),
  };
}

/** Tables that can be locked before their facts are compared, so that the facts hold until the transaction ends. */
function lockable({ chunks }: Plan): TableShape[] {
  return chunks.filter(({ facts }) => facts?.plain && facts.lockable).map(({ shape }) => shape);
}

/** The lock that an INSERT takes. Partitions are locked when a row reaches them. */
function lockTables(shapes: readonly TableShape[]): string {
  return `lock table ${shapes.map(({ name }) => `only ${name}`).join(', ')} in row exclusive mode`;
}

export function writeKeyQuery(
  plan: Plan,
  options: Pick<KeyQueryInput, 'token' | 'pipeline' | 'lockTimeout'>,
): Statement {
  return keyQuery({ lists: plan.lists, facts: comparedFacts(plan), ...options });
}

/** What the key query compares. */
export function comparedFacts({ chunks }: Plan): KeyQueryInput['facts'] {
  return [...new Map(chunks.flatMap(({ shape, facts }) => (facts ? [[shape.name, facts] as const] : [])))];
}

export function writeInserts(
  context: FlushContext,
  plan: Plan,
  flight: Pick<ChunkWriter, 'token' | 'locked' | 'keysKnown'>,
): Inserts {
  const { dialect, driver } = context;
  const sent = plan.chunks.map((chunk): SentChunk => {
    // COPY has no RETURNING. The callers need only keys that are known.
    if (chunk.way === 'copied') return { chunk, returning: { clause: undefined, places: new Map() } };
    const sentinelColumn = plan.sentinelColumns.get(chunk.shape.table);
    const returning = planReturning(chunk, dialect, sentinelColumn, (entry) =>
      isKnown(entry, plan, chunk, context),
    );
    return { chunk, returning };
  });
  const statements = sent.map(({ chunk, returning }) =>
    writeChunk(chunk, returning, { dialect, encoder: driver.values, ...flight }),
  );
  return { statements, sent };
}
