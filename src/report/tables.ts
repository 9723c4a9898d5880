/** Lists the tables of a catalog. TableRow[] -> text. Pure. */
import type { ErrorJson } from '../model/errors.ts';
import { harmless } from './harmless.ts';
import { PLAIN, type Style } from './style.ts';
import { borderedTable } from './table.ts';
import { bytesText, countText, hourLabel } from './text.ts';
import { cutToWidth, displayWidth } from './width.ts';

/** One object of `tables --json`. */
export interface TableRow {
  readonly table: string;
  /** As metadata count them; null if they do not, or if equality deletes removed rows. */
  readonly rows: string | null;
  /** Bytes of data and delete files. */
  readonly bytes: string | null;
  /** The newest hour that the statistics of a live file state; null without an event time. */
  readonly newest_hour: string | null;
  /** The process of the project whose target it is. */
  readonly process_name: string | null;
  /** The reason why nothing is known about it. */
  readonly error?: ErrorJson;
}

const HEAD = ['table', 'rows', 'bytes', 'newest hour', 'process'];
const GAPS = (HEAD.length - 1) * 2;
const NAME_WIDTH_MIN = 12;

/** Writes one line for each table, of at most `width` columns; names that are too long are cut. */
export function tablesText(
  tables: readonly TableRow[],
  { style = PLAIN, width = 80 }: { readonly style?: Style; readonly width?: number } = {},
): string {
  if (tables.length === 0) return 'the warehouse has no tables; create one with: psyberg sql --file FILE';
  const rows = tables.map((each) => [
    harmless(each.table),
    countOr(each.rows, countText),
    countOr(each.bytes, bytesText),
    each.newest_hour === null ? '' : hourLabel(each.newest_hour),
    each.process_name ?? '',
  ]);
  const widths = HEAD.map((name, index) =>
    Math.max(displayWidth(name), ...rows.map((row) => displayWidth(row[index] as string))),
  );
  const [table = 0, , , , name = 0] = widths;
  const rest = width - GAPS - widths.slice(1, 4).reduce((sum, each) => sum + each, 0);
  const [tableWidth, nameWidth] = shared(rest, table, name);
  const text = borderedTable({
    head: HEAD,
    rows: rows.map(([first = '', ...more]) => [
      style.strong(cutToWidth(first, tableWidth)),
      ...more.slice(0, 3),
      cutToWidth(more[3] ?? '', nameWidth),
    ]),
    alignRight: [1, 2],
    style,
  });
  const broken = tables.flatMap(({ table: of, error }) =>
    error === undefined ? [] : [style.bad(`${harmless(of)}: ${harmless(error.message)}`)],
  );
  return [text, ...broken].join('\n');
}

const countOr = (count: string | null, text: (count: string) => string): string =>
  count === null ? '?' : text(count);

/** Shares the remaining room between two columns of names: the shorter one is cut last. */
function shared(room: number, one: number, other: number): readonly [number, number] {
  const half = Math.max(NAME_WIDTH_MIN, Math.floor(room / 2));
  if (one + other <= room) return [one, other];
  if (one <= half) return [one, Math.max(NAME_WIDTH_MIN, room - one)];
  if (other <= half) return [Math.max(NAME_WIDTH_MIN, room - other), other];
  return [half, half];
}
