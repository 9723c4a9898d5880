// Goal: what a project says arrives whole and with the documented defaults. Method: small projects on disk,
// compared as data.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { processesInDependencyOrder, producerOf } from '../../src/project/dependency-order.ts';
import { processHeaderJsonSchema } from '../../src/project/json-schemas.ts';
import { examineProject, findProjectRoot, readProject } from '../../src/project/read-project.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
});

function projectOf(files: Readonly<Record<string, string | Buffer>>): string {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-project-')));
  folders.push(root);
  fs.mkdirSync(path.join(root, 'processes'));
  for (const [name, text] of Object.entries({
    'psyberg.yaml': 'name: p\ncatalog: { warehouse: wh }\n',
    ...files,
  })) {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), text);
  }
  return root;
}
const load = (name: string, sources: readonly string[], target: string): string =>
  `/*---\nprocess_name: ${name}\npattern: stateless\nsources:\n${sources.map((table) => `  - table: ${table}\n`).join('')}target: { table: ${target} }\n---*/\nselect 1 as one\n`;

const CANCEL = `-- Loads cancels.
/*---
process_name: cancel_fact_load
etl_pattern_id: 2
sources:
  - table: raw.raw_cancels
    event_time: processing_ts
    event_time_unit: epoch_ms
    vtts: { property: kafka.connect.valid-through-ts }
  - table: facts.cancel_request_fact
    event_time: request_ts
    alias: requests
    vtts: { from: signal }
  - table: raw.raw_plans
    event_time: ts
    vtts: { sql: "select max(ts) from lake.raw.raw_plans" }
target:
  table: facts.cancel_fact
  event_time: cancel_ts
  partition_by: [hour(cancel_ts), bucket(16, account_id), country, 'truncate(4, "my name")']
  properties: { format-version: 2, write.parquet.compression-codec: zstd }
audits:
  - source_to_target_count
  - source_to_target_count: { source: REQUESTS }
  - no_missing_events: { source: raw_cancels, key: event_id, target_key: id }
  - not_null: { columns: [account_id] }
  - unique: { columns: [event_id], over: target }
    name: one_row_per_event
  - sql: audits/known.sql
    severity: warn
hours: touched
---*/

select *, '$not_this' as text
from raw_cancels where ts >= $range_start and ts < $range_end; -- the end
`;

describe('readProject', () => {
  it('gives a process with everything that its header says', () => {
    const root = projectOf({
      'processes/cancel.sql': CANCEL,
      'audits/known.sql': 'select * from staged where hour > $last_hour;\n',
    });
    const [spec] = readProject({ root }).processes;
    const sql =
      "select *, '$not_this' as text\nfrom raw_cancels where ts >= $range_start and ts < $range_end";
    expect(spec).toMatchObject({
      processName: 'cancel_fact_load',
      file: path.join(root, 'processes/cancel.sql'),
      pattern: 'stateful',
      hours: 'touched',
      onSchemaChange: 'refuse',
      catchup: {},
      sql,
      sqlOffset: { line: 34, column: 1 },
      parameters: [
        { name: 'range_start', offset: sql.indexOf('$range_start') },
        { name: 'range_end', offset: sql.indexOf('$range_end') },
      ],
    });
    expect(spec?.sources).toEqual([
      {
        table: { namespace: ['raw'], name: 'raw_cancels' },
        alias: 'raw_cancels',
        eventTime: 'processing_ts',
        eventTimeUnit: 'epoch_ms',
        vtts: { kind: 'property', key: 'kafka.connect.valid-through-ts' },
        onSourceChange: 'refuse',
        nulls: 'skip',
        futureToleranceMs: 3_600_000,
        start: { kind: 'beginning' },
        protect: true,
      },
      {
        table: { namespace: ['facts'], name: 'cancel_request_fact' },
        alias: 'requests',
        eventTime: 'request_ts',
        vtts: { kind: 'signal' },
        onSourceChange: 'refuse',
        nulls: 'skip',
        futureToleranceMs: 3_600_000,
        start: { kind: 'beginning' },
        protect: true,
      },
      {
        table: { namespace: ['raw'], name: 'raw_plans' },
        alias: 'raw_plans',
        eventTime: 'ts',
        vtts: {
          kind: 'sql',
          query: 'select max(ts) from lake.raw.raw_plans',
          place: { line: 16, column: 18 },
        },
        onSourceChange: 'refuse',
        nulls: 'skip',
        futureToleranceMs: 3_600_000,
        start: { kind: 'beginning' },
        protect: true,
      },
    ]);
    expect(spec?.target).toEqual({
      table: { namespace: ['facts'], name: 'cancel_fact' },
      eventTime: 'cancel_ts',
      partitionBy: [
        { transform: 'hour', column: 'cancel_ts' },
        { transform: 'bucket', column: 'account_id', argument: 16 },
        { transform: 'identity', column: 'country' },
        { transform: 'truncate', column: 'my name', argument: 4 },
      ],
      properties: { 'format-version': '2', 'write.parquet.compression-codec': 'zstd' },
    });
    expect(spec?.audits).toEqual([
      {
        kind: 'source_to_target_count',
        name: 'source_to_target_count',
        severity: 'block',
        place: { line: 23, column: 5 },
      },
      {
        kind: 'source_to_target_count',
        name: 'source_to_target_count_2',
        severity: 'block',
        source: 'requests',
        place: { line: 24, column: 5 },
      },
      {
        kind: 'no_missing_events',
        name: 'no_missing_events',
        severity: 'block',
        source: 'raw_cancels',
        key: 'event_id',
        targetKey: 'id',
        place: { line: 25, column: 5 },
      },
      {
        kind: 'not_null',
        name: 'not_null',
        severity: 'block',
        columns: ['account_id'],
        place: { line: 26, column: 5 },
      },
      {
        kind: 'unique',
        name: 'one_row_per_event',
        severity: 'block',
        columns: ['event_id'],
        over: 'target',
        place: { line: 27, column: 5 },
      },
      {
        kind: 'sql',
        name: 'known',
        severity: 'warn',
        place: { line: 1, column: 1 },
        file: path.join(root, 'audits/known.sql'),
        sql: 'select * from staged where hour > $last_hour',
        parameters: [{ name: 'last_hour', offset: 34 }],
      },
    ]);
  });

  it('gives the documented defaults, and frozen values', () => {
    const root = projectOf({ 'processes/a.sql': load('a_load', ['raw.a'], 'facts.a') });
    const project = readProject({ root });
    expect(project).toMatchObject({
      name: 'p',
      root,
      catalog: { kind: 'embedded', warehouse: path.join(root, 'wh') },
      processesDirectory: path.join(root, 'processes'),
      tables: {
        highWaterMarkTable: { namespace: ['psyberg'], name: 'high_water_mark_table' },
        sessionTable: { namespace: ['psyberg'], name: 'psyberg_session_f' },
        signalTable: { namespace: ['psyberg'], name: 'psyberg_signal' },
      },
      processes: [
        {
          hours: 'contiguous',
          audits: [],
          sources: [{ alias: 'a', vtts: { kind: 'bounds' } }],
          target: { partitionBy: [], properties: {} },
        },
      ],
    });
    expect(Object.isFrozen(project.processes[0]?.sources[0]?.vtts)).toBe(true);
  });

  it('takes a warehouse in an object store, with its pointers beside psyberg.yaml or in a database', () => {
    const catalogOf = (text: string) =>
      readProject({ root: projectOf({ 'psyberg.yaml': `name: p\ncatalog: ${text}\n` }) });
    const one = catalogOf(
      "{ warehouse: 's3://lake/w/', state: .psyberg, allowed_locations: ['s3://other/'] }",
    );
    expect(one.catalog).toEqual({
      kind: 'embedded',
      warehouse: 's3://lake/w',
      state: path.join(one.root, '.psyberg'),
      allowedLocations: ['s3://other'],
    });
    expect(catalogOf("{ warehouse: 'gs://lake', database: 'postgres://host/db' }").catalog).toEqual({
      kind: 'embedded-database',
      warehouse: 'gs://lake',
      database: 'postgres://host/db',
    });
  });

  it('takes secrets of a REST catalog from the environment', () => {
    const root = projectOf({
      'psyberg.yaml':
        "name: p\ncatalog: { uri: 'http://localhost:8181', warehouse: w, token: '$" +
        "{PSYBERG_TEST_TOKEN}' }\n",
    });
    expect(readProject({ root, environment: { PSYBERG_TEST_TOKEN: 'secret' } }).catalog).toEqual({
      kind: 'rest',
      uri: 'http://localhost:8181',
      warehouse: 'w',
      token: 'secret',
    });
  });

  it('finds the project from a folder inside it, and says what to do where there is none', () => {
    const root = projectOf({ 'processes/deep/er/readme.txt': '' });
    expect(findProjectRoot(path.join(root, 'processes/deep/er'))).toBe(root);
    fs.rmSync(path.join(root, 'psyberg.yaml'));
    for (const call of [() => findProjectRoot(root), () => readProject({ root })]) {
      expect(call).toThrow(
        expect.objectContaining({
          code: 'project-not-found',
          kind: 'usage',
          hint: 'go to a project, name one with --project DIR, or create one: psyberg new project DIR',
        }),
      );
    }
  });

  it('gives a changed SQL text another hash', () => {
    const hashOf = (sql: string) =>
      readProject({
        root: projectOf({
          'processes/a.sql': load('a_load', ['raw.a'], 'facts.a').replace('select 1 as one', sql),
        }),
      }).processes[0]?.sqlSha256;
    expect(hashOf('select 1 as one')).toBe(hashOf('select 1 as one;  '));
    expect(hashOf('select 1 as one')).not.toBe(hashOf('select 2 as one'));
  });
});

describe('processesInDependencyOrder', () => {
  const files = {
    'processes/1.sql': load('dimension_load', ['facts.cancel', 'facts.signup'], 'dims.state'),
    'processes/2.sql': load('cancel_load', ['raw.cancel', 'facts.request'], 'facts.cancel'),
    'processes/3.sql': load('request_load', ['raw.request'], 'facts.request'),
    'processes/4.sql': load('signup_load', ['raw.signup'], 'facts.signup'),
  };

  it('puts a process behind those that write its sources, and leaves the rest in file order', () => {
    const project = readProject({ root: projectOf(files) });
    expect(processesInDependencyOrder(project).map((spec) => spec.processName)).toEqual([
      'request_load',
      'cancel_load',
      'signup_load',
      'dimension_load',
    ]);
    expect(producerOf(project, { namespace: ['facts'], name: 'request' })?.processName).toBe('request_load');
    expect(producerOf(project, { namespace: ['raw'], name: 'request' })).toBeUndefined();
  });

  it('orders named processes also when they depend on each other through one that is not named', () => {
    const project = readProject({ root: projectOf(files) });
    expect(
      processesInDependencyOrder(project, ['dimension_load', 'request_load']).map((spec) => spec.processName),
    ).toEqual(['request_load', 'dimension_load']);
  });

  it('refuses an unknown name and proposes the near one', () => {
    const project = readProject({ root: projectOf(files) });
    expect(() => processesInDependencyOrder(project, ['cancle_load'])).toThrow(
      expect.objectContaining({
        code: 'process-unknown',
        message: "the project p has no process 'cancle_load'",
        hint: "did you mean 'cancel_load'?",
        kind: 'usage',
      }),
    );
  });
});

describe('processHeaderJsonSchema', () => {
  it('names the keys, their values and the forms of audits for editors', () => {
    const schema = processHeaderJsonSchema() as {
      properties: Record<string, { enum?: string[]; items?: { anyOf?: unknown[] } }>;
      required: string[];
      additionalProperties: boolean;
    };
    expect(schema.required).toEqual(['process_name', 'sources', 'target']);
    expect(schema.additionalProperties).toBe(false);
    expect(Object.keys(schema.properties)).toEqual([
      'process_name',
      'pattern',
      'etl_pattern_id',
      'engine',
      'sources',
      'target',
      'on_schema_change',
      'audits',
      'hours',
      'grain',
      'catchup',
      'accept',
      'on_signal',
    ]);
    expect(schema.properties['hours']?.enum).toEqual(['contiguous', 'touched']);
    expect(schema.properties['grain']?.enum).toEqual(['hour', 'day']);
    expect(schema.properties['audits']?.items?.anyOf).toHaveLength(11);
  });
});

it('a folder that does not exist is no folder of the project above it', () => {
  const root = projectOf({});
  expect(findProjectRoot(path.join(root, 'processes'))).toBe(root);
  expect(() => findProjectRoot(path.join(root, 'proceses'))).toThrow('which does not exist');
});

it('a file that cannot be read is told as that', () => {
  const root = projectOf({});
  fs.symlinkSync('nowhere.sql', path.join(root, 'processes/a_load.sql'));
  expect(() => examineProject({ root })).toThrow(
    expect.objectContaining({ code: 'file-not-readable', message: expect.stringContaining('a_load.sql') }),
  );
});

it('what is not UTF-8 is told with its place in each file: read otherwise, a text of the SQL would be another one', () => {
  const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
  const header = load('a_load', ['raw.x'], 'facts.a').replace(
    'target:',
    'audits: [{ sql: audits/a.sql }]\ntarget:',
  );
  const root = projectOf({
    'psyberg.yaml': latin1('name: p # é\ncatalog: { warehouse: wh }\n'),
    'processes/a_load.sql': latin1(
      header.replace('select 1', "select '\ufffd' as b,\n  'café'").replace('\ufffd', '?'),
    ),
    'processes/b_load.sql': Buffer.from(`\uFEFF${load('b_load', ['raw.x'], 'facts.b')}`, 'utf16le'),
    'processes/c_load.sql': load('c_load', ['raw.x'], 'facts.c').replace('select 1', "select '\ufffd', 1"),
    'audits/a.sql': latin1("select 'ü'"),
    'macros/m.sql': latin1("create macro m() as 'ü';"),
  });
  const { problems } = examineProject({ root });
  expect(
    problems.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`).sort(),
  ).toEqual([
    'audits/a.sql:1:9 the byte 0xfc is not UTF-8',
    'macros/m.sql:1:22 the byte 0xfc is not UTF-8',
    'processes/a_load.sql:10:7 the byte 0xe9 is not UTF-8',
    'processes/b_load.sql:1:1 the file is UTF-16, not UTF-8',
    'psyberg.yaml:1:11 the byte 0xe9 is not UTF-8',
  ]);
});

it('tabs in YAML, and brackets that are not closed, are told once', () => {
  const text = load('a_load', ['raw.x'], 'facts.a');
  const root = projectOf({
    'processes/a_load.sql': text.replace('  - table', '\t- table'),
    'processes/b_load.sql': text.replace('stateless', '[stateless'),
  });
  const { problems } = examineProject({ root });
  expect(problems.map(({ file, line, hint }) => `${file}:${line} ${hint}`)).toEqual([
    'processes/a_load.sql:5 indent with spaces',
    'processes/b_load.sql:4 a [ above is not closed: end it with ]',
  ]);
});
