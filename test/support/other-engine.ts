import { type MessageRelay, startMessageRelay } from './message-relay.ts';

/** A relay in front of PostgreSQL that gives each client parameters of another engine when it connects. */
export function startOtherEngine(
  target: string,
  parameters: Readonly<Record<string, string>>,
): Promise<MessageRelay> {
  const told = Object.entries(parameters).map(parameterStatus);
  return startMessageRelay(target, () => {
    let isStarting = true;
    return {
      answered({ type, bytes }) {
        if (type !== 'Z' || !isStarting) return [bytes];
        isStarting = false;
        return [...told, bytes];
      },
    };
  });
}

/** The server's message about one of its parameters. */
function parameterStatus([name, value]: readonly [string, string]): Buffer {
  const body = Buffer.from(`${name}\0${value}\0`);
  const head = Buffer.alloc(5);
  head.write('S');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
