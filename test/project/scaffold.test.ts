// Goal: what `psyberg new` writes is accepted and runs. Method: write it, read it, run its SQL in DuckDB over
// small tables.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseTableName } from '../../src/model/names.ts';
import type { ProcessSpec } from '../../src/model/process-spec.ts';
import { readProject } from '../../src/project/read-project.ts';
import { newFilesProject, newProcess, newProject } from '../../src/project/scaffold.ts';
import { parseSrcTables } from '../../src/project/src-tables.ts';
import { readTests } from '../../src/testing/read/read-tests.ts';

it('says of a folder that cannot be made that it cannot be', () => {
  expect(() => newProject({ directory: '/proc/x/y' })).toThrow(
    /\/proc\/x cannot be written: its folder does not exist/,
  );
});

let root: string;
beforeEach(() => {
  root = path.join(
    fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-scaffold-'))),
    'my project',
  );
});
afterEach(() => fs.rmSync(path.dirname(root), { recursive: true, force: true }));

const TABLES = `
  create table "raw_cancels" as select 1 as event_id, 7 as account_id, timestamptz '2023-09-14 05:10:00+00' as cancel_ts, 'x' as "order";
  create table requests as select 2 as event_id, 7 as account_id, timestamptz '2023-09-14 05:00:00+00' as request_ts, 'web' as channel;
  create table "order" as select 3 as event_id, 1694667600000 as ts_ms;
  create table raw_events as select 1 as event_id, timestamptz '2023-09-14 05:10:00+00' as event_ts, 7 as account_id, 'Play' as kind;
  create table event_fact as from raw_events;
`;
async function rowsOf(spec: ProcessSpec, before = ''): Promise<Record<string, unknown>[]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(`set timezone = 'UTC'; ${TABLES}${before}`);
  const statement =
    spec.parameters.length === 0
      ? spec.sql
      : spec.sql.replaceAll('$first_hour', "timestamptz '2023-09-14 05:00:00+00'");
  return (await connection.runAndReadAll(statement)).getRowObjectsJson() as Record<string, unknown>[];
}

function written(
  options: Omit<Parameters<typeof newProcess>[0], 'project' | 'sources' | 'target'> & {
    sources: string;
    target?: string;
  },
): ProcessSpec {
  newProject({ directory: root });
  newProcess({
    ...options,
    project: readProject({ root }),
    sources: parseSrcTables(options.sources),
    target: parseTableName(options.target ?? 'facts.result'),
  });
  const spec = readProject({ root }).processes.find((each) => each.processName === options.name);
  if (spec === undefined) throw new Error('the new process is not in the project');
  return spec;
}
const columns = {
  'raw.raw_cancels': ['event_id', 'account_id', 'cancel_ts', 'order'],
  'raw.requests': ['event_id', 'account_id', 'request_ts', 'channel'],
};

describe('newProject', () => {
  it('writes a project that is accepted, is named after its folder and has SQL that runs', async () => {
    const { files } = newProject({ directory: root });
    expect(files.map((file) => path.relative(root, file))).toEqual([
      '.vscode/extensions.json',
      '.vscode/settings.json',
      '.vscode/tasks.json',
      'README.md',
      'audits/no_empty_count.sql',
      '.gitignore',
      'processes/event_count_load.sql',
      'processes/event_fact_load.sql',
      'psyberg.yaml',
      'seed/raw_events.sql',
      'tables/raw/raw_events.sql',
      'tests/events.yaml',
    ]);
    const project = readProject({ root });
    expect(project.name).toBe('my_project');
    expect(project.processes.map((spec) => spec.processName)).toEqual([
      'event_count_load',
      'event_fact_load',
    ]);
    for (const spec of project.processes) expect(await rowsOf(spec)).toHaveLength(1);
    for (const file of files) expect(fs.readFileSync(file, 'utf8')).not.toContain('{{');
  });

  it('writes a seed that DuckDB runs, with rows that the first process takes', async () => {
    newProject({ directory: root });
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    await connection.run(fs.readFileSync(path.join(root, 'seed/raw_events.sql'), 'utf8'));
    const load = readProject({ root }).processes.find((spec) => spec.processName === 'event_fact_load');
    const rows = await connection.runAndReadAll(
      `with raw_events as (from raw.raw_events) select count(*), count(distinct kind) from (${load?.sql}\n)`,
    );
    expect(rows.getRows()).toEqual([[360n, 3n]]);
  });

  it('never overwrites: one file in the way, and nothing is written', () => {
    fs.mkdirSync(root);
    fs.writeFileSync(path.join(root, 'README.md'), 'mine');
    expect(() => newProject({ directory: root })).toThrow(
      expect.objectContaining({
        code: 'file-exists',
        kind: 'usage',
        message: `${path.join(root, 'README.md')} exists, and is never overwritten`,
      }),
    );
    expect(fs.readdirSync(root)).toEqual(['README.md']);
    expect(fs.readFileSync(path.join(root, 'README.md'), 'utf8')).toBe('mine');
  });

  it('names the templates when asked for an unknown one', () => {
    expect(() => newProject({ directory: root, template: 'projct' })).toThrow(
      expect.objectContaining({ code: 'template-unknown', hint: "did you mean 'project'?" }),
    );
  });
});

describe('newProcess', () => {
  it('writes a stateless process that passes its source on', async () => {
    const spec = written({ name: 'cancel_load', pattern: 'stateless', sources: 'raw.raw_cancels|cancel_ts' });
    expect(spec).toMatchObject({
      pattern: 'stateless',
      sql: '-- A source holds only the rows that landed since the last run.\nselect *\nfrom raw_cancels',
      target: { partitionBy: [{ transform: 'hour', column: 'cancel_ts' }] },
    });
    expect(await rowsOf(spec)).toHaveLength(1);
  });

  it('has a stateless process look for its key in the whole target, where the key is known', () => {
    const spec = written({
      name: 'cancel_load',
      pattern: 'stateless',
      sources: 'raw.raw_cancels|cancel_ts',
      columns,
    });
    expect(spec.audits).toMatchObject([
      { kind: 'source_to_target_count' },
      { kind: 'unique', columns: ['event_id'], over: 'target' },
    ]);
    const project = readProject({ root });
    expect(
      project.processes.find((each) => each.processName === 'event_fact_load')?.audits.at(-1),
    ).toMatchObject({ kind: 'unique', columns: ['event_id'], over: 'target' });
    // Two tables may give out the same ids, and a column of any other name may be no key.
    for (const [name, sources] of [
      ['two_load', 'raw.raw_cancels|cancel_ts,raw.requests|request_ts'],
      ['other_load', 'raw.requests|request_ts'],
    ] as const) {
      const { file } = newProcess({
        project,
        name,
        pattern: 'stateless',
        sources: parseSrcTables(sources),
        target: parseTableName(`facts.${name}`),
        columns: { ...columns, ...(name === 'other_load' ? { 'raw.requests': ['account_id'] } : {}) },
      });
      expect(fs.readFileSync(file, 'utf8')).toContain(
        '\n  # - unique: { columns: [<key of a row>], over: target }',
      );
    }
  });

  it('makes a timestamp from integers, and quotes a name that SQL reserves', async () => {
    newProject({ directory: root });
    newProcess({
      project: readProject({ root }),
      name: 'order_load',
      pattern: 'stateless',
      sources: [{ table: parseTableName('raw.order'), timeColumn: 'ts_ms', timeUnit: 'epoch_ms' }],
      target: parseTableName('facts.order_fact'),
    });
    const spec = readProject({ root }).processes.find(
      (each) => each.processName === 'order_load',
    ) as ProcessSpec;
    expect(spec.sources[0]).toMatchObject({ alias: 'order', eventTimeUnit: 'epoch_ms' });
    expect(await rowsOf(spec)).toEqual([
      { event_id: 3, ts_ms: '1694667600000', ts_ms_utc: '2023-09-14 05:00:00+00' },
    ]);
  });

  it('writes a stateful join over the shared id when the columns are known', async () => {
    const spec = written({
      name: 'cancel_load',
      pattern: 'stateful',
      sources: 'raw.raw_cancels|cancel_ts,raw.requests|request_ts',
      columns,
    });
    expect(spec.sql).toContain('left join requests using (account_id)');
    expect(fs.readFileSync(spec.file, 'utf8')).toContain('# window: { before: 30d, key: account_id }');
    expect(await rowsOf(spec)).toEqual([
      {
        event_id: 1,
        account_id: 7,
        cancel_ts: '2023-09-14 05:10:00+00',
        order: 'x',
        request_ts: '2023-09-14 05:00:00+00',
        channel: 'web',
      },
    ]);
  });

  it('leaves the join to the reader, in SQL that runs, when the columns are not known', async () => {
    const spec = written({
      name: 'cancel_load',
      pattern: 'stateful',
      sources: 'raw.raw_cancels|cancel_ts,raw.requests|request_ts',
    });
    expect(spec.sql).toContain('-- left join requests using (<key>)');
    expect(await rowsOf(spec)).toHaveLength(1);
  });

  it.each([
    ['known', columns, '7', 'account_id'],
    ['unknown', undefined, 'all', 'entity'],
  ] as const)(
    'carries the hour before forward in a dimension, columns %s',
    async (_case, known, value, key) => {
      const spec = written({
        name: 'state_load',
        pattern: 'dimension',
        sources: 'raw.raw_cancels|cancel_ts,raw.requests|request_ts',
        ...(known === undefined ? {} : { columns: known }),
      });
      const previous = `create table previous as select timestamptz '2023-09-14 04:00:00+00' as state_hour, unnest(['${value}', 'quiet']) as ${key}, 5::bigint as event_count, timestamptz '2023-09-14 02:00:00+00' as last_event_hour;`;
      const rows = await rowsOf(spec, previous);
      const common = { state_hour: '2023-09-14 05:00:00+00' };
      expect(rows).toHaveLength(2);
      expect(rows).toContainEqual({
        ...common,
        [key]: value,
        event_count: '7',
        last_event_hour: '2023-09-14 05:00:00+00',
      });
      expect(rows).toContainEqual({
        ...common,
        [key]: 'quiet',
        event_count: '5',
        last_event_hour: '2023-09-14 02:00:00+00',
      });
      expect(spec.audits.map((audit) => audit.kind)).toEqual(['not_null', 'unique']);
    },
  );

  it('gives tables of one name in two schemas, or with a reserved name, aliases of their own', () => {
    const spec = written({
      name: 'both_load',
      pattern: 'stateful',
      sources: 'raw.events|ts,old.events|ts,raw.target|ts',
    });
    expect(spec.sources.map((source) => source.alias)).toEqual(['events', 'old_events', 'target_rows']);
  });

  it('refuses names, missing time columns and files that exist, and leaves no file', () => {
    newProject({ directory: root });
    const project = readProject({ root });
    const before = fs.readdirSync(project.processesDirectory);
    const base = {
      project,
      pattern: 'stateful',
      sources: parseSrcTables('raw.a|ts'),
      target: parseTableName('facts.a'),
    } as const;
    expect(() => newProcess({ ...base, name: '../evil' })).toThrow(
      expect.objectContaining({ code: 'name-invalid' }),
    );
    expect(() => newProcess({ ...base, name: 'a_load', sources: parseSrcTables('raw.a') })).toThrow(
      expect.objectContaining({ code: 'event-time-missing', hint: "write --source 'raw.a|<column>'" }),
    );
    expect(() => newProcess({ ...base, name: 'event_fact_load' })).toThrow(
      expect.objectContaining({ code: 'file-exists' }),
    );
    expect(() => newProcess({ ...base, name: 'a_load', target: parseTableName('facts.event_fact') })).toThrow(
      expect.objectContaining({
        code: 'project-invalid',
        message: expect.stringContaining('already written by'),
      }),
    );
    expect(fs.readdirSync(project.processesDirectory)).toEqual(before);
  });
});

describe('a project over files', () => {
  const make = (columns: readonly { name: string; type: string }[]) =>
    newFilesProject({
      directory: root,
      files: { globs: ['../landing/orders/*.jsonl'], format: 'json' },
      saysFormat: false,
      columns,
      more: [{ name: '.psyberg/schema/tests.json', text: '{}' }],
    });

  it('has columns, a test with a late row and what editors need, and is read', () => {
    make([
      { name: 'order', type: 'BIGINT' },
      { name: 'ordered_at', type: 'TIMESTAMP WITH TIME ZONE' },
    ]);
    const { processes } = readProject({ root });
    expect(processes.map(({ processName }) => processName)).toEqual(['orders_by_hour', 'orders_load']);
    const text = (file: string) => fs.readFileSync(path.join(root, file), 'utf8');
    expect(text('tables/raw/orders.sql')).toContain(
      'create table raw.orders ("order" bigint, ordered_at timestamptz);',
    );
    const { tests, unread } = readTests(readProject({ root }), [path.join(root, 'tests/orders.yaml')]);
    expect([tests.map(({ arrivals }) => arrivals.length), unread]).toEqual([[2], []]);
    for (const file of ['.vscode/settings.json', '.vscode/tasks.json', '.psyberg/schema/tests.json'])
      expect(JSON.parse(text(file))).toBeTypeOf('object');
    expect(text('psyberg.yaml')).toContain('$schema=.psyberg/schema/project.json');
  });

  it.each([
    [[{ name: 'd', type: 'DATE' }], 'raw.orders (d date);', '- { d: 2024-01-01 }', 'orders_by_day'],
    [
      [{ name: 'at_ms', type: 'BIGINT' }],
      'raw.orders (at_ms bigint, at_ms_utc timestamptz);',
      '- { at_ms_utc: 2024-01-01T05:50:00Z }',
      'orders_by_hour',
    ],
  ])('of %j counts by the time that they have', (columns, ddl, row, process) => {
    make(columns);
    expect(fs.readFileSync(path.join(root, 'tables/raw/orders.sql'), 'utf8')).toContain(ddl);
    const written = fs.readFileSync(path.join(root, 'tests/orders.yaml'), 'utf8');
    expect(written).toContain(row);
    expect(written).toContain(`process: ${process}`);
    expect(readTests(readProject({ root }), [path.join(root, 'tests/orders.yaml')]).unread).toEqual([]);
  });
});
