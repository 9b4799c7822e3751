import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url));
const schema = fileURLToPath(new URL('../../examples/schema.ts', import.meta.url));

/** At its end, the process writes its peak of resident memory to a file descriptor of its own. */
const peakHook = `data:text/javascript,${encodeURIComponent(
  "import { writeSync } from 'node:fs';" +
    "process.on('exit', () => writeSync(3, String(process.resourceUsage().maxRSS)));",
)}`;

export interface CommandRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The time from the start of the process to its end. */
  readonly ms: number;
  /** The peak of the process's resident memory, in MB of 10^6 bytes. */
  readonly peakMb: number;
}

/** Loads users with the built command. */
export async function runLoad(url: string, file: string, ...options: readonly string[]): Promise<CommandRun> {
  const started = performance.now();
  const args = ['--import', peakHook, main, 'load', '--schema', schema, '--table', 'users', ...options, file];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const texts = [1, 2, 3].map((descriptor) => {
    const text = { all: '' };
    child.stdio[descriptor]?.on('data', (part: Buffer) => {
      text.all += part;
    });
    return text;
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const [stdout = '', stderr = '', kilobytes = ''] = texts.map(({ all }) => all);
  return { code, stdout, stderr, ms: performance.now() - started, peakMb: (Number(kilobytes) * 1_024) / 1e6 };
}
