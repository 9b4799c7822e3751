import { beforeAll, describe, expect, test } from 'vitest';
import { comparePrograms } from '../support/compare-programs.ts';
import { type CountedJob, countedJobs } from '../support/counted-jobs.ts';
import { driver } from '../support/drivers/chosen.ts';
import { type RanJob, runCountedJob, type Way } from '../support/run-counted-job.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const plainDatabase = useDatabase();

const clients = Object.entries(driver.senders);

const ways: [string, Way][] = [
  ['a cold connection', { isCold: true }],
  ...clients.flatMap(([name, options]): [string, Way][] => [
    [`a client ${name}`, { options: { own: options } }],
    [`a cold connection of a client ${name}`, { options: { own: options }, isCold: true }],
  ]),
];

describe('the trips and the results are those of a warm client with defaults:', () => {
  const cases = ways.flatMap(([way, how]) => countedJobs.map((job) => ({ name: job.name, way, how, job })));
  const usual = new Map<CountedJob, RanJob>();

  beforeAll(async () => {
    for (const job of countedJobs) {
      const ran = await runCountedJob(database, job);
      expect(ran.trips).toBe(job.trips);
      usual.set(job, ran);
    }
  });

  test.each(cases)('$name on $way', async ({ job, how }) => {
    expect(await runCountedJob(database, job, how)).toEqual(usual.get(job));
  });
});

const runs = 40;

test.each(clients)(
  'random programs cannot tell a client %s from plain drizzle',
  { timeout: 30_000 + runs * 500 },
  (_, options) =>
    comparePrograms(
      plainDatabase.client({ max: 1, own: options }),
      database.client({ max: 1, own: options }),
      {
        runs,
        seed: 2,
      },
    ),
);
