/** What the server refuses that PostgreSQL has. Other engines speak its protocol, and roles may lack privileges. */
import type { DriverErrors } from '../driver/errors.ts';
import { isAnswer } from '../driver/errors.ts';
import type { TableShape } from '../drizzle/table.ts';
import { codeOf } from '../errors.ts';

/** Learned once for each client; everything that is not refused is taken for granted. */
export class Engine {
  /** A question to the catalog: nothing is shared from then on. */
  refusesCatalog = false;
  /** `set_config` or `current_setting`: nothing is guarded or kept by the server from then on. */
  refusesSettings = false;
  /** `LOCK TABLE`: the facts are compared in each INSERT from then on. */
  refusesLocks = false;

  /** Tables of which RETURNING has given columns that no caller asked for, to some role of the client. */
  readonly selectable = new WeakSet<TableShape>();

  /** @returns whether the error means that the server does not have, or does not allow, what the question needs */
  noteRefusal(error: Error, errors: DriverErrors): boolean {
    const isRefused = isAnswer(errors, error) && /^(42|0A)/.test(codeOf(error) ?? '');
    this.refusesCatalog ||= isRefused;
    return isRefused;
  }

  /**
   * A statement ahead of the rows was refused.
   *
   * @returns whether that may be for a reason that the facts did not know: the table, a privilege, or the LOCK itself
   */
  noteAhead(error: Error): boolean {
    const code = codeOf(error) ?? '';
    this.refusesLocks ||= /^(0A000|42601)$/.test(code);
    return /^(0A000|42601|42501|42809|42P01|3F000)$/.test(code);
  }

  /** Notes that a statement was refused because of the settings that the library adds to it. */
  noteSettings(error: Error): void {
    this.refusesSettings ||= /set_config|current_setting/.test(error.message);
  }
}
