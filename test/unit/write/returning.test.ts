import { type Column, type SQL, sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import type { Chunk } from '../../../src/plan/chunk.ts';
import type { Entry } from '../../../src/take/entry.ts';
import { refer } from '../../../src/take/ref.ts';
import { planReturning } from '../../../src/write/returning.ts';
import { dialect, entryOf, planOf } from '../../support/entries.ts';
import { factsOf } from '../../support/facts.ts';
import { addresses, users } from '../../support/schema.ts';

function returningOf(entries: readonly Entry[], isKnown = (_: Entry) => false, odd = false) {
  const facts = odd ? new Map([[users, factsOf(users, { plain: false })]]) : new Map();
  const { chunks, sentinelColumns } = planOf(entries, { facts });
  const { clause, places } = planReturning(chunks[0] as Chunk, dialect, sentinelColumns.get(users), isKnown);
  return { texts: clause?.texts, places: [...places] };
}

const user = (...returning: (Column | SQL)[]) =>
  entryOf(users, { name: 'Ada' }, returning.length > 0 ? { returning } : {});
const nothing = { texts: undefined, places: [] };

describe('RETURNING', () => {
  test('is not asked for where nobody asks for rows, since it needs SELECT', () => {
    expect(returningOf([user(), user()])).toEqual(nothing);
  });

  test('has every column that a caller asks for, once, and the one that tells rows apart', () => {
    expect(returningOf([user(users.name), user(), user(users.name)])).toEqual({
      texts: ['"name", "id"'],
      places: [
        ['name', 0],
        ['id', 1],
      ],
    });
  });

  test('has nothing for callers whose rows the client knows', () => {
    const known = user(users.id);
    expect(returningOf([known, user()], (entry) => entry === known)).toEqual(nothing);
  });

  test('has no more than the selection for an entry that stands alone', () => {
    expect(returningOf([user(users.name)], undefined, true)).toEqual({
      texts: ['"name"'],
      places: [['name', 0]],
    });
  });

  test('nor where others of its table are told apart', () => {
    const alone = entryOf(users, { name: 'Ada' }, { conflict: sql`do nothing`, returning: [users.name] });
    const entries = [alone, user(users.name), user(users.name)];
    expect(returningOf(entries)).toEqual({ texts: ['"name"'], places: [['name', 0]] });
  });

  test('has the columns behind the selection that a reference waits for', () => {
    const late = (entry: Entry) => {
      const child = entryOf(addresses, { email: 'a', userId: refer(entry, 'id', 0) });
      return returningOf([entry, child], undefined, true);
    };
    expect(late(user())).toEqual({ texts: ['"id"'], places: [['id', 0]] });
    expect(late(user(users.name, users.id))).toEqual({
      texts: ['"name", "id"'],
      places: [
        ['name', 0],
        ['id', 1],
      ],
    });
    expect(late(user(sql`upper(${users.name})`, users.name))).toEqual({
      texts: ['upper("name"), "name", "id"'],
      places: [
        ['id', 2],
        ['name', 1],
      ],
    });
  });
});
