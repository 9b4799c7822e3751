// Ends by what it is asked for, behind a statement.
import pg from 'pg';

const client = new pg.Client(process.env.DATABASE_URL);
await client.connect();
await client.query('select 1');
const [, , ending] = process.argv;
if (ending === 'throw') throw new Error('thrown');
// The last turn of a process that is killed is lost.
if (ending === 'wait') setImmediate(() => setImmediate(() => process.stdout.write('waiting\n')));
else process.exit(Number(ending));
