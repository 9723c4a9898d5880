// Goal: a plan and a check say of a query's columns what the session would do, in its words. Method: one process whose
// query is changed in front of the target that it has made; then a run.
import { expect, it } from 'vitest';
import { checkProjectFolder } from '../../src/check/check-files.ts';
import type { PsybergError } from '../../src/index.ts';
import { events } from '../support/event-tables.ts';
import { processFile, type World, worldForTest } from '../support/world.ts';

const load = (name: string, select: string, header: object = {}) =>
  processFile(
    {
      process_name: name,
      pattern: 'stateful',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: `facts.${name}`, event_time: 'ts' },
      ...header,
    },
    `select ${select} from e`,
  );

/** Both processes have loaded hour 0, and hour 1 is new. */
async function loadedWorld(): Promise<World> {
  const world = await worldForTest({
    processes: [load('a_load', 'id, ts, id::double as share, ts as seen_at'), load('b_load', 'id, ts')],
  });
  await world.create('raw.events', 'id bigint, ts timestamptz');
  await world.land('raw.events', events(1, 1, 0));
  await world.run();
  await world.land('raw.events', events(2, 1, 1));
  return world;
}
interface Told {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | null | undefined;
}
const shown = ({ code, message, hint }: Told): Told => ({ code, message, hint });
const planned = (world: World) =>
  world.plan('a_load').then(
    ({ target, status }) => ({ status, columns: target.columns }),
    (error: PsybergError) => shown(error),
  );

it('is refused like the session, for a new column, a missing one, and another type', async () => {
  const world = await loadedWorld();
  for (const select of [
    'id, ts, id::double as share, ts as seen_at, 1 as more',
    'id, ts, id::double as share',
    'id, ts, id::varchar as share, ts as seen_at',
    'id, ts as moment, id::double as share, ts as seen_at',
  ]) {
    world.writeProcess(load('a_load', select));
    await world.reopen();
    const refused = await planned(world);
    expect(refused).toMatchObject({ code: expect.stringMatching(/^target-(schema|type)-mismatch$/) });
    const { problems } = await checkProjectFolder({ root: world.root, environment: {} });
    const found = problems.filter(({ file }) => file === 'processes/a_load.sql');
    const isOfTime = select.includes('moment');
    expect(found.map((each) => shown(each))).toEqual(
      isOfTime ? [expect.objectContaining({ code: 'target-event-time' })] : [refused],
    );
    const [record] = await world.run(['a_load']);
    expect(record?.error && shown(record.error)).toEqual(refused);
  }
  // Of several processes the others have their plans.
  const refusals: string[] = [];
  const plans = await world.psyberg.plan([], {
    onRefused: (each) => refusals.push(`${each.process_name} ${each.error.kind}`),
  });
  expect(plans.map(({ process_name: name, status }) => `${name} ${status}`)).toEqual(['b_load work']);
  expect(refusals).toEqual(['a_load usage']);
});

it('says what on_schema_change makes of the columns, where there is work', async () => {
  const world = await loadedWorld();
  const select = "id, ts, null as seen_at, 'x' as more";
  const more = { name: 'more', type: 'VARCHAR' };
  const as = async (onSchemaChange: string): Promise<void> => {
    world.writeProcess(load('a_load', select, { on_schema_change: onSchemaChange }));
    await world.reopen();
  };
  await as('ignore');
  expect(await planned(world)).toEqual({
    status: 'work',
    columns: { added: [], left_out: [more], missing: ['share'] },
  });
  await as('append');
  const columns = { added: [more], left_out: [], missing: ['share'] };
  expect(await planned(world)).toEqual({ status: 'work', columns });
  expect((await checkProjectFolder({ root: world.root, environment: {} })).problems).toEqual([]);
  await world.publish('a_load');
  expect(await world.rows('select id, more from facts.a_load where more is not null')).toEqual(['["2","x"]']);
  expect(await planned(world)).toEqual({ status: 'nothing-new', columns: undefined });
});

it('takes a NULL without a type for what it is', async () => {
  const world = await loadedWorld();
  world.writeProcess(load('a_load', 'id, ts, null as share, null as seen_at'));
  await world.reopen();
  expect(await planned(world)).toEqual({ status: 'work', columns: undefined });
  await world.publish('a_load');
});
