// Goal: the page says what the document says, lets no text of strangers act, and stays small. Method:
// documents as values, their HTML as text; a browser looks in `report.whole.ts`.
import { describe, expect, it } from 'vitest';
import { NOTHING_FREED } from '../../../src/model/maintain-record.ts';
import { escapeHtml, html } from '../../../src/report/page/html.ts';
import type { ReportedTable, WarehouseReport } from '../../../src/report/page/report-document.ts';
import { reportHtml } from '../../../src/report/page/report-html.ts';
import { reportWrittenText } from '../../../src/report/page/report-written.ts';
import {
  historyRow,
  reportedProcess,
  reportedSource,
  reportHour,
  warehouseReport,
} from '../../support/report-document.ts';

const itemsOf = (page: string): Record<string, number> =>
  Object.fromEntries(
    [...page.matchAll(/data-panel="(\w+)" data-items="(\d+)"/g)].map(([, name, count]) => [
      name,
      Number(count),
    ]),
  );

/** What a reader sees: no tags, and one space between words. */
const textOf = (page: string): string =>
  page
    .replace(/<(style|script)>[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');

const NO_MAINTENANCE: NonNullable<ReportedTable['maintenance']> = {
  status: 'nothing-to-do',
  compacted: null,
  manifests: null,
  expired: null,
  freed: NOTHING_FREED,
  notes: [],
  error: null,
};

describe('the page', () => {
  it('has a panel each, with what the document counts', async () => {
    const page = await reportHtml(warehouseReport());
    expect(itemsOf(page)).toEqual({ late: 1, processes: 1, hours: 1, sessions: 1, each: 1, tables: 1 });
    const text = textOf(page);
    for (const said of [
      '34 of 1,234 rows (2.8 %) landed after their hour: 95 % within their hour, 99 % within 2 h, all within 5 h',
      '1 h lookback misses 30',
      '3 h lookback misses 12',
      'complete to 2023-08-14 09h',
      '2 hours written, none again',
      'select id, ts from events',
    ])
      expect(text).toContain(said);
  });
  it('has a name for whatever folds beside others that come and go', async () => {
    const page = await reportHtml(warehouseReport());
    const late = page.slice(page.indexOf('data-panel="late"'), page.indexOf('data-panel="processes"'));
    expect(late.match(/<details[^>]*>/g)).toEqual(['<details id="delays-raw.events">']);
  });
  it('of many processes folds what has a line for each, and names first those that need somebody', async () => {
    const names = Array.from({ length: 41 }, (_, index) => `load_${index}`);
    const processes = names.map((name, index) => {
      const process = reportedProcess({ process_name: name, target: `facts.${name}` });
      const { status } = process;
      const session = {
        psyberg_session_id: '20230914060000',
        status: 'refused',
        created_at: '2023-09-14T06:00:02Z',
      };
      return index < 40 || status === null
        ? process
        : { ...process, status: { ...status, last_session: session } };
    });
    const sessions = names.map((name) => historyRow({ process_name: name }));
    const page = await reportHtml(warehouseReport({ processes, sessions }));
    for (const id of ['graph', 'lanes']) expect(page).toContain(`<details id="${id}">`);
    const table = page.slice(page.indexOf('The state of each process'));
    expect(/load_\d+/.exec(table)?.[0]).toBe('load_40');
    const few = await reportHtml(warehouseReport());
    for (const id of ['graph', 'lanes']) expect(few).not.toContain(`<details id="${id}">`);
  });
  it('of more than six sources folds the others, and a line says how late they are', async () => {
    const sources = Array.from({ length: 8 }, (_, index) => reportedSource({ table: `raw.s${index}` }));
    const page = await reportHtml(warehouseReport({ sources }));
    expect(page).toContain('<h3 id="late-raw.s5">');
    expect(page).toContain('<details id="late-raw.s6"><summary><b>raw.s6</b>');
    expect(textOf(page)).toContain('raw.s7 by ts, 34 late rows, all within 5 h');
  });
  it('says what the stages of sessions took, and what lookbacks would have read and missed', async () => {
    const back = { lookback_hours: 3, rows_read: 300, bytes_read: 4096, missed_rows: 7, missed_hours: 2 };
    const savings = { sessions: 1, rows_read: 100, bytes_read: 2048, lookbacks: [back] };
    const report = warehouseReport({ processes: [reportedProcess({ savings })] });
    const text = textOf(await reportHtml(report));
    expect(text).toContain('2.30 s 0.40 s 1.20 s 0.60 s 0.10 s 1,234 1,234 2 files 2.0 kB 1 file 1.0 kB');
    expect(text).toContain('The stages are those of 1 session that ran as a whole');
    expect(text).toContain('100 2.0 kB 300 (300 %) 4.1 kB (200 %) misses 7 of 2 hours');
    const whole = reportedProcess({ stages: [] });
    expect(textOf(await reportHtml(warehouseReport({ processes: [whole] })))).toContain(
      'What a session took is the time from its opening, which is known to the second, to its record.',
    );
  });
  it('says what maintenance would do, where it was looked at', async () => {
    const [table] = warehouseReport().tables as [ReportedTable];
    const compacted = {
      files_before: 40,
      files_after: 2,
      delete_files_applied: 0,
      rows: '500',
      bytes_before: '4096',
      bytes_after: '2048',
    };
    const maintenance = {
      ...NO_MAINTENANCE,
      status: 'done' as const,
      compacted,
      notes: ['a process is gone'],
    };
    const page = async (tables: ReportedTable[]) => textOf(await reportHtml(warehouseReport({ tables })));
    expect(await page([{ ...table, maintenance }])).toContain(
      '40 small files became 2: 500 rows, 4.1 kB to 2.0 kB a process is gone',
    );
    expect(await page([{ ...table, maintenance: NO_MAINTENANCE }])).toContain('Nothing, for 1 table.');
    expect(await page([table])).toContain('psyberg report --maintenance');
  });
  it('says what a process owes, who holds it back, and which audits fail', async () => {
    const held = reportedProcess({
      owed_hours: [reportHour(2), reportHour(3)],
      held_back_by: { source: 'raw.slow', complete_to_hour: reportHour(1) },
      failing_audits: [
        {
          audit_name: 'unique',
          severity: 'warn',
          failing_rows: '7',
          psyberg_session_id: '20230914060000',
          is_current: true,
          sample: ['{"id":1}'],
        },
      ],
    });
    const text = textOf(await reportHtml(warehouseReport({ processes: [held] })));
    expect(text).toContain('2023-08-14 10h..11h');
    expect(text).toContain('raw.slow, complete to 2023-08-14 09h');
    expect(text).toContain('unique (7 rows)');
    expect(text).toContain('{&quot;id&quot;:1}');
  });
  it('is made of nothing, and of a process that cannot be read or never ran', async () => {
    const nothing = warehouseReport({ processes: [], sources: [], sessions: [], tables: [] });
    expect(textOf(await reportHtml(nothing))).toContain('No session has published yet');
    const never = reportedProcess({ status: null, columns: [], writes: [], audits: [] });
    const problem = {
      subject: 'facts.target',
      error: {
        code: 'metadata-unreadable',
        kind: 'unavailable',
        message: 'the metadata is no JSON',
        hint: 'restore it',
        context: {},
        retryable: false,
      },
    } as unknown as WarehouseReport['problems'][number];
    const page = await reportHtml(warehouseReport({ processes: [never], sessions: [], problems: [problem] }));
    expect(itemsOf(page)).toMatchObject({ problems: 1, processes: 1, hours: 0 });
    expect(textOf(page)).toContain('facts.target : the metadata is no JSON metadata-unreadable restore it');
    expect(textOf(page)).toContain('cannot be read');
  });
  it('tells hours that were spread as a guess, and history as history', async () => {
    const spread = reportedSource({
      rows: { total: 50, in_one_hour: 0, counted: 0, spread: 50, without_hour: 0, without_landing: 0 },
      lookbacks: [{ lookback_hours: 1, rows: 20, at_least: 1, at_most: 39 }],
    });
    const history = reportedSource({ table: 'raw.copied', filled_from_history: true });
    const text = textOf(await reportHtml(warehouseReport({ sources: [spread, history] })));
    expect(text).toContain('surely 1 to 39');
    expect(text).toContain('which is a guess');
    expect(text).toMatch(/Filled from history .*raw\.copied/);
  });
});

describe('text of strangers', () => {
  const evil = `"><script>alert('x')</script><img src=x onerror=alert(1)>&amp;\u202e`;
  it('is text, wherever it stands', async () => {
    const page = await reportHtml(
      warehouseReport({
        project: evil,
        processes: [
          reportedProcess({
            process_name: evil,
            sql: `${evil}\nselect '</code></pre>' as "<b>"`,
            target: evil,
            file: evil,
            event_time: evil,
            sources: [{ table: evil, event_time: evil, kind: 'lookup' }],
            audits: [{ name: evil, kind: evil, severity: evil }],
            columns: [{ name: evil, type: evil, required: false }],
            owed_hours: [reportHour(3)],
            held_back_by: { source: evil, complete_to_hour: null },
            failing_audits: [
              {
                audit_name: evil,
                severity: evil,
                failing_rows: '1',
                psyberg_session_id: evil,
                is_current: true,
                sample: [evil],
              },
            ],
            writes: [
              {
                psyberg_session_id: evil,
                opened_at: evil,
                rows_written: '1',
                trigger: 'restate',
                reason: evil,
                hours: [{ first_hour: reportHour(0), last_hour: reportHour(0), change: 'restated' }],
                reopened: [[reportHour(0), reportHour(0)]],
                known_from: 'record',
                causes: [{ source: evil, partitions: 1, first_partitions: [evil], files: null }],
              },
            ],
          }),
        ],
        sources: [reportedSource({ table: evil, event_time: evil, made_by: evil, landed_fields: [evil] })],
        sessions: [historyRow({ process_name: evil, status: evil, src_tables: evil })],
        tables: [
          { ...warehouseReport().tables[0], table: evil, partitioned_by: [evil], process_name: evil },
        ] as never,
      }),
    );
    expect(page.match(/<script>/g)).toHaveLength(1);
    expect(page).not.toMatch(/<img|<b>alert|<\/script><|onerror=alert\(1\)>[^&]/);
    // No value ends an attribute: every quote is one that the page wrote.
    expect(page.match(/&quot;&gt;&lt;script&gt;/g)?.length).toBeGreaterThan(20);
    expect(page).not.toContain('\u202e');
  });
  it('the policy names the one script that may run', async () => {
    const page = await reportHtml(warehouseReport());
    expect(page).toMatch(
      /default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; script-src &#39;sha256-[\w+/=]+&#39;/,
    );
    expect(page).not.toMatch(/https?:|src="|@import|url\(/);
  });
  it('templates escape values and lists, and leave out what is not there', () => {
    expect(html`<i title="${'"&'}">${['<', html`<b>${1}</b>`]}${null}${false}${undefined}</i>`.text).toBe(
      '<i title="&quot;&amp;">&lt;<b>1</b></i>',
    );
    expect(escapeHtml("a'b\u0000")).toBe('a&#39;b\\x00');
  });
});

it('50 processes and 10,000 sessions are a page of less than 2 MB, made in less than 3 s', async () => {
  const names = Array.from({ length: 50 }, (_, index) => `process_number_${index}_with_a_long_name`);
  const opened = (session: number): string =>
    new Date(Date.UTC(2023, 8, 1) + session * 3_600_000).toISOString().slice(0, 19).replace(/[-T:]/g, '');
  const writes = (at: number) => {
    const [first] = reportedProcess().writes;
    const hours = [0, 2, 4].map((gap) => ({
      first_hour: reportHour(at - gap),
      last_hour: reportHour(at - gap),
      change: 'rewritten' as const,
    }));
    return { ...first, psyberg_session_id: opened(at), hours } as ReturnType<
      typeof reportedProcess
    >['writes'][number];
  };
  const cells = Array.from({ length: 720 * 4 }, (_, index) => ({
    event_hour: reportHour(Math.floor(index / 4)),
    landed_hour: reportHour(Math.floor(index / 4) + (index % 4)),
    rows: 1 + (index % 97),
  }));
  const report = warehouseReport({
    processes: names.map((name, index) =>
      reportedProcess({
        process_name: name,
        target: `facts.${name}`,
        sources: [
          {
            table: index % 5 === 0 ? 'raw.events' : `facts.${names[index - 1]}`,
            event_time: 'ts',
            kind: 'events',
          },
        ],
        sql: 'select id, ts, something_else_that_is_long from events\n'.repeat(30),
        columns: Array.from({ length: 30 }, (_, at) => ({
          name: `column_${at}`,
          type: 'long',
          required: false,
        })),
        writes: Array.from({ length: 60 }, (_, at) => writes(140 + at)),
      }),
    ),
    sources: names.map((name) => reportedSource({ table: `facts.${name}`, cells })),
    sessions: names.flatMap((name) =>
      Array.from({ length: 200 }, (_, at) =>
        historyRow({ process_name: name, psyberg_session_id: opened(at), rows_read: String(at * 13) }),
      ),
    ),
  });
  const startedMs = performance.now();
  const page = await reportHtml(report);
  const ms = performance.now() - startedMs;
  expect(itemsOf(page)).toMatchObject({ processes: 50, sessions: 10_000, late: 50 });
  expect(Buffer.byteLength(page)).toBeLessThan(2_000_000);
  expect(ms).toBeLessThan(3000);
});

it('on a terminal the report says where it is, and what is not as it should be', () => {
  const never = reportedProcess({ status: null });
  const text = reportWrittenText(warehouseReport({ processes: [never] }), { file: 'report.html' });
  expect(text).toBe(
    [
      'report.html: 1 process, 1 source, 1 session',
      'raw.events: 34 rows came late, 99 % of all within 2 h, the latest after 5 h',
      'load: cannot be read',
    ].join('\n'),
  );
});
