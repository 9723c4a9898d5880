// Goal: rooms talk only through the doors they have. Method: the table of allowed imports, against every
// import in src.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { documented } from '../docs/documented.ts';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** Room -> the rooms and packages that it may import. Node's own modules are free to all. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  model: [],
  disk: [],
  iceberg: ['model'],
  statements: ['model'],
  kinds: ['iceberg', 'model', 'statements', 'zod'],
  plan: ['kinds', 'model'],
  project: ['disk', 'kinds', 'model', 'sql-formatter', 'yaml', 'zod'],
  compile: ['kinds', 'model', 'statements'],
  setup: ['@duckdb/node-api', 'rolldown'],
  engine: ['disk', 'model', 'setup', 'statements', '@duckdb/node-api'],
  aws: ['model', '@aws-sdk/credential-provider-node', '@smithy/core', 'aws4fetch'],
  objects: ['model', 'aws4fetch'],
  catalog: ['aws', 'disk', 'iceberg', 'model', 'objects', 'kysely', 'pg', 'zod'],
  files: ['catalog', 'disk', 'model', 'objects'],
  tables: ['disk', 'engine', 'files', 'iceberg', 'model', 'statements'],
  landing: ['engine', 'model', 'statements'],
  markers: ['disk', 'iceberg', 'model', 'objects'],
  state: [
    'catalog',
    'engine',
    'files',
    'iceberg',
    'kinds',
    'model',
    'statements',
    'tables',
    'hyparquet',
    'hyparquet-writer',
  ],
  changes: ['catalog', 'disk', 'engine', 'iceberg', 'model', 'state', 'statements', 'tables'],
  session: [
    'catalog',
    'changes',
    'engine',
    'iceberg',
    'kinds',
    'landing',
    'markers',
    'model',
    'state',
    'statements',
  ],
  binding: ['engine', 'kinds', 'model', 'project', 'statements'],
  workload: [
    'binding',
    'catalog',
    'compile',
    'engine',
    'files',
    'iceberg',
    'kinds',
    'model',
    'statements',
    'tables',
    '@grpc/grpc-js',
    '@grpc/proto-loader',
    '@uwdata/flechette',
  ],
  observe: [
    'catalog',
    'disk',
    'engine',
    'iceberg',
    'model',
    'yaml',
    '@opentelemetry/api',
    '@opentelemetry/exporter-trace-otlp-proto',
    '@opentelemetry/resources',
    '@opentelemetry/sdk-trace',
  ],
  run: [
    'catalog',
    'compile',
    'engine',
    'files',
    'iceberg',
    'kinds',
    'landing',
    'markers',
    'model',
    'objects',
    'observe',
    'state',
    'statements',
    'tables',
    'workload',
  ],
  compare: [
    'catalog',
    'engine',
    'iceberg',
    'kinds',
    'landing',
    'model',
    'project',
    'session',
    'state',
    'statements',
    'tables',
    'workload',
    'workspace',
  ],
  maintain: [
    'catalog',
    'disk',
    'engine',
    'files',
    'iceberg',
    'markers',
    'model',
    'state',
    'statements',
    'tables',
  ],
  report: ['kinds', 'model', '@dagrejs/dagre', 'cli-table3', 'picocolors'],
  workspace: [
    'aws',
    'catalog',
    'changes',
    'engine',
    'files',
    'maintain',
    'markers',
    'model',
    'objects',
    'observe',
    'run',
    'tables',
    'workload',
  ],
  processes: [
    'binding',
    'compile',
    'kinds',
    'landing',
    'markers',
    'model',
    'observe',
    'plan',
    'project',
    'run',
    'session',
    'workload',
    'workspace',
  ],
  inspect: [
    'binding',
    'engine',
    'iceberg',
    'landing',
    'markers',
    'model',
    'objects',
    'project',
    'report',
    'session',
    'setup',
    'state',
    'statements',
    'tables',
    'workspace',
  ],
  check: [
    'binding',
    'engine',
    'iceberg',
    'model',
    'plan',
    'project',
    'statements',
    'testing',
    'workload',
    'workspace',
  ],
  testing: [
    'catalog',
    'compare',
    'disk',
    'engine',
    'iceberg',
    'kinds',
    'model',
    'processes',
    'project',
    'statements',
    'workspace',
    'zod',
  ],
  'psyberg.ts': [
    'compare',
    'engine',
    'inspect',
    'maintain',
    'model',
    'observe',
    'processes',
    'project',
    'report',
    'run',
    'workspace',
  ],
  notebook: ['model', 'project', 'psyberg.ts', 'report'],
  'index.ts': ['engine', 'maintain', 'model', 'notebook', 'psyberg.ts'],
  cli: [
    'check',
    'disk',
    'engine',
    'iceberg',
    'kinds',
    'landing',
    'model',
    'observe',
    'project',
    'psyberg.ts',
    'report',
    'run',
    'testing',
    'workload',
    'workspace',
    'commander',
    'picocolors',
    'zod',
  ],
};
/** Room -> what it is for, in ARCHITECTURE's table, which is printed from here by `npm run docs`. */
const JOBS: Readonly<Record<string, string>> = {
  model: 'words, errors, codes',
  disk: 'folders and small files of this machine',
  iceberg: 'the table format as pure functions',
  statements: 'loads `sql/`, quotes identifiers',
  kinds: 'patterns, audits, VTTS: a file a kind',
  plan: 'what a pattern decided, described',
  project: 'files to `ProjectSpec`; scaffolding, formatting',
  compile: 'plan and statements to steps',
  setup: 'installs; builds `dist/`',
  engine: 'DuckDB',
  aws: 'AWS keys',
  objects: 'S3, Azure',
  catalog: 'Iceberg REST catalog, views, clients',
  files: 'table files',
  tables: 'manifests, data files, views of them',
  landing: 'files of a folder',
  markers: 'running sessions',
  state: 'watermarks, sessions, signals',
  changes: 'change detection',
  session: 'opens a session',
  binding: 'binds queries and audits',
  workload: 'loads and audits rows: DuckDB, Spark',
  observe: 'logs, metrics, lineage, traces',
  run: 'effects in order; repair, clean-up',
  compare: 'verify, diff',
  maintain: 'compaction, expiry, orphans',
  report: 'plans, records: text, HTML',
  workspace: 'a project, opened',
  processes: 'processes planned, run, adopted; retries',
  inspect: 'status, history, signals, doctor, report',
  check: 'what is known without data',
  testing: 'tests',
  'psyberg.ts': 'the library',
  'index.ts': 'its public names',
  notebook: 'shows its values',
  cli: 'one file a command',
};
/** Package -> the only folder that may import it; a file beside it is named where there is one. */
const ONLY_IN: Readonly<Record<string, readonly string[]>> = {
  '@duckdb/node-api': ['engine/', 'setup/duckdb-install.mjs'],
  '@aws-sdk/credential-provider-node': ['aws/'],
  '@smithy/core': ['aws/'],
  kysely: ['catalog/store/'],
  pg: ['catalog/store/'],
  commander: ['cli/'],
  '@opentelemetry/api': ['observe/traces/'],
  '@opentelemetry/exporter-trace-otlp-proto': ['observe/traces/'],
  '@opentelemetry/resources': ['observe/traces/'],
  '@opentelemetry/sdk-trace': ['observe/traces/'],
  yaml: ['project/', 'observe/lineage/settings.ts'],
  'sql-formatter': ['project/format/format-sql.ts'],
  hyparquet: ['state/few-rows.ts'],
  'hyparquet-writer': ['state/state-file.ts'],
};

interface Import {
  readonly file: string;
  readonly from: string;
  /** A room, or a package. */
  readonly to: string;
}

const roomOf = (path: string): string => path.split('/')[0] as string;

function importsOf(file: string): Import[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  const found = [
    ...text.matchAll(/^\s*(?:import|export)\s[^'"`;]*?from\s+'([^']+)'/gm),
    ...text.matchAll(/^\s*import '([^']+)'/gm),
    ...text.matchAll(/\bimport\('([^']+)'\)/g),
  ].map((match) => match[1] as string);
  return found
    .filter((target) => !target.startsWith('node:'))
    .map((target) => ({
      file,
      from: roomOf(file),
      to: target.startsWith('.')
        ? roomOf(relative(SRC, join(SRC, dirname(file), target)))
        : packageOf(target),
    }));
}
const packageOf = (target: string): string =>
  target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');

const files = readdirSync(SRC, { recursive: true })
  .map(String)
  .filter((name) => /\.m?ts$|\.mjs$/.test(name));
const imports = files.flatMap(importsOf);

describe('imports', () => {
  it('every room is in the table, and the table names no other', () => {
    expect([...new Set(files.map(roomOf))].sort()).toEqual(Object.keys(ALLOWED).sort());
  });
  it('are in ARCHITECTURE as they are here', () => {
    const rows = Object.entries(ALLOWED).map(([room, allowed]) => {
      const rooms = allowed.filter((name) => Object.hasOwn(ALLOWED, name));
      return `| \`${room}\` | ${JOBS[room]} | ${rooms.length === 0 ? 'nothing' : rooms.join(', ')} |`;
    });
    const table = ['| room | job | may import |', '| --- | --- | --- |', ...rows].join('\n');
    documented('ARCHITECTURE.md', table, 'rooms');
    expect(Object.keys(JOBS).sort()).toEqual(Object.keys(ALLOWED).sort());
  });
  it.each(Object.entries(ALLOWED))('%s imports nothing but what it may', (room, allowed) => {
    const strange = imports.filter(
      (each) => each.from === room && each.to !== room && !allowed.includes(each.to),
    );
    expect(strange.map((each) => `${each.file} imports ${each.to}`)).toEqual([]);
  });
  it.each(Object.entries(ONLY_IN))('%s is imported in one place', (name, places) => {
    const strange = imports.filter(
      (each) => each.to === name && !places.some((place) => each.file.startsWith(place)),
    );
    expect(strange.map((each) => each.file)).toEqual([]);
  });
  it('a run knows the engine that works on rows by its port alone', () => {
    const known = files
      .filter((file) => file.startsWith('run/'))
      .flatMap((file) =>
        [...readFileSync(join(SRC, file), 'utf8').matchAll(/from '[./]+\/workload\/([^']+)'/g)].map(
          (match) => match[1] as string,
        ),
      );
    expect([...new Set(known)].sort()).toEqual(['bind-step.ts', 'port.ts']);
  });
  it('the planner and the compiler reach nothing that does I/O, not even Node', () => {
    const pure = files.filter((file) => /^(model|kinds|plan|compile)\//.test(file));
    expect(pure.filter((file) => /from 'node:/.test(readFileSync(join(SRC, file), 'utf8')))).toEqual([]);
  });
});
