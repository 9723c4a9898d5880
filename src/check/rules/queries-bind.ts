/** `process-sql-failed`, `previous-column`: parses the SQL of a process and binds it over its sources. */
import { placeIn, unitsOfBytes } from '../../binding/edited-text.ts';
import { type Found, isUndeclaredRead, perProcess } from './rule.ts';

export const queriesBind = perProcess((process): Found[] => {
  const { spec, file, syntax, bound } = process;
  const begin = spec.sqlOffset;
  if (syntax !== undefined) {
    const offset = syntax.byte === undefined ? 0 : unitsOfBytes(spec.sql, syntax.byte);
    const place = placeIn(spec.sql, begin, offset);
    return [{ code: 'process-sql-failed', file, place, message: syntax.message }];
  }
  const faults = (bound?.query.faults ?? []).filter((fault) => !isUndeclaredRead(process, file, fault));
  return faults.map(({ message, hint, offset, code }) => ({
    code: code ?? 'process-sql-failed',
    file,
    place: offset === undefined ? begin : placeIn(spec.sql, begin, offset),
    message,
    hint,
  }));
});
