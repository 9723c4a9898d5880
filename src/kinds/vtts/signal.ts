/** `vtts: signal`: complete up to the hour that the signal table says. */
import type { Hour } from '../../model/hour.ts';
import { tableName } from '../../model/names.ts';
import { statement, tableFragment } from '../../statements/index.ts';
import type { VttsKind } from './vtts-kind.ts';

export const signal: VttsKind = {
  form: 'signal',
  isFree: false,
  async ask(_vtts, { table, signalTable, warehouse }): Promise<Hour | undefined> {
    const signals = await signalTable();
    if (signals === undefined) return undefined;
    const [row] = await (await warehouse()).query(
      statement('session/signalled_hour', { signal_table: tableFragment('lake', signals) }),
      { signal_name: tableName(table) },
    );
    return row?.hour ?? undefined;
  },
};
