// Goal: the example works in Airflow as it is, and any of its tasks can be retried. Method: Airflow runs it
// over the template's project, with a psyberg of which each step fails once.
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeFolders } from '../cli/fixture.ts';
import { pythonWith } from '../support/python-with.ts';
import { ALL_STEPS, EXAMPLES, makeShop, type Shop } from './shop.ts';

const execute = promisify(execFile);

let shop: Shop;
let environment: NodeJS.ProcessEnv;
/** What Airflow prints; it fails with it. */
async function airflow(...argv: readonly string[]): Promise<string> {
  const { stdout, stderr } = await execute('airflow', argv, {
    env: environment,
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout + stderr;
}

beforeAll(async () => {
  const bin = await pythonWith({ name: 'airflow', requirements: ['apache-airflow==3.3.2'] });
  shop = await makeShop();
  environment = {
    ...process.env,
    PATH: `${bin}${delimiter}${process.env['PATH']}`,
    AIRFLOW_HOME: join(shop.folder, 'airflow'),
    AIRFLOW__CORE__DAGS_FOLDER: join(EXAMPLES, 'airflow'),
    AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
    PSYBERG: shop.failingOnce,
    PSYBERG_PROJECT: shop.project,
    PSYBERG_RETRY_SECONDS: '0',
    PSYBERG_HOUR: '2023-09-14T05',
    PYTHONDONTWRITEBYTECODE: '1',
  };
  await airflow('db', 'migrate');
}, 900_000);
afterAll(removeFolders);

describe('the example for Airflow', { timeout: 900_000 }, () => {
  it('publishes once what each task does twice', async () => {
    expect(await airflow('dags', 'test', 'psyberg')).toMatch(/dag_id=psyberg.* state=success/);
    expect(readdirSync(shop.failures).sort()).toEqual(ALL_STEPS);
    const verified = await shop.run('verify', '--project', shop.project, '--json');
    expect(JSON.parse(verified)).toMatchObject({
      verifications: [
        { process_name: 'event_fact_load', rows_found: '360', missing: '0', extra: '0' },
        { process_name: 'event_count_load', missing: '0', extra: '0' },
      ],
    });
    const history = JSON.parse(await shop.run('history', '--project', shop.project, '--json')) as {
      sessions: { status: string }[];
    };
    expect(history.sessions.map(({ status }) => status)).toEqual(['published', 'published']);
  });

  it('waits for a table by its sensor', async () => {
    expect(await airflow('dags', 'test', 'after_psyberg')).toMatch(/dag_id=after_psyberg.* state=success/);
    expect(readdirSync(shop.project)).toContain('report.html');
  });
});
