/** Runs `clean` when this process ends, however it ends, short of SIGKILL. Returns what calls that off. */
export function atExit(clean: () => void): () => void {
  const onSignal = (name: NodeJS.Signals) => {
    // Where somebody else listens, they end the process in their own time, and `exit` is emitted.
    if (process.listenerCount(name) > 1) return;
    clean();
    process.off(name, onSignal);
    process.kill(process.pid, name);
  };
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  process.on('exit', clean);
  // First in line, so that a listener which goes after one signal is still counted.
  for (const name of names) process.prependListener(name, onSignal);
  return () => {
    process.off('exit', clean);
    for (const name of names) process.off(name, onSignal);
  };
}
