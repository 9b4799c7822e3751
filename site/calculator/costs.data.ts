/** The costs, read when the site is built. */
import { readFileSync } from 'node:fs';
import { type Costs, costsOf } from './costs.ts';

const results = new URL('../../bench/results/full.json', import.meta.url);

export declare const data: Costs;
export default { load: () => costsOf(JSON.parse(readFileSync(results, 'utf8'))) };
