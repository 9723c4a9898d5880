/**
 * Reads the lookups among a header's sources, and checks the rules between them and the rest. YAML with
 * places -> problems, and text -> LookupSpec.
 */
import { PATTERNS } from '../kinds/patterns/index.ts';
import type { LookupSpec, Pattern, TextPosition } from '../model/process-spec.ts';
import { isMap, listOf, textOf } from './plain-values.ts';
import type { ReportProblem } from './problems.ts';
import type { Path, YamlText } from './yaml-text.ts';

/** The keys as a header writes them. */
interface HeaderLookup {
  readonly lookup?: boolean;
  readonly on_change?: LookupSpec['onChange'];
  readonly key?: string;
}

/** True if a source is written as a lookup. */
export const isWrittenLookup = (source: unknown): boolean => isMap(source) && source['lookup'] === true;

export const readLookup = (
  { lookup, on_change: onChange = 'ignore', key }: HeaderLookup,
  placeOf: (path: Path) => TextPosition,
): { readonly lookup?: LookupSpec } =>
  lookup === true
    ? { lookup: { onChange, ...(key === undefined ? {} : { key, keyPlace: placeOf(['key']) }) } }
    : {};

/** Keys that a table without hours cannot have, and why. */
const OF_EVENTS = {
  event_time: 'its rows belong to no hour',
  event_time_unit: 'its rows belong to no hour',
  window: 'every hour sees all of it',
  vtts: 'no hour waits for it',
  on_source_change: 'it is read again by each session, and on_change says what a change does',
  nulls: 'its rows belong to no hour',
  future_tolerance: 'its rows belong to no hour',
  start: 'each session reads all of it',
} as const;

/** Reports lookups that are not possible, and keys that mean nothing without one. */
export function checkLookups(
  header: Readonly<Record<string, unknown>>,
  pattern: Pattern | undefined,
  context: { readonly yaml: YamlText; readonly report: ReportProblem },
): void {
  const sources = listOf(header['sources']);
  for (const [index, source] of sources.entries()) {
    if (!isMap(source)) continue;
    const table = textOf(source['table']) ?? 'this source';
    if (isWrittenLookup(source)) checkLookup({ source, index, table, pattern }, context);
    else checkNoLookup({ source, index, table }, context);
  }
  if (sources.length > 0 && sources.every(isWrittenLookup))
    context.report(
      context.yaml.placeOfKey(['sources']),
      'every source is a lookup, and a lookup alone makes no session happen',
      'remove lookup: true from the source whose rows become rows of the target',
    );
}

interface Written {
  readonly source: Readonly<Record<string, unknown>>;
  readonly index: number;
  readonly table: string;
}

function checkLookup(
  { source, index, table, pattern }: Written & { readonly pattern: Pattern | undefined },
  { yaml, report }: { readonly yaml: YamlText; readonly report: ReportProblem },
): void {
  for (const [key, what] of Object.entries(OF_EVENTS))
    if (source[key] !== undefined)
      report(
        yaml.placeOfKey(['sources', index, key]),
        `${key} on a lookup: ${table} is read whole, so ${what}`,
        `remove ${key}, or remove lookup: true to have its rows make sessions happen`,
      );
  const restates = source['on_change'] === 'restate';
  if (restates && pattern !== undefined && !PATTERNS[pattern].loadsHours)
    report(
      yaml.placeOfKey(['sources', index, 'on_change']),
      `on_change: restate computes hours again, and a ${pattern} process loads each row of its sources once`,
      'write on_change: ignore, or make the process stateful',
    );
  if (source['key'] !== undefined && !restates)
    report(
      yaml.placeOfKey(['sources', index, 'key']),
      `the key of ${table} says which hours a change computes again, and its changes are ignored`,
      'add on_change: restate, or remove the key',
    );
}

function checkNoLookup(
  { source, index, table }: Written,
  { yaml, report }: { readonly yaml: YamlText; readonly report: ReportProblem },
): void {
  for (const key of ['on_change', 'key'])
    if (source[key] !== undefined)
      report(
        yaml.placeOfKey(['sources', index, key]),
        `${key} without lookup: true`,
        key === 'key' && isMap(source['window'])
          ? 'write the key of a window inside of it: window: { before: 30d, key: COLUMN }'
          : `add lookup: true if ${table} is a table without hours, or remove ${key}`,
      );
}
