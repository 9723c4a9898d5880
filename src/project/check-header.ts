/**
 * Rules between the parts of one header. YAML with places -> problems. Reads nothing but its arguments.
 * It looks at each part by itself, so that one wrong part does not hide what is wrong in another.
 */
import { AUDIT_NAMES, auditKind } from '../kinds/audits/index.ts';
import { PATTERNS, type PatternKind } from '../kinds/patterns/index.ts';
import { PATTERN_NAMES, type Pattern } from '../model/process-spec.ts';
import { NAME_PATTERN, tableNameProblem } from '../model/names.ts';
import { didYouMean } from './did-you-mean.ts';
import { parsePartitionBy, partitionEntries } from './partition-by.ts';
import { checkVtts } from './header-vtts.ts';
import { checkWindows } from './header-window.ts';
import { isMap, listOf, textOf } from './plain-values.ts';
import type { ReportProblem } from './problems.ts';
import type { YamlText } from './yaml-text.ts';

/** Names that the engine gives to tables of its own inside a process's SQL and audits. */
export const RESERVED_ALIASES: Readonly<Record<string, string>> = Object.freeze({
  staged: 'the rows that the session staged',
  target: 'the whole staged table',
  previous: "the target's rows of the hour before",
});

const tableOf = (value: unknown): string | undefined =>
  typeof value === 'string' && tableNameProblem(value) === undefined ? value : undefined;

/** A source's alias as the SQL sees it: as written, else the last part of the table's name. */
export function aliasOf(source: unknown): string | undefined {
  if (!isMap(source)) return undefined;
  const alias = textOf(source['alias']);
  if (alias !== undefined) return NAME_PATTERN.test(alias) ? alias : undefined;
  return source['alias'] === undefined ? tableOf(source['table'])?.split('.').at(-1) : undefined;
}

/** The pattern by its name or its number, of which the first counts; undefined when neither says one. */
export function writtenPattern(header: Readonly<Record<string, unknown>>): Pattern | undefined {
  const written = header['pattern'] ?? header['etl_pattern_id'];
  return PATTERN_NAMES.find((name) => written === name || written === PATTERNS[name].etlPatternId);
}

/** What follows from it. */
const kindOf = (pattern: Pattern | undefined): PatternKind | undefined =>
  pattern === undefined ? undefined : PATTERNS[pattern];

/** Reports what the schema cannot: rules that tie keys of a header together. */
export function checkHeader(yaml: YamlText, report: ReportProblem): void {
  if (!isMap(yaml.value)) return;
  checkPattern(yaml.value, yaml, report);
  checkSources(yaml.value, yaml, report);
  checkWindows(yaml.value, writtenPattern(yaml.value), { yaml, report });
  checkTarget(yaml.value, yaml, report);
  checkAudits(yaml.value, yaml, report);
}

function checkPattern(
  header: Readonly<Record<string, unknown>>,
  yaml: YamlText,
  report: ReportProblem,
): void {
  const pattern = writtenPattern(header);
  const kind = kindOf(pattern);
  const id = header['etl_pattern_id'];
  if (header['pattern'] === undefined && id === undefined)
    report(yaml.placeOf([]), "missing key 'pattern'", 'write pattern: stateless, stateful or dimension');
  if (
    header['pattern'] !== undefined &&
    kind !== undefined &&
    (id === 1 || id === 2) &&
    id !== kind.etlPatternId
  ) {
    report(
      yaml.placeOf(['etl_pattern_id']),
      `etl_pattern_id ${id} contradicts pattern: ${pattern}`,
      'remove etl_pattern_id',
    );
  }
  if (kind === undefined) return;
  if (!kind.loadsHours && header['hours'] === 'touched') {
    report(
      yaml.placeOf(['hours']),
      'hours is for a stateful process; a stateless one appends the new rows',
      'remove it',
    );
  }
  if (!kind.readsPrevious && header['catchup'] !== undefined) {
    report(
      yaml.placeOfKey(['catchup']),
      `catchup is for a dimension, and this process is ${pattern}`,
      'remove it',
    );
  }
}

function checkSources(
  header: Readonly<Record<string, unknown>>,
  yaml: YamlText,
  report: ReportProblem,
): void {
  const pattern = writtenPattern(header);
  const kind = kindOf(pattern);
  const target = isMap(header['target']) ? tableOf(header['target']['table']) : undefined;
  const seen = new Map<string, string>();
  const tables = new Set<string>();
  for (const [index, source] of listOf(header['sources']).entries()) {
    if (!isMap(source)) continue;
    const place = yaml.placeOf(['sources', index]);
    const table = textOf(source['table']) ?? 'this source';
    const key = tableOf(source['table'])?.toLowerCase();
    const twice = key !== undefined && tables.has(key);
    if (key !== undefined) tables.add(key);
    // Watermarks are kept by process and source table: two entries would move one watermark.
    if (twice)
      report(
        yaml.placeOf(['sources', index, 'table']),
        `the table ${table} is a source twice`,
        'keep one of them; the SQL may name its alias as often as it needs',
      );
    const alias = aliasOf(source);
    if (alias !== undefined && !twice) {
      const placeOfAlias = yaml.placeOf([
        'sources',
        index,
        source['alias'] === undefined ? 'table' : 'alias',
      ]);
      const other = seen.get(alias.toLowerCase());
      if (other !== undefined)
        report(
          placeOfAlias,
          `the alias '${alias}' is used twice, for ${other} and ${table}`,
          `give one of them another name: alias: ${alias}_2`,
        );
      else seen.set(alias.toLowerCase(), table);
      const meaning = Object.hasOwn(RESERVED_ALIASES, alias.toLowerCase())
        ? RESERVED_ALIASES[alias.toLowerCase()]
        : undefined;
      if (meaning !== undefined)
        report(
          placeOfAlias,
          `the alias '${alias}' is reserved: it names ${meaning}`,
          `give the source another name: alias: ${alias}_rows`,
        );
    }
    if (target !== undefined && tableOf(source['table'])?.toLowerCase() === target.toLowerCase()) {
      report(
        yaml.placeOf(['sources', index, 'table']),
        `the target ${target} is also a source of this process`,
        kind?.readsPrevious === true
          ? "remove this source: the target's rows of the hour before are there as 'previous'"
          : 'a process may not read what it writes; write to another table',
      );
    }
    if (kind?.loadsHours === true && source['event_time'] === undefined) {
      report(
        place,
        `a ${pattern} process needs event_time on every source, and ${table} has none`,
        'name the column that says when the event happened',
      );
    }
    if (source['event_time_unit'] !== undefined && source['event_time'] === undefined) {
      report(
        yaml.placeOfKey(['sources', index, 'event_time_unit']),
        'event_time_unit without event_time',
        'name the column: event_time: <column>',
      );
    }
    if (kind?.loadsHours === false && source['nulls'] === 'skip') {
      report(
        yaml.placeOfKey(['sources', index, 'nulls']),
        'nulls: skip is for hours; a stateless process loads rows without an event time like all others',
        'remove it, or set nulls: refuse',
      );
    }
    checkVtts(source['vtts'], ['sources', index, 'vtts'], yaml, report);
    for (const key of ['nulls', 'future_tolerance'])
      if (source[key] !== undefined && source['event_time'] === undefined)
        report(
          yaml.placeOfKey(['sources', index, key]),
          `${key} without event_time`,
          'name the column: event_time: <column>',
        );
    if (kind?.loadsHours === true && source['on_source_change'] !== undefined) {
      report(
        yaml.placeOfKey(['sources', index, 'on_source_change']),
        `on_source_change is for a stateless process; a ${pattern} one recomputes the changed hours`,
        'remove it',
      );
    }
  }
}

function checkTarget(header: Readonly<Record<string, unknown>>, yaml: YamlText, report: ReportProblem): void {
  const target = header['target'];
  if (!isMap(target)) return;
  const pattern = writtenPattern(header);
  if (kindOf(pattern)?.loadsHours === true && target['event_time'] === undefined) {
    report(
      yaml.placeOfKey(['target']),
      `a ${pattern} process needs event_time in target`,
      'name the column of the target that says which hour a row belongs to',
    );
  }
  const seen = new Set<string>();
  for (const { text, index } of partitionEntries(listOf(target['partition_by']))) {
    const place = yaml.placeOf(['target', 'partition_by', index]);
    const parsed = parsePartitionBy(text);
    if ('message' in parsed) {
      report(place, parsed.message, parsed.hint);
      continue;
    }
    const key = `${parsed.transform}(${parsed.column.toLowerCase()})`;
    if (seen.has(key)) report(place, `the partition ${key} is there twice`, 'keep one of them');
    seen.add(key);
  }
}

const NAMING_A_SOURCE = AUDIT_NAMES.filter((name) => auditKind(name).namesSource === true);

function checkAudits(header: Readonly<Record<string, unknown>>, yaml: YamlText, report: ReportProblem): void {
  const aliases = listOf(header['sources'])
    .map(aliasOf)
    .filter((alias) => alias !== undefined);
  const names = new Set<string>();
  for (const [index, audit] of listOf(header['audits']).entries()) {
    if (!isMap(audit)) continue;
    for (const kind of NAMING_A_SOURCE) {
      const written = isMap(audit[kind]) ? textOf(audit[kind]['source']) : undefined;
      if (written === undefined || aliases.some((alias) => alias.toLowerCase() === written.toLowerCase()))
        continue;
      report(
        yaml.placeOf(['audits', index, kind, 'source']),
        `${kind} names the unknown source '${written}'`,
        didYouMean(written, aliases, 'aliases of the sources'),
      );
    }
    const name = textOf(audit['name']);
    if (name !== undefined && names.has(name))
      report(
        yaml.placeOf(['audits', index, 'name']),
        `two audits have the name '${name}'`,
        'give each its own name',
      );
    if (name !== undefined) names.add(name);
  }
}
