// Goal: lineage goes where OpenLineage's own clients would send it. Method: environments and files.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { askedObserver } from '../../src/observe/asked.ts';
import { runIdOf } from '../../src/observe/lineage/facets.ts';
import { parentOf } from '../../src/observe/lineage/parent.ts';
import { transportSettings } from '../../src/observe/lineage/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'psyberg-lineage-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings = (environment: NodeJS.ProcessEnv) =>
  transportSettings({ root: folder, environment, warn: () => undefined });
const http = {
  type: 'http',
  url: 'http://lin:5000/api/v1/lineage',
  headers: {},
  timeoutMs: 5000,
  gzip: false,
};

describe('where lineage goes', () => {
  it('OPENLINEAGE_URL, with a key and another endpoint', () => {
    expect(settings({ OPENLINEAGE_URL: 'http://lin:5000/' })).toEqual([http]);
    expect(
      settings({ OPENLINEAGE_URL: 'http://lin', OPENLINEAGE_ENDPOINT: 'in', OPENLINEAGE_API_KEY: 'k' }),
    ).toEqual([{ ...http, url: 'http://lin/in', headers: { authorization: 'Bearer k' } }]);
  });
  it('openlineage.yml, under what the environment says', () => {
    const file = join(folder, 'openlineage.yml');
    writeFileSync(
      file,
      'transport:\n  type: http\n  url: http://lin:5000\n  timeout: 2\n  compression: gzip\n  auth: { type: api_key, apiKey: k }\n',
    );
    const found = { ...http, headers: { authorization: 'Bearer k' }, timeoutMs: 2000, gzip: true };
    expect(settings({})).toEqual([found]);
    expect(settings({ OPENLINEAGE_CONFIG: file, OPENLINEAGE__TRANSPORT__URL: 'http://other' })).toEqual([
      { ...found, url: 'http://other/api/v1/lineage' },
    ]);
    rmSync(file);
  });
  it('a file, the console, several', () => {
    const transport = JSON.stringify({
      type: 'composite',
      transports: [
        { type: 'console' },
        { type: 'file', log_file_path: 'l.jsonl', append: true },
        { type: 'noop' },
      ],
    });
    expect(settings({ OPENLINEAGE__TRANSPORT: transport })).toEqual([
      { type: 'console' },
      { type: 'file', path: 'l.jsonl', append: true },
    ]);
  });
  it.each([
    [{ OPENLINEAGE__TRANSPORT__TYPE: 'kafka' }, "the transport 'kafka' is not known here"],
    [{ OPENLINEAGE__TRANSPORT__TYPE: 'file' }, 'the transport file has no log_file_path'],
    [{ OPENLINEAGE_URL: 'lin' }, "'lin' is no address"],
    [{ OPENLINEAGE_CONFIG: '/nowhere.yml' }, '/nowhere.yml cannot be read'],
    [{ OPENLINEAGE__TRANSPORT__URL: 'http://lin' }, 'names no transport'],
  ])('%j is refused', (environment, message) => {
    expect(() => settings(environment)).toThrow(message);
  });
  it('nobody listens unless somebody asks', () => {
    const listens = (environment: NodeJS.ProcessEnv): boolean =>
      askedObserver({}, { root: folder, environment, warn: () => undefined }).listens;
    expect(listens({})).toBe(false);
    expect(listens({ OPENLINEAGE_URL: 'http://lin' })).toBe(true);
    expect(listens({ OPENLINEAGE_URL: 'http://lin', OPENLINEAGE_DISABLED: 'true' })).toBe(false);
    expect(listens({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' })).toBe(true);
    expect(listens({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_TRACES_EXPORTER: 'none' })).toBe(
      false,
    );
    expect(listens({ OTEL_TRACES_EXPORTER: 'otlp', OTEL_SDK_DISABLED: 'true' })).toBe(false);
  });
});

describe('the run of a session', () => {
  it('is a UUID of version 5 by its job and its id', () => {
    const job = { namespace: 'default', name: 'shop.orders' };
    expect(runIdOf(job, '20230914061501')).toBe('7b028a62-844a-52d7-bd88-409474a84da4');
    expect(runIdOf(job, '20230914061502')).not.toBe(runIdOf(job, '20230914061501'));
  });
  it('is a part of the one that the orchestrator names', () => {
    const run = '01234567-89ab-7def-8123-0123456789ab';
    expect(
      parentOf({
        OPENLINEAGE_PARENT_ID: `http://a/b/dag.task/${run}`,
        OPENLINEAGE_ROOT_PARENT_ID: `a/dag/${run}`,
      }),
    ).toMatchObject({
      run: { runId: run },
      job: { namespace: 'http://a/b', name: 'dag.task' },
      root: { run: { runId: run }, job: { namespace: 'a', name: 'dag' } },
    });
    expect(parentOf({ OPENLINEAGE_PARENT_ID: 'a/b/no-uuid' })).toBeUndefined();
    expect(parentOf({})).toBeUndefined();
  });
});
