// Goal: what is told belongs to the session that told it, and a listener cannot harm the work. Method: the hub
// with listeners that note, throw or hang.
import { describe, expect, it } from 'vitest';
import { currentSession, hub } from '../../src/observe/hub.ts';
import type { Listener, TimedPart } from '../../src/observe/listener.ts';
import type { Part } from '../../src/observe/port.ts';

const session = (name: string): Part => ({
  kind: 'process',
  processName: name,
  psybergSessionId: `${name}1`,
});
const statement: Part = { kind: 'statement', name: 'x', sql: 'select 1' };
const request = (path: string): Part => ({ kind: 'request', side: 'served', method: 'GET', path });

const noting = (ended: TimedPart[]): Listener => ({
  name: 'noting',
  ended: (part) => void ended.push(part),
  close: async () => undefined,
});
const quiet = { warn: () => undefined };

describe('the hub', () => {
  it('keeps sessions side by side apart, also for requests that come from elsewhere', async () => {
    const ended: TimedPart[] = [];
    const observer = hub([noting(ended)], quiet);
    const names: (string | undefined)[] = [];
    const gate = Promise.withResolvers<void>();
    const one = (name: string) =>
      observer.during(session(name), () =>
        observer.during({ kind: 'stage', stage: 'load' }, async () => {
          await gate.promise;
          await observer.during(statement, async () => void names.push(currentSession()?.processName));
        }),
      );
    const both = [one('a'), one('b')];
    await observer.during(request('/v1/psyberg_b_b1/namespaces'), async () => undefined);
    await observer.during(request('/v1/psyberg/namespaces'), async () => undefined);
    gate.resolve();
    await Promise.all(both);
    expect(names).toEqual(['a', 'b']);
    const requests = ended.filter(({ part }) => part.kind === 'request');
    expect(requests.map((each) => [each.session?.processName, each.parent?.part.kind])).toEqual([
      ['b', 'stage'],
      [undefined, undefined],
    ]);
    expect(currentSession()).toBeUndefined();
  });

  it('passes on results and errors as they are, with what is told of them', async () => {
    const ended: TimedPart[] = [];
    const observer = hub([noting(ended)], quiet);
    const failure = new Error('no');
    expect(
      await observer.during(
        statement,
        async () => [1, 2],
        (rows) => ({ rows: rows.length }),
      ),
    ).toEqual([1, 2]);
    await expect(observer.during(statement, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(ended.map(({ error, facts }) => [error, facts])).toEqual([
      [undefined, { rows: 2 }],
      [failure, {}],
    ]);
  });

  it('lets a listener go that throws, and waits no longer than it may for one that hangs', async () => {
    const warnings: string[] = [];
    const ended: TimedPart[] = [];
    const broken: Listener = {
      name: 'broken',
      began: () => {
        throw new Error('no');
      },
      close: async () => undefined,
    };
    const hanging: Listener = { name: 'hanging', close: () => new Promise(() => undefined) };
    const options = { warn: (text: string) => void warnings.push(text), closeWaitMs: 1 };
    const observer = hub([broken, hanging, noting(ended)], options);
    await observer.during(statement, async () => undefined);
    await observer.during(statement, async () => undefined);
    await observer.close();
    expect(ended).toHaveLength(2);
    expect(warnings).toEqual([
      'broken: stopped by an error: no',
      'hanging: not everything was passed on in time',
    ]);
  });
});
