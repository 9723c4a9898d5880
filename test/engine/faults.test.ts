// Goal: what DuckDB says when something beside the statement fails becomes the one error that says so, and
// nothing else does. Method: messages of DuckDB 1.5.5 in, errors out.
import { describe, expect, it } from 'vitest';
import { forbidden } from '../../src/catalog/errors.ts';
import { answerError } from '../../src/catalog/protocol/error-body.ts';
import { avroNameFault, catalogFault } from '../../src/engine/catalog-fault.ts';
import { type Ending, endedError, internalError } from '../../src/engine/internal-error.ts';
import { togetherOrSingly } from '../../src/engine/mixed-files.ts';
import { secretStatement } from '../../src/engine/storage-secrets.ts';
import { PsybergError, usageError } from '../../src/model/errors.ts';

const OWN = 'http://127.0.0.1:8181/session';
const catalogs = new Set([OWN]);
const failed = (status: number, url: string): Error =>
  new Error(`Request returned HTTP ${status} for HTTP POST to '${url}'`);

describe('a failure of the catalog', () => {
  it.each<[string, Error, string | undefined]>([
    ['an error of its own', failed(500, `${OWN}/v1/x`), 'catalog-failed'],
    ['nobody behind the gateway', failed(503, `${OWN}/v1/x`), 'catalog-unreachable'],
    ['a store of files, not the catalog', failed(503, 'http://127.0.0.1:9000/bucket/x'), undefined],
    ['another port that begins alike', failed(503, 'http://127.0.0.1:8181/sessions/x'), undefined],
    ['an answer that it understood', failed(404, `${OWN}/v1/x`), undefined],
    [
      'a commit that it did not answer',
      new Error(
        `TransactionContext Error: Failed to commit: Request returned HTTP 500 for HTTP POST to '${OWN}/v1/w/transactions/commit'`,
      ),
      'catalog-failed',
    ],
    [
      'a reading that it did not answer',
      new Error(`HTTP Error: Request returned HTTP 503 for HTTP GET to '${OWN}/v1/w/namespaces/n/tables/t'`),
      'catalog-unreachable',
    ],
    ['any other error', new Error('Binder Error: no such column'), undefined],
  ])('by %s', (_name, error, code) => {
    const fault = catalogFault(error, catalogs);
    expect(fault?.code).toBe(code);
    if (fault !== undefined) expect(fault).toMatchObject({ retryable: true, cause: error });
  });

  const refusing = (answer: string): Error =>
    new Error(
      `Request to '${OWN}/v1/x' returned a non-200 status code (BadRequest_400), with reason: ${answer}`,
    );
  it.each<[string, string, string]>([
    [
      'in lines',
      "\n  message: Cannot do it, by alter table a.b set ('x'='y')\n  type: ValidationException\n",
      "Cannot do it, by alter table a.b set ('x'='y')",
    ],
    [
      'as it came',
      '{"error":{"message":"Cannot \\"do\\" it","type":"ValidationException","code":400}}',
      'Cannot "do" it',
    ],
  ])('that refuses a change is told in the words of the catalog, %s', (_name, answer, message) => {
    expect(catalogFault(refusing(answer), catalogs)).toMatchObject({
      code: 'catalog-refused',
      kind: 'refused',
      message,
      hint: message.includes('alter table')
        ? expect.stringContaining("alter table a.b set ('x'='y')")
        : 'nothing was changed; do it in another way',
    });
  });
  it.each([
    [
      'a reading',
      (told: string) =>
        `HTTP Error: GetTableInformation endpoint returned response code Forbidden_403 with message "${told}"`,
    ],
    [
      'a commit',
      (told: string) =>
        `TransactionContext Error: Failed to commit: Request to '${OWN}/v1/x' returned a non-200 status code (Forbidden_403), with reason: Forbidden, body: ${JSON.stringify({ error: { message: told, type: 'ForbiddenException', code: 403 } })}`,
    ],
  ])('whose store does not do %s is the error of that store', (_name, said) => {
    const untrusted = usageError('storage-untrusted', 'the "certificate" is not trusted', {
      hint: 'name it in ca_file; or not',
    });
    const { message } = answerError(untrusted).body.error;
    expect(catalogFault(new Error(said(message)), catalogs)).toMatchObject({
      ...untrusted.toJSON(),
      cause: expect.any(Error),
    });
    const [hintless, strange] = [answerError(forbidden('no')).body.error.message, 'no [strange]'];
    expect(catalogFault(new Error(said(hintless)), catalogs)).toMatchObject({
      code: 'forbidden',
      message: 'no',
    });
    for (const other of [strange, 'no'])
      expect(catalogFault(new Error(said(other)), catalogs)).toBeUndefined();
  });
  it('of another kind than a refusal is no refusal', () => {
    expect(
      catalogFault(refusing('{"error":{"message":"x","type":"NotFoundException"}}'), catalogs),
    ).toBeUndefined();
  });
});

it('a name that Avro does not take is a refusal, and nothing of the statement', () => {
  expect(avroNameFault(new Error('Invalid Input Error: Invalid Avro identifier größe'))?.code).toBe(
    'avro-name-unsupported',
  );
  expect(avroNameFault(new Error('Invalid Input Error'))).toBeUndefined();
  expect(avroNameFault('Invalid Avro identifier')).toBeUndefined();
});

describe('an internal error of DuckDB', () => {
  const [one, other] = [{}, {}];
  const met = new Error(
    'INTERNAL Error: Attempted to access index 3\nThis error signals an assertion failure',
  );
  const heard = new Error(
    'FATAL Error: Failed: database has been invalidated because of a previous fatal error. Original error: "INTERNAL Error: Attempted to access index 3\nstack"',
  );

  it('ends its connection for good, and is worth another try on those beside it', () => {
    const ending: Ending = { first: undefined };
    expect(endedError(ending, one)).toBeUndefined();
    expect(internalError(met, ending, one)).toMatchObject({
      code: 'engine-internal-error',
      message: 'DuckDB met an internal error: Attempted to access index 3',
      retryable: false,
    });
    expect(endedError(ending, one)).toMatchObject({ retryable: false });
    expect(internalError(heard, ending, other)).toMatchObject({
      message: 'DuckDB met an internal error: Attempted to access index 3 (in a statement beside this one)',
      retryable: true,
    });
  });

  it('is of the connection that met it, also where another one heard of it first', () => {
    const ending: Ending = { first: undefined };
    expect(internalError(heard, ending, other)?.retryable).toBe(true);
    expect(internalError(met, ending, one)?.retryable).toBe(false);
    expect(endedError(ending, other)?.retryable).toBe(true);
  });

  it('is none where a query only says so', () => {
    const ending: Ending = { first: undefined };
    expect(internalError(new Error('Binder Error: no "INTERNAL Error: x"'), ending, one)).toBeUndefined();
    expect(internalError('INTERNAL Error: x', ending, one)).toBeUndefined();
    expect(ending.first).toBeUndefined();
  });

  it('is shown as one line of bounded length', () => {
    const long = internalError(
      new Error(`INTERNAL Error: ${'x'.repeat(1000)}\nstack`),
      { first: undefined },
      one,
    );
    expect(long?.context['duckdb_message']).toBe(`${'x'.repeat(300)}…`);
  });
});

describe('Avro files of different writers', () => {
  const mixed = new PsybergError(
    'sql-failed',
    'Conversion Error: Unimplemented type for cast (DATE -> INTEGER)',
  );
  const reading = (error: Error) => {
    const read: string[] = [];
    const work = async (paths: readonly string[]): Promise<readonly string[]> => {
      read.push(paths.join('+'));
      if (paths.length > 1) throw error;
      return paths;
    };
    return { read, work };
  };

  it('are read one by one when together they cannot be', async () => {
    const { read, work } = reading(mixed);
    expect(await togetherOrSingly(['a', 'b'], work)).toEqual(['a', 'b']);
    expect(read).toEqual(['a+b', 'a', 'b']);
  });
  it('are read once where anything else is wrong', async () => {
    for (const error of [
      new PsybergError('sql-failed', 'IO Error: gone'),
      new TypeError('Conversion Error'),
    ]) {
      const { read, work } = reading(error);
      await expect(togetherOrSingly(['a', 'b'], work)).rejects.toBe(error);
      expect(read).toEqual(['a+b']);
    }
  });
  it('are not read again where there is only one', async () => {
    await expect(togetherOrSingly(['a'], () => Promise.reject(mixed))).rejects.toBe(mixed);
  });
});

const KEYS = { 's3.access-key-id': 'k', 's3.secret-access-key': 's' };

describe("credentials of a catalog as DuckDB's secret", () => {
  it.each<[string, string, Record<string, string>, string | undefined]>([
    [
      'keys and region',
      's3://b/x',
      { 's3.access-key-id': 'k', 's3.secret-access-key': "s'; --", 'client.region': 'eu', 's3.region': 'us' },
      `(type s3, scope 's3://b/x', region 'us', key_id 'k', secret 's''; --')`,
    ],
    [
      'an endpoint without TLS, by path',
      's3a://b',
      {
        ...KEYS,
        's3.endpoint': 'http://minio:9000/',
        's3.path-style-access': 'true',
        's3.session-token': 't',
      },
      `(type s3, scope 's3a://b', key_id 'k', secret 's', session_token 't', endpoint 'minio:9000', use_ssl 'false', url_style 'path')`,
    ],
    [
      'an endpoint without a scheme',
      's3n://b',
      { ...KEYS, 's3.endpoint': 'minio', 's3.path-style-access': 'false' },
      `(type s3, scope 's3n://b', key_id 'k', secret 's', endpoint 'minio')`,
    ],
    [
      'a token of Google',
      'gs://b',
      { 'gcs.oauth2.token': 't' },
      `(type gcs, scope 'gs://b', bearer_token 't')`,
    ],
    [
      'a token of Google, elsewhere',
      'gs://b',
      { 'gcs.oauth2.token': 't', 'gcs.service.host': 'http://127.0.0.1:4443' },
      `(type gcs, scope 'gs://b', bearer_token 't', endpoint '127.0.0.1:4443', use_ssl 'false')`,
    ],
    ['where Google is, and no token', 'gs://b', { 'gcs.service.host': 'http://gcs' }, undefined],
    ['keys for files of another kind', '/warehouse', { 's3.access-key-id': 'k' }, undefined],
    ['an endpoint without keys', 's3://b', { 's3.endpoint': 'minio', 's3.access-key-id': 'k' }, undefined],
    ['nothing that DuckDB knows', 's3://b', { 's3.sse.type': 'kms' }, undefined],
  ])('%s', (_name, scope, config, expected) => {
    const statement = secretStatement('a "b"', { scope, config });
    expect(statement).toBe(
      expected === undefined ? undefined : `create or replace temporary secret "a ""b""" ${expected}`,
    );
  });
});
