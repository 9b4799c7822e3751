import type { Source } from './source.ts';

/** The display of a load's progress. `update` may be called as often as the caller likes. */
export interface Progress {
  update(rows: number): void;
  stop(): void;
}

const noProgress: Progress = { update() {}, stop() {} };

/** A bar on `stream` with the rate and the time left. It shows nothing if `stream` is no terminal. */
export async function showProgress(
  sources: readonly Source[],
  stream: NodeJS.WriteStream,
  isWanted: boolean,
): Promise<Progress> {
  if (!isWanted || !stream.isTTY) return noProgress;
  const { Presets, SingleBar } = await import('cli-progress');
  const sizes = sources.map(({ size }) => size);
  const size = sizes.includes(undefined) ? undefined : sum(sizes as number[]);
  const bar = new SingleBar(
    {
      format: `${size === undefined ? '' : '{bar} {percentage}% '}{rows} rows, {rate} rows/s${size === undefined ? '' : ', {left} left'}`,
      stream,
      hideCursor: true,
      clearOnComplete: true,
    },
    Presets.shades_classic,
  );
  const started = performance.now();
  bar.start(size ?? 1, 0, figures(0, 0, 0));
  return {
    update(rows) {
      const seconds = (performance.now() - started) / 1_000;
      const read = sum(sources.map((source) => source.readBytes()));
      bar.update(
        read,
        figures(rows, rows / seconds, read === 0 ? 0 : (seconds * ((size ?? read) - read)) / read),
      );
    },
    stop: () => bar.stop(),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

function figures(rows: number, rate: number, secondsLeft: number): Record<string, string> {
  const minutes = Math.floor(secondsLeft / 60);
  const left = minutes > 0 ? `${minutes} min` : `${Math.ceil(secondsLeft)} s`;
  return { rows: count(rows), rate: count(Math.round(rate)), left };
}

/** The number with thousands separators. */
export function count(value: number): string {
  return value.toLocaleString('en');
}

export function countRows(rows: number): string {
  return rows === 1 ? '1 row' : `${count(rows)} rows`;
}
