import { startRelay } from '../../test/support/relay.ts';

// The relay runs in a process of its own, so that its work does not count as the client's time.
const [, , target = '', there = '0', back = '0'] = process.argv;
const relay = await startRelay({ target, delay: Number(there), delayBack: Number(back) });
process.on('disconnect', () => void relay.close());
process.send?.(relay.url);
