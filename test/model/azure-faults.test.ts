// Goal: what Azure's store answers is told as that, and no file is called damaged. Method: the words of DuckDB's
// extension in, our errors out; as it wrote them on 2026-11-30, of a server that answered so.
import { expect, it } from 'vitest';
import { storageFault } from '../../src/model/storage-faults.ts';

const FILE = "'abfss://lake@acc.dfs.core.windows.net/a/b.parquet'";
const opening = (code: string, reason: string, said = ''): string =>
  `IO Error: AzureStorageFileSystem open file ${FILE} failed with code '${code}', Reason Phrase: '${reason}', Message: '${said}'`;
const unopened = (why: string): string =>
  `IO Error: AzureStorageFileSystem could not open file: ${FILE}, unknown error occurred, this could mean the credentials used were wrong. Original error message: '${why}' `;

it.each([
  [
    opening('AuthenticationFailed', 'Forbidden'),
    'storage-denied',
    'abfss://lake@acc.dfs.core.windows.net does',
  ],
  [opening('NoAuthenticationInformation', 'Unauthorized'), 'storage-denied', 'NoAuthenticationInformation'],
  [opening('PublicAccessNotPermitted', 'Conflict'), 'storage-denied', 'PublicAccessNotPermitted'],
  [
    opening('FilesystemNotFound', 'Not Found', 'of KEY123'),
    'bucket-missing',
    'the container of abfss://lake@acc',
  ],
  [
    'IO Error: AzureBlobStorageFileSystem Read to az://lake/a/* failed with ContainerNotFound Reason Phrase: The specified container does not exist.',
    'bucket-missing',
    'az://lake does not exist',
  ],
  [
    opening('AuthorizationPermissionMismatch', 'This request is not authorized to perform this operation'),
    'storage-denied',
    'AuthorizationPermissionMismatch',
  ],
  ['Invalid Error: 404 Not Found\nnot found of KEY123\nRequest ID: ', 'bucket-missing', 'HTTP 404 Not Found'],
  ['Invalid Error: 403 Forbidden\n\nRequest ID: 1', 'storage-denied', 'HTTP 403 Forbidden'],
  [
    "Invalid Error: [json.exception.parse_error.101] parse error at line 1, column 1: syntax error while parsing value - invalid literal; last read: 'K'",
    'storage-unreachable',
    'could not read why',
  ],
  ['Invalid Error: 400 Bad Request\n\nRequest ID: ', undefined, ''],
  [opening('ServerBusy', 'Service Unavailable'), 'storage-unreachable', 'answers ServerBusy'],
  [
    unopened(
      'Fail to get a new connection for: https://acc.blob.core.windows.net. Could not resolve hostname',
    ),
    'storage-unreachable',
    'https://acc.blob.core.windows.net cannot be reached: Could not resolve hostname; nothing',
  ],
  [
    'Invalid Error: Fail to get a new connection for: http://acc.dfs.localhost:9. Could not connect to server\n',
    'storage-unreachable',
    'http://acc.dfs.localhost:9 cannot be reached',
  ],
  // A file that is not there is the business of whoever asked for it.
  [opening('BlobNotFound', 'Not Found', 'of KEY123'), undefined, ''],
  [unopened('Failed to parse xml.'), undefined, ''],
])('%s', (message, code, said) => {
  const fault = storageFault(new Error(message));
  expect(fault?.code).toBe(code);
  expect(fault?.message ?? '').toContain(said);
  expect(JSON.stringify(fault ?? null)).not.toContain('KEY123');
});
