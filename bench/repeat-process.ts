import { repeatPlan } from './plan.ts';
import { run } from './run.ts';

const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort());
process.send?.(await run(repeatPlan(), 'chosen', interruption.signal));
process.disconnect();
