// Goal: a commit whose answer was lost is neither made twice nor taken for made. Method: a server that answers
// other than it did, and its tables afterwards.
import { describe, expect, it } from 'vitest';
import { showsUpdates } from '../../src/catalog/foreign/look-up-commit.ts';
import { append, SCHEMA } from './fixture.ts';
import { catalogWithTable, failureOf, serverForTest, TABLE } from './foreign-fixture.ts';

describe('a commit without an answer', () => {
  it.each([
    ['made, and the answer was 504', { status: 504, after: true }],
    ['made, and the connection was cut', { status: 0, after: true, cut: true }],
    [
      'made, repeated, and the repetition met it',
      { status: 503, after: true, headers: { 'retry-after': '0' } },
    ],
    ['made, and the answer cannot be read', { status: 200, after: true, body: '{"metadata": {' }],
    ['not made, and the answer was 500', { status: 500 }],
  ] as const)('%s: it is looked up, and made once', async (_what, interference) => {
    const server = await serverForTest();
    const catalog = await catalogWithTable(server);
    let once = true;
    server.manners.interfere = (call) => {
      if (call.method !== 'POST' || !once) return undefined;
      once = false;
      return interference;
    };
    const [committed] = await catalog.commitTables([{ identifier: TABLE, ...append(1n, null) }]);
    expect(committed?.metadata['current-snapshot-id']).toBe(1n);
    expect((await catalog.loadTable(TABLE)).metadata.snapshots).toHaveLength(1);
  });
  it('that expects nothing is not sent again: it could be made twice', async () => {
    const server = await serverForTest();
    const catalog = await catalogWithTable(server);
    server.manners.interfere = (call) => (call.method === 'POST' ? { status: 500 } : undefined);
    const before = server.calls.filter((call) => call.method === 'POST').length;
    const { updates } = append(1n, null);
    expect(
      await failureOf(catalog.commitTables([{ identifier: TABLE, requirements: [], updates }])),
    ).toMatchObject({ code: 'commit-state-unknown', retryable: true });
    expect(server.calls.filter((call) => call.method === 'POST').length - before).toBe(1);
  });
  it('of a namespace or a table that is there is that of one that exists', async () => {
    const server = await serverForTest();
    const catalog = await catalogWithTable(server);
    server.manners.interfere = (call) => (call.method === 'POST' ? { status: 500, after: true } : undefined);
    expect(await failureOf(catalog.createNamespace(['b'], {}))).toMatchObject({ code: 'already-exists' });
    expect(
      await failureOf(catalog.createTable({ namespace: ['b'], name: 't' }, { schema: SCHEMA })),
    ).toMatchObject({ code: 'already-exists' });
  });
  it("is not taken for made when somebody else's was, or when one update cannot be seen", async () => {
    const server = await serverForTest();
    const catalog = await catalogWithTable(server);
    await catalog.commitTables([{ identifier: TABLE, ...append(1n, null) }]);
    const { metadata } = await catalog.loadTable(TABLE);
    expect(showsUpdates(metadata, append(1n, null).updates)).toBe(true);
    expect(showsUpdates(metadata, append(2n, 1n).updates)).toBe(false);
    expect(showsUpdates(undefined, append(1n, null).updates)).toBe(false);
    expect(showsUpdates(metadata, [])).toBe(false);
    expect(showsUpdates(metadata, [{ action: 'remove-snapshot-ref', 'ref-name': 'gone' }])).toBe(true);
    expect(showsUpdates(metadata, [{ action: 'remove-snapshots', 'snapshot-ids': [1n] }])).toBe(false);
    expect(showsUpdates(metadata, [{ action: 'add-schema', schema: SCHEMA }])).toBe(false);
  });
});
