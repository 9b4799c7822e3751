/** `node --import tsx examples/write-users-file.ts users.csv 1000000` */
import { writeUsers } from './users-file.ts';

const [, , file = 'users.csv', count = '1000000'] = process.argv;
await writeUsers(file, Number(count));
console.log(`${Number(count).toLocaleString('en')} users in ${file}`);
