// Goal: what operating system, SQLite and DuckDB say when a warehouse cannot be written, or not be reached,
// is told as that, whoever met it first. Method: their errors in, ours out.
import { describe, expect, it } from 'vitest';
import { PsybergError } from '../../src/model/errors.ts';
import { storageFault, throwUnlessOfFile } from '../../src/model/storage-faults.ts';

describe('what a system says of a full or read-only disk', () => {
  it.for([
    [
      Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }),
      'warehouse-full',
    ],
    [Object.assign(new Error('quota'), { code: 'EDQUOT', path: '/w/a' }), 'warehouse-full'],
    [
      Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 }),
      'warehouse-full',
    ],
    [
      new Error('wrapped', {
        cause: new Error('IO Error: Could not write file "/w/a.parquet": No space left on device'),
      }),
      'warehouse-full',
    ],
    [Object.assign(new Error('EROFS'), { code: 'EROFS' }), 'warehouse-not-writable'],
    [
      Object.assign(new Error('attempt to write a readonly database'), {
        code: 'ERR_SQLITE_ERROR',
        errcode: 1032,
      }),
      'warehouse-not-writable',
    ],
    [new Error('IO Error: Cannot open file "/w/a": Read-only file system'), 'warehouse-not-writable'],
    [
      Object.assign(new Error('EACCES: permission denied, mkdir'), { code: 'EACCES', syscall: 'mkdir' }),
      'warehouse-not-writable',
    ],
    [
      Object.assign(new Error('EACCES: permission denied, open'), { code: 'EACCES', syscall: 'open' }),
      undefined,
    ],
    [Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', errno: -5 }), 'storage-failed'],
    [
      Object.assign(new Error('Unknown system error -116'), {
        code: 'Unknown system error -116',
        errno: -116,
      }),
      'storage-failed',
    ],
    [
      Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 1034 }),
      'storage-failed',
    ],
    [
      Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 4874 }),
      'warehouse-full',
    ],
    [new Error('IO Error: Could not read from file "/w/a": Input/output error'), 'storage-failed'],
    [new Error('Invalid Input Error: Input/output error'), undefined],
    [Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' }), 'too-many-open-files'],
    [new Error('IO Error: Cannot open file "/w/a": Too many open files'), 'too-many-open-files'],
    [new Error('Invalid Input Error: No space left on device'), undefined],
    [
      new Error(
        "IO Error: Could not connect to server error for HTTP HEAD to 'http://127.0.0.1:9/b/x.parquet?signature=secret'",
      ),
      'storage-unreachable',
    ],
    [
      new Error("IO Error: Could not resolve hostname error for HTTP GET to 'https://b.s3.example/x.avro'"),
      'storage-unreachable',
    ],
    [new Error("HTTP Error: HTTP GET error on 'http://127.0.0.1:9/x.parquet' (HTTP 404)"), undefined],
    [Object.assign(new Error('busy'), { code: 'ERR_SQLITE_ERROR', errcode: 5 }), undefined],
  ] as const)('%s is %s', ([error, code]) => {
    const fault = storageFault(error);
    expect(fault?.code).toBe(code);
    expect(JSON.stringify(fault ?? null)).not.toContain('secret');
  });
});

it('a file that is not there, or damaged, is told from one that the system cannot read now', () => {
  const thrown = (code: string, errno: number) => () =>
    throwUnlessOfFile(Object.assign(new Error(code), { code, errno }), '/w/a');
  expect(thrown('ENOENT', -2)).not.toThrow();
  expect(() => throwUnlessOfFile(new SyntaxError('no JSON'), '/w/a')).not.toThrow();
  expect(thrown('EMFILE', -24)).toThrow(expect.objectContaining({ code: 'too-many-open-files' }));
  expect(thrown('EIO', -5)).toThrow(expect.objectContaining({ code: 'storage-failed' }));
});

// As DuckDB 1.5.5 wrote them, of a store that repeats the keys (2026-11-29).
describe('what a store answers', () => {
  const reading = (status: string, code: string): string =>
    `HTTP Error: HTTP GET error reading 'http://127.0.0.1:9000/lake/x/a.avro' in region 'us-east-1' (HTTP ${status})\n\n${code}: for AKID secret\n\n* Credentials are provided, but they did not work.`;
  const writing = (status: number, reason: string, code: string): string =>
    `HTTP Error: Unable to connect to URL s3://lake/x/b.parquet: ${reason} (HTTP code ${status})\n\n${code}: for AKID secret`;
  it.for([
    [reading('403 Forbidden', 'AccessDenied'), 'storage-denied', 'psyberg doctor'],
    [reading('403 Forbidden', 'RequestTimeTooSkewed'), 'storage-denied', 'clock'],
    [reading('400 Bad Request', 'ExpiredToken'), 'storage-denied', 'expired'],
    [reading('400 Bad Request', 'AuthorizationHeaderMalformed'), 'storage-denied', 'client.region'],
    [reading('404 Not Found', 'NoSuchBucket'), 'bucket-missing', 's3.endpoint'],
    [writing(403, 'Forbidden', 'AccessDenied'), 'storage-denied', 'may write'],
    [writing(301, 'Moved Permanently', 'PermanentRedirect'), 'storage-denied', 'client.region'],
    [writing(404, 'Not Found', 'NoSuchBucket'), 'bucket-missing', 's3.endpoint'],
    [
      "HTTP Error: HTTP GET error reading 's3://lake/x/a.avro' in region 'eu-west-1' (HTTP 301 Moved Permanently)",
      'storage-denied',
      'client.region',
    ],
    [
      "HTTP Error: Request returned HTTP 503 for HTTP HEAD to 'http://127.0.0.1:9000/lake/x/a.avro?X-Amz-Signature=secret'",
      'storage-unreachable',
      'run the same command again',
    ],
    [
      "IO Error: Server returned nothing (no headers, no data) error for HTTP PUT to 'http://127.0.0.1:9000/lake/x/b.parquet'",
      'storage-unreachable',
      'run the same command again',
    ],
    ["HTTP Error: HTTP GET error reading 's3://lake/x/a.avro' in region 'us-east-1' (HTTP 404 Not Found)"],
    [
      'Extension Autoloading Error: An error occurred while trying to automatically install the required extension \'azure\':\nFailed to download extension "azure"',
      'extension-missing',
      'S3 protocol',
    ],
    [
      "IO Error: SSL peer certificate or SSH remote key was not OK error for HTTP HEAD to 'https://127.0.0.1:9000/lake/x/a.avro'",
      'storage-untrusted',
      'ca_file',
    ],
    [
      "IO Error: Timeout was reached error for HTTP GET to 'https://127.0.0.1:9000/lake/x/a.avro?X-Amz-Signature=secret'",
      'storage-unreachable',
      's3.request-timeout',
    ],
    [reading('404 Not Found', 'InvalidAccessKeyId'), 'storage-denied', 'psyberg doctor'],
    ["Binder Error: column 'http://a' (HTTP 403)"],
  ] as const)('%s', ([message, code, hint]) => {
    const fault = storageFault(new Error(message));
    expect(fault?.code).toBe(code);
    if (hint !== undefined) expect(fault?.hint).toContain(hint);
    expect(`${fault?.message} ${JSON.stringify(fault?.context)}`).not.toMatch(/secret|AKID/);
    expect(fault?.retryable ?? false).toBe(code === 'storage-unreachable');
  });
});

describe('a fault of the storage', () => {
  const full = (path?: string): Error =>
    Object.assign(new Error('full'), { code: 'ENOSPC', ...(path === undefined ? {} : { path }) });

  it('names the place that the error names, else the one that was written', () => {
    expect(storageFault(full('/w/a'))?.context).toEqual({ path: '/w/a' });
    expect(storageFault(full(), { place: '/w/catalog.db' })?.context).toEqual({ path: '/w/catalog.db' });
    const byDuckDb = new Error('IO Error: Could not write file "/w/b.parquet": No space left on device');
    expect(storageFault(byDuckDb)?.context).toEqual({ path: '/w/b.parquet' });
  });
  it('is found behind what it caused, once it is told it stays as it is, and a circle of causes ends', () => {
    const told = storageFault(full('/w/a'));
    const shown = new PsybergError('unexpected', 'x', { cause: new Error('y', { cause: told }) });
    expect(storageFault(shown)).toBe(told);
    const circle = new Error('round');
    circle.cause = circle;
    expect(storageFault(circle)).toBeUndefined();
  });
  it('of a store that nobody reaches names its address alone, and may be tried again', () => {
    const url = 'https://b.s3.example:9000/x/y.avro?X-Amz-Signature=abc';
    const error = new Error(`IO Error: Could not establish connection error for HTTP HEAD to '${url}'`);
    expect(storageFault(error)).toMatchObject({
      message:
        'https://b.s3.example:9000 cannot be reached: Could not establish connection; nothing was published',
      context: { address: 'https://b.s3.example:9000' },
      retryable: true,
    });
  });
  it('is none in whatever else was thrown', () => {
    expect([undefined, null, 'ENOSPC', 13, {}].map((thrown) => storageFault(thrown))).toEqual(
      Array(5).fill(undefined),
    );
  });
});
