/**
 * Parses DuckDB's text of a type, as `typeof` returns it. Text -> ColumnType. Pure. The types of a result do
 * not serve: a NULL without a type is an INTEGER there, and JSON a VARCHAR.
 */
import type { ColumnType, QueryColumn } from '../model/column-type.ts';
import { splitOutside } from '../model/type-parts.ts';

/** Reads `STRUCT(a INTEGER, "b c" DECIMAL(2,1)[])` and the like; an array of fixed length is a list. */
export function parseColumnType(text: string): ColumnType {
  const listed = /^(.*)\[\d*\]$/s.exec(text);
  if (listed !== null) return { kind: 'list', element: parseColumnType(listed[1] as string) };
  const [, name, inner] = /^(STRUCT|MAP)\((.*)\)$/s.exec(text) ?? [];
  if (name === 'STRUCT') return { kind: 'struct', members: splitOutside(inner as string).map(parseMember) };
  if (name === 'MAP') {
    const [key, value] = splitOutside(inner as string).map(parseColumnType) as [ColumnType, ColumnType];
    return { kind: 'map', key, value };
  }
  return { kind: 'plain', name: text };
}

/** `"b c" INTEGER`, `b INTEGER`, or the type alone of a member without a name. */
function parseMember(text: string): QueryColumn {
  const quoted = /^"((?:[^"]|"")*)" (.+)$/s.exec(text);
  if (quoted !== null)
    return {
      name: (quoted[1] as string).replaceAll('""', '"'),
      type: parseColumnType(quoted[2] as string),
    };
  const plain = /^([^\s"(]+) (.+)$/s.exec(text);
  return plain === null || text.startsWith('TIMESTAMP WITH') || text.startsWith('TIME WITH')
    ? { name: '', type: parseColumnType(text) }
    : { name: plain[1] as string, type: parseColumnType(plain[2] as string) };
}
