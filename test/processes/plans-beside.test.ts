// Goal: plans that are made while sessions publish are plans of some moment, and no refusals. Method: another
// session of the process publishes between the looks of one plan at target and watermark table.
import { expect, it, onTestFinished } from 'vitest';
import { events, eventWorld } from '../support/event-tables.ts';
import { open } from '../support/open-project.ts';

it.each(['plan', 'restate'] as const)(
  '%s beside a session that publishes contradicts nothing',
  async (what) => {
    const world = await eventWorld();
    await world.land('raw.events', events(200, 5, 2));
    const other = await open({ project: world.root });
    onTestFinished(() => other.close());
    const { client } = world.psyberg.internals;
    const load = client.loadTable;
    let published: string | undefined;
    client.loadTable = async (id) => {
      if (id.name === 'high_water_mark_table' && published === undefined) {
        published = '';
        published = (await other.run(['overwrite_load']))[0]?.status;
      }
      return load(id);
    };
    if (what === 'plan') {
      const [plan] = await world.psyberg.plan(['overwrite_load']);
      expect(plan?.status).toBe('work');
    } else {
      const records = await world.psyberg.restate('overwrite_load', { all: true });
      expect(records.map(({ error }) => error)).toEqual([null]);
    }
    expect(published).toBe('published');
  },
);
