// Goal: a person who writes wrong input gets every problem at once, each with its place and a remedy.
// Method: each folder of test/golden/project-errors is a project; expected.txt holds the error's exact text.
// UPDATE_GOLDEN=1 rewrites it.
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { PsybergError } from '../../src/model/errors.ts';
import type { ProjectProblem } from '../../src/project/problems.ts';
import { readProject } from '../../src/project/read-project.ts';

const cases = path.join(import.meta.dirname, '../golden/project-errors');

const errorOf = (root: string): PsybergError => {
  try {
    readProject({ root, environment: {} });
  } catch (error) {
    if (error instanceof PsybergError) return error;
    throw error;
  }
  throw new Error(`${root} was accepted`);
};

describe('bad input', () => {
  for (const name of fs.readdirSync(cases).sort()) {
    it(`is reported whole and with places: ${name}`, () => {
      const error = errorOf(path.join(cases, name));
      const expected = path.join(cases, name, 'expected.txt');
      const text = `${error.message}\n`;
      if (process.env['UPDATE_GOLDEN'] === '1') fs.writeFileSync(expected, text);
      expect(text).toBe(fs.readFileSync(expected, 'utf8'));
      expect(error).toMatchObject({ code: 'project-invalid', kind: 'usage', retryable: false });
      const problems = error.context['problems'] as readonly ProjectProblem[];
      expect(problems.length).toBeGreaterThan(0);
      for (const problem of problems)
        expect(text).toContain(`${problem.file}:${problem.line}:${problem.column} ${problem.message}`);
    });
  }
});
