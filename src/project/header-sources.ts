/**
 * Checks the rules for the sources of a header. YAML with places -> problems. Reads nothing but its
 * arguments.
 */
import type { PatternKind } from '../kinds/patterns/index.ts';
import type { Pattern } from '../model/process-spec.ts';
import { checkFiles, writtenFolder } from './header-files.ts';
import { isWrittenLookup } from './header-lookup.ts';
import { aliasOf, kindOf, RESERVED_ALIASES, tableOf, writtenPattern } from './header-names.ts';
import { checkVtts } from './header-vtts.ts';
import { isMap, listOf, textOf } from './plain-values.ts';
import type { ReportProblem } from './problems.ts';
import type { YamlText } from './yaml-text.ts';

type Written = Readonly<Record<string, unknown>>;

/** One source as written, in the process that reads it. */
interface WrittenSource {
  readonly source: Written;
  /** Its position among the sources. */
  readonly index: number;
  /** Its table as written, for messages. */
  readonly table: string;
  readonly pattern: Pattern | undefined;
  readonly kind: PatternKind | undefined;
  readonly yaml: YamlText;
  readonly report: ReportProblem;
}

/** Names of the sources before it, in lower case; each alias with its table. */
interface Seen {
  readonly tables: Set<string>;
  readonly aliases: Map<string, string>;
}

export function checkSources(header: Written, yaml: YamlText, report: ReportProblem): void {
  const pattern = writtenPattern(header);
  const target = isMap(header['target']) ? tableOf(header['target']['table']) : undefined;
  const seen: Seen = { tables: new Set(), aliases: new Map() };
  for (const [index, source] of listOf(header['sources']).entries()) {
    if (!isMap(source)) continue;
    const table = textOf(source['table']) ?? writtenFolder(source) ?? 'this source';
    const written = { source, index, table, pattern, kind: kindOf(pattern), yaml, report };
    checkNames(written, seen);
    checkIsNotTarget(written, target);
    // For a lookup, keys that it cannot have are reported by its own rules.
    if (!isWrittenLookup(source)) checkEventTime(written);
    checkFiles(source, written);
    checkVtts(source['vtts'], ['sources', index, 'vtts'], yaml, report);
    if (!isWrittenLookup(source)) checkRest(written);
  }
}

/** Watermarks are kept by process and source table, so two entries would move the same watermark. */
function checkNames(written: WrittenSource, seen: Seen): void {
  const { source, index, table, yaml, report } = written;
  const key = (tableOf(source['table']) ?? writtenFolder(source))?.toLowerCase();
  const twice = key !== undefined && seen.tables.has(key);
  if (key !== undefined) seen.tables.add(key);
  if (twice)
    report(
      yaml.placeOf(['sources', index, 'table']),
      `the table ${table} is a source twice`,
      'keep one of them; the SQL may name its alias as often as it needs',
    );
  else checkAlias(written, seen);
}

function checkAlias({ source, index, table, yaml, report }: WrittenSource, seen: Seen): void {
  const alias = aliasOf(source);
  if (alias === undefined) return;
  const place = yaml.placeOf(['sources', index, source['alias'] === undefined ? 'table' : 'alias']);
  const name = alias.toLowerCase();
  const other = seen.aliases.get(name);
  if (other !== undefined)
    report(
      place,
      `the alias '${alias}' is used twice, for ${other} and ${table}`,
      `give one of them another name: alias: ${alias}_2`,
    );
  else seen.aliases.set(name, table);
  if (Object.hasOwn(RESERVED_ALIASES, name))
    report(
      place,
      `the alias '${alias}' is reserved: it names ${RESERVED_ALIASES[name]}`,
      `give the source another name: alias: ${alias}_rows`,
    );
}

function checkIsNotTarget(
  { source, index, kind, yaml, report }: WrittenSource,
  target: string | undefined,
): void {
  if (target === undefined || tableOf(source['table'])?.toLowerCase() !== target.toLowerCase()) return;
  report(
    yaml.placeOf(['sources', index, 'table']),
    `the target ${target} is also a source of this process`,
    kind?.readsPrevious === true
      ? "remove this source: the target's rows of the hour before are there as 'previous'"
      : 'a process may not read what it writes; write to another table',
  );
}

function checkEventTime({ source, index, table, pattern, kind, yaml, report }: WrittenSource): void {
  const isMissing = source['event_time'] === undefined;
  if (kind?.loadsHours === true && isMissing)
    report(
      yaml.placeOf(['sources', index]),
      `a ${pattern} process needs event_time on every source, and ${table} has none`,
      'name the column that says when the event happened',
    );
  if (source['event_time_unit'] !== undefined && isMissing)
    report(
      yaml.placeOfKey(['sources', index, 'event_time_unit']),
      'event_time_unit without event_time',
      'name the column: event_time: <column>',
    );
  if (kind?.loadsHours === false && source['nulls'] === 'skip')
    report(
      yaml.placeOfKey(['sources', index, 'nulls']),
      'nulls: skip is for hours; a stateless process loads rows without an event time like all others',
      'remove it, or set nulls: refuse',
    );
}

/** Reports keys that mean something only together with another one, or in another pattern. */
function checkRest({ source, index, pattern, kind, yaml, report }: WrittenSource): void {
  for (const key of ['nulls', 'future_tolerance'])
    if (source[key] !== undefined && source['event_time'] === undefined)
      report(
        yaml.placeOfKey(['sources', index, key]),
        `${key} without event_time`,
        'name the column: event_time: <column>',
      );
  if (kind?.loadsHours === true && source['on_source_change'] !== undefined)
    report(
      yaml.placeOfKey(['sources', index, 'on_source_change']),
      `on_source_change is for a stateless process; a ${pattern} one recomputes the changed hours`,
      'remove it',
    );
}
