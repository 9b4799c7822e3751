/** One connection as its bytes show it: round trips, statements and transactions. It is exact with every driver. */
import { describeStatement, isStartOfPostgres, textLength } from './describe-statement.ts';
import { MessageReader } from './message-reader.ts';
import { Origins } from './origins.ts';
import type { Recorder } from './recorder.ts';
import { SentStatement } from './sent-statement.ts';
import { Transactions } from './transactions.ts';
import { Trip } from './trip.ts';
import { noteAnswer } from './turn.ts';

/** An answer that the server owes. */
interface Owed {
  readonly answer: string;
  readonly statement: SentStatement | undefined;
}

/** The answer to each message. Messages that have none are not here. */
const answerTo: Readonly<Record<string, string>> = {
  P: '1',
  B: '2',
  C: '3',
  D: 'T',
  E: 'C',
  S: 'Z',
  Q: 'Z',
  F: 'Z',
};
/** Messages of the server that are such an answer: no data, an empty statement and a suspended portal, too. */
const answerBy: Readonly<Record<string, string>> = {
  1: '1',
  2: '2',
  3: '3',
  T: 'T',
  n: 'T',
  C: 'C',
  I: 'C',
  s: 'C',
};

let connections = 0;

export class Connection {
  readonly id = ++connections;
  readonly origins = new Origins();
  /** The process id of the server's side, by which drivers name a connection. */
  pid = 0;
  #isStarted = false;
  #trip: Trip | undefined;
  #owed: Owed[] = [];
  /** The server has asked for COPY data. */
  #isAsked = false;
  /** The statement that is being written, and the last one. */
  #open: SentStatement | undefined;
  #last: SentStatement | undefined;
  readonly #prepared = new Map<string, string>();
  readonly #transactions = new Transactions();
  readonly #sent = new MessageReader('client', (...message) => this.#onSent(...message));
  readonly #received = new MessageReader('server', (type, chunk, body) =>
    this.#onReceived(type, chunk, body),
  );

  constructor(
    readonly recorder: Recorder,
    /** Called when `pid` is known. */
    readonly onPid: (connection: Connection) => void,
  ) {}

  sends(bytes: Buffer): void {
    this.#sent.read(bytes);
    if (this.#trip) this.#trip.sent += bytes.length;
  }

  receives(bytes: Buffer): void {
    if (this.#trip) this.#trip.received += bytes.length;
    this.#received.read(bytes);
    if (this.#owed.length === 0) this.ends();
  }

  /** The trip is over. */
  ends(): void {
    const trip = this.#trip;
    this.#trip = undefined;
    trip?.record(this.recorder, this.id, this.#last);
  }

  #onSent(type: string, chunk: Buffer, body: number, length: number): void {
    // Nobody waits for the end of a connection.
    if (type === 'X') return;
    // The statement is answered behind its COPY data. postgres.js sends a CopyFail behind all of them.
    const isCopy = type === 'd' || type === 'c' || type === 'f';
    if (this.#isAsked || (!isCopy && this.#owed.length === 0)) this.#begin();
    this.#isAsked = false;
    if (isCopy) return;
    if (!this.#isStarted) {
      this.#owed.push({ answer: 'R', statement: undefined });
      return;
    }
    if (type === 'Q' || type === 'P') this.#parse(type, chunk, body, length);
    else if (type === 'B') this.#bind(chunk, body);
    if (type === 'E') this.#open ??= this.#last;
    if (this.#open) this.#trip?.carry(this.#open);
    const answer = answerTo[type];
    if (answer !== undefined) this.#owed.push({ answer, statement: this.#open });
    if (type === 'E' || type === 'Q' || type === 'S') this.#open = undefined;
  }

  #begin(): void {
    const copied = this.#isAsked ? this.#last : undefined;
    this.ends();
    this.#trip = new Trip(!this.#isStarted);
    if (copied) this.#trip.carry(copied);
  }

  #parse(type: string, chunk: Buffer, body: number, length: number): void {
    const end = Math.min(chunk.length, body + length);
    const start = type === 'P' ? afterText(chunk, body) : body;
    const text = upToZero(chunk, start, Math.min(end, start + textLength));
    if (type === 'P') this.#prepared.set(chunk.toString('latin1', body, start - 1), text);
    this.#opens(text, this.origins.take(text));
  }

  #bind(chunk: Buffer, body: number): void {
    // Its Parse came before, and maybe a Describe that is answered now.
    if (this.#open) return;
    const name = upToZero(chunk, afterText(chunk, body), chunk.length);
    this.#opens(this.#prepared.get(name) ?? '', this.origins.take(undefined));
  }

  #opens(text: string, origin: SentStatement['origin']): void {
    const statement = new SentStatement();
    const { what, ends } = describeStatement(text);
    Object.assign(statement, { what, ends, origin, isStart: isStartOfPostgres(text) });
    this.#open = statement;
    this.#last = statement;
  }

  #onReceived(type: string, chunk: Buffer, body: number): void {
    if (!this.#isStarted) this.#starts(type, chunk, body);
    else if (type === 'Z') this.#ready(chunk[body] as number);
    else if (type === 'E') this.#fails();
    else if (type === 'G' || type === 'W') this.#isAsked = true;
    else if (answerBy[type] === this.#owed[0]?.answer) this.#answers(type, chunk, body);
    else if (type === 'C') this.#completes(this.#owed[0]?.statement, chunk, body);
  }

  #starts(type: string, chunk: Buffer, body: number): void {
    if (type === 'R' || type === 'Z') this.#owed = [];
    if (type === 'K') {
      this.pid = chunk.readUInt32BE(body);
      this.onPid(this);
    }
    if (type === 'Z') this.#isStarted = true;
  }

  #answers(type: string, chunk: Buffer, body: number): void {
    const statement = this.#owed.shift()?.statement;
    if (!statement) return;
    if (type === 'C') this.#completes(statement, chunk, body);
    if (answerBy[type] === 'C') this.#isDone(statement);
  }

  #completes(statement: SentStatement | undefined, chunk: Buffer, body: number): void {
    if (statement) this.#transactions.completed(statement, upToZero(chunk, body, body + 24));
  }

  /** The server skips everything up to the next Sync. */
  #fails(): void {
    while (this.#owed[0] && this.#owed[0].answer !== 'Z') this.#isDone(this.#owed.shift()?.statement);
  }

  #ready(status: number): void {
    const statement = this.#owed.shift()?.statement;
    this.#transactions.ready(statement ?? this.#last, String.fromCharCode(status));
    this.#isDone(statement);
  }

  #isDone(statement: SentStatement | undefined): void {
    if (!statement || statement.isAnswered) return;
    statement.transaction ||= this.#transactions.current;
    noteAnswer(statement.id);
    if (!statement.isStart) statement.record(this.recorder);
  }
}

/** Where the text ends that begins there, behind its zero byte. */
function afterText(chunk: Buffer, from: number): number {
  const zero = chunk.indexOf(0, from);
  return zero < 0 ? chunk.length : zero + 1;
}

function upToZero(chunk: Buffer, from: number, to: number): string {
  const zero = chunk.indexOf(0, from);
  return chunk.toString('latin1', from, zero < 0 || zero > to ? to : zero);
}
