import { runOnPostgresJs } from './postgres-js.ts';
import { workerOf } from './worker.ts';

export default workerOf(runOnPostgresJs);
