// Goal: PyIceberg that commits to a target while a session runs loses nothing and doubles nothing, and work
// is repeated only where it must be. Method: PyIceberg commits through REST after the load of a run and
// between the commands of a session; afterwards PyIceberg and DuckDB read the same rows, and every snapshot's
// totals add up.
import { beforeAll, describe, expect, it } from 'vitest';
import { orphans } from '../support/orphans.ts';
import { runSessionStep, type SessionStep } from '../support/session-step.ts';
import { hourAt, msAt, processFile, type World, worldForTest } from '../support/world.ts';
import { preparePython, runPython } from './python.ts';

beforeAll(async () => {
  await preparePython();
}, 600_000);

/**
 * Patterns, and targets that make more of them: without partitions files are shared by hours; nested columns
 * are written through DuckDB's extension.
 */
const PROCESSES = {
  stateless: {
    pattern: 'stateless',
    sql: "select id, ts, 'mine' as writer from e",
    partition_by: ['hour(ts)'],
  },
  stateful: {
    pattern: 'stateful',
    sql: "select id, ts, 'mine' as writer from e",
    partition_by: ['hour(ts)'],
  },
  dimension: {
    pattern: 'dimension',
    sql: "select id, ts, 'mine' as writer from e where (select count(*) from previous) >= 0",
    partition_by: ['hour(ts)'],
  },
  shared: { pattern: 'stateful', sql: "select id, ts, 'mine' as writer from e", partition_by: [] },
  nested: {
    pattern: 'stateful',
    sql: "select id, ts, 'mine' as writer, {n: id} as nested from e",
    partition_by: [],
  },
} as const;
type Pattern = keyof typeof PROCESSES;
/** How a session is taken through: by one `run`, or by an orchestrator's commands. */
type Way = 'run' | 'steps';

const PREAMBLE = `
from datetime import datetime, timedelta
import pyarrow as pa
from pyiceberg.catalog import load_catalog
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import StringType
catalog = load_catalog('rest', **{'type': 'rest', 'uri': argument['uri'], 'token': argument['token']})
t = catalog.load_table('facts.t')
def rows(first, count, hour):
  numbers = list(range(first, first + count))
  return pa.table({'id': pa.array(numbers, pa.int64()), 'ts': pa.array([(argument['midnight'] + hour * 3600000) * 1000 + i for i in numbers], pa.timestamp('us', 'UTC')),
                   'writer': pa.array(['foreign'] * count)})
`;
const python = <T>(world: World, program: string): Promise<T> => {
  const { uri, token } = world.psyberg.internals.catalog;
  return runPython<T>(`${PREAMBLE}${program}`, { uri, token, midnight: msAt(0) });
};

/** What PyIceberg finds in the target, and each snapshot of main with its summary, oldest first. */
interface Scan {
  readonly ids: readonly number[];
  readonly files: number;
  readonly columns: readonly string[];
  readonly history: readonly {
    readonly operation: string;
    readonly counts: Readonly<Record<string, string>>;
    readonly mine: boolean;
  }[];
}
const scan = (world: World): Promise<Scan> =>
  python(
    world,
    `
t = t.refresh()
snapshot, chain = t.current_snapshot(), []
while snapshot is not None:
  counts = {name: value for name, value in snapshot.summary.additional_properties.items() if name.startswith(('total-', 'added-', 'deleted-'))}
  chain.append({'operation': snapshot.summary.operation.value, 'counts': counts, 'mine': 'psyberg.session-id' in snapshot.summary.additional_properties})
  snapshot = None if snapshot.parent_snapshot_id is None else t.snapshot_by_id(snapshot.parent_snapshot_id)
files = sum(1 for manifest in t.current_snapshot().manifests(t.io) for _ in manifest.fetch_manifest_entry(t.io))
print(json.dumps({'ids': sorted(t.scan().to_arrow()['id'].to_pylist()), 'files': files, 'columns': t.schema().column_names, 'history': chain[::-1]}))`,
  );

interface Contest {
  readonly pattern: Pattern;
  readonly way: Way;
  /** What PyIceberg does once the session has loaded its rows. */
  readonly meanwhile: string;
}
interface Outcome {
  readonly world: World;
  /** The run's status, or that of the last command; the code of its error where it threw. */
  readonly status: string;
  readonly plannedAgain: boolean;
}

/**
 * A row in each of the hours 0 to 5 is published, with id and hour alike; the session then loads a late row
 * 30 of hour 3.
 */
async function contested({ pattern: name, way, meanwhile }: Contest): Promise<Outcome> {
  const { pattern, sql, partition_by } = PROCESSES[name];
  const source = { table: 'raw.events', event_time: 'ts', alias: 'e' };
  const world = await worldForTest({
    processes: [
      processFile(
        {
          process_name: 'load',
          pattern,
          sources: [source],
          target: { table: 'facts.t', event_time: 'ts', partition_by },
        },
        sql,
      ),
    ],
  });
  await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
  await world.land(
    'raw.events',
    `select i as id, timestamptz '${hourAt(0)}' + to_hours(i::int) as ts from range(6) t(i)`,
  );
  await world.publish('load');
  await world.land('raw.events', `select 30::bigint as id, timestamptz '${hourAt(3)}' as ts`);
  return way === 'run' ? contestRun(world, meanwhile) : contestSteps(world, meanwhile);
}

/**
 * PyIceberg begins after the load; the session's commit waits until it has ended, and then finds another
 * head.
 */
async function contestRun(world: World, meanwhile: string): Promise<Outcome> {
  const steps: string[] = [];
  let waiting: Promise<unknown> | undefined;
  await world.reopen({
    onStep(message) {
      steps.push(message);
      if (message.includes('audit count_sources')) waiting ??= python(world, `${meanwhile}\nprint('null')`);
    },
  });
  const { client } = world.psyberg.internals;
  const commit = client.commitTransaction.bind(client);
  client.commitTransaction = async (changes) => {
    await waiting;
    return commit(changes);
  };
  const [record] = await world.run(['load']);
  return {
    world,
    status: record?.error?.code ?? record?.status ?? '',
    plannedAgain: steps.some((step) => step.includes('planning again')),
  };
}

async function contestSteps(world: World, meanwhile: string): Promise<Outcome> {
  const [spec] = world.psyberg.project.processes;
  const step = (name: SessionStep) =>
    runSessionStep(world.psyberg, spec as NonNullable<typeof spec>, name, '20990101000000');
  for (const name of ['init', 'load'] as const) await step(name);
  await python(world, `${meanwhile}\nprint('null')`);
  await step('audit');
  const { status } = await step('publish').catch((error: { code: string }) => ({ status: error.code }));
  return { world, status, plannedAgain: false };
}

/**
 * Both engines read the same rows; every snapshot's totals follow from the one before it; the last one's are
 * those of the table.
 */
async function expectConsistent(world: World, ids: readonly number[]): Promise<Scan> {
  const found = await scan(world);
  expect(found.ids).toEqual(ids.toSorted((left, right) => left - right));
  expect((await world.sql('select id::int as id from facts.t order by id')).map((row) => row['id'])).toEqual(
    found.ids,
  );
  const last = found.history.at(-1)?.counts;
  expect([Number(last?.['total-records']), Number(last?.['total-data-files'])]).toEqual([
    found.ids.length,
    found.files,
  ]);
  for (const [before, after] of found.history
    .slice(1)
    .map((each, index) => [found.history[index]?.counts ?? {}, each.counts] as const))
    for (const unit of ['records', 'data-files']) {
      const change = Number(after[`added-${unit}`] ?? 0) - Number(after[`deleted-${unit}`] ?? 0);
      expect(Number(after[`total-${unit}`]), JSON.stringify(found.history)).toBe(
        Number(before[`total-${unit}`]) + change,
      );
    }
  expect(await world.leftovers()).toEqual([]);
  return found;
}

const SOURCE = [0, 1, 2, 3, 4, 5, 30];
const without = (...gone: readonly number[]): number[] => SOURCE.filter((id) => !gone.includes(id));

describe('PyIceberg in the middle of a session', () => {
  it.for([
    ['run', 'stateless', 'appends to the same hour', 't.append(rows(100, 2, 3))', [...SOURCE, 100, 101]],
    [
      'steps',
      'stateless',
      'deletes rows and appends twice',
      "t.delete('id == 3')\nt.append(rows(100, 1, 3))\nt.append(rows(101, 1, 9))",
      [...without(3), 100, 101],
    ],
    [
      'run',
      'stateful',
      'overwrites other hours',
      "t.overwrite(rows(100, 2, 5), overwrite_filter='id >= 4 and id < 6')",
      [...without(4, 5), 100, 101],
    ],
    [
      'steps',
      'stateful',
      'deletes two other hours',
      "t.delete('id == 5')\nt.delete('id == 0')",
      without(0, 5),
    ],
    ['run', 'dimension', 'deletes an hour that is not read', "t.delete('id == 1')", without(1)],
  ] as const)(
    '(%s, %s) %s: both stay, and nothing is computed again',
    { timeout: 120_000 },
    async ([way, pattern, , meanwhile, ids]) => {
      const { world, status, plannedAgain } = await contested({ pattern, way, meanwhile });
      expect([status, plannedAgain]).toEqual(['published', false]);
      const { history } = await expectConsistent(world, ids);
      // The session's snapshot lies on top of what PyIceberg committed.
      expect(history.slice(0, -1).some((snapshot) => !snapshot.mine)).toBe(true);
      expect(history.at(-1)).toMatchObject({
        mine: true,
        operation: pattern === 'stateless' ? 'append' : 'overwrite',
      });
    },
  );

  it.for([
    ['run', 'stateful', 'appends to it', 't.append(rows(100, 2, 3))', SOURCE],
    ['run', 'stateful', 'overwrites it', "t.overwrite(rows(100, 2, 3), overwrite_filter='id == 3')", SOURCE],
    ['run', 'shared', 'rewrites the file that it shares with other hours', "t.delete('id == 4')", without(4)],
    ['run', 'dimension', 'deletes the hour before, which was read', "t.delete('id == 2')", without(2)],
    [
      'steps',
      'stateful',
      'overwrites it',
      "t.overwrite(rows(100, 2, 3), overwrite_filter='id == 3')",
      SOURCE,
    ],
    ['steps', 'stateful', 'deletes it', "t.delete('id == 3')", SOURCE],
  ] as const)(
    '(%s, %s) in the hour of the session %s: what was computed is not put over it',
    { timeout: 120_000 },
    async ([way, pattern, , meanwhile, ids]) => {
      const { world, status, plannedAgain } = await contested({ pattern, way, meanwhile });
      if (way === 'run') expect([status, plannedAgain]).toEqual(['published', true]);
      else {
        expect(status).toBe('target-moved');
        expect((await scan(world)).history.at(-1)?.mine).toBe(false);
        await world.publish('load');
      }
      // The new plan finds what PyIceberg left, and brings the hour to what its source says.
      await expectConsistent(world, ids);
    },
  );

  const APPEND = 't.append(rows(100, 1, 9))\n';
  it.for([
    // A branch keeps only its head: the cleared base below it is gone, with what it said of removed files.
    ['steps', 'stateful', 'expires snapshots', ''],
    ['steps', 'dimension', 'expires snapshots', ''],
    ['steps', 'nested', 'expires snapshots', ''],
    ['steps', 'stateless', 'appends, and expires what is below', APPEND],
    ['run', 'stateful', 'appends, and expires what is below', APPEND],
  ] as const)(
    '(%s, %s) %s: rows come once, and are counted rightly',
    { timeout: 120_000 },
    async ([way, pattern, , before]) => {
      const meanwhile = `${before}t.refresh().maintenance.expire_snapshots().older_than(datetime.now() + timedelta(days=1)).commit()`;
      const { world, status } = await contested({ pattern, way, meanwhile });
      if (status !== 'published') {
        // Nobody can say any more what happened to the hours since the base.
        expect([way, before, status]).toEqual(['steps', APPEND, 'target-moved']);
        await world.publish('load');
      }
      await expectConsistent(world, before === '' ? SOURCE : [...SOURCE, 100]);
      // The list of the snapshot that PyIceberg took out of the history is its to delete.
      const [first] = await world.sql('select min(psyberg_session_id) as id from psyberg.psyberg_session_f');
      expect(
        (await orphans(world)).filter((path) => !path.includes(`psyberg_load_${first?.['id']}-snap`)),
      ).toEqual([]);
      expect((await world.run(['load'])).map((record) => [record.status, record.error])).toEqual([
        ['nothing-new', null],
      ]);
    },
  );

  it.for([
    [
      'steps',
      'stateless',
      'a column comes',
      "with t.update_schema() as update:\n  update.add_column('note', StringType())",
    ],
    [
      'run',
      'stateful',
      'a column comes, one is renamed',
      "with t.update_schema() as update:\n  update.add_column('note', StringType())\n  update.rename_column('writer', 'author')",
    ],
    [
      'run',
      'stateful',
      'a column goes',
      "with t.update_schema() as update:\n  update.delete_column('writer')",
    ],
    [
      'steps',
      'stateful',
      'partitions change',
      `with t.update_spec() as update:\n  update.add_field('writer', IdentityTransform(), 'part')\nt = t.refresh()\n${APPEND}`,
    ],
  ] as const)(
    '(%s, %s) changes the table, %s: the rows are read by the columns that it has then',
    { timeout: 120_000 },
    async ([way, pattern, , meanwhile]) => {
      const { world, status } = await contested({ pattern, way, meanwhile });
      expect(status).toBe('published');
      const { columns } = await expectConsistent(
        world,
        meanwhile.includes(APPEND) ? [...SOURCE, 100] : SOURCE,
      );
      const names = columns.filter((name) => name !== 'id' && name !== 'ts');
      const values = names.map((name) => (name === 'note' ? null : 'mine'));
      expect(
        await world.rows(`select distinct ${['1', ...names].join(', ')} from facts.t where id < 100`),
      ).toEqual([JSON.stringify([1, ...values])]);
    },
  );
});
