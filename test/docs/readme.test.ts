// Goal: what the README tells a reader to type works, in the order in which it stands there. Method: its `sh`
// blocks are run in a folder of the clone; what else the documents say is checked by pages.test.ts.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf, pageOf, pages } from './pages.ts';

const root = path.join(import.meta.dirname, '../..');
const linesOf = (page: (typeof pages)[number]): string[] =>
  blocksOf(page, 'sh').flatMap((block) => block.trim().split('\n'));
const commands = linesOf(pageOf('README.md'));

let folder: string;
beforeAll(() => {
  fs.mkdirSync(path.join(root, 'warehouse/.data'), { recursive: true });
  folder = fs.mkdtempSync(path.join(root, 'warehouse/.data/readme-'));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/**
 * Commands that play for minutes: the demo's own tests and the benchmarks run the same code; here they only
 * have to exist.
 */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'npm test': 'this very run',
  'npm run demo': 'test/scenario/walkthrough.test.ts',
  'npm run demo -- flights': 'test/scenario/flights.whole.ts',
  'npm run bench -- small': 'test/bench/small.ts',
};

describe('README', () => {
  it('and every page name only npm scripts that exist, and it is known where the long ones are run', () => {
    const scripts = (
      JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
        scripts: Record<string, string>;
      }
    ).scripts;
    const npm = pages.flatMap(linesOf).filter((command) => command.startsWith('npm '));
    expect(npm.sort()).toEqual(Object.keys(ELSEWHERE).sort());
    for (const command of npm)
      expect(scripts).toHaveProperty(/^npm (?:run )?(\w+)/.exec(command)?.[1] as string);
    for (const place of Object.values(ELSEWHERE))
      if (place.includes('/')) expect(fs.existsSync(path.join(root, place)), place).toBe(true);
  });

  it('has a tutorial whose every command works, and ends with the late event in the right hour', () => {
    let directory = folder;
    const answers: Record<string, string> = {};
    // npx takes longer than most commands, and finds the same file each time: once is enough.
    const typed = commands.filter((each) => !each.startsWith('npm '));
    const first = typed.findIndex((each) => each.startsWith('npx '));
    for (const [index, command] of typed.entries()) {
      const change = /^cd (\S+)$/.exec(command);
      if (change !== null) {
        directory = path.join(directory, change[1] as string);
        continue;
      }
      const run = spawnSync('bash', ['-c', index === first ? command : command.replace(/^npx /, '')], {
        cwd: directory,
        encoding: 'utf8',
        env: {
          ...process.env,
          NO_COLOR: '1',
          PATH: `${path.join(root, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`,
        },
      });
      expect({ command, status: run.status, said: run.status === 0 ? '' : run.stdout + run.stderr }).toEqual({
        command,
        status: 0,
        said: '',
      });
      answers[command] = run.stdout;
    }
    const orders =
      Object.entries(answers).find(([command]) => command.includes('facts.orders_by_hour'))?.[1] ?? '';
    // The late order has an hour of its own.
    expect([...orders.matchAll(/T(\d\d):00:00Z │ +(\d+) │$/gm)].map(([, ...cells]) => cells)).toEqual([
      ['05', '1'],
      ['07', '1'],
    ]);
    const activity =
      Object.entries(answers).find(([command]) => command.includes('from dims.activity'))?.[1] ?? '';
    // 60 events an hour, and one late one: the sums of the dimension go up by it from its own hour on.
    expect([...activity.matchAll(/Z │ +(\d+) │$/gm)].map(([, events]) => events)).toEqual([
      '61',
      '121',
      '181',
      '241',
      '301',
      '361',
    ]);
    const plan = Object.entries(answers).find(([command]) => command.includes('--explain'))?.[1];
    expect(plan).toContain('../landing/orders/*.jsonl');
  }, 240_000);
});
