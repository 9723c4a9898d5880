/** `vtts: signal`: complete up to the hour that the signal table says. */
import type { Hour } from '../../model/hour.ts';
import { tableName } from '../../model/names.ts';
import { statement } from '../../statements/index.ts';
import type { VttsKind } from './vtts-kind.ts';

export const signal: VttsKind = {
  form: 'signal',
  isFree: false,
  isOfHead: false,
  async ask(_vtts, { table, signals: asked, warehouse, asOf }): Promise<Hour | undefined> {
    const signals = await asked();
    if (signals === undefined) return undefined;
    const lake = await warehouse();
    const from = { signal_table: signals.relation };
    const parameters = { signal_name: tableName(table), ...signals.parameters };
    const [row] =
      asOf === undefined
        ? await lake.query(statement('session/signalled_hour', from), parameters)
        : await lake.query(statement('session/signalled_hour_then', from), {
            ...parameters,
            committed_at_ms: BigInt(asOf.committedAtMs),
            psyberg_session_id: asOf.psybergSessionId ?? null,
          });
    return row?.hour ?? undefined;
  },
};
