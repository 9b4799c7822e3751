import { Referee } from './database.ts';
import { enterCell, type Taking } from './enter-cell.ts';
import type { Admission, Answer, Entry, Request, Tally } from './side-processes.ts';

/** One side, which does what the benchmark asks of it, one thing after the other. */
const [, , side = '', url = ''] = process.argv;
const referee = new Referee(url);
let taking: Taking | undefined;

process.on('message', async (request: Request) => {
  let answer: Answer;
  try {
    answer = { value: await answerTo(request) };
  } catch (error) {
    answer = { error: (error as Error).stack ?? String(error) };
  }
  process.send?.(answer);
});
process.once('disconnect', async () => {
  await taking?.close();
  await referee.close();
});
// A terminal's Ctrl-C reaches this process too; the benchmark ends it.
process.on('SIGINT', () => {});

function answerTo(request: Request): Promise<Admission | number | Tally> {
  if (request === 'run') return taken().run();
  if (request === 'leave') return leave();
  return enter(request.enter);
}

async function enter(entry: Entry): Promise<Admission> {
  const entered = await enterCell(side, entry, referee);
  if (entered === undefined) return 'takes no part';
  if (typeof entered === 'string') return { skipped: entered };
  taking = entered;
  return { turns: entered.turns };
}

async function leave(): Promise<Tally> {
  const { tally, close } = taken();
  taking = undefined;
  await close();
  return tally;
}

function taken(): Taking {
  if (!taking) throw new Error(`${side} was asked to run in no cell`);
  return taking;
}
