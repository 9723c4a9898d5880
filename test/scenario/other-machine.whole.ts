// Goal: two machines that do not see each other, and begin a session of one process in the same second, publish its
// rows once. Method: two projects in front of one catalog, with one clock; the second one publishes while the first
// one is about to.
import { expect, it, onTestFinished } from 'vitest';
import { startForeignServer } from '../support/foreign-server.ts';
import { hourAt, msAt, processFile, worldForTest } from '../support/world.ts';

const process = (pattern: string) =>
  processFile(
    {
      process_name: 'load',
      pattern,
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: 'facts.loaded', event_time: 'ts', partition_by: ['hour(ts)'] },
    },
    'select id, ts from e',
  );

it.each(['stateless', 'stateful'])(
  'a session of the same id on another machine overtakes: %s',
  async (pattern) => {
    const foreign = await startForeignServer();
    onTestFinished(() => foreign.close());
    const options = { processes: [process(pattern)], catalog: { uri: foreign.uri, warehouse: 'w' } };
    const [here, there] = [await worldForTest(options), await worldForTest(options)];
    for (const world of [here, there]) world.nowMs = msAt(3);
    await here.create('raw.events', 'id bigint, ts timestamptz');
    const land = (first: number): Promise<void> =>
      here.land(
        'raw.events',
        `select i as id, timestamptz '${hourAt(1)}' as ts from range(${first}, ${first + 10}) t(i)`,
      );
    await land(0);
    await here.publish('load');
    for (const world of [here, there]) world.nowMs = msAt(4);
    await land(10);
    const { client } = here.psyberg.internals;
    const commit = client.commitTransaction;
    let other: string | undefined;
    client.commitTransaction = async (changes) => {
      client.commitTransaction = commit;
      other = (await there.publish('load')).psyberg_session_id;
      return commit(changes);
    };
    const [record] = await here.run();
    expect(other).toBe('20230914040000');
    expect(record).toMatchObject({ status: 'nothing-new', error: null });
    expect(await here.rows('select id::int from facts.loaded')).toEqual(
      await here.rows('select id::int from raw.events'),
    );
    expect(
      await here.rows("select count(*)::int from psyberg.psyberg_session_f where status = 'published'"),
    ).toEqual(['[2]']);
    for (const world of [here, there]) expect(await world.leftovers()).toEqual([]);
  },
  60_000,
);
