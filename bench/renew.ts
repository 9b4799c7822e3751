import type { Results } from './results.ts';

/** Puts what was measured again into earlier results, in the place of what they have of it. */
export function renew(earlier: Results, again: Results): Results {
  const cells = new Map(again.cells.map((cell) => [cell.id, cell]));
  const known = new Set(earlier.cells.map(({ id }) => id));
  const parts = [
    'counts',
    ...new Set(again.cells.map(({ job }) => job)),
    ...(again.calls.length > 0 ? ['call cost'] : []),
    ...(again.memory.length > 0 ? ['memory'] : []),
  ];
  const stillValid = (earlier.renewed ?? [])
    .map((at) => ({ ...at, parts: at.parts.filter((part) => !parts.includes(part)) }))
    .filter((at) => at.parts.length > 0);
  return {
    ...earlier,
    renewed: [...stillValid, { date: again.date, load: again.environment.load, parts }],
    cells: [
      ...earlier.cells.map((cell) => cells.get(cell.id) ?? cell),
      ...again.cells.filter(({ id }) => !known.has(id)),
    ],
    counts: again.counts,
    calls: again.calls.length > 0 ? again.calls : earlier.calls,
    memory: again.memory.length > 0 ? again.memory : earlier.memory,
  };
}
