// Goal: a change of a plan, of a compiled statement or of an explanation is a diff that people read. Method:
// each folder of test/golden/plans is a case: process.sql, the session that was opened for it (session.json),
// and what planning, compiling and explaining make of them (plan.json, steps.sql, explain.txt), compared as
// texts. `npm run golden` (UPDATE_GOLDEN=1) writes the three anew. A case whose name begins with `adoption`
// is planned as one, `adoption-from-NAME` as that of another process's target. steps.sql is for a DuckDB
// shell: each statement below its parameters, of which `from_run` are known to runs only.
import fs from 'node:fs';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  columnTypesStatement,
  compileAdoption,
  compilePlan,
  describeStatement,
  firstInsertStep,
} from '../../src/compile/index.ts';
import type { FileLayout } from '../../src/model/file-layout.ts';
import type { CompiledPlan, PlanRead, SessionStatus, Step, StepStage } from '../../src/model/plan.ts';
import type { AuditSpec, Pattern, ProcessSpec, VttsSpec } from '../../src/model/process-spec.ts';
import type { ChangedFile, DetectedBy, Session } from '../../src/model/session.ts';
import type { StartSpec } from '../../src/model/start.ts';
import { type BoundSql, RUN_INPUTS } from '../../src/model/step.ts';
import { planAdoption, planSession } from '../../src/plan/index.ts';
import type { ProjectProblem } from '../../src/project/problems.ts';
import { readProcess } from '../../src/project/read-process.ts';
import { explainPlans } from '../../src/report/explain.ts';
import { goldenSession, readableJson } from '../support/golden-session.ts';

const FOLDER = path.join(import.meta.dirname, '../golden/plans');

interface Case {
  readonly name: string;
  readonly spec: ProcessSpec;
  readonly session: Session;
  readonly plan: CompiledPlan;
}

function readCase(name: string): Case {
  const root = path.join(FOLDER, name);
  const problems: ProjectProblem[] = [];
  const { spec } = readProcess({ file: path.join(root, 'process.sql'), root, problems });
  if (spec === undefined) throw new Error(`${name}/process.sql: ${JSON.stringify(problems)}`);
  const json: unknown = JSON.parse(fs.readFileSync(path.join(root, 'session.json'), 'utf8'));
  const session = goldenSession(json, spec);
  const [, from] = /^adoption-from-(\w+)$/.exec(name) ?? [];
  const plan = name.startsWith('adoption')
    ? compileAdoption(planAdoption(session), from)
    : compilePlan(planSession(session), spec);
  return { name, spec, session, plan };
}

/** What a target of two columns gets when it is created: an insert into it is compiled again then. */
const CREATED: FileLayout = {
  location: '/warehouse/facts/created',
  dataFolder: '/warehouse/facts/created/data',
  specId: 0,
  columns: [
    { id: 1, name: 'account_id', type: 'long' },
    { id: 2, name: 'ts', type: 'timestamptz' },
  ],
  partition: [],
  compression: 'snappy',
};

/** Statements that a session takes from the plan beside its steps: they ask the query for its columns. */
const besides = ({ plan, spec }: Case): BoundSql[] =>
  plan.steps.every((step) => step.kind !== 'insert')
    ? []
    : [
        { name: 'describe', ...describeStatement(plan, spec) },
        { name: 'column types', ...columnTypesStatement(plan, spec) },
        ...(plan.target.exists
          ? []
          : [{ ...firstInsertStep(plan, spec, CREATED), name: 'insert, once the target is created' }]),
      ];

/** Statements with their parameters, as a DuckDB shell reads them. */
function stepsSql(each: Case): string {
  const blocks = [
    ...each.plan.steps.map((step, index) => block(`${index + 1}. ${step.stage} ${step.kind}`, step)),
    ...besides(each).map((statement) => block('beside the steps', statement)),
  ];
  return blocks.length === 0 ? '-- no steps\n' : blocks.join('\n');
}

function block(head: string, statement: BoundSql): string {
  const { name, sql, parameters, ...more } = statement as Step;
  const others = Object.entries(more).filter(([key]) => !['kind', 'stage'].includes(key));
  return [
    `-- ${head}: ${name}`,
    ...others.map(([key, value]) => `--   ${key}: ${JSON.stringify(value)}`),
    ...Object.entries(parameters).map(([key, value]) => `--   $${key} = ${JSON.stringify(value)}`),
    ...(isRequest(sql) ? [sql, ''] : [sql, ';', '']),
  ].join('\n');
}

/** A request to the catalog, or a count that another step made: said in one comment. */
const isRequest = (sql: string): boolean => /^--[^\n]*$/.test(sql);

const textsOf = (each: Case): Record<string, string> => {
  // The query is in explain.txt.
  const { steps: _steps, query: _query, ...plan } = each.plan;
  return {
    'plan.json': `${readableJson(plan)}\n`,
    'steps.sql': stepsSql(each),
    'explain.txt': `${explainPlans([each.plan], { width: 80 })}\n`,
  };
};

const names = fs.readdirSync(FOLDER).sort();

describe('a golden plan', () => {
  it.each(names)('%s', (name) => {
    for (const [file, text] of Object.entries(textsOf(readCase(name)))) {
      const expected = path.join(FOLDER, name, file);
      if (process.env['UPDATE_GOLDEN'] === '1') fs.writeFileSync(expected, text);
      expect.soft(text, `${name}/${file}`).toBe(fs.readFileSync(expected, 'utf8'));
    }
  });

  it('holds statements that DuckDB parses, one a step', async () => {
    const connection = await (await DuckDBInstance.create()).connect();
    try {
      for (const each of names.map(readCase))
        for (const { name, sql } of [...each.plan.steps, ...besides(each)])
          if (!isRequest(sql))
            expect((await connection.extractStatements(sql)).count, `${each.name}: ${name}`).toBe(1);
    } finally {
      connection.closeSync();
    }
  });
});

/** All names of a union, by the compiler: one that is missing here does not compile. */
const all = <Name extends string>(names: Readonly<Record<Name, true>>): string[] => Object.keys(names).sort();
const found = (names: readonly (string | undefined)[]): string[] =>
  [...new Set(names.filter((name) => name !== undefined))].sort();

describe('the golden plans together', () => {
  let cases: readonly Case[] = [];
  beforeAll(() => {
    cases = names.map(readCase);
  });

  it('hold every kind of step, in every stage, with every value that only running produces', () => {
    const steps = cases.flatMap(({ plan }) => plan.steps);
    expect(found(steps.map((step) => step.kind))).toEqual(
      all<Step['kind']>({
        'change-view': true,
        'read-files': true,
        'open-session': true,
        'create-target': true,
        'begin-main': true,
        'clear-hours': true,
        'carry-over': true,
        'begin-hours': true,
        'read-ahead': true,
        'compute-hour': true,
        'may-stop': true,
        'differing-hours': true,
        'end-hours': true,
        insert: true,
        'compose-snapshot': true,
        'count-sources': true,
        'count-staged': true,
        audit: true,
        publish: true,
        'protect-watermarks': true,
        'end-name': true,
        'close-session': true,
      }),
    );
    expect(found(steps.map((step) => step.stage))).toEqual(
      all<StepStage>({ branch: true, load: true, compose: true, audit: true, publish: true, cleanup: true }),
    );
    const inputs = steps.flatMap((step) =>
      Object.values(step.parameters).map((value) =>
        value !== null && typeof value === 'object' && 'from_run' in value ? value.from_run : undefined,
      ),
    );
    expect(found(inputs)).toEqual(Object.keys(RUN_INPUTS).sort());
  });

  it('hold every pattern in every status, and every kind of audit, of VTTS and of start', () => {
    const specs = cases.flatMap(({ spec }) => spec.sources);
    const patterns = all<Pattern>({ stateless: true, stateful: true, dimension: true });
    const statuses = all<SessionStatus>({ work: true, 'nothing-new': true, waiting: true });
    expect(found(cases.map(({ plan }) => `${plan.pattern} ${plan.status}`))).toEqual(
      patterns.flatMap((pattern) => statuses.map((status) => `${pattern} ${status}`)).sort(),
    );
    expect(found(cases.flatMap(({ spec }) => spec.audits.map(({ kind }) => kind)))).toEqual(
      all<AuditSpec['kind']>({
        source_to_target_count: true,
        no_missing_events: true,
        not_null: true,
        unique: true,
        sql: true,
      }),
    );
    expect(found(specs.map(({ vtts }) => vtts.kind))).toEqual(
      all<VttsSpec['kind']>({ bounds: true, signal: true, property: true, sql: true }),
    );
    expect(found(specs.map(({ start }) => start.kind))).toEqual(
      all<StartSpec['kind']>({ beginning: true, now: true, snapshot: true, timestamp: true }),
    );
  });

  it('hold every way in which a source changed, was detected and is read', () => {
    const sources = cases.flatMap(({ session }) => session.sources);
    expect(found(sources.map(({ detectedBy }) => detectedBy))).toEqual(
      all<DetectedBy>({
        'first-load': true,
        snapshots: true,
        rewound: true,
        'live-files': true,
        files: true,
      }),
    );
    expect(found(sources.flatMap(({ files }) => files.map(({ status }) => status)))).toEqual(
      all<ChangedFile['status']>({ added: true, removed: true, deletes: true }),
    );
    expect(found(cases.flatMap(({ plan }) => plan.sources.map(({ read }) => read.kind)))).toEqual(
      all<PlanRead['kind']>({ changes: true, snapshot: true, files: true, nothing: true }),
    );
    expect(found(sources.map(({ eventTimeUnit }) => eventTimeUnit))).toEqual(['day', 'ms', 'ns', 's', 'us']);
  });
});
