/** Writes how two snapshots of a table differ, as text for people. TableDiff -> text. Pure. */
import type { DiffChange, DiffRow, TableDiff } from '../model/table-diff.ts';
import { cellText } from './cell-text.ts';
import type { PageOptions } from './document-text.ts';
import { type Fit, UNLIMITED } from './fit.ts';
import { PLAIN, type Style } from './style.ts';
import { borderedTable } from './table.ts';
import { countText, hourLabel, plural } from './text.ts';

export function tableDiffText(
  diff: TableDiff,
  { style = PLAIN, width = UNLIMITED }: PageOptions = {},
): string {
  const { table, added, removed, changed, files, notes, key } = diff;
  const page = { style, width };
  const isSame = [added, removed, changed].every((count) => count === '0');
  const read = files.from + files.to;
  return [
    `${style.strong(table)}  from ${placeText(diff.from_name, diff.from)} to ${placeText(diff.to_name, diff.to)}`,
    isSame
      ? 'no row differs'
      : `${style.good(`+ ${plural(added, 'row')}`)}  ${style.bad(`- ${plural(removed, 'row')}`)}  ${style.warn(`~ ${plural(changed, 'row')} changed`)}${key === null ? '' : style.faint(`  by ${key.join(', ')}`)}`,
    ...(isSame ? [] : hoursText(diff, page)),
    ...(isSame ? [] : [rowsText(diff, page)]),
    ...(isSame || key !== null
      ? []
      : [style.faint('no key is known, so a changed row is one removed and one added: --key COLUMN,…')]),
    ...notes.map((note) => style.faint(note)),
    style.faint(`${plural(read, 'file')} read, ${countText(files.shared)} in both and not read`),
  ].join('\n');
}

const placeText = (name: string, id: string | null): string =>
  id === null ? 'nothing' : name === id ? id : `${name} (${id})`;

/** Number of hours that are shown; the others are in --json. */
const HOURS_SHOWN = 12;

function hoursText({ hours }: TableDiff, { style, width }: Required<PageOptions>): string[] {
  // Left out: without hours, its only line would repeat the sums.
  if (hours.every(({ hour }) => hour === null)) return [];
  const left = hours.length - HOURS_SHOWN;
  return [
    borderedTable({
      head: ['hour', 'added', 'removed', 'changed'],
      rows: hours
        .slice(0, HOURS_SHOWN)
        .map(({ hour, added, removed, changed }) => [
          hour === null ? 'no hour' : hourLabel(hour),
          countText(added),
          countText(removed),
          countText(changed),
        ]),
      alignRight: [1, 2, 3],
      style,
      width,
    }),
    ...(left > 0 ? [style.faint(`and ${plural(left, 'more hour')}, in --json`)] : []),
  ];
}

/** `+` for a row that came, `-` for one that went, `~` for one whose cells changed. */
function rowsText(diff: TableDiff, { style, width }: Required<PageOptions>): string {
  const { added, removed, changed } = diff.sample;
  const columns = Object.keys(added[0] ?? removed[0] ?? changed[0]?.to ?? {});
  const rowOf = (mark: string, paint: (text: string) => string) => (row: DiffRow) => [
    paint(mark),
    ...columns.map((name) => cellText(row[name])),
  ];
  const rows = [
    ...changed.map((each) => changedRow(columns, each, style)),
    ...removed.map(rowOf('-', style.bad)),
    ...added.map(rowOf('+', style.good)),
  ];
  const all = [diff.added, diff.removed, diff.changed].reduce((sum, count) => sum + BigInt(count), 0n);
  const left = all - BigInt(rows.length);
  const cut = columns.map((): Fit => 'cut');
  return [
    borderedTable({ head: ['', ...columns], rows, fits: ['keep', ...cut], width, style }),
    ...(left > 0n ? [style.faint(`and ${plural(left, 'more row')}: --limit N shows more of them`)] : []),
  ].join('\n');
}

const changedRow = (
  columns: readonly string[],
  { from, to, columns: differing }: DiffChange,
  style: Style,
) => [
  style.warn('~'),
  ...columns.map((name) =>
    differing.includes(name)
      ? style.warn(`${cellText(from[name])} → ${cellText(to[name])}`)
      : cellText(to[name]),
  ),
];
