// Goal: Ctrl-C ends what waits for a Spark that answers nothing, whatever it was asked, and psyberg knows whether
// something goes on there. Method: a server that does not answer some requests; the time in which a test has to
// end is shorter than any time that anybody waits for such a Spark otherwise.
import { expect, it, vi } from 'vitest';
import { openSparkSession } from '../../src/workload/spark/connect/client.ts';
import { parseRemote } from '../../src/workload/spark/connect/remote.ts';
import { type AttachedSpark, attachableSpark } from '../../src/workload/spark/session.ts';
import { complete, type FakeSpark, startFakeSpark } from './fake-spark.ts';

const CATALOG = { warehouse: 'w', uri: 'http://127.0.0.1:1', token: 't' };
const STATEMENT = { sql: 'insert into t values (1)', parameters: {} };
const interrupted = { code: 'interrupted', kind: 'interrupted' };
/** Shorter than what a statement is left after that stands still, and than a minute of waiting. */
const SHORT = { timeout: 5000 };

async function spark(fake: FakeSpark) {
  const { remote, asked } = await startFakeSpark(fake);
  const told = { onProgress: () => undefined, onWaiting: () => undefined };
  const options = { spark: { remote, conf: {} }, environment: {}, ...told };
  return { attached: attachableSpark(options, { metadata: undefined }), asked };
}

interface Asked {
  readonly what: string;
  readonly hangs: NonNullable<FakeSpark['hangs']>;
  readonly ask: (attached: AttachedSpark) => Promise<unknown>;
}
/** What opens a session. */
const open = (attached: AttachedSpark) => attached.attach(CATALOG);
const asksFor = (member: string) => (name: string, request: Readonly<Record<string, unknown>>) =>
  (name === 'AnalyzePlan' && member in request) || name === 'Interrupt' || name === 'ReleaseSession';
const named = (method: string) => (name: string) =>
  name === method || name === 'Interrupt' || name === 'ReleaseSession';

it.each<Asked>([
  { what: 'its version', hangs: asksFor('spark_version'), ask: open },
  { what: 'settings', hangs: named('Config'), ask: open },
  { what: 'columns', hangs: asksFor('schema'), ask: (attached) => attached.columns(STATEMENT) },
  { what: 'a plan', hangs: asksFor('explain'), ask: (attached) => attached.explain(STATEMENT) },
  { what: 'rows', hangs: named('ExecutePlan'), ask: (attached) => attached.query(STATEMENT) },
  { what: 'an insert', hangs: named('ExecutePlan'), ask: (attached) => attached.execute(STATEMENT) },
])('asked for $what', SHORT, async ({ hangs, ask }) => {
  const { attached, asked } = await spark({ hangs });
  if (ask !== open) await open(attached);
  const before = asked.length;
  const answer = ask(attached);
  await vi.waitFor(() => expect(asked.length).toBeGreaterThan(before));
  attached.interrupt();
  await expect(answer).rejects.toMatchObject(interrupted);
  await attached.detach();
});

it('and asked for the end of a session', SHORT, async () => {
  const { attached, asked } = await spark({ hangs: (name) => name === 'ReleaseSession' });
  await open(attached);
  const detached = attached.detach();
  await vi.waitFor(() => expect(asked).toContain('ReleaseSession'));
  attached.interrupt();
  await detached;
});

it('and while it is asked again for answers that broke off', SHORT, async () => {
  const broken = { code: 14, details: 'the connection broke' };
  const { attached, asked } = await spark({
    execute: (answers) => void answers.emit('error', broken),
    reattach: (answers) => void answers.emit('error', broken),
  });
  await open(attached);
  const answer = attached.execute(STATEMENT);
  const again = () => expect(asked.filter((name) => name === 'ReattachExecute')).toHaveLength(3);
  await vi.waitFor(again, { timeout: 3000 });
  attached.interrupt();
  await expect(answer).rejects.toMatchObject(interrupted);
  expect(asked.filter((name) => name === 'ReattachExecute').length).toBeLessThan(5);
  await attached.detach();
});

it('one that stands still is left sooner once somebody does not want to wait', SHORT, async () => {
  const hangs = named('ExecutePlan');
  const { remote, asked } = await startFakeSpark({ hangs });
  const session = openSparkSession({ remote: parseRemote(remote), timeoutMs: 100 });
  const answer = session.execute({ sql: STATEMENT.sql, values: {} });
  answer.catch(() => undefined);
  // It was interrupted for having stood still.
  await vi.waitFor(() => expect(asked).toContain('Interrupt'), { timeout: 3000 });
  void session.interrupt().catch(() => undefined);
  await expect(answer).rejects.toMatchObject({ code: 'spark-timeout' });
  expect(await session.close()).toBe(false);
});

it(
  'what was written to has ended where Spark says so, and may go on where it answers nothing',
  SHORT,
  async () => {
    let fails: object | undefined;
    let isHung = false;
    const { attached } = await spark({
      execute: (answers) => (fails === undefined ? complete(answers) : void answers.emit('error', fails)),
      hangs: () => isHung,
    });
    const ended = async (error: object | undefined, hung = false): Promise<boolean> => {
      await open(attached);
      const id = attached.id() as string;
      fails = error;
      const inserted = attached.execute(STATEMENT);
      if (error !== undefined) await expect(inserted).rejects.toBeDefined();
      await inserted.catch(() => undefined);
      isHung = hung;
      const detached = attached.detach();
      if (hung) attached.interrupt();
      await detached;
      const told = await attached.end(id);
      isHung = false;
      attached.resume();
      return told;
    };
    const wrong = { code: 13, details: '[DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012' };
    const gone = { code: 13, details: '[INVALID_HANDLE.OPERATION_NOT_FOUND] Operation not found.' };
    expect(await ended(undefined)).toBe(true);
    expect(await ended(undefined, true)).toBe(true);
    expect(await ended(wrong)).toBe(true);
    expect(await ended(wrong, true)).toBe(true);
    expect(await ended(gone)).toBe(true);
    expect(await ended(gone, true)).toBe(false);
  },
);

it('a session of a process that died has ended once Spark has answered', SHORT, async () => {
  let isHung = false;
  const { attached, asked } = await spark({ hangs: () => isHung });
  expect(await attached.end('of another process')).toBe(true);
  expect(asked).toContain('Interrupt');
  isHung = true;
  const told = attached.end('of another process');
  await vi.waitFor(() => expect(asked.filter((name) => name === 'Interrupt')).toHaveLength(2));
  attached.interrupt();
  expect(await told).toBe(false);
});
