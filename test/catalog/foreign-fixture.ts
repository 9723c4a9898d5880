/**
 * A foreign catalog for one test, a client of it, and the error of a request that fails.
 */
import { onTestFinished } from 'vitest';
import { connectForeignCatalog } from '../../src/catalog/foreign/connect.ts';
import { PsybergError } from '../../src/model/errors.ts';
import { type ForeignManners, type ForeignServer, startForeignServer } from '../support/foreign-server.ts';
import { SCHEMA } from './fixture.ts';

export async function serverForTest(manners: ForeignManners = {}): Promise<ForeignServer> {
  const server = await startForeignServer(manners);
  onTestFinished(() => server.close());
  return server;
}

export const TABLE = { namespace: ['a'], name: 't' };

export async function catalogWithTable(server: ForeignServer, options: { readonly token?: string } = {}) {
  const catalog = await connectForeignCatalog({ uri: server.uri, ...options });
  await catalog.createNamespace(['a'], {});
  await catalog.createTable(TABLE, { schema: SCHEMA });
  return catalog;
}

export const failureOf = async (work: Promise<unknown>): Promise<PsybergError> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof PsybergError) return error;
    throw error;
  }
  throw new Error('expected a failure');
};
