// Goal: a collector can read the metrics at any moment, and no command takes away what another has written.
// Method: outcomes as values, told to the file's listener.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProcessSpec, ProjectSpec } from '../../src/model/process-spec.ts';
import { metricsFile } from '../../src/observe/metrics/metrics-file.ts';
import { readSeries } from '../../src/observe/metrics/samples.ts';
import type { Outcome, RunEvent } from '../../src/observe/port.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'psyberg-metrics-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const PROJECT = { processes: [{ processName: 'a' }, { processName: 'b' }] } as unknown as ProjectSpec;

function outcome(name: string, more: Partial<Outcome> = {}): RunEvent {
  return {
    kind: 'outcome',
    project: PROJECT,
    spec: { processName: name } as ProcessSpec,
    session: undefined,
    outcome: {
      process_name: name,
      psyberg_session_id: '20230914061501',
      status: 'published',
      target: 'facts.a',
      operation: 'append',
      published_snapshot_id: '1',
      branch: '',
      rows_read: '5',
      rows_written: '4',
      range: null,
      owed_hours: ['2023-09-14T05:00:00Z'],
      held_back_by: null,
      skipped_null_event_times: '0',
      audits: [
        {
          name: 'say "hi"\\',
          severity: 'warn',
          status: 'failed',
          expected: '0',
          actual: '1',
          sample: [],
          kept: null,
        },
      ],
      seconds: { init: 0.5, load: 0.25, audit: 0, publish: 0, total: 0.75 },
      error: null,
      ...more,
    },
  };
}

async function write(file: string, ...events: readonly RunEvent[]): Promise<string | undefined> {
  const listener = metricsFile(file);
  for (const event of events) listener.told?.(event, undefined);
  return listener.close(AbortSignal.timeout(1000));
}

describe('the metrics file', () => {
  it('is text that Prometheus reads: help and type once a metric, labels escaped', async () => {
    const file = join(folder, 'm.prom');
    expect(await write(file, outcome('a'), outcome('b'))).toBeUndefined();
    const text = readFileSync(file, 'utf8');
    expect(text.match(/# TYPE psyberg_session_rows_read gauge/g)).toHaveLength(1);
    expect(text).toContain(
      '# TYPE psyberg_session_rows_read gauge\npsyberg_session_rows_read{process_name="a"} 5\npsyberg_session_rows_read{process_name="b"} 5\n',
    );
    expect(text).toContain(
      'psyberg_session_audit_failed{process_name="a",audit="say \\"hi\\"\\\\",severity="warn"} 1',
    );
    for (const line of text.trim().split('\n'))
      expect(line).toMatch(
        /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+\{[a-z_]+="(\\.|[^"\\])*"(,[a-z_]+="(\\.|[^"\\])*")*\} [-0-9.e+]+)$/,
      );
    expect(readdirSync(folder)).toEqual(['m.prom']);
  });

  it('keeps other processes, and the last success of one that fails', async () => {
    const file = join(folder, 'm.prom');
    await write(file, outcome('a'), outcome('b'));
    const before = readSeries(readFileSync(file, 'utf8'));
    await write(file, outcome('a', { status: 'failed', rows_read: '0', audits: [] }));
    const after = readSeries(readFileSync(file, 'utf8'));
    const success = 'psyberg_session_success_timestamp_seconds{process_name="a"}';
    expect(after.get(success)).toBe(before.get(success));
    expect(after.get('psyberg_session_status{process_name="a",status="failed"}')).toBe(1);
    expect(after.get('psyberg_session_status{process_name="a",status="published"}')).toBe(0);
    expect(after.get('psyberg_session_rows_read{process_name="b"}')).toBe(5);
    expect([...after.keys()].filter((key) => key.includes('audit_failed{process_name="a"'))).toEqual([]);
  });

  it('lets a process go that the project has no more, and keeps stages that a single step does not know', async () => {
    const file = join(folder, 'm.prom');
    await write(file, outcome('gone'), outcome('a'));
    const step = { init: 0, load: 0, audit: 2, publish: 0, total: 2 };
    await write(file, outcome('a', { status: 'audited', seconds: step }));
    const series = readSeries(readFileSync(file, 'utf8'));
    expect([...series.keys()].filter((key) => key.includes('gone'))).toEqual([]);
    expect(series.get('psyberg_session_stage_seconds{process_name="a",stage="load"}')).toBe(0.25);
    expect(series.get('psyberg_session_stage_seconds{process_name="a",stage="audit"}')).toBe(2);
    expect(series.get('psyberg_session_status{process_name="a",status="audited"}')).toBe(1);
  });

  it('is a warning where it cannot be written, and nothing where no session ran', async () => {
    expect(await write(join(folder, 'none', 'm.prom'), outcome('a'))).toMatch(
      /metrics were not written to .*m\.prom: ENOENT/,
    );
    expect(await write(join(folder, 'm.prom'))).toBeUndefined();
    expect(readdirSync(folder)).toEqual([]);
  });
});
