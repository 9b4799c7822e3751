import { expect, test } from 'vitest';
import { storm, tell } from '../support/storm.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const flights = Number(process.env.STORM_FLIGHTS ?? 500);

test(
  'a storm of cancels, kills and cuts crashes nothing, hangs nothing, halves no flight and loses no connection',
  async () => {
    const report = await storm(database.url, flights);
    console.log(tell(report));
    const { crashes, hangs, halfWritten, outside, missing, connectionsLost, strays } = report;
    expect({ crashes, hangs, halfWritten, outside, missing, connectionsLost, strays }).toEqual({
      crashes: 0,
      hangs: 0,
      halfWritten: 0,
      outside: 0,
      missing: 0,
      connectionsLost: 0,
      strays: 0,
    });
    // A storm without faults, or without written rows, would prove nothing.
    expect(
      Math.min(...Object.values(report.faults), report.flights.written, report.flights.rejected),
    ).toBeGreaterThan(0);
  },
  60_000 + flights * 100,
);
