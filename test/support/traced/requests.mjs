// A server of HTTP with requests side by side. Each runs as many statements as it is asked.
import { createServer } from 'node:http';
import postgres from 'postgres';

const sql = postgres(process.env.DATABASE_URL, { max: 4 });

const server = createServer(async (request, response) => {
  const times = Number(new URL(request.url, 'http://localhost').searchParams.get('times'));
  // request:
  for (let time = 0; time < times; time++) await sql`select ${time}::int`;
  response.end('done');
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const url = `http://127.0.0.1:${server.address().port}`;
const times = JSON.parse(process.argv[2]);
await Promise.all(times.map((number) => fetch(`${url}/?times=${number}`).then((answer) => answer.text())));
server.close();
await sql.end();
