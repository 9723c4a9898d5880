/** Formats a file of a project: SQL, with its header if it has one, or YAML. Text -> text. */
import { HEADER_CLOSE, HEADER_OPEN } from '../read-process.ts';
import { type Formatted, formatSql, type ParseSql } from './format-sql.ts';
import { formatYaml } from './format-yaml.ts';

/** Formats the text of a file by the ending of its name. Line ends stay as most of them are. */
export async function formatFile(name: string, text: string, parse: ParseSql): Promise<Formatted> {
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  const returns = text.split('\r\n').length - 1;
  const hasReturns = returns * 2 > text.split('\n').length - 1;
  const own = text.slice(mark.length);
  const written = hasReturns ? own.replaceAll('\r\n', '\n') : own;
  const done = name.endsWith('.sql') ? await formatSqlFile(written, parse) : formatYaml(written);
  if (done.kind === 'invalid')
    return { ...done, offset: offsetIn(text, mark.length, done.offset, hasReturns) };
  if (done.kind === 'kept') return done;
  const whole = `${mark}${hasReturns ? done.text.replaceAll('\n', '\r\n') : done.text}`;
  // In a string or a YAML text a line end is part of the value: if they were mixed, they could not be told
  // apart afterwards.
  return hasReturns && own.replaceAll('\r\n', '').includes('\n') && whole !== text
    ? { kind: 'kept', why: 'its lines end in two ways' }
    : { kind: 'formatted', text: whole };
}

/** Where an offset in the text without carriage returns is in the file. */
function offsetIn(text: string, first: number, offset: number, hasReturns: boolean): number {
  let at = first;
  for (let left = offset; left > 0; left -= 1) at += hasReturns && text.startsWith('\r\n', at) ? 2 : 1;
  return at;
}

/** Line comments before the header, the header's YAML, then the SQL. */
async function formatSqlFile(text: string, parse: ParseSql): Promise<Formatted> {
  const [open] = HEADER_OPEN.exec(text) ?? [];
  const close = open === undefined ? -1 : text.indexOf(HEADER_CLOSE, open.length);
  if (open === undefined || close < 0) {
    const sql = await formatSql(text, parse);
    return sql.kind === 'formatted' ? { ...sql, text: withNewline(sql.text) } : sql;
  }
  const header = formatYaml(text.slice(open.length, close).replace(/^\n/, ''));
  const first = open.length + (text[open.length] === '\n' ? 1 : 0);
  if (header.kind === 'invalid') return { ...header, offset: header.offset + first };
  if (header.kind === 'kept') return header;
  const behind = close + HEADER_CLOSE.length;
  const sql = await formatSql(text.slice(behind), parse);
  if (sql.kind === 'invalid') return { ...sql, offset: sql.offset + behind };
  if (sql.kind === 'kept') return sql;
  const before = open
    .replace(/\/\*---[ \t]*$/, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => `${line}\n`)
    .join('');
  return {
    kind: 'formatted',
    text: `${before}/*---\n${withNewline(header.text.trimEnd())}${HEADER_CLOSE}\n${withNewline(sql.text)}`,
  };
}

const withNewline = (text: string): string => (text === '' ? '' : `${text}\n`);
