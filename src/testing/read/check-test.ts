/**
 * Checks what the schema of a test cannot: names of the project, and expectations that nothing would check.
 */
import fs from 'node:fs';
import path from 'node:path';
import { tableName, tableNameProblem } from '../../model/names.ts';
import type { ProcessSpec, ProjectSpec } from '../../model/process-spec.ts';
import { processesInDependencyOrder } from '../../project/dependency-order.ts';
import { didYouMean } from '../../project/did-you-mean.ts';
import { isMap } from '../../project/plain-values.ts';
import type { ReportProblem } from '../../project/problems.ts';
import type { Path, YamlText } from '../../project/yaml-text.ts';
import { arrivalName, checkFolder, isFolder } from './arrival-tables.ts';

interface Checked {
  readonly yaml: YamlText;
  /** An absolute path. */
  readonly file: string;
  readonly report: ReportProblem;
}

type YamlMap = Readonly<Record<string, unknown>>;

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const mapOf = (value: unknown): YamlMap => (isMap(value) ? value : {});

/** The processes that a test names, as far as it can be read. */
export const processNamesOf = (entry: YamlMap): string[] =>
  [entry['process'], ...listOf(entry['processes'])].filter((name) => typeof name === 'string');

/** Reports problems between the keys of one test. */
export function checkTest(project: ProjectSpec, checked: Checked): void {
  const entry = mapOf(checked.yaml.value);
  const specs = checkProcesses(project, entry, checked);
  checkJudgement(entry, checked);
  for (const [index, arrival] of listOf(entry['arrivals']).entries()) {
    if (!isMap(arrival)) continue;
    const at: Path = ['arrivals', index];
    if (specs.length > 0) {
      checkTables(specs, arrival, at, checked);
      checkExpectations(specs, arrival, at, checked);
    }
    if (arrival['complete_to'] !== undefined && entry['vtts'] === 'real')
      checked.report(
        checked.yaml.placeOfKey([...at, 'complete_to']),
        'complete_to says nothing in a test with vtts: real',
        'remove one of them',
      );
    if (arrival['rows'] === undefined && arrival['delete'] === undefined && arrival['at'] === undefined)
      checked.report(
        checked.yaml.placeOf(at),
        'nothing arrives: the arrival has neither rows nor delete',
        'add rows; or, for a run at a later time, at:',
      );
  }
}

function checkProcesses(project: ProjectSpec, entry: YamlMap, { yaml, report }: Checked): ProcessSpec[] {
  if ((entry['process'] === undefined) === (entry['processes'] === undefined)) {
    report(
      yaml.placeOf([]),
      entry['process'] === undefined ? "missing key 'process'" : 'a test has process or processes, not both',
      'name one process, or a chain: processes: [a_load, b_load]',
    );
    return [];
  }
  const known = project.processes.map((spec) => spec.processName);
  const named = processNamesOf(entry);
  for (const [index, name] of named.entries()) {
    const place = yaml.placeOf(entry['process'] === undefined ? ['processes', index] : ['process']);
    if (!known.includes(name))
      report(place, `the project has no process '${name}'`, didYouMean(name, known, 'processes'));
    else if (named.indexOf(name) !== index) report(place, `the process ${name} is named twice`);
  }
  const found = named.filter((name) => known.includes(name));
  return found.length === 0 ? [] : [...processesInDependencyOrder(project, found)];
}

/** A test that checks nothing would pass whatever the SQL says. */
function checkJudgement(entry: YamlMap, { yaml, report }: Checked): void {
  if (entry['equals_recompute'] !== false) return;
  if (entry['orders'] !== undefined && entry['orders'] !== 'given')
    report(
      yaml.placeOfKey(['orders']),
      'other orders are judged by equals_recompute alone, which is false: nothing checks them',
      'remove one of the two',
    );
  const expects = listOf(entry['arrivals']).some(
    (arrival) => isMap(arrival) && (arrival['expect'] !== undefined || arrival['expect_of'] !== undefined),
  );
  if (!expects)
    report(
      yaml.placeOfKey(['equals_recompute']),
      'nothing is checked: the test expects nothing, and equals_recompute is false',
      'add expect: to an arrival, or remove equals_recompute',
    );
}

function checkTables(specs: readonly ProcessSpec[], arrival: YamlMap, at: Path, checked: Checked): void {
  const targets = specs.map((spec) => tableName(spec.target.table));
  const sources = [...new Set(specs.flatMap((spec) => spec.sources.map(arrivalName)))];
  const outside = sources.filter((table) => !includes(targets, table));
  const ofEvents = specs.flatMap((spec) => spec.sources.filter(({ lookup }) => lookup === undefined));
  const lookups = sources.filter((table) => !ofEvents.some((each) => tableName(each.table) === table));
  const keys = ['rows', 'delete', ...(isMap(arrival['complete_to']) ? ['complete_to'] : [])];
  for (const key of keys) {
    const seen = new Set<string>();
    for (const table of Object.keys(mapOf(arrival[key]))) {
      const place = checked.yaml.placeOfKey([...at, key, table]);
      if (isFolder(specs, table)) {
        checkFolder({ specs, written: table, key, seen }, place, checked);
        continue;
      }
      const problem = tableNameProblem(table);
      if (problem !== undefined) {
        checked.report(place, problem, didYouMean(table, outside, 'sources'));
        continue;
      }
      if (seen.has(table.toLowerCase())) checked.report(place, `the table ${table} is there twice`);
      seen.add(table.toLowerCase());
      if (includes(targets, table))
        checked.report(
          place,
          key === 'complete_to'
            ? `${table} is written by this test's processes: it is complete as they say`
            : `${table} is written by this test's processes, and nothing else may land there`,
          `name a table that comes from outside: ${outside.join(', ')}`,
        );
      else if (key === 'complete_to' && includes(lookups, table))
        checked.report(
          place,
          `${table} is a lookup: it has no hours, and none waits for it`,
          'remove it from complete_to',
        );
      else if (!includes(outside, table))
        checked.report(
          place,
          `no process of this test reads ${table}`,
          didYouMean(table, outside, 'sources'),
        );
    }
  }
  checkFiles(arrival, at, checked);
}

const includes = (tables: readonly string[], table: string): boolean =>
  tables.some((each) => each.toLowerCase() === table.toLowerCase());

function checkFiles(arrival: YamlMap, at: Path, { yaml, file, report }: Checked): void {
  for (const [table, rows] of Object.entries(mapOf(arrival['rows']))) {
    const written = mapOf(rows)['file'];
    if (typeof written !== 'string') continue;
    const place = yaml.placeOf([...at, 'rows', table, 'file']);
    const found = path.resolve(path.dirname(file), written);
    if (!fs.existsSync(found) || !fs.statSync(found).isFile())
      report(place, `the file ${written} does not exist`, 'paths are relative to the folder of the test');
    else if (!/\.(csv|tsv|json|jsonl|ndjson|parquet)$/i.test(found))
      report(place, `the file ${written} is of no known kind`, 'use .csv, .json, .jsonl or .parquet');
  }
}

function checkExpectations(
  specs: readonly ProcessSpec[],
  arrival: YamlMap,
  at: Path,
  { yaml, report }: Checked,
): void {
  const last = specs.at(-1) as ProcessSpec;
  const all: (readonly [spec: ProcessSpec | undefined, path: Path])[] = [];
  if (arrival['expect'] !== undefined) all.push([last, [...at, 'expect']]);
  for (const name of Object.keys(mapOf(arrival['expect_of']))) {
    const path = [...at, 'expect_of', name];
    const spec = specs.find((each) => each.processName === name);
    if (spec === undefined)
      report(
        yaml.placeOfKey(path),
        `'${name}' is no process of this test: nothing checks this`,
        didYouMean(
          name,
          specs.map((each) => each.processName),
          'its processes',
        ),
      );
    if (spec === last && arrival['expect'] !== undefined)
      report(yaml.placeOfKey(path), `expect is of ${name} already`, 'put both into one');
    all.push([spec, path]);
  }
  for (const [spec, path] of all) {
    const written = mapOf(path.reduce<unknown>((value, key) => mapOrList(value)[key], yaml.value));
    if (Object.keys(written).length === 0)
      report(
        yaml.placeOf(path),
        'nothing is expected here',
        'add one of status, hours, rows …, or remove it',
      );
    const known = spec?.audits.map((audit) => audit.name) ?? [];
    if (spec !== undefined)
      for (const name of Object.keys(mapOf(written['audits'])))
        if (!known.includes(name))
          report(
            yaml.placeOfKey([...path, 'audits', name]),
            `${spec.processName} has no audit '${name}': nothing checks this`,
            didYouMean(name, known, 'audits'),
          );
    checkContradiction(written, path, { yaml, report });
  }
}

/** Reports an expectation that no run can meet, so that it would always fail. */
function checkContradiction(
  written: YamlMap,
  path: Path,
  { yaml, report }: Pick<Checked, 'yaml' | 'report'>,
): void {
  const { status, error } = written;
  const failing = ['refused', 'failed', 'conflict'].includes(String(status));
  if (typeof status === 'string' && typeof error === 'string' && !failing)
    report(
      yaml.placeOf([...path, 'error']),
      `a run that is ${status} has no error`,
      'remove status or error',
    );
  if (error === null && failing)
    report(yaml.placeOf([...path, 'error']), `a run that is ${status} has an error`, 'remove one of them');
}

const mapOrList = (value: unknown): Record<PropertyKey, unknown> =>
  value !== null && typeof value === 'object' ? (value as Record<PropertyKey, unknown>) : {};
