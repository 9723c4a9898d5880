/** Says who made rows, or what holds an hour back, as text for people. WhyRecord -> text. Pure. */
import type { WhyRecord, WhyRow, WhySource } from '../model/why-record.ts';
import { cellText } from './cell-text.ts';
import type { PageOptions } from './document-text.ts';
import { hangingText, UNLIMITED, wrapText } from './fit.ts';
import { harmless, harmlessLines } from './harmless.ts';
import { PLAIN, type Style } from './style.ts';
import { hourLabel, indent, instantLabel, plural, rangeLabel } from './text.ts';
import { cutMiddle } from './width.ts';

/** Number of files of a source that are named; --json has them all. */
const FILES_SHOWN = 3;
const LABEL_WIDTH = 10;

/** Groups rows that have the same answer; the same SQL is shown only once. */
export function whyText(record: WhyRecord, { style = PLAIN, width = UNLIMITED }: PageOptions = {}): string {
  if (record.because !== undefined) return missingText(record, { style, width });
  if (record.rows.length === 0) return `${record.table} has no such row`;
  const groups = [...Map.groupBy(record.rows, keyOf).values()];
  const shown = new Set<string>();
  const parts = groups.map((rows) => groupText(rows, { style, width, shown }));
  const more = record.has_more
    ? [style.faint(`these are the first ${plural(record.rows.length, 'row')}; --limit N shows more`)]
    : [];
  const notes = record.notes.map((note) => style.faint(wrapText(note, width, 2)));
  return [...parts, ...more, ...notes].join('\n\n');
}

const keyOf = ({ psyberg_session_id: id, process_name: name, hour, file }: WhyRow): string =>
  [name, id, hour, file].join('\n');

interface Page {
  readonly style: Style;
  readonly width: number;
}

function missingText(
  { held_back_by: holder, because = '', hint, table }: WhyRecord,
  { style, width }: Page,
): string {
  const head = holder == null ? `${table} has no row of this hour` : `held back by ${holder}`;
  const lines = [style.strong(head), indent(wrapText(harmless(because), width - 2), 2)];
  if (hint != null) lines.push(style.faint(indent(wrapText(harmless(hint), width - 2), 2)));
  return lines.join('\n');
}

function groupText(
  rows: readonly WhyRow[],
  { style, width, shown }: Page & { readonly shown: Set<string> },
): string {
  const [row] = rows as readonly [WhyRow];
  const line = (label: string, text: string): string =>
    hangingText(`  ${style.faint(label.padEnd(LABEL_WIDTH))}`, text, width);
  const lines = [...rows.map((each) => cutMiddle(rowText(each.row), width)), line('made by', makerText(row))];
  if (row.sessions.length > 1)
    lines.push(line('or by', row.sessions.filter((id) => id !== row.psyberg_session_id).join(', ')));
  if (row.hour !== null) lines.push(line('hour', hourLabel(row.hour)));
  if (row.file !== null) lines.push(line('file', cutMiddle(harmless(row.file), width - LABEL_WIDTH - 2)));
  for (const source of row.sources) lines.push(line('from', sourceText(source)), ...filesText(source, width));
  if (row.audits.length > 0)
    lines.push(
      line(
        'audits',
        row.audits.map(({ name, severity }) => `${name}${severity === 'warn' ? ' (warns)' : ''}`).join(', '),
      ),
    );
  return [...lines, ...sqlLines(row, { shown, line })].join('\n');
}

const rowText = (row: WhyRow['row']): string =>
  Object.entries(row)
    .map(([name, value]) => harmless(`${name} = ${cellText(value)}`))
    .join(', ');

function makerText(row: WhyRow): string {
  if (row.psyberg_session_id === null) return 'no session that is known';
  const at = row.published_at === null ? '' : `, ${instantLabel(row.published_at)}`;
  const snapshot = row.published_snapshot_id === null ? '' : `, snapshot ${row.published_snapshot_id}`;
  return `session ${row.psyberg_session_id} of ${row.process_name}${at}${snapshot}`;
}

function sourceText(source: WhySource): string {
  const hours =
    source.first_hour === null || source.last_hour === null
      ? ''
      : `, ${rangeLabel(source.first_hour, source.last_hour)}`;
  const files = source.files_unknown ?? plural(source.files.length, 'file');
  return harmless(`${source.table} at snapshot ${source.snapshot_id}${hours}: ${files}`);
}

function filesText({ files }: WhySource, width: number): string[] {
  const margin = LABEL_WIDTH + 4;
  const shown = files.slice(0, FILES_SHOWN).map((file) => cutMiddle(harmless(file), width - margin));
  const more = files.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${plural(more, 'more file')}; --json names all`] : [])].map((text) =>
    indent(text, margin),
  );
}

function sqlLines(
  { sql, sql_fingerprint: fingerprint }: WhyRow,
  { shown, line }: { readonly shown: Set<string>; readonly line: (label: string, text: string) => string },
): string[] {
  if (fingerprint === null) return [];
  if (sql === null) return [line('SQL', 'its text was not kept')];
  if (shown.has(fingerprint)) return [line('SQL', 'the same as above')];
  shown.add(fingerprint);
  return [line('SQL', fingerprint.slice(0, 12)), indent(harmlessLines(sql), 4)];
}
