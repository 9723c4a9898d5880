/** `vtts: signal`: complete up to the hour that the signal table says. */
import type { Hour } from '../../model/hour.ts';
import { tableName } from '../../model/names.ts';
import { statement } from '../../statements/index.ts';
import type { VttsKind } from './vtts-kind.ts';

export const signal: VttsKind = {
  form: 'signal',
  isFree: false,
  async ask(_vtts, { table, signals: asked, warehouse }): Promise<Hour | undefined> {
    const signals = await asked();
    if (signals === undefined) return undefined;
    const [row] = await (await warehouse()).query(
      statement('session/signalled_hour', { signal_table: signals.relation }),
      { signal_name: tableName(table), ...signals.parameters },
    );
    return row?.hour ?? undefined;
  },
};
