// Goal: rows that failed an audit are kept, and few of them. Method: sessions whose audits block or warn, and the
// table of failures.
import { describe, expect, it } from 'vitest';
import { auditedProcess, targetExists } from '../support/audited-events.ts';
import { events } from '../support/event-tables.ts';
import { worldForTest } from '../support/world.ts';

const EVENTS = 'id bigint, ts timestamptz';

describe('rows that failed an audit', () => {
  const FAILURES = 'psyberg.psyberg_audit_failure';
  const files = {
    'audits/no_sevens.sql': 'select id, ts, [id, 2::bigint] as nested from staged where id % 10 = 7',
  };

  it('are kept with process, session and audit, whether the audit blocks or warns, and no more of them than asked for', async () => {
    const audits = [
      { sql: 'audits/no_sevens.sql' },
      { unique: { columns: ['ts'] }, severity: 'warn' },
      { not_null: { columns: ['id'] } },
      'source_to_target_count',
    ];
    const world = await worldForTest({
      processes: [auditedProcess(audits, 'select id, ts from e where id <> 3')],
      files,
    });
    world.write('psyberg.yaml', 'name: world\ncatalog:\n  warehouse: warehouse\naudit_failure_rows: 12\n');
    await world.reopen();
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', `${events(0, 200, 0)} union all ${events(3600, 1, 0)}`);
    const [record] = await world.run();
    expect([record?.status, record?.audits.map((audit) => [audit.status, audit.sample.length])]).toEqual([
      'audit-failed',
      [
        ['failed', 10],
        ['failed', 1],
        ['passed', 0],
        ['failed', 0],
      ],
    ]);
    // Written although nothing else is: no target, no watermark.
    expect(await targetExists(world)).toBe(false);
    const session = record?.psyberg_session_id;
    expect(
      await world.rows(
        `select process_name, psyberg_session_id, audit_name, severity, target_table, failing_rows, count(*), count(created_at) from ${FAILURES} group by all`,
      ),
    ).toEqual([
      `["event_load","${session}","no_sevens","block","facts.events","20","12","12"]`,
      `["event_load","${session}","source_to_target_count","block","facts.events",null,"1","1"]`,
      `["event_load","${session}","unique","warn","facts.events","1","1","1"]`,
    ]);
    expect(
      await world.rows(`select failing_row from ${FAILURES} where audit_name = 'source_to_target_count'`),
    ).toEqual(['["{\\"expected\\":\\"201\\",\\"actual\\":\\"200\\"}"]']);
    // Rows as JSON: what SQL makes of them again is what failed.
    expect(
      await world.rows(
        `select distinct (failing_row->>'id')::bigint % 10, failing_row->>'$.nested[1]' from ${FAILURES} where audit_name = 'no_sevens'`,
      ),
    ).toEqual(['["7","2"]']);
    const { 'partition-specs': specs } = await world.metadata(FAILURES);
    expect(specs.at(-1)?.fields).toMatchObject([{ name: 'process_name', transform: 'identity' }]);
  });

  it('of an audit that warns are committed with what is published', async () => {
    const world = await worldForTest({
      processes: [auditedProcess([{ sql: 'audits/no_sevens.sql', severity: 'warn' }])],
      files,
    });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 20, 0));
    const record = await world.publish('event_load');
    expect(
      await world.rows(`select psyberg_session_id, severity, failing_row->>'id' from ${FAILURES}`),
    ).toEqual(['7', '17'].map((id) => `["${record.psyberg_session_id}","warn","${id}"]`).sort());
    await world.land('raw.events', events(20, 5, 0));
    await world.publish('event_load');
    expect(await world.rows(`select count(*) from ${FAILURES}`)).toEqual(['["2"]']);
  });

  it('stay few: of many sessions the newest are kept', { timeout: 240_000 }, async () => {
    const world = await worldForTest({
      processes: [auditedProcess([{ sql: 'audits/no_sevens.sql' }])],
      files,
    });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 10, 0));
    const sessions: string[] = [];
    for (let count = 0; count < 36; count += 1) {
      world.nowMs = Date.UTC(2024, 0, 1, 0, 0, count);
      sessions.push((await world.run())[0]?.psyberg_session_id as string);
    }
    const kept = (
      await world.sql(`select distinct psyberg_session_id as id from ${FAILURES} order by 1`)
    ).map((row) => row['id']);
    expect(kept).toEqual(sessions.slice(-kept.length));
    expect(kept.length).toBeGreaterThanOrEqual(30);
    expect(kept.length).toBeLessThan(36);
  });
});
