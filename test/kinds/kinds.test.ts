// Goal: a kind that stands in its index is whole: its example is read as what it is, and it can be used. Method:
// examples go through the reader of process files, audits through the compiler, patterns through `new process`.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { compilePlan } from '../../src/compile/index.ts';
import { AUDIT_NAMES, auditKind } from '../../src/kinds/audits/index.ts';
import { PATTERNS } from '../../src/kinds/patterns/index.ts';
import { VTTS_NAMES, vttsKind } from '../../src/kinds/vtts/index.ts';
import { PATTERN_NAMES, type ProcessSpec } from '../../src/model/process-spec.ts';
import { planSession } from '../../src/plan/index.ts';
import type { ProjectProblem } from '../../src/project/problems.ts';
import { readProcess } from '../../src/project/read-process.ts';
import { type SessionData, sessionOf, specOf } from '../support/session-data.ts';

const root = mkdtempSync(join(tmpdir(), 'psyberg-kinds-'));
mkdirSync(join(root, 'audits'));
writeFileSync(join(root, 'audits/own.sql'), 'select * from staged');
afterAll(() => rmSync(root, { recursive: true }));

function read(lines: { readonly source?: string; readonly audits?: string }): ProcessSpec {
  const file = join(root, 'a_load.sql');
  const header = [
    'process_name: a_load',
    'pattern: stateless',
    `sources: [{ table: raw.events, alias: s${lines.source ?? ''} }]`,
    'target: { table: facts.events }',
    ...(lines.audits === undefined ? [] : ['audits:', lines.audits]),
  ];
  writeFileSync(file, `/*---\n${header.join('\n')}\n---*/\nselect * from s\n`);
  const problems: ProjectProblem[] = [];
  const { spec } = readProcess({ file, root, problems });
  if (spec === undefined) throw new Error(JSON.stringify(problems));
  return spec;
}
/** What a reader writes in the place of `<column>`. */
const filledIn = (example: string): string =>
  example
    .replace('<alias>', 's')
    .replace('<file>', 'own')
    .replace(/<query>/, 'select 1')
    .replace(/<[^>]*>/g, 'raw.a');

const stateless: SessionData = { pattern: 'stateless', sources: { s: { added: [1], vtts: 3 } } };

it.each(AUDIT_NAMES)('the example of the audit %s is one, and becomes a step', (name) => {
  const { audits } = read({ audits: `  ${filledIn(auditKind(name).example)}` });
  expect(audits).toMatchObject([{ kind: name, severity: 'block' }]);
  const { steps } = compilePlan(
    planSession(sessionOf(stateless)),
    specOf({ ...stateless, spec: { audits } }),
  );
  expect(steps.filter((step) => step.kind === 'audit')).toMatchObject([{ audit: audits[0]?.name }]);
});

it('an audit named like a step of the engine is a step beside it', () => {
  const plan = planSession(sessionOf(stateless));
  const plain = compilePlan(plan, specOf(stateless)).steps;
  const entries = plain.map(
    ({ name }) => `  - { not_null: { columns: [a] }, name: ${name.replace(' ', '_')} }`,
  );
  const { audits } = read({ audits: entries.join('\n') });
  const { steps } = compilePlan(plan, specOf({ ...stateless, spec: { audits } }));
  expect(steps.filter((step) => step.kind !== 'audit')).toEqual(plain);
  expect(steps.flatMap((step) => (step.kind === 'audit' ? [step.audit] : []))).toEqual(
    audits.map(({ name }) => name),
  );
});

it.each(VTTS_NAMES)('the provider %s is written as messages say', (name) => {
  const form = filledIn(vttsKind(name).form).replace(':', ': ');
  for (const source of [form, `{ from: ${form} }`])
    expect(read({ source: `, vtts: ${source}` }).sources).toMatchObject([{ vtts: { kind: name } }]);
});

it.each(PATTERN_NAMES)('the pattern %s has a template, and its number in Psyberg', (name) => {
  expect(existsSync(join(import.meta.dirname, `../../templates/process/${name}.sql`))).toBe(true);
  expect(PATTERNS[name].etlPatternId).toBe(name === 'stateless' ? 1 : 2);
});
