// Goal: what operating system, SQLite and DuckDB say when a warehouse cannot be written, or not be reached,
// is told as that, whoever met it first. Method: their errors in, ours out.
import { describe, expect, it } from 'vitest';
import { PsybergError } from '../../src/model/errors.ts';
import { storageFault } from '../../src/model/storage-faults.ts';

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

describe('a fault of the storage', () => {
  const full = (path?: string): Error =>
    Object.assign(new Error('full'), { code: 'ENOSPC', ...(path === undefined ? {} : { path }) });

  it('names the place that the error names, else the one that was written', () => {
    expect(storageFault(full('/w/a'))?.context).toEqual({ path: '/w/a' });
    expect(storageFault(full(), '/w/catalog.db')?.context).toEqual({ path: '/w/catalog.db' });
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
