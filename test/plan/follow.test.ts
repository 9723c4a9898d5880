// Goal: what follows a process with work is known before anything runs. Method: plans of a DAG as data.
import { describe, expect, it } from 'vitest';
import type { ProcessSpec, SourceSpec } from '../../src/model/process-spec.ts';
import { followed } from '../../src/plan/index.ts';
import { planOf, type SessionData, specOf } from '../support/session-data.ts';
import { hourNumbers } from '../support/world.ts';

const HOURLY = [{ transform: 'hour', column: 'ts' }] as const;

/** `reads`: aliases of sources -> the process that writes their table. */
interface Node {
  readonly data: SessionData;
  readonly reads?: Readonly<Record<string, string>>;
  readonly source?: Partial<SourceSpec>;
}

/** Plans of processes, each writing a table of its own name. */
function planned(nodes: Readonly<Record<string, Node>>) {
  const plans = followed(
    Object.entries(nodes).map(([name, { data, reads = {}, source = {} }]) => {
      const target = { ...specOf(data).target, table: { namespace: ['t'], name }, partitionBy: HOURLY };
      const sources = specOf(data).sources.map((each) => ({
        ...each,
        ...(reads[each.alias] === undefined
          ? {}
          : { ...source, table: { namespace: ['t'], name: reads[each.alias] as string } }),
      }));
      const own: SessionData = {
        ...data,
        spec: { ...data.spec, processName: name, target: { ...target, ...data.spec?.target }, sources },
      };
      return { spec: specOf(own) as ProcessSpec, plan: planOf(own) };
    }),
  );
  return Object.fromEntries(
    plans.map((plan) => [
      plan.process_name,
      {
        status: plan.status,
        follows: plan.follows,
        expected: hourNumbers(plan.expected_hours ?? []),
        unknown: plan.expected_unknown_because,
      },
    ]),
  );
}

const append = (added: number[], vtts = 5): Node => ({
  data: { pattern: 'stateless', sources: { s: { added, vtts } } },
});
const below = (
  pattern: SessionData['pattern'],
  writer: string,
  more: Partial<SessionData> = {},
  source: Partial<SourceSpec> = {},
): Node => ({
  data: { pattern, completeTo: 5, sources: { w: { vtts: 5 } }, ...more },
  reads: { w: writer },
  source,
});
const nothing = { status: 'nothing-new', follows: [], expected: [], unknown: null };

describe('a process below one with work', () => {
  it('follows it, with its hours; so does what is further down', () => {
    expect(
      planned({
        a: append([2, 4]),
        b: below('stateful', 'a'),
        c: below('stateless', 'b'),
        beside: { data: { pattern: 'stateful', completeTo: 5, sources: { s: { vtts: 5 } } } },
      }),
    ).toEqual({
      a: { status: 'work', follows: [], expected: [], unknown: null },
      b: { status: 'follows', follows: ['a'], expected: [2, 3, 4], unknown: null },
      c: { status: 'follows', follows: ['a'], expected: [2, 3, 4], unknown: null },
      beside: nothing,
    });
  });

  it('says so also where it has work itself: its hours are among those expected', () => {
    const both: Node = {
      data: { pattern: 'stateful', completeTo: 5, sources: { w: { vtts: 5 }, o: { added: [1], vtts: 5 } } },
      reads: { w: 'a' },
    };
    const found = planned({ a: append([3]), b: both, c: below('stateful', 'b') });
    expect(found['b']).toEqual({ status: 'work', follows: ['a'], expected: [1, 2, 3], unknown: null });
    expect(found['c']?.follows).toEqual(['a', 'b']);
  });

  it('does not follow a process that is not planned, or that has nothing to do', () => {
    expect(planned({ b: below('stateful', 'a') })['b']).toEqual(nothing);
    expect(planned({ a: append([]), b: below('stateful', 'a') })['b']).toEqual(nothing);
  });

  it('that waits for a table which is not there yet follows its writer', () => {
    const first = { loaded: false, awaited: true } as const;
    const waiting: Node = {
      data: {
        pattern: 'stateful',
        target: { exists: false },
        sources: { w: first, o: { loaded: false, added: [[1, 3]], vtts: 3 } },
      },
      reads: { w: 'a' },
    };
    const found = planned({ a: append([1, 2], 2), b: waiting });
    // Complete to 2 for the one, to 3 for the other.
    expect(found['b']).toMatchObject({ status: 'follows', follows: ['a'], expected: [1, 2] });
  });

  it.each<[string, Node, number[]]>([
    [
      'hours through a window',
      below('stateful', 'a', {}, { window: { beforeHours: 2, afterHours: 0 } }),
      [2, 3, 4],
    ],
    [
      'not beyond what is complete',
      below(
        'stateful',
        'a',
        { completeTo: 3, sources: { w: { vtts: 3 } } },
        {
          window: { beforeHours: 9, afterHours: 0 },
        },
      ),
      [2, 3],
    ],
    ['the hours themselves of `touched` ones', below('stateful', 'a', { spec: { hours: 'touched' } }), [2]],
    ['a dimension: all from the first one on', below('dimension', 'a'), [2, 3, 4, 5]],
    [
      'a dimension with a limit to look back',
      below('dimension', 'a', { spec: { catchup: { thresholdHours: 2 } } }),
      [4, 5],
    ],
  ])('expects %s', (_, node, hours) => {
    const data: SessionData = { ...node.data, sources: { w: { vtts: 5, ...node.data.sources['w'] } } };
    expect(planned({ a: append([2], 2), b: { ...node, data } })['b']?.expected).toEqual(hours);
  });

  it('takes the hours between for changed where files of its source hold several', () => {
    const data: SessionData = {
      pattern: 'stateless',
      sources: { s: { added: [1, 4], vtts: 5 } },
    };
    const unpartitioned = {
      ...data,
      spec: { target: { ...specOf(data).target, partitionBy: [], table: { namespace: ['t'], name: 'a' } } },
    };
    const touched = below('stateful', 'a', { spec: { hours: 'touched' } });
    expect(planned({ a: { data: unpartitioned }, b: touched })['b']?.expected).toEqual([1, 2, 3, 4]);
  });

  it('does not follow what it only looks up, but where a change is to be restated: then its hours are not known', () => {
    const lookedUp = (onChange: 'ignore' | 'restate'): Node => ({
      data: { pattern: 'stateful', completeTo: 5, sources: { s: { vtts: 5 }, w: {} } },
      reads: { w: 'a' },
      source: { lookup: { onChange } },
    });
    expect(planned({ a: append([2]), b: lookedUp('ignore') })['b']).toEqual(nothing);
    expect(planned({ a: append([2]), b: lookedUp('restate') })['b']).toMatchObject({
      status: 'follows',
      follows: ['a'],
      unknown: expect.stringContaining('a writes the lookup t.a'),
    });
  });
});
