import { program } from './program.js';

const { DATABASE_URL: url = '', PREFIX: prefix = '' } = process.env;

program(url, prefix).then((findings) => console.log(JSON.stringify(findings)));
