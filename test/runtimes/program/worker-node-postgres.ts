import { runOnNodePostgres } from './node-postgres.ts';
import { workerOf } from './worker.ts';

export default workerOf(runOnNodePostgres);
