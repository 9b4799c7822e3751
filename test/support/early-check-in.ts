import { type MessageRelay, startMessageRelay } from './message-relay.ts';

export interface EarlyCheckIn extends MessageRelay {
  /** How many messages of the client were sent behind the end of a transaction, and lost their answers. */
  readonly lost: number;
}

/**
 * A stand-in for a pooler that gives the server's connection back at the first ReadyForQuery that says "idle".
 *
 * What the client has sent behind is executed already, and its answers reach nobody. Supavisor has worked so.
 */
export async function startEarlyCheckIn(target: string): Promise<EarlyCheckIn> {
  let lost = 0;
  const relay = await startMessageRelay(target, () => {
    /** Messages that are answered by a ReadyForQuery, and have not been: the start-up is one. */
    let unanswered = 1;
    /** As many of them belong to a connection that was given back. */
    let abandoned = 0;
    return {
      sent({ type }) {
        if (type === 'S' || type === 'Q') unanswered += 1;
      },
      answered({ type, bytes }) {
        const passed = abandoned === 0 ? [bytes] : [];
        if (type !== 'Z') return passed;
        unanswered -= 1;
        if (abandoned > 0) abandoned -= 1;
        else if (bytes.toString('latin1', 5, 6) === 'I') {
          abandoned = unanswered;
          lost += unanswered;
        }
        return passed;
      },
    };
  });
  return {
    ...relay,
    get lost() {
      return lost;
    },
  };
}
