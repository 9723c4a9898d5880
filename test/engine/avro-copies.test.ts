// Goal: files of a store that this machine has are read here, under the names that tables give them, and a copy
// that is damaged or another file's is none. Method: statements as the engine gets them, and DuckDB over the
// copies; no store.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type DuckDBConnection, listValue } from '@duckdb/node-api';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { type AvroCopies, avroCopies } from '../../src/engine/avro-copies.ts';
import { runnable } from '../../src/engine/bind.ts';
import { openEngine } from '../../src/engine/index.ts';
import { statement } from '../../src/statements/index.ts';

const MANIFEST = 's3://lake/facts/t/metadata/psyberg_a_1-m0.avro';
const OTHER = 's3://lake/facts/t/metadata/psyberg_b_1-m0.avro';

let kept: string;
beforeEach(() => {
  kept = mkdtempSync(join(tmpdir(), 'psyberg-kept-'));
});
afterEach(() => rmSync(kept, { recursive: true }));

function copies(folder: string | undefined = kept): AvroCopies {
  const made = avroCopies(folder);
  onTestFinished(() => made.close());
  return made;
}
const nobody = undefined as unknown as DuckDBConnection;
async function write(into: AvroCopies, destination: string, content: string): Promise<void> {
  const hex = Buffer.from(content).toString('hex');
  const { finish } = into.redirect(runnable(statement('tables/write_bytes'), { content: hex, destination }));
  await finish(nobody, () => []);
}
const asked = (sql: string, values: Record<string, unknown>) => ({
  sql,
  values: Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      Array.isArray(value) ? listValue(value as string[]) : (value as string),
    ]),
  ),
  types: {},
});
/** The path that a statement reads in place of `$m`. */
function pathIn(from: AvroCopies, location: string): string | undefined {
  const { statement: run } = from.redirect(asked('select 1 from read_avro($m)', { m: location }));
  return run.values['m_here'] as string | undefined;
}
function readIn(from: AvroCopies, location: string): string | undefined {
  const path = pathIn(from, location);
  return path === undefined ? undefined : readFileSync(path, 'utf8');
}

it('reads what was written, also in a later process, and the store for all else', async () => {
  const first = copies();
  expect(readIn(first, MANIFEST)).toBeUndefined();
  await write(first, MANIFEST, 'content');
  expect(readIn(first, MANIFEST)).toBe('content');
  expect(readIn(copies(), MANIFEST)).toBe('content');
  expect(readIn(copies(), OTHER)).toBeUndefined();
  // Written anew under the same name, while nothing named it.
  await write(first, MANIFEST, 'changed');
  expect([readIn(first, MANIFEST), readIn(copies(), MANIFEST)]).toEqual(['changed', 'changed']);
});

it('takes no copy that is damaged, or of another file', async () => {
  await write(copies(), MANIFEST, 'content');
  const [name] = readdirSync(kept) as [string];
  const file = join(kept, name);
  const whole = readFileSync(file);
  for (const damaged of [
    whole.subarray(0, -1),
    Buffer.alloc(0),
    Buffer.alloc(whole.length),
    Buffer.from(whole.toString().replace(MANIFEST, OTHER)),
  ]) {
    writeFileSync(file, damaged);
    expect(readIn(copies(), MANIFEST)).toBeUndefined();
  }
});

it('what a process read counts for that process alone', async () => {
  const reader = copies();
  const { finish } = reader.redirect(runnable(statement('tables/read_bytes'), { path: MANIFEST }));
  await finish(nobody, () => [[Buffer.from('found').toString('hex')]]);
  expect(readIn(reader, MANIFEST)).toBe('found');
  expect(readIn(copies(), MANIFEST)).toBeUndefined();
});

it('changes where a file is read, and not what it is called', async () => {
  const some = copies();
  await write(some, MANIFEST, 'content');
  const sql = `select $m as path from read_avro($m)
    where path in (select unnest($all)) and x in (select x from read_manifests($all)) and $plain = 1`;
  const { statement: run } = some.redirect(asked(sql, { m: MANIFEST, all: [OTHER, MANIFEST], plain: 'p' }));
  expect(run.sql).toBe(
    sql.replace('read_avro($m)', 'read_avro($m_here)').replace('manifests($all)', 'manifests($all_here)'),
  );
  expect(Object.keys(run.values).sort()).toEqual(['all', 'all_here', 'm', 'm_here', 'plain']);
  const [other, here] = (run.values['all_here'] as ReturnType<typeof listValue>).items as [string, string];
  expect(other).toBe(OTHER);
  expect(here.endsWith(`/psyberg-here/${MANIFEST}`)).toBe(true);
  // A value of which the rewritten text has no place is one that DuckDB would refuse.
  const alone = some.redirect(asked('from read_avro($m)', { m: MANIFEST })).statement;
  expect(Object.keys(alone.values)).toEqual(['m_here']);
  // Nothing is here: the very statement.
  const untouched = asked('from read_avro($m)', { m: OTHER });
  expect(some.redirect(untouched).statement).toBe(untouched);
});

it('DuckDB names the file as the table does', async () => {
  const engine = await openEngine();
  onTestFinished(() => engine.close());
  const some = copies();
  await write(some, MANIFEST, 'a\n1\n');
  const { statement: run } = some.redirect(asked('from read_blob($m)', { m: MANIFEST }));
  await engine.execute(statement('macros/as_stored'));
  const rows = await engine.query({
    sql: 'select as_stored(filename) as name from read_blob($m)',
    parameters: { m: run.values['m_here'] as string },
  });
  expect(rows).toEqual([{ name: MANIFEST }]);
  expect(await engine.query({ sql: "select as_stored('/a/b.avro') as name", parameters: {} })).toEqual([
    { name: '/a/b.avro' },
  ]);
});

it('a folder that cannot be written is as good as none', async () => {
  writeFileSync(join(kept, 'file'), '');
  const some = copies(join(kept, 'file', 'below'));
  await write(some, MANIFEST, 'content');
  expect(readIn(some, MANIFEST)).toBe('content');
});

it('what this machine cannot write fails nothing: the store is asked', async () => {
  const some = copies();
  await write(some, MANIFEST, 'content');
  // To a store no name is a folder.
  const below = `${MANIFEST}/data/psyberg_b.parquet`;
  await write(some, `${MANIFEST}/m.avro`, 'below');
  expect(pathIn(some, `${MANIFEST}/m.avro`)).toBeUndefined();
  const copy = asked('copy (select 1) to $destination (format parquet, field_ids {x: 1})', {
    destination: below,
  });
  expect(some.redirect(copy).statement).toBe(copy);
  expect(readIn(some, MANIFEST)).toBe('content');
});

it('a copy that somebody has removed is none, and after the end there are no new ones', async () => {
  const some = avroCopies(undefined);
  onTestFinished(() => some.close());
  await write(some, MANIFEST, 'content');
  const path = pathIn(some, MANIFEST) as string;
  rmSync(path);
  expect(pathIn(some, MANIFEST)).toBeUndefined();
  some.close();
  await write(some, MANIFEST, 'content');
  expect([pathIn(some, MANIFEST), existsSync(path)]).toEqual([undefined, false]);
});

it.each(['s3://lake//m.avro', 's3://lake/a/../m.avro', 's3://lake/./m.avro', 's3://../../m.avro'])(
  '%s, which is the path of another file on this machine, is not copied',
  async (location) => {
    const some = copies();
    await write(some, 's3://lake/m.avro', 'another');
    await write(some, location, 'content');
    expect([readIn(some, 's3://lake/m.avro'), pathIn(some, location)]).toEqual(['another', undefined]);
  },
);

it('copies lie where their names can be told from their paths, or nowhere', async () => {
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv('TMPDIR', relative(process.cwd(), kept));
  const some = copies();
  await write(some, MANIFEST, 'content');
  expect(pathIn(some, MANIFEST)).toMatch(/^\/.*\/psyberg-here\/s3:/);
  vi.stubEnv('TMPDIR', join(kept, 'a[1]'));
  const others = copies();
  await write(others, MANIFEST, 'content');
  expect(pathIn(others, MANIFEST)).toBeUndefined();
});

it('data files are read from the store where they are joined by their names', async () => {
  const some = copies();
  const file = 's3://lake/psyberg/t/data/psyberg_a.parquet';
  await write(some, file, 'content');
  const scan = asked('from read_parquet($files, filename = true)', { files: [file] });
  expect(some.redirect(scan).statement).toBe(scan);
  const users = asked(`from read_parquet('${file}')`, {});
  expect(some.redirect(users).statement).toBe(users);
  const state = asked('from read_parquet($state_files)', { state_files: [file] });
  expect(some.redirect(state)).toMatchObject({ instead: state, statement: { values: {} } });
});

it('what killed processes left goes after a day, and of living ones stays', async () => {
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv('TMPDIR', kept);
  const uuid = '11111111-2222-4333-8444-555555555555';
  // No process has this id: Linux gives none above 2^22.
  const [dead, alive] = [`psyberg-999999999-${uuid}`, `psyberg-${process.ppid}-${uuid}`];
  const fresh = `psyberg-999999998-${uuid}`;
  for (const name of [dead, alive, fresh, 'psyberg-999999999']) {
    mkdirSync(join(kept, name, 'psyberg-here'), { recursive: true });
    if (name !== fresh) utimesSync(join(kept, name), 1, 1);
  }
  const some = avroCopies(undefined);
  await write(some, MANIFEST, 'content');
  some.close();
  expect(readdirSync(kept).sort()).toEqual(['psyberg-999999999', alive, fresh].sort());
});
