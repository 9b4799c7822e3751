type Noting = (event: string) => (context: unknown) => void;

/** Subscribers of all events of a tracing channel. */
export const eachEvent = (noting: Noting) => ({
  start: noting('start'),
  end: noting('end'),
  asyncStart: noting('asyncStart'),
  asyncEnd: noting('asyncEnd'),
  error: noting('error'),
});
