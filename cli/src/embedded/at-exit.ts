/**
 * Runs `clean` when this process ends for any reason except SIGKILL. Returns a function that cancels this.
 */
export function atExit(clean: () => void): () => void {
  const onSignal = (name: NodeJS.Signals) => {
    // If there are other listeners, they end the process themselves. Then `exit` is emitted, which runs
    // `clean`.
    if (process.listenerCount(name) > 1) return;
    clean();
    process.off(name, onSignal);
    process.kill(process.pid, name);
  };
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  process.on('exit', clean);
  // The listener runs first, so that a `once` listener of the same signal is still counted.
  for (const name of names) process.prependListener(name, onSignal);
  return () => {
    process.off('exit', clean);
    for (const name of names) process.off(name, onSignal);
  };
}
