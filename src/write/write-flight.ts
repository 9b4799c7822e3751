/** A plan → the statements of its flight, the key query before the INSERTs. */
import { randomBytes } from 'node:crypto';
import type { FlushContext } from '../context.ts';
import type { Statement } from '../driver/statement.ts';
import type { Chunk } from '../plan/chunk.ts';
import type { Plan } from '../plan/plan.ts';
import { keyQuery } from './key-query.ts';
import { isKnown, planReturning, type Returning } from './returning.ts';
import { writeChunk } from './write-chunk.ts';

export interface SentChunk {
  readonly chunk: Chunk;
  readonly returning: Returning;
}

/** The INSERTs, and what their answers are read by. */
export interface Inserts {
  readonly statements: readonly Statement[];
  readonly sent: readonly SentChunk[];
}

/** Marks a flight in the server. */
export function makeToken(): string {
  return randomBytes(8).toString('hex');
}

export interface KeyQueryOptions {
  readonly token: string | undefined;
  /** A lock is waited for no longer than a batch of several callers may. */
  readonly isBounded: boolean;
}

export function writeKeyQuery(plan: Plan, options: KeyQueryOptions): Statement {
  const facts = new Map(
    plan.chunks.flatMap(({ shape, facts }) => (facts ? [[shape.name, facts] as const] : [])),
  );
  return keyQuery({ lists: plan.lists, facts: [...facts], ...options });
}

export function writeInserts(
  context: FlushContext,
  plan: Plan,
  token: string | undefined,
  keysKnown: Promise<void>,
): Inserts {
  const { dialect, driver } = context;
  const sent = plan.chunks.map((chunk): SentChunk => {
    // Of what is copied nobody asks more than the keys that are known.
    if (chunk.copied) return { chunk, returning: { clause: undefined, places: new Map() } };
    const identifier = plan.identifiers.get(chunk.shape.table);
    const returning = planReturning(chunk, dialect, identifier, (entry) =>
      isKnown(entry, plan, chunk, context),
    );
    return { chunk, returning };
  });
  const statements = sent.map(({ chunk, returning }) =>
    writeChunk(chunk, returning, { dialect, encoder: driver.values, token, keysKnown }),
  );
  return { statements, sent };
}
