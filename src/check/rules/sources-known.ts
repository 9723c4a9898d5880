/** `source-missing`, `source-columns-unknown`: the columns of a source cannot be found anywhere. */
import { tableName } from '../../model/names.ts';
import { columnsUnknown, ddlFileOf } from '../../project/table-files.ts';
import type { UnknownTable } from '../facts.ts';
import { type Found, perProcess } from './rule.ts';

export const sourcesKnown = perProcess(({ spec, file, draft, sources }) =>
  sources.flatMap(({ spec: source, index, unknown }) => {
    const said = unknown === undefined ? undefined : wordsFor(unknown, source.table, spec.processName);
    return said === undefined ? [] : [{ ...said, file, place: draft.placeOf(['sources', index, 'table']) }];
  }),
);

function wordsFor(
  unknown: UnknownTable,
  table: Parameters<typeof tableName>[0],
  processName: string,
): Pick<Found, 'code' | 'message' | 'hint'> | undefined {
  const name = tableName(table);
  const [message, hint] = columnsUnknown(name, ddlFileOf(table));
  switch (unknown.kind) {
    // The problem is reported where it is.
    case 'elsewhere':
      return undefined;
    case 'missing':
      return {
        code: 'source-missing',
        message: `there is no table ${name}: neither ${ddlFileOf(table)}, nor a table of the warehouse, nor a process that writes it`,
        hint: `correct the name; or ${hint}`,
      };
    case 'no-warehouse':
      return {
        code: 'source-columns-unknown',
        message: `${message.replace(', and no such table in the warehouse', ', and no warehouse')}; ${processName} is not bound`,
        hint,
      };
    case 'unreadable':
      return {
        code: 'source-columns-unknown',
        message: `${name} has a column of a type that DuckDB does not have; ${processName} is not bound`,
        hint: `write the columns that are read into ${ddlFileOf(table)}: create table ${name} (…)`,
      };
    case 'unreachable':
      return {
        code: 'source-columns-unknown',
        message: `the columns of ${name} are not known, since the warehouse cannot be asked: ${unknown.message}`,
        hint: `${unknown.hint === undefined ? '' : `${unknown.hint}; or `}${hint}`,
      };
  }
}
