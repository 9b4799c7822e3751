/** A user to write, with two addresses. */
export interface Person {
  readonly name: string;
  readonly emails: readonly [string, string];
}

/** The rows that a side's inserts returned. */
export interface WrittenPerson {
  readonly id: number;
  readonly name: string;
  readonly addresses: readonly WrittenAddress[];
}

export interface WrittenAddress {
  readonly id: number;
  readonly email: string;
  readonly userId: number | null;
}

/** People whose names and emails start with `group`, so that the rows of the sides differ. */
export function people(group: string, count: number): Person[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `${group} ${i + 1}`,
    emails: [`${group}.${i + 1}@home.example`, `${group}.${i + 1}@work.example`],
  }));
}
