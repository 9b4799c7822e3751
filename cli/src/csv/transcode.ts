import { CommandError } from '../command-error.ts';
import { exitCodes } from '../exit-codes.ts';
import { decoderOf } from './dialect.ts';

/** The bytes of a file in another encoding, as UTF-8. */
export async function* transcoded(
  blocks: AsyncIterable<Buffer>,
  file: string,
  encoding: string | undefined,
): AsyncGenerator<Buffer> {
  const decoder = decoderOf(encoding);
  const decode = (block?: Buffer) => {
    try {
      return Buffer.from(block ? decoder.decode(block, { stream: true }) : decoder.decode());
    } catch (cause) {
      throw new CommandError(`${file} is not in ${encoding}`, exitCodes.failed, { cause });
    }
  };
  for await (const block of blocks) yield decode(block);
  yield decode();
}
