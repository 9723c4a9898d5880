/** Writes what was removed of a process, as text for people. RetireRecord -> text. Pure. */
import type { RetireRecord } from '../model/retire-record.ts';
import type { PageOptions } from './document-text.ts';
import { hangingText, UNLIMITED, wrapText } from './fit.ts';
import { PLAIN } from './style.ts';
import { plural } from './text.ts';

export function retireText(
  { process_name: name, dry_run: dryRun, targets, state_rows: rows, tags, branches, notes }: RetireRecord,
  { style = PLAIN, width = UNLIMITED }: PageOptions = {},
): string {
  const head = dryRun ? `${name} would be retired; nothing was changed` : `${name} is retired`;
  const line = (label: string, texts: readonly string[]): string[] =>
    texts.length === 0 ? [] : [hangingText(`  ${label.padEnd(12)}`, texts.join(', '), width)];
  const remarks = notes.map((note) => style.warn(wrapText(note, width, 2)));
  if ([targets, rows, tags, branches].every((each) => each.length === 0)) return remarks.join('\n');
  return [
    style.strong(head),
    ...line(
      'stays',
      targets.map(({ table, last_session_id: id }) => `${table} (last published by session ${id})`),
    ),
    ...line(
      dryRun ? 'would go' : 'gone',
      rows.map(({ table, rows: count }) => `${plural(count, 'row')} of ${table}`),
    ),
    ...line(
      'tags',
      tags.map((table) => `on ${table}`),
    ),
    ...line(
      'branches',
      branches.map(({ table, branch }) => `${branch} on ${table}`),
    ),
    ...remarks,
  ].join('\n');
}
