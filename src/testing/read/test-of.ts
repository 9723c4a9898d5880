/** Makes the TestSpec of one test of a file, which was checked before. YAML -> TestSpec. Pure. */
import path from 'node:path';
import { unitTexts, type WithGrain } from '../../model/grain.ts';
import { type Hour, type HourRange, hourOfMs, hoursOf, instantOf } from '../../model/hour.ts';
import { parseTableName } from '../../model/names.ts';
import type { ProcessSpec, ProjectSpec } from '../../model/process-spec.ts';
import { processesInDependencyOrder } from '../../project/dependency-order.ts';
import type { Path, YamlText } from '../../project/yaml-text.ts';
import type { Arrival, CellRow, Expectation, Orders, TestSpec, WrittenRows } from '../test-spec.ts';
import { tableOfArrival } from './arrival-tables.ts';
import { processNamesOf } from './check-test.ts';

type WrittenExpectation = Omit<Expectation, 'placeOf'>;

interface WrittenArrival {
  readonly at?: string;
  readonly complete_to?: string | Readonly<Record<string, string>>;
  readonly delete?: Readonly<Record<string, string>>;
  readonly rows?: Readonly<Record<string, readonly CellRow[] | Readonly<Record<string, string>>>>;
  readonly expect?: WrittenExpectation;
  readonly expect_of?: Readonly<Record<string, WrittenExpectation>>;
}

interface WrittenTest {
  readonly arrivals: readonly WrittenArrival[];
  readonly equals_recompute?: boolean;
  readonly orders?: Orders;
  readonly seed?: number;
  readonly vtts?: 'real';
}

/** Makes the test. `yaml` begins at its entry. */
export function testOf(
  project: ProjectSpec,
  yaml: YamlText,
  { name, file, shown }: { readonly name: string; readonly file: string; readonly shown: string },
): TestSpec {
  const written = yaml.value as WrittenTest;
  const names = processNamesOf(yaml.value as Readonly<Record<string, unknown>>);
  const processes = processesInDependencyOrder(project, names);
  return Object.freeze({
    name,
    file: shown,
    folder: path.dirname(file),
    place: yaml.placeOf([]),
    processes,
    arrivals: written.arrivals.map((arrival, index) =>
      arrivalOf(arrival, { yaml, at: ['arrivals', index], folder: path.dirname(file), processes }),
    ),
    equalsRecompute: written.equals_recompute ?? true,
    orders: written.equals_recompute === false ? 'given' : (written.orders ?? 'all'),
    seed: written.seed ?? 1,
    vtts: written.vtts ?? 'told',
  });
}

interface ArrivalContext {
  readonly yaml: YamlText;
  readonly at: Path;
  readonly folder: string;
  /** The last of them is the one to which `expect` refers. */
  readonly processes: readonly ProcessSpec[];
}

function arrivalOf(written: WrittenArrival, context: ArrivalContext): Arrival {
  const { yaml, at, folder, processes } = context;
  const last = processes.at(-1)?.processName as string;
  const expected = [
    ...(written.expect === undefined ? [] : [[last, written.expect, ['expect']] as const]),
    ...Object.entries(written.expect_of ?? {}).map(
      ([name, each]) => [name, each, ['expect_of', name]] as const,
    ),
  ];
  return {
    ...(written.at === undefined ? {} : { atMs: instantOf(written.at) }),
    completeTo: completeToOf(written.complete_to),
    deletions: Object.entries(written.delete ?? {}).map(([table, condition]) => ({
      table: parseTableName(table),
      condition,
      place: yaml.placeOf([...at, 'delete', table]),
    })),
    landings: Object.entries(written.rows ?? {}).map(([table, rows]) => ({
      table: tableOfArrival(processes, table),
      rows: rowsOf(rows, folder),
      placeOf: (row, column) =>
        yaml.placeOf([
          ...at,
          'rows',
          table,
          ...(row === undefined ? [] : [row]),
          ...(column === undefined ? [] : [column]),
        ]),
    })),
    expected: new Map(
      expected.map(([name, each, key]) => [
        name,
        expectationOf(each, {
          process: processes.find(({ processName }) => processName === name) ?? {},
          placeOf: (...inner) => yaml.placeOf([...at, ...key, ...inner]),
        }),
      ]),
    ),
    place: yaml.placeOf(at),
  };
}

function completeToOf(written: WrittenArrival['complete_to']): ReadonlyMap<string, Hour> {
  if (written === undefined) return new Map();
  if (typeof written === 'string') return new Map([['', hoursOfText(written).lastHour]]);
  return new Map(
    Object.entries(written).map(([table, hour]) => [table.toLowerCase(), hoursOfText(hour).lastHour]),
  );
}

function rowsOf(written: readonly CellRow[] | Readonly<Record<string, string>>, folder: string): WrittenRows {
  if (Array.isArray(written)) return { kind: 'inline', rows: written as readonly CellRow[] };
  const { csv, sql, file } = written as Readonly<Record<string, string>>;
  if (csv !== undefined) return { kind: 'csv', text: csv };
  if (sql !== undefined) return { kind: 'sql', query: sql };
  return { kind: 'file', file: path.resolve(folder, file as string) };
}

/** Writes hours as a plan of the process names them. A day means all of its hours. */
function expectationOf(
  written: WrittenExpectation,
  { process, placeOf }: { readonly process: WithGrain; readonly placeOf: Expectation['placeOf'] },
): Expectation {
  const hours = (texts: readonly string[]): string[] =>
    unitTexts(
      process,
      texts.flatMap((text) => hoursOf(hoursOfText(text))),
    );
  return {
    ...written,
    ...(written.hours === undefined ? {} : { hours: hours(written.hours) }),
    ...(written.owed_hours === undefined ? {} : { owed_hours: hours(written.owed_hours) }),
    placeOf,
  };
}

/** Reads `2023-09-14T05`, with or without minutes, or all hours of `2023-09-14`. */
function hoursOfText(text: string): HourRange {
  const [day, hour] = text.split(/[T ]/) as [string, string?];
  const firstHour = hourOfMs(instantOf(`${day}T${hour?.slice(0, 2) ?? '00'}:00:00Z`));
  return { firstHour, lastHour: hour === undefined ? firstHour + 23 : firstHour };
}
