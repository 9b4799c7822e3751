import { stripVTControlCharacters } from 'node:util';

export interface Progress {
  /** Begins the next step. */
  step(name: string): void;
  /** Displays the current activity of the step. */
  say(doing: string): void;
  /** Prints a line that remains. */
  print(text: string): void;
  done(): void;
}

/**
 * Displays the number of the step and the elapsed time. A terminal shows one line that is overwritten; other
 * output gets one line for each step.
 */
export function startProgress(steps: number): Progress {
  const started = performance.now();
  const isLive = process.stdout.isTTY;
  let at = 0;
  let name = '';

  const clear = () => void (isLive && process.stdout.write('\r\x1b[K'));
  const head = () => {
    const seconds = Math.round((performance.now() - started) / 1_000);
    const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    return `[${at}/${steps} ${time}] ${name}`;
  };
  return {
    step(next) {
      at++;
      name = next;
      if (isLive) this.say('');
      else console.log(head());
    },
    say(doing) {
      if (!isLive) return;
      const width = process.stdout.columns ?? 80;
      const line = stripVTControlCharacters(`${head()} ${doing}`).slice(0, width - 1);
      process.stdout.write(`\r\x1b[K${line}`);
    },
    print(text) {
      clear();
      console.log(text);
    },
    done: clear,
  };
}
