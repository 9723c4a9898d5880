// Goal: the state tables say what they promise, however many sessions there were. Method: rows as
// data from plans; then many sessions on one warehouse.
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ProcessSpec } from '../../src/model/process-spec.ts';
import { planSession } from '../../src/plan/index.ts';
import { watermarkRows, watermarksJson } from '../../src/state/tables/high-water-mark.ts';
import { sessionRows } from '../../src/state/tables/session.ts';
import { SIGNAL, signalRows } from '../../src/state/tables/signal.ts';
import type { StateRow } from '../../src/state/tables/state-table.ts';
import { composeStateChange, deleteObsoleteFiles, ensureStateTable } from '../../src/state/write-state.ts';
import { orphans } from '../support/orphans.ts';
import { sessionOf } from '../support/session-data.ts';
import { runSessionStep, SESSION_STEPS } from '../support/session-step.ts';
import { hourAt, processFile, worldForTest } from '../support/world.ts';

const plan = planSession(
  sessionOf({
    pattern: 'stateful',
    completeTo: 3,
    sources: { s: { added: [4, 5], vtts: 5 }, o: { owed: [2], vtts: 4 } },
  }),
);
const outcome = {
  status: 'published',
  targetSnapshotId: '71',
  rowsRead: '20',
  rowsWritten: '10',
  createdAt: '2023-09-14T06:15:02.000Z',
  error: null,
  plan: null,
};

describe('the rows of a session', () => {
  it('hold one watermark a source, at the head that was seen, with what stays owed', () => {
    expect(watermarksJson(plan)).toMatchObject([
      { table: 'raw.s', snapshot_id: '9', sequence_number: '9', owed_hours: [hourAt(5)] },
      { table: 'raw.o', snapshot_id: '9', owed_hours: [] },
    ]);
    const [row] = watermarkRows(plan, { targetTableUuid: 'u', completeToHour: hourAt(4), updatedAt: 'now' });
    expect(row).toMatchObject({
      process_name: 'some_load',
      src_table: 'raw.s',
      snapshot_id: '9',
      previous_snapshot_id: '8',
      owed_hours: JSON.stringify([hourAt(5)]),
      target_table_uuid: 'u',
      complete_to_hour: hourAt(4),
    });
  });
  it('name the event range and the processing range by date and hour', () => {
    expect(sessionRows(plan, outcome)[0]).toMatchObject({
      etl_pattern_id: '2',
      pattern: 'stateful',
      status: 'published',
      src_table: 'raw.s',
      target_table: 'facts.some',
      target_snapshot_id: '71',
      from_event_date: '2023-09-14',
      from_event_hour: '2',
      to_event_date: '2023-09-14',
      to_event_hour: '4',
      from_processing_date: '2023-09-14',
      from_processing_hour: '6',
      processing_uris: JSON.stringify([{ ts_hour: 'hour 4' }, { ts_hour: 'hour 5' }]),
    });
    expect(sessionRows(plan, outcome)[1]).toMatchObject({
      src_table: 'raw.o',
      from_processing_date: null,
      processing_uris: '[]',
    });
  });
  it('announce completeness once', () => {
    expect(signalRows(plan, { completeToHour: hourAt(4), createdAt: 'now' })).toEqual([
      {
        process_name: 'some_load',
        signal_name: 'facts.some',
        vtts_utc_dateint: '20230914',
        vtts_utc_hour: '4',
        kind: 'complete',
        psyberg_session_id: '20230914061501',
        created_at: 'now',
        hours: null,
      },
    ]);
    expect(signalRows(plan, { completeToHour: hourAt(3), createdAt: 'now' })).toEqual([]);
    expect(signalRows(plan, { completeToHour: undefined, createdAt: 'now' })).toEqual([]);
  });
});

describe('the state tables', () => {
  it('after many sessions: one watermark row a source, every session, few files, one manifest', async () => {
    const process = processFile(
      {
        process_name: 'many_load',
        pattern: 'stateless',
        sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
        target: { table: 'facts.many', event_time: 'ts' },
      },
      'select * from e',
    );
    const world = await worldForTest({ processes: [process] });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    const sessions = 18;
    for (let session = 0; session < sessions; session += 1) {
      await world.land('raw.events', `select ${session}, timestamptz '${hourAt(session)}'`);
      await world.publish('many_load');
    }
    expect(await world.rows('select process_name, src_table from psyberg.high_water_mark_table')).toEqual([
      '["many_load","raw.events"]',
    ]);
    expect(
      await world.rows('select count(*), count(distinct psyberg_session_id) from psyberg.psyberg_session_f'),
    ).toEqual([`["${sessions}","${sessions}"]`]);
    expect(await world.rows('select count(*), max(vtts_utc_hour) from psyberg.psyberg_signal')).toEqual([
      `["${sessions}",17]`,
    ]);
    for (const [table, filesMax] of [
      ['high_water_mark_table', 1],
      ['psyberg_session_f', 16],
      ['psyberg_signal', 16],
    ] as const) {
      const head = (await world.history(`psyberg.${table}`)).at(-1);
      const [manifests] = await world.sql(
        `select count(*) as manifests, sum(added_files_count + existing_files_count) as files from read_avro('${head?.['manifest-list']}')`,
      );
      expect(Number(manifests?.['manifests']), table).toBe(1);
      expect(Number(manifests?.['files']), table).toBeLessThanOrEqual(filesMax);
    }
  });

  it('keep what went step by step once, whatever came between its steps, and the plans of the newest sessions only', {
    timeout: 120_000,
  }, async () => {
    const process = processFile(
      {
        process_name: 'steps_load',
        pattern: 'stateless',
        sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
        target: { table: 'facts.steps', event_time: 'ts' },
      },
      'select * from e',
    );
    const world = await worldForTest({ processes: [process] });
    const [spec] = world.psyberg.project.processes as [ProcessSpec];
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await world.land('raw.events', `select 0, timestamptz '${hourAt(0)}'`);
    // Opened and overtaken: their rows are folded together with those of later sessions.
    const [first, second] = ['20230914000000', '20230914000001'];
    await runSessionStep(world.psyberg, spec, 'init', first);
    const idOf = (session: number): string => `20230914${String(100 + session)}000`;
    const sessions = 34;
    for (let session = 0; session < sessions; session += 1) {
      if (session === 12) await runSessionStep(world.psyberg, spec, 'init', second);
      await world.land('raw.events', `select ${session}, timestamptz '${hourAt(session)}'`);
      for (const step of SESSION_STEPS) await runSessionStep(world.psyberg, spec, step, idOf(session));
    }
    await expect(runSessionStep(world.psyberg, spec, 'load', first)).rejects.toMatchObject({
      code: 'session-plan-missing',
      kind: 'usage',
    });
    // Written anew beside the rows of others in its file.
    await world.land('raw.events', `select ${sessions}, timestamptz '${hourAt(sessions)}'`);
    await expect(runSessionStep(world.psyberg, spec, 'init', second)).resolves.toMatchObject({
      status: 'initialized',
    });
    expect(
      await world.rows(
        'select status, count(*), count(distinct psyberg_session_id) from psyberg.psyberg_session_f group by status',
      ),
    ).toEqual(['["initialized","2","2"]', `["published","${sessions}","${sessions}"]`]);
    await expect(runSessionStep(world.psyberg, spec, 'publish', idOf(sessions - 1))).resolves.toMatchObject({
      status: 'published',
    });
    await world.publish('steps_load');
    expect(await world.rows('from facts.steps')).toEqual(await world.rows('from raw.events'));
  });

  it('lose no file to a session that was killed after its commit, and before it deleted what only expired snapshots needed', {
    timeout: 60_000,
  }, async () => {
    const world = await worldForTest();
    const table = { namespace: ['psyberg'], name: 'psyberg_signal' };
    const { client } = world.psyberg.internals;
    const engine = await world.psyberg.internals.engine();
    const [row] = signalRows(plan, { completeToHour: hourAt(4), createdAt: '2023-09-14T06:15:02Z' });
    const write = async (session: number) => {
      const metadata = await ensureStateTable(client, table, SIGNAL);
      const written = {
        table,
        definition: SIGNAL,
        processName: 'some_load',
        psybergSessionId: String(session),
        rows: [{ ...row, psyberg_session_id: String(session) } as StateRow],
        replacesSession: false,
      };
      const change = await composeStateChange(engine, metadata, written);
      await client.commitTransaction([change.change]);
      return change;
    };
    let session = 0;
    let killed = await write(session);
    while (killed.obsoleteFiles.length === 0) {
      session += 1;
      killed = await write(session);
    }
    expect(session).toBeGreaterThan(50);
    expect(killed.obsoleteFiles.filter((file) => existsSync(file))).toEqual(killed.obsoleteFiles);
    deleteObsoleteFiles([await write(session + 1)]);
    expect(killed.obsoleteFiles.filter((file) => existsSync(file))).toEqual([]);
    expect(await world.rows('select count(*) from psyberg.psyberg_signal')).toEqual([`["${session + 2}"]`]);
    expect(await orphans(world)).toEqual([]);
  });
});
