import { isDeepStrictEqual } from 'node:util';
import { driver } from './drivers/chosen.ts';
import type { TableName } from './program-rows.ts';
import { firstGivenKey } from './program-tables.ts';

/** The table whose keys a property of a row contains, by drizzle's or the driver's name of the property. */
const keyTables: Readonly<Record<string, TableName>> = {
  userId: 'users',
  user_id: 'users',
  parentId: 'nodes',
  parent_id: 'nodes',
  teamId: 'teams',
  team_id: 'teams',
  organizationId: 'organizations',
  organization_id: 'organizations',
};

/** The table whose rows a property of a relational query contains. */
const relations: Readonly<Record<string, TableName>> = {
  addresses: 'addresses',
  user: 'users',
  organization: 'organizations',
  teams: 'teams',
  members: 'members',
  children: 'nodes',
  parent: 'nodes',
};

/**
 * Compares values of the two sides.
 *
 * Two kinds of values are compared by structure, one to one, and not by value. The first kind are values that
 * differ between any two runs: random uuids and the server's clock. The second kind are keys from sequences,
 * once something has failed or was thrown. A rollback does not reset a sequence. Ours has taken keys for a
 * whole flight, or none for an insert that was dropped (docs/contract.md, 3 and 2). If nothing has failed, the
 * keys are equal. They rise in the order of the calls on both sides (docs/contract.md, 3), and each row that
 * leaves its key out takes one.
 */
export class Likeness {
  readonly #there = new Map<string, string>();
  readonly #back = new Map<string, string>();

  constructor(readonly keysByValue: boolean) {}

  alike(one: unknown, other: unknown, table?: TableName, property?: string): boolean {
    const [plain, ours] = [driver.comparable(one), driver.comparable(other)];
    const of = property === undefined ? undefined : keyTable(property, table);
    if (of && this.#isFree(of, plain) && this.#isFree(of, ours)) return this.#pair(of, plain, ours);
    if (isNow(plain) && isNow(ours)) return typeof plain === typeof ours;
    if (Array.isArray(plain) && Array.isArray(ours)) {
      return (
        plain.length === ours.length &&
        plain.every((each, index) => this.alike(each, ours[index], table)) &&
        isDeepStrictEqual(resultProperties(plain), resultProperties(ours))
      );
    }
    if (isPlainObject(plain) && isPlainObject(ours)) {
      const names = Object.keys(plain);
      return (
        isDeepStrictEqual(names, Object.keys(ours)) &&
        names.every((name) => this.alike(plain[name], ours[name], relations[name] ?? table, name))
      );
    }
    return isDeepStrictEqual(plain, ours);
  }

  #isFree(of: TableName, key: unknown): boolean {
    if (of === 'events') return typeof key === 'string' && !key.startsWith('00000000-');
    return !this.keysByValue && key !== null && Number(key) < firstGivenKey;
  }

  /** Keys are texts in the tables, and numbers in most results. */
  #pair(of: TableName, plain: unknown, ours: unknown): boolean {
    const [there, back] = [`${of} ${plain}`, `${of} ${ours}`];
    if (!this.#there.has(there) && !this.#back.has(back)) {
      this.#there.set(there, back);
      this.#back.set(back, there);
    }
    return this.#there.get(there) === back && typeof plain === typeof ours;
  }
}

function keyTable(property: string, table: TableName | undefined): TableName | undefined {
  return property === 'id' || property === 'Id' || property === 'key' ? table : keyTables[property];
}

/** Rows contain no later time than 2020, except times from the server's clock. */
function isNow(value: unknown): boolean {
  if (value instanceof Date) return value.getFullYear() >= 2020;
  return typeof value === 'string' && /^20[2-9]\d-\d\d-\d\d[T ]\d\d:/.test(value);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** The properties of the driver's result, without its rows. */
export function resultProperties(rows: unknown[]): object {
  const { count, command, columns } = rows as {
    count?: number;
    command?: string;
    columns?: { name: string }[];
  };
  return { count, command, columns: columns?.map(({ name }) => name) ?? [] };
}
