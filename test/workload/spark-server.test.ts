// Goal: a Spark of another version is refused before anything is asked of it; a statement is sent once, whatever
// happens to the connection; an interrupt is not forgotten; a session that is gone is said to be, and never
// taken for another one. Method: a server that answers as the test tells it.
import { expect, it, vi } from 'vitest';
import { openSparkSession } from '../../src/workload/spark/connect/client.ts';
import { parseRemote } from '../../src/workload/spark/connect/remote.ts';
import { attachableSpark } from '../../src/workload/spark/session.ts';
import { type Answers, complete, type FakeSpark, startFakeSpark } from './fake-spark.ts';

const CATALOG = { warehouse: 'w', uri: 'http://127.0.0.1:1', token: 't' };

async function attached(fake: FakeSpark) {
  const { remote, asked } = await startFakeSpark(fake);
  const told = { onProgress: () => undefined, onWaiting: () => undefined };
  const spark = attachableSpark(
    { spark: { remote, conf: {} }, environment: {}, ...told },
    { metadata: undefined },
  );
  return { spark, asked, attach: () => spark.attach(CATALOG) };
}

it.each(['3.5.7', '4.0.1', '4.1.2', '4.1.3-amzn-0'])('takes a Spark %s', async (version) => {
  const { spark, attach } = await attached({ version });
  await attach();
  expect(spark.id()).toMatch(/^[0-9a-f-]{36}$/);
  await spark.detach();
});

it.each(['3.4.4', '4.2.0', '4.2.1', '4.10.0', '5.0.0'])(
  'refuses a Spark %s, and says which',
  async (version) => {
    const { spark, asked, attach } = await attached({ version });
    await expect(attach()).rejects.toMatchObject({
      code: 'spark-unsupported',
      kind: 'usage',
      message: expect.stringContaining(version),
      hint: expect.stringContaining('4.1 with Iceberg 1.12'),
    });
    await spark.detach();
    expect(asked).not.toContain('ExecutePlan');
  },
);

it('asks for the rest of the answers of a statement whose connection broke, and does not send it again', async () => {
  const { remote, asked } = await startFakeSpark({
    execute(answers) {
      answers.write({ response_id: 'first' });
      answers.emit('error', { code: 14, details: 'the connection broke' });
    },
    reattach(answers) {
      expect(answers.request).toMatchObject({ last_response_id: 'first' });
      complete(answers);
    },
  });
  const session = openSparkSession({ remote: parseRemote(remote) });
  await session.execute({ sql: 'insert into t values (1)', values: {} });
  await session.close();
  expect(asked.filter((name) => name !== 'ReleaseExecute')).toEqual([
    'ExecutePlan',
    'ReattachExecute',
    'ReleaseSession',
  ]);
});

it('goes on where the server ends a stream before the statement has run', async () => {
  const { remote, asked } = await startFakeSpark({
    execute(answers) {
      answers.write({ response_id: 'first' });
      answers.end();
    },
  });
  const session = openSparkSession({ remote: parseRemote(remote) });
  await session.execute({ sql: 'insert into t values (1)', values: {} });
  await session.close();
  expect(asked.filter((name) => name === 'ExecutePlan')).toHaveLength(1);
  expect(asked).toContain('ReattachExecute');
});

it('waits before it asks again for answers that end at once', async () => {
  let ended = 0;
  const { remote } = await startFakeSpark({
    execute: (answers) => void answers.end(),
    reattach(answers) {
      ended += 1;
      if (ended === 3) complete(answers);
      else answers.end();
    },
  });
  const session = openSparkSession({ remote: parseRemote(remote) });
  const startedMs = performance.now();
  await session.execute({ sql: INSERT.sql, values: {} });
  // 50, 200 and 800 ms.
  expect(performance.now() - startedMs).toBeGreaterThan(1000);
  await session.close();
});

const INSERT = { sql: 'insert into t values (1)', parameters: {} };
const LOST =
  '[INVALID_HANDLE.SESSION_CHANGED] The handle is invalid. The session is another one. SQLSTATE: HY000';

it('interrupts until the statement ends, and sends none after it before it is to clean up', async () => {
  let interrupts = 0;
  let running: Answers | undefined;
  const { spark, asked, attach } = await attached({
    execute: (answers) => {
      running = answers;
    },
    interrupt() {
      interrupts += 1;
      // As Spark does with one that comes before its statement has begun.
      if (interrupts > 1)
        running?.emit('error', { code: 13, details: '[OPERATION_CANCELED] Operation has been canceled.' });
    },
  });
  await attach();
  const inserted = spark.execute(INSERT);
  spark.interrupt();
  await expect(inserted).rejects.toMatchObject({ code: 'interrupted', kind: 'interrupted' });
  expect(interrupts).toBe(2);
  await expect(spark.query(INSERT)).rejects.toMatchObject({ code: 'interrupted' });
  expect(asked.filter((name) => name === 'ExecutePlan')).toHaveLength(1);
  spark.resume();
  running = undefined;
  const again = spark.query(INSERT);
  await vi.waitFor(() => expect(asked.filter((name) => name === 'ExecutePlan')).toHaveLength(2));
  complete(running as unknown as Answers);
  expect(await again).toEqual([]);
  await spark.detach();
});

it('says to a server which of its sessions is meant, and tells when that is gone', async () => {
  const observed: unknown[] = [];
  const note = ({ client_observed_server_side_session_id: id }: Readonly<Record<string, unknown>>): void => {
    observed.push(id);
  };
  const { remote } = await startFakeSpark({
    sessions: ['of the server'],
    execute(answers) {
      note(answers.request);
      answers.emit('error', { code: 13, details: LOST });
    },
    asks: (name, request) => {
      if (name === 'Config') note(request);
    },
  });
  const session = openSparkSession({ remote: parseRemote(remote) });
  await session.configure({});
  await session.configure({});
  await expect(session.query({ sql: 'select 1', values: {} })).rejects.toMatchObject({
    code: 'spark-session-lost',
    kind: 'unavailable',
    retryable: true,
    message: expect.stringContaining('SESSION_CHANGED'),
  });
  await session.close();
  expect(observed).toEqual([undefined, 'of the server', 'of the server']);
});

const NOT_GOT = {
  code: 13,
  details: '[INVALID_HANDLE.OPERATION_NOT_FOUND] The handle is invalid. Operation not found.',
};

it('sends a statement again that did not come to the server, under the same id', async () => {
  const ids: unknown[] = [];
  const { remote } = await startFakeSpark({
    sessions: ['of the server'],
    execute(answers) {
      ids.push(answers.request['operation_id']);
      if (ids.length === 2) complete(answers);
      else answers.emit('error', { code: 14, details: 'the connection broke' });
    },
    reattach: (answers) => void answers.emit('error', NOT_GOT),
  });
  const session = openSparkSession({ remote: parseRemote(remote) });
  await session.version();
  await session.execute({ sql: INSERT.sql, values: {} });
  await session.close();
  expect(ids).toHaveLength(2);
  expect(ids[0]).toBe(ids[1]);
});

it('asks for the answers of a statement that came to the server after all, before it was sent again', async () => {
  let sent = 0;
  let askedAgain = 0;
  const exists = {
    code: 13,
    details:
      '[INVALID_HANDLE.OPERATION_ALREADY_EXISTS] The handle is invalid. Operation already exists. SQLSTATE: HY000',
  };
  const { remote, asked } = await startFakeSpark({
    sessions: ['of the server'],
    execute(answers) {
      sent += 1;
      answers.emit('error', sent === 1 ? { code: 14, details: 'the connection broke' } : exists);
    },
    reattach(answers) {
      askedAgain += 1;
      if (askedAgain === 1) answers.emit('error', NOT_GOT);
      else complete(answers);
    },
  });
  const session = openSparkSession({ remote: parseRemote(remote) });
  await session.version();
  await session.execute({ sql: INSERT.sql, values: {} });
  await session.close();
  expect(asked.filter((name) => /ExecutePlan|Reattach/.test(name))).toEqual([
    'ExecutePlan',
    'ReattachExecute',
    'ExecutePlan',
    'ReattachExecute',
  ]);
});

it('sends none again to a server that would run it in a new session without settings, as Spark 3.5 does', async () => {
  let sent = 0;
  const { remote } = await startFakeSpark({
    version: '3.5.7',
    execute(answers) {
      sent += 1;
      const again = { code: 13, details: '[TABLE_OR_VIEW_NOT_FOUND] The table cannot be found.' };
      answers.emit('error', sent === 1 ? { code: 14, details: 'the connection broke' } : again);
    },
    reattach: (answers) => void answers.emit('error', NOT_GOT),
  });
  const session = openSparkSession({ remote: parseRemote(remote) });
  expect(await session.version()).toBe('3.5.7');
  await expect(session.execute({ sql: INSERT.sql, values: {} })).rejects.toMatchObject({
    code: 'spark-session-lost',
  });
  await session.close();
  expect(sent).toBe(1);
});

it('sends none again whose answers have begun, and says that it is gone', async () => {
  const { remote, asked } = await startFakeSpark({
    execute(answers) {
      answers.write({ response_id: 'first' });
      answers.emit('error', { code: 14, details: 'the connection broke' });
    },
    reattach: (answers) => void answers.emit('error', NOT_GOT),
  });
  const session = openSparkSession({ remote: parseRemote(remote) });
  await expect(session.execute({ sql: INSERT.sql, values: {} })).rejects.toMatchObject({
    code: 'spark-session-lost',
  });
  await session.close();
  expect(asked.filter((name) => name === 'ExecutePlan')).toHaveLength(1);
});

// Spark 3.5 names the class.
it.each(['', 'org.apache.spark.SparkSQLException: '])(
  'asks what became of a statement whose answers the server has ended: %s',
  async (before) => {
    const { remote, asked } = await startFakeSpark({
      execute(answers) {
        answers.write({ response_id: 'first' });
        const details = `${before}[INVALID_CURSOR.DISCONNECTED] The cursor has been disconnected by the server.`;
        answers.emit('error', { code: 13, details });
      },
      reattach: (answers) => void answers.emit('error', { code: 13, details: `${before}${LOST}` }),
    });
    const session = openSparkSession({ remote: parseRemote(remote) });
    await expect(session.execute({ sql: INSERT.sql, values: {} })).rejects.toMatchObject({
      code: 'spark-session-lost',
    });
    await session.close();
    expect(asked).toContain('ReattachExecute');
  },
);
