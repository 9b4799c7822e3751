#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { run } from './run.ts';

// V8 lets a small heap grow fourfold before it collects what rows have left: some 40 MB more, for 4 % less time.
setFlagsFromString('--heap-growing-percent=100');

process.exitCode = await run(process.argv.slice(2));
