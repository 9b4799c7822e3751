/** Sends statements to a PGlite instance in the order of the calls, those of one turn together. */
import { withoutLine } from '../driver/copy-line.ts';
import {
  type Answer,
  CopyStatement,
  isRaw,
  type Statement,
  type StatementParam,
} from '../driver/statement.ts';
import { asError } from '../errors.ts';
import type { Instance } from './client.ts';
import { addStatement, noteUnbound, pgliteErrors } from './errors.ts';
import { serializeBy } from './values.ts';
import * as wire from './wire.ts';

type Blocks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

type Reply = Parameters<typeof wire.readReply>[0];

/** A statement whose bytes are written, or one that needs something before. */
type Task = { readonly bytes: Uint8Array } | { run(): Promise<Reply> };

type Waiting = Task & { resolve(reply: Reply): void; reject(error: Error): void };

/** So many bytes are given to PGlite at a time, which copies them. One statement may have more. */
const mostBytes = 8 * 1024 * 1024;

/**
 * PGlite has no network, but each call of it costs about as much as a small statement. So the statements of a turn are given
 * to it in one call, each with a Sync of its own.
 *
 * The order among these calls and PGlite's own queries is that of `runExclusive()`, which is first come, first served.
 */
export class Lane {
  /** ReadyForQuery's status behind the last statement that was sent here. */
  status: string | undefined;
  readonly #instance: Instance;
  #open: Waiting[] | undefined;

  /** @param syncToFs has PGlite write its files behind each call, as it does outside transactions */
  constructor(
    instance: Instance,
    private readonly syncToFs: boolean,
  ) {
    this.#instance = instance;
  }

  async send(statement: Statement): Promise<Answer> {
    const { text, answer } = statement;
    if (statement instanceof CopyStatement)
      return this.copy(text, statement.blocks()).catch((error) => {
        throw withoutLine(asError(error), pgliteErrors);
      });
    const { params } = statement;
    const reply = await this.#enter(
      params.some(isRaw)
        ? { run: () => this.#describeAhead(text, params) }
        : { bytes: wire.bytesOf(text, params as (string | null)[]) },
    ).catch((error) => {
      // One with parameters may have the values of several callers. Each of them gets a copy with its own statement.
      if (params.length === 0) addStatement(error, text);
      throw error;
    });
    return wire.readReply(reply, this.#instance.parsers, answer);
  }

  async copy(text: string, blocks: Blocks): Promise<Answer> {
    const reply = await this.#enter({ run: () => this.#copy(text, blocks) });
    return wire.readReply(reply, {}, 'values');
  }

  /** What comes later must not join the statements that wait: a query of PGlite's own comes between. */
  close(): void {
    this.#open = undefined;
  }

  /** Asks for the transaction's status, by what also a failed transaction answers. */
  async ask(): Promise<string | undefined> {
    await this.#enter({ bytes: wire.question });
    return this.status;
  }

  #enter(task: Task): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const waiting = { ...task, resolve, reject };
      if (this.#open) this.#open.push(waiting);
      else this.#begin(waiting);
    });
  }

  #begin(first: Waiting): void {
    const batch = [first];
    this.#open = batch;
    // Called at once, since that takes the place in PGlite's line.
    const running = this.#instance.runExclusive(async () => {
      if (this.#open === batch) this.#open = undefined;
      await this.#run(batch);
    });
    running.catch((error) => {
      for (const { reject } of batch) reject(asError(error));
    });
  }

  async #run(batch: readonly Waiting[]): Promise<void> {
    for (let next = 0; next < batch.length; ) {
      const task = batch[next] as Waiting;
      if ('run' in task) {
        next += 1;
        await task.run().then(task.resolve, task.reject);
        continue;
      }
      const from = next;
      const parts: Uint8Array[] = [];
      let size = 0;
      for (let other: Waiting | undefined = task; other && 'bytes' in other; other = batch[next]) {
        size += other.bytes.byteLength;
        if (parts.length > 0 && size > mostBytes) break;
        parts.push(other.bytes);
        next += 1;
      }
      const replies = await this.#exec(Buffer.concat(parts));
      for (const [index, waiting] of batch.slice(from, next).entries()) {
        const reply = replies[index] ?? [];
        const error = wire.errorOf(reply);
        if (error) waiting.reject(error);
        else waiting.resolve(reply);
      }
    }
  }

  async #exec(bytes: Uint8Array): Promise<Reply[]> {
    const { syncToFs } = this;
    const { messages } = await this.#instance.execProtocol(bytes, { syncToFs, throwOnError: false });
    this.status = wire.statusOf(messages) ?? this.status;
    return wire.splitReplies(messages);
  }

  /** @throws the server's error */
  async #execOne(bytes: Uint8Array): Promise<Reply> {
    const [reply = []] = await this.#exec(bytes);
    const error = wire.errorOf(reply);
    if (error) throw error;
    return reply;
  }

  /** As PGlite itself does for every statement: the types of the parameters decide how their values are written. */
  async #describeAhead(text: string, params: readonly StatementParam[]): Promise<Reply> {
    let isSynced = false;
    try {
      const types = wire.parameterTypes(await this.#execOne(wire.describe(text)));
      const texts = params.map((param, place) => this.#textOf(param, types[place]));
      isSynced = true;
      return await this.#execOne(wire.bound(texts));
    } finally {
      if (!isSynced) await this.#exec(wire.sync);
    }
  }

  #textOf(param: StatementParam, type = 0): string | null {
    if (!isRaw(param)) return param;
    const { value } = param;
    if (value === null || value === undefined) return null;
    try {
      return serializeBy(this.#instance.serializers[type], value);
    } catch (thrown) {
      const error = asError(thrown);
      noteUnbound(error);
      throw error;
    }
  }

  async #copy(text: string, blocks: Blocks): Promise<Reply> {
    const whole: Uint8Array[] = [];
    try {
      for await (const block of blocks) whole.push(block);
    } catch (error) {
      // The error of making the rows explains more than the server's.
      await this.#exec(wire.failedCopy(text));
      throw error;
    }
    return this.#execOne(wire.copyBytes(text, whole));
  }
}
