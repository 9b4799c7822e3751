/** Delivers later. What was given first is delivered first. */
export type Later = (deliver: () => void) => void;

interface Due {
  readonly at: number;
  deliver(): void;
}

/**
 * Delays by so many milliseconds. Timers of Node count whole milliseconds. The fraction is waited for by turns
 * of the event loop, which keep a core busy for less than a millisecond.
 */
export function delayed(ms: number): Later {
  if (ms === 0) return (deliver) => deliver();
  const whole = Math.floor(ms);
  // Timers of the same duration fire in the order in which they were set, so the order of the bytes is kept.
  if (whole === ms) return (deliver) => void setTimeout(deliver, ms);

  const waiting: Due[] = [];
  const look = () => {
    while (waiting[0] && waiting[0].at <= performance.now()) waiting.shift()?.deliver();
    if (waiting.length > 0) setImmediate(look);
  };
  const watch = (due: Due) => {
    if (waiting.push(due) === 1) setImmediate(look);
  };
  return (deliver) => {
    const due: Due = { at: performance.now() + ms, deliver };
    if (whole > 0) setTimeout(watch, whole, due);
    else watch(due);
  };
}
