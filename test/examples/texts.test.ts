// Goal: the examples that are texts name commands, options and files that there are. Method: the command line
// takes every command in them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { complaintOf } from '../docs/command-complaint.ts';
import { wordsOf } from '../docs/pages.ts';
import { EXAMPLES } from './shop.ts';

const texts = ['cron/psyberg.crontab', 'systemd/psyberg.service', 'github-actions/psyberg.yml'].map(
  (file) => ({
    file,
    text: readFileSync(join(EXAMPLES, file), 'utf8'),
  }),
);
const commands = texts.flatMap(({ file, text }) =>
  [
    ...text.matchAll(/(?<![\w./-])(?:npx )?psyberg ((?:run|maintain|fmt|check|test|plan|signals)\b.*)$/gm),
  ].map(([, words = '']) => [file, words.replace(/ >>.*$/, '')] as const),
);

describe('examples', () => {
  it('have a command each', () => {
    expect(new Set(commands.map(([file]) => file))).toEqual(new Set(texts.map(({ file }) => file)));
  });
  it.each(commands)('%s: psyberg %s', async (_file, words) => {
    expect(await complaintOf(wordsOf(words))).toBeUndefined();
  });
  it('a workflow is YAML whose jobs need jobs that there are', () => {
    const { text } = texts.find(({ file }) => file.endsWith('.yml')) as { text: string };
    const { jobs } = parse(text) as { jobs: Record<string, { needs?: string; steps: unknown[] }> };
    expect(Object.keys(jobs)).toEqual(['check', 'plan']);
    for (const { needs } of Object.values(jobs)) if (needs !== undefined) expect(jobs[needs]).toBeDefined();
  });
  it('are all in the guides', () => {
    const guides = join(EXAMPLES, '../docs/guides');
    const text = readdirSync(guides)
      .map((name) => readFileSync(join(guides, name), 'utf8'))
      .join('');
    for (const folder of readdirSync(EXAMPLES)) expect(text).toContain(`examples/${folder}`);
  });
});
