/** The report for people. */
import type { Saving } from './savings.ts';
import type { GroupSummary, LineSummary, Summary } from './summary.ts';
import { counted, milliseconds } from './words.ts';

export function describeSummary(summary: Summary): string {
  const { processes, trips, connecting, waited, groups } = summary;
  if (trips + connecting === 0) return 'No round trip to PostgreSQL was seen.\n';
  const inProcesses = processes > 1 ? `, in ${processes} processes and threads` : '';
  const head = `${counted(trips, 'round trip')} to PostgreSQL, ${milliseconds(waited)} ms waited${inProcesses}`;
  const started = connecting === 0 ? '' : `, and ${counted(connecting, 'trip')} to connect`;
  return [`${head}${started}`, ...groups.map(describeGroup), ...remedies(summary)].join('\n\n').concat('\n');
}

/** Whether statements depend on one another is not known, so this is said with a condition. */
function remedies({ groups, drivers }: Summary): string[] {
  const savings = groups.flatMap(({ lines }) => lines.flatMap((line) => line.savings));
  if (savings.length === 0) return [];
  const plain = drivers.map((driver) => plainDrivers[driver]).filter((text) => text !== undefined);
  return [
    [
      'What would save them, if the statements do not need one another:',
      ...plain.map((text) => `- ${text}`),
      '- batched-drizzle sends what is issued together in one trip, BEGIN and COMMIT with it: Promise.all, or',
      "  inserts that are not awaited; or batch: { awaits: 'queued' } for a loop that stays as it is.",
    ].join('\n'),
  ];
}

const plainDrivers: Readonly<Record<string, string>> = {
  postgres:
    'Promise.all alone saves nothing with drizzle on postgres.js: it holds the connection for each description.',
  pg: 'Promise.all alone saves nothing with pg: it sends a query when the one before is answered.',
};

function describeGroup({ kind, place, transactions, ...group }: GroupSummary): string {
  const times = transactions > 1 ? ` × ${transactions}` : '';
  const name = kind === 'outside' ? 'Outside of transactions' : `Transaction at ${place}${times}`;
  const { statements, trips, waited, lines } = group;
  const sums = `${counted(statements, 'statement')}, ${counted(trips, 'trip')}, ${milliseconds(waited)} ms`;
  const head = '  trips  statements      ms  line';
  return [`${name}: ${sums}`, head, ...lines.flatMap(describeLine)].join('\n');
}

const indent = ' '.repeat(29);
const mostCallers = 3;
const mostKinds = 3;

function describeLine({ place, what, trips, statements, waited, callers, savings }: LineSummary): string[] {
  const numbers = [column(trips, 7), column(statements, 12), column(milliseconds(waited), 8)].join('');
  const kinds = what.length > mostKinds ? [...what.slice(0, mostKinds), '…'] : what;
  const calledBy = callers.slice(0, mostCallers).map(({ chain, trips: ofChain }) => {
    return `${indent}called by ${chain}${callers.length > 1 ? `: ${counted(ofChain, 'trip')}` : ''}`;
  });
  return [
    `${numbers}  ${place}  ${kinds.join(', ')}`,
    ...calledBy,
    ...savings.map((saving) => `${indent}- ${describeSaving(saving)}`),
  ];
}

/** One sentence, for the report and for the page. */
export function describeSaving({ kind, count, trips, left }: Saving): string {
  switch (kind) {
    case 'loop':
      return `${count} one after another, each awaited before the next: ${counted(trips, 'trip')}, ${left} would be left if they were issued and sent together`;
    case 'together':
      return `${count} issued together, but sent one after another by the driver: ${counted(trips, 'trip')}, ${left} would be left if they were sent together`;
    case 'further':
      return `${counted(trips, 'trip')} beside the first of a statement: its description, COPY data, or a cursor`;
    case 'ends':
      return `${counted(trips, 'trip')} for BEGIN, COMMIT or a savepoint alone`;
  }
}

const column = (value: number | string, width: number): string => String(value).padStart(width);
