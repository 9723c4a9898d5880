// Goal: a run tells what it did, whoever listens and however they fail, and is not touched by it. Method: one
// small project, sinks on loopback that take, refuse or never answer.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Listener } from '../../src/observe/listener.ts';
import { jsonLog } from '../../src/observe/log/json-log.ts';
import { makeProject, type Project, removeFolders } from '../cli/fixture.ts';
import { type Observed, openObserved, openSink, type Sink } from './observed.ts';

const PROCESS = `/*---
process_name: quoted_load
pattern: stateless
sources: [{ table: raw.quoted, event_time: ts }]
target: { table: facts.quoted, event_time: ts }
audits: [source_to_target_count]
---*/
select id, ts, "it's ""so""" as "a \\ 'b' ""c""" from quoted
`;

let project: Project;
let rows = 0;
const insert = (): Promise<unknown> => {
  rows += 1;
  return project.sql(`insert into raw.quoted values (${rows}, '2023-09-14 05:00:00Z', 'x')`);
};
const sinks: Sink[] = [];
const sink = async (status: number | undefined): Promise<Sink> => {
  const opened = await openSink(status);
  sinks.push(opened);
  return opened;
};

beforeAll(async () => {
  project = makeProject({ 'processes/quoted_load.sql': PROCESS });
  await project.sql(
    'create schema raw',
    `create table raw.quoted (id bigint, ts timestamptz, "it's ""so""" varchar) with ('format-version' = '2')`,
  );
});
afterAll(async () => {
  await Promise.all(sinks.map((each) => each.close()));
  removeFolders();
});

describe('a run that is observed', () => {
  it('tells log, metrics, lineage and traces the same session', async () => {
    await insert();
    const [lineage, traces] = [await sink(201), await sink(200)];
    const lines: string[] = [];
    const log = jsonLog((line) => lines.push(line), 'debug');
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = traces.url;
    const metrics = join(project.root, 'm.prom');
    const environment = {
      OPENLINEAGE_URL: lineage.url,
      OTEL_TRACES_EXPORTER: 'otlp',
      TRACEPARENT: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    };
    const observed = await openObserved(project.root, { metrics, listeners: [log.listener], environment });
    const [record] = await observed.psyberg.run().finally(observed.psyberg.close);
    delete process.env['OTEL_EXPORTER_OTLP_ENDPOINT'];
    expect([record?.status, observed.warnings]).toEqual(['published', []]);
    const id = record?.psyberg_session_id as string;

    const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(said.filter((line) => line['process_name'] !== 'quoted_load')).toEqual([]);
    const began = said.findIndex((line) => line['event'] === 'session-began');
    for (const line of said.slice(began)) expect(line['psyberg_session_id']).toBe(id);
    expect(said.flatMap((line) => (line['event'] === 'stage-ended' ? [line['stage']] : []))).toEqual([
      'plan',
      'open',
      'load',
      'compose',
      'audit',
      'publish',
      'close',
    ]);
    expect(said.at(-1)).toMatchObject({
      level: 'info',
      event: 'session-ended',
      status: 'published',
      rows_written: '1',
    });

    expect(readFileSync(metrics, 'utf8')).toContain(
      'psyberg_session_rows_written{process_name="quoted_load"} 1\n',
    );

    const events = lineage.bodies.map((body) => JSON.parse(String(body)));
    expect(events.map((event) => event.eventType)).toEqual(['START', 'RUNNING', 'RUNNING', 'COMPLETE']);
    expect(new Set(events.map((event) => event.run.runId)).size).toBe(1);
    const complete = events.at(-1);
    expect(complete.outputs[0].facets.version.datasetVersion).toBe(record?.published_snapshot_id);
    expect(complete.outputs[0].outputFacets.outputStatistics).toMatchObject({ rowCount: 1, fileCount: 1 });
    expect(complete.inputs[0].inputFacets.inputStatistics).toMatchObject({ rowCount: 1, fileCount: 1 });
    expect(complete.inputs[0].facets.symlinks.identifiers[0].name).toBe('raw.quoted');
    expect(complete.outputs[0].facets.columnLineage.fields).toMatchObject({
      [`a \\ 'b' "c"`]: { inputFields: [{ field: `it's "so"`, transformations: [{ subtype: 'IDENTITY' }] }] },
    });
    // No output before there is a table.
    expect(events[0].outputs).toEqual([]);

    const spans = Buffer.concat(traces.bodies);
    expect(new Set(traces.paths)).toEqual(new Set(['/v1/traces']));
    for (const text of [
      'session quoted_load',
      'stage publish',
      'step load insert',
      'GET served',
      'commitTransaction',
      id,
    ])
      expect(spans.includes(text), text).toBe(true);
    expect(spans.includes(Buffer.from('0af7651916cd43dd8448eb211c80319c', 'hex'))).toBe(true);
  });

  it('is done all the same where a sink refuses, is away, or never answers: a warning each', async () => {
    await insert();
    const [refusing, silent] = [await sink(500), await sink(undefined)];
    const transports = [refusing.url, 'http://127.0.0.1:9', silent.url].map((url) => ({ type: 'http', url }));
    const environment = { OPENLINEAGE__TRANSPORT: JSON.stringify({ type: 'composite', transports }) };
    const { psyberg, warnings } = await openObserved(project.root, { environment });
    const [record] = await psyberg.run();
    expect(record?.status).toBe('published');
    await psyberg.close();
    expect(warnings).toEqual([
      `lineage: 4 of 4 events were not delivered to ${refusing.url}/api/v1/lineage: HTTP 500`,
    ]);
    // Each was sent twice.
    expect(refusing.bodies.length).toBe(8);
    expect(silent.bodies.length).toBeGreaterThan(0);
  });

  it('that is interrupted ends its lineage with ABORT', async () => {
    await insert();
    const lineage = await sink(201);
    const stopping: Listener = {
      name: 'stopping',
      began: ({ part }) => {
        if (part.kind === 'stage' && part.stage === 'load') observed.psyberg.interrupt();
      },
      close: async () => undefined,
    };
    const environment = { OPENLINEAGE_URL: lineage.url };
    const observed: Observed = await openObserved(project.root, { listeners: [stopping], environment });
    const [record] = await observed.psyberg.run().finally(observed.psyberg.close);
    expect(record?.error?.code).toBe('interrupted');
    const events = lineage.bodies.map((body) => JSON.parse(String(body)));
    expect(events.map((event) => event.eventType)).toEqual(['START', 'ABORT']);
    expect(events[1].run.facets.errorMessage.message).toContain('interrupted');
  });

  it('is done all the same where settings are wrong, and a command without sessions looks at none', async () => {
    const environment = { OPENLINEAGE__TRANSPORT__TYPE: 'kafka', OTEL_TRACES_EXPORTER: 'zipkin' };
    const looking = await openObserved(project.root, { environment });
    await looking.psyberg.sql('select 1').finally(looking.psyberg.close);
    expect(looking.warnings).toEqual([]);
    const running = await openObserved(project.root, { environment });
    const [record] = await running.psyberg.run().finally(running.psyberg.close);
    expect(record?.error).toBeNull();
    expect(running.warnings).toEqual([
      expect.stringContaining("the transport 'kafka' is not known here"),
      expect.stringContaining("found 'zipkin'"),
    ]);
  });
});
